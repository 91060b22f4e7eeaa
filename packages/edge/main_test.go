package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"edge/internal/faketracker"
	"edge/internal/wire"
)

// TestMain makes this program the edge itself, where a test starts it as one.
func TestMain(m *testing.M) {
	if os.Getenv("EDGE_UNDER_TEST") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

const announce = "/announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=-HN0100-abcdefghijkl&port=6881"

// process is an edge that runs.
type process struct {
	*exec.Cmd
	stderr *bufio.Reader
	addr   string
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "EDGE_UNDER_TEST=1")
	return cmd
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: command(t, append([]string{"-listen", "127.0.0.1:0"}, args...)...)}
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill(); _ = p.Wait() })
	p.stderr = bufio.NewReader(stderr)
	p.addr = p.after(t, "listening on ")
	return p
}

// after gives the word behind a text of the log, once that has come.
func (p *process) after(t *testing.T, text string) string {
	t.Helper()
	for {
		line, err := p.stderr.ReadString('\n')
		if err != nil {
			t.Fatalf("no line with %q: %v", text, err)
		}
		if _, rest, found := strings.Cut(line, text); found {
			return strings.TrimRight(strings.Fields(rest)[0], ",")
		}
	}
}

func get(addr, target string) (string, error) {
	answer, err := http.Get("http://" + addr + target)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func TestASignalEndsItWhenRequestsHaveEnded(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		asked, release := make(chan struct{}, 9), make(chan struct{})
		tracker := faketracker.Start(t, "udp4", func(tracker *faketracker.Tracker, request []byte) []byte {
			if faketracker.Action(request) == wire.ActionAnnounce {
				asked <- struct{}{}
				<-release
			}
			return tracker.ByTheBook(request)
		})
		log := filepath.Join(t.TempDir(), "log")
		p := start(t, "-tracker", tracker.Addr, "-access-log", log)
		if body, err := get(p.addr, "/health"); err != nil || body != "ok\n" {
			t.Fatalf("%q, %v", body, err)
		}
		answered := make(chan string, 1)
		go func() {
			body, err := get(p.addr, announce)
			answered <- fmt.Sprint(body, err)
		}()
		<-asked
		_ = p.Process.Signal(signal)
		refused := func() bool {
			conn, err := net.Dial("tcp", p.addr)
			if err == nil {
				_ = conn.Close()
			}
			return err != nil
		}
		for deadline := time.Now().Add(5 * time.Second); !refused() && time.Now().Before(deadline); {
			time.Sleep(5 * time.Millisecond)
		}
		if !refused() {
			t.Error("it still takes connections")
		}
		close(release)
		want := "d8:completei3e10:incompletei2e8:intervali1800e5:peers6:\x7f\x00\x00\x01\x1a\xe1e<nil>"
		if got := <-answered; got != want {
			t.Errorf("a request under way got %q", got)
		}
		if err := p.Wait(); err != nil {
			t.Errorf("after %v: %v", signal, err)
		}
		if text, err := os.ReadFile(log); err != nil || strings.Count(string(text), "\n") != 2 {
			t.Errorf("the log has %q, %v", text, err)
		}
	}
}

func TestRequestsThatDoNotEndAreCut(t *testing.T) {
	silent := faketracker.Start(t, "udp4", func(*faketracker.Tracker, []byte) []byte { return nil })
	p := start(t, "-tracker", silent.Addr, "-shutdown", "100ms")
	cut := make(chan error, 1)
	go func() {
		_, err := get(p.addr, announce)
		cut <- err
	}()
	for len(silent.Requests(wire.ActionConnect)) == 0 {
		time.Sleep(time.Millisecond)
	}
	begin := time.Now()
	_ = p.Process.Signal(syscall.SIGTERM)
	p.after(t, "still under way after ")
	if err := p.Wait(); err != nil || time.Since(begin) > 3*time.Second {
		t.Errorf("%v after %s", err, time.Since(begin))
	}
	if err := <-cut; err == nil {
		t.Error("the request was answered")
	}
}

func TestASecondSignalEndsItAtOnce(t *testing.T) {
	silent := faketracker.Start(t, "udp4", func(*faketracker.Tracker, []byte) []byte { return nil })
	p := start(t, "-tracker", silent.Addr)
	go func() { _, _ = get(p.addr, announce) }()
	for len(silent.Requests(wire.ActionConnect)) == 0 {
		time.Sleep(time.Millisecond)
	}
	begin := time.Now()
	_ = p.Process.Signal(syscall.SIGTERM)
	p.after(t, "ending; requests under way have ")
	// The signal is given back a moment later.
	time.Sleep(100 * time.Millisecond)
	_ = p.Process.Signal(syscall.SIGINT)
	var ended *exec.ExitError
	err := p.Wait()
	if !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT ||
		time.Since(begin) > 3*time.Second {
		t.Errorf("%v after %s", err, time.Since(begin))
	}
}

func TestProfilesAreThereWhereTheyAreAskedFor(t *testing.T) {
	tracker := faketracker.Start(t, "udp4", nil)
	p := &process{Cmd: command(t, "-listen", "127.0.0.1:0", "-tracker", tracker.Addr, "-pprof", "127.0.0.1:0")}
	stderr, _ := p.StderrPipe()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill(); _ = p.Wait() })
	p.stderr = bufio.NewReader(stderr)
	profiles := strings.TrimSuffix(p.after(t, "profiles at http://"), "/debug/pprof/")
	p.addr = p.after(t, "listening on ")
	if body, err := get(profiles, "/debug/pprof/cmdline"); err != nil || !strings.Contains(body, "-pprof") {
		t.Errorf("%q, %v", body, err)
	}
	if body, err := get(p.addr, "/debug/pprof/cmdline"); err != nil || strings.Contains(body, "-pprof") {
		t.Errorf("on the public listener: %q, %v", body, err)
	}
}

func TestWhatCannotBeServedIsSaid(t *testing.T) {
	holder, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	for _, row := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-listen", holder.Addr().String()}, 1, "port 0 takes a free one"},
		{[]string{"-listen", "127.0.0.1:0", "-pprof", "0.0.0.0:0"}, 1, "give a loopback address"},
		{[]string{"-listen", "127.0.0.1:0", "-tracker", "nowhere"}, 1, "tracker nowhere"},
		{[]string{"-listen", "127.0.0.1:0", "-access-log", "/no/such/folder/log"}, 1, "access log: "},
		{[]string{"-rate", "x"}, 2, "edge -h shows the flags"},
		{[]string{"-h"}, 0, "Examples:"},
	} {
		cmd := command(t, row.args...)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != row.code || !strings.Contains(string(out), row.want) {
			t.Errorf("%v: %d, %s", row.args, code, out)
		}
	}
}

func TestHeadsAndWaitsAreBounded(t *testing.T) {
	tracker := faketracker.Start(t, "udp4", nil)
	p := start(t, "-tracker", tracker.Addr)
	for request, want := range map[string]string{
		"GET /health?" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: e\r\n\r\n": "431 ",
		"GET /health HTTP/1.1\r\nHost: e\r\nContent-Length: 999999999\r\n\r\nx":       "413 ",
		"GET /health HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n":  "413 ",
		"GET /announce?\x01 HTTP/1.1\r\nHost: e\r\n\r\n":                              "400 ",
		"nonsense\r\n\r\n": "400 ",
	} {
		conn, err := net.Dial("tcp", p.addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(4 * time.Second))
		// All of it need not be taken.
		_, _ = conn.Write([]byte(request))
		line, err := bufio.NewReader(conn).ReadString('\n')
		if !strings.HasPrefix(line, "HTTP/1.1 "+want) {
			t.Errorf("%.60q: %q, %v", request, line, err)
		}
		_ = conn.Close()
	}
}
