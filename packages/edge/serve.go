package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"time"

	"edge/internal/accesslog"
	"edge/internal/limit"
	"edge/internal/profiling"
	"edge/internal/scrapes"
	"edge/internal/upstream"
	"edge/internal/web"
)

const (
	// Most requests that wait for the tracker at a time.
	mostWaiting = 8192
	// Most swarms whose counts are kept.
	mostSwarms = 1 << 17
	// Most clients that are told apart by the limit.
	mostClients = 1 << 17
	// 74 info hashes at three characters a byte, and headers.
	longestHead = 16 << 10
)

// waits are how long the tracker has for an answer, try by try: an HTTP client waits for seconds, not
// for the minutes of BEP 15.
var waits = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second}

// serve runs until stop is done, then lets requests end.
func serve(stop context.Context, o options, stdout, stderr io.Writer) (err error) {
	access, err := accesslog.Open(o.accessLog, stdout)
	if err != nil {
		return err
	}
	// It has told of its failures already; a lost line is no reason to fail.
	defer func() { _ = access.Close() }()
	tracker, err := upstream.Dial(upstream.Config{
		Tracker: o.tracker, Sockets: min(runtime.GOMAXPROCS(0), 4), Waiting: mostWaiting, Waits: waits,
	})
	if err != nil {
		return err
	}
	defer tracker.Close()
	edge := &web.Edge{Tracker: tracker, Log: access, Scrapes: scrapes.New(tracker.Scrape, o.scrapeCache, mostSwarms)}
	if o.rate > 0 {
		edge.Limiter = limit.New(o.rate, o.burst, mostClients)
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("-listen: %w; port 0 takes a free one", err)
	}
	failed := make(chan error, 2)
	server := newServer(edge, stderr)
	defer server.Close()
	if o.pprof != "" {
		profiles, err := profiling.Listen(o.pprof)
		if err != nil {
			_ = listener.Close()
			return err
		}
		profiler := profiling.Server()
		defer profiler.Close()
		go func() { failed <- profiler.Serve(profiles) }()
		fmt.Fprintf(stderr, "edge: profiles at http://%s/debug/pprof/\n", profiles.Addr())
	}
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintf(stderr, "edge: listening on %s, tracker %s\n", listener.Addr(), o.tracker)
	select {
	case err := <-failed:
		return err
	case <-stop.Done():
	}
	return end(server, o.shutdown, stderr)
}

// end takes no more requests, and waits for those under way.
func end(server *http.Server, patience time.Duration, stderr io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	fmt.Fprintf(stderr, "edge: ending; requests under way have %s\n", patience)
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		fmt.Fprintf(stderr, "edge: requests were still under way after %s; they are cut\n", patience)
		return nil
	}
	return err
}

func newServer(handler http.Handler, stderr io.Writer) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		// Longer than all tries, those of a connect included.
		WriteTimeout:   15 * time.Second,
		IdleTimeout:    time.Minute,
		MaxHeaderBytes: longestHead,
		ErrorLog:       log.New(stderr, "edge: ", 0),
	}
}
