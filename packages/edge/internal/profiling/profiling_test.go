package profiling

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOnlyLoopback(t *testing.T) {
	for _, address := range []string{
		"0.0.0.0:0", "[::]:0", ":0", "[fd00::1]:0", "[::ffff:0.0.0.0]:0", "localhost:0", "127.0.0.1", "",
	} {
		if listener, err := Listen(address); err == nil || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("%s: %v, %v", address, listener, err)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "127.9.9.9:0"} {
		listener, err := Listen(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		_ = listener.Close()
	}
}

func TestOnlyProfiles(t *testing.T) {
	for path, want := range map[string]int{
		"/debug/pprof/": 200, "/debug/pprof/heap": 200, "/debug/pprof/profile?seconds=1": 200,
		"/": 404, "/announce": 404, "/stats": 404,
	} {
		answer := httptest.NewRecorder()
		Server().Handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		if answer.Code != want {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}
}
