package accesslog

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func entry() *Entry {
	return &Entry{
		Time: time.Date(2026, 11, 29, 18, 0, 1, 5e6, time.UTC), Client: netip.MustParseAddr("127.0.0.1"),
		Method: "GET", Path: "/announce", Status: 200, Bytes: 91, Took: 1500 * time.Microsecond, Outcome: "ok",
	}
}

const line = "2026-11-29T18:00:01.005Z 127.0.0.1 GET /announce 200 91 1500 ok\n"

func TestLinesAreAppendedAndCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	for range 2 {
		log, err := Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		log.Add(entry())
		long := entry()
		long.Method, long.Path = strings.Repeat("G", 99), "/"+strings.Repeat("a", 9999)
		log.Add(long)
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	lines := strings.SplitAfter(string(text), "\n")
	if err != nil || len(lines) != 5 || lines[0] != line || lines[2] != line || len(lines[1]) > 250 {
		t.Errorf("%q, %v", text, err)
	}
}

func TestOffAndStandardOutput(t *testing.T) {
	var out bytes.Buffer
	for path, want := range map[string]string{"off": "", "-": line} {
		log, err := Open(path, &out)
		if err != nil {
			t.Fatal(err)
		}
		log.Add(entry())
		if err := log.Close(); err != nil || out.String() != want {
			t.Errorf("%s: %q, %v", path, out.String(), err)
		}
		out.Reset()
	}
	if _, err := Open(filepath.Join(t.TempDir(), "no", "log"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAFullDiskDoesNotEndTheService(t *testing.T) {
	log := start(full{}, nil)
	for range 2000 {
		log.Add(entry())
	}
	if err := log.Close(); err == nil || !strings.Contains(err.Error(), "no space left; lines are missing") {
		t.Errorf("%v", err)
	}
}

func BenchmarkAppendEntry(b *testing.B) {
	e, out := entry(), make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		out = appendEntry(out[:0], e)
	}
}
