// Package accesslog writes a line for each request. Lines are gathered, and reach the file at the
// latest after a second.
package accesslog

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	flushEvery = time.Second
	buffered   = 64 << 10
	// What a client can make longer is cut, in bytes.
	longestMethod, longestPath = 16, 128
)

// Entry is one request. Method and path have no spaces or control characters: net/http refuses such
// requests. The query is left out: it has the names of clients in it.
type Entry struct {
	Time         time.Time
	Client       netip.Addr
	Method, Path string
	Status       int
	Bytes        int
	Took         time.Duration
	Outcome      string
}

// Log is safe for concurrent use. A nil log takes entries and drops them.
type Log struct {
	mu     sync.Mutex
	out    *bufio.Writer
	file   io.Closer
	line   []byte
	failed error
	stop   chan struct{}
	ended  chan struct{}
}

// Open opens the log at path: a file to append to, "-" for standard output, "off" for none.
func Open(path string, stdout io.Writer) (*Log, error) {
	switch path {
	case "off":
		return nil, nil
	case "-":
		return start(stdout, nil), nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, fmt.Errorf("access log: %w", err)
	}
	return start(file, file), nil
}

func start(out io.Writer, file io.Closer) *Log {
	l := &Log{
		out: bufio.NewWriterSize(out, buffered), file: file,
		stop: make(chan struct{}), ended: make(chan struct{}),
	}
	go l.flush()
	return l
}

// Add writes an entry.
func (l *Log) Add(e *Entry) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = appendEntry(l.line[:0], e)
	l.keep(l.out.Write(l.line))
}

// Close writes what is gathered. It says what went wrong first since the log was opened.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	close(l.stop)
	<-l.ended
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keep(0, l.out.Flush())
	if l.file != nil {
		l.keep(0, l.file.Close())
	}
	return l.failed
}

// keep remembers the first failure: a full disk must not end the service.
func (l *Log) keep(_ int, err error) {
	if err != nil && l.failed == nil {
		l.failed = fmt.Errorf("access log: %w; lines are missing", err)
		fmt.Fprintf(os.Stderr, "edge: %v\n", l.failed)
	}
}

func (l *Log) flush() {
	defer close(l.ended)
	ticks := time.NewTicker(flushEvery)
	defer ticks.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticks.C:
			l.mu.Lock()
			l.keep(0, l.out.Flush())
			l.mu.Unlock()
		}
	}
}

// appendEntry appends a line: time, client, method, path, status, bytes, microseconds, outcome.
func appendEntry(dst []byte, e *Entry) []byte {
	dst = e.Time.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	dst = e.Client.AppendTo(append(dst, ' '))
	dst = append(append(dst, ' '), e.Method[:min(len(e.Method), longestMethod)]...)
	dst = append(append(dst, ' '), e.Path[:min(len(e.Path), longestPath)]...)
	dst = strconv.AppendInt(append(dst, ' '), int64(e.Status), 10)
	dst = strconv.AppendInt(append(dst, ' '), int64(e.Bytes), 10)
	dst = strconv.AppendInt(append(dst, ' '), e.Took.Microseconds(), 10)
	dst = append(append(dst, ' '), e.Outcome...)
	return append(dst, '\n')
}
