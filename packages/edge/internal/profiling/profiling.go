// Package profiling serves net/http/pprof, and nothing else, on a listener of its own. It shows what
// the program does, and lets anyone who reaches it slow the program down: so on loopback alone.
package profiling

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"time"
)

// Listen opens the listener. An address that is not loopback is refused, and so is a name: what it
// resolves to may change.
func Listen(address string) (net.Listener, error) {
	addr, err := netip.ParseAddrPort(address)
	if err != nil || !addr.Addr().Unmap().IsLoopback() {
		return nil, fmt.Errorf("-pprof %s: give a loopback address, such as 127.0.0.1:6060", address)
	}
	listener, err := net.Listen("tcp", addr.String())
	if err != nil {
		return nil, fmt.Errorf("-pprof: %w", err)
	}
	return listener, nil
}

// Server has the handlers of net/http/pprof. It has no time for writing: a profile takes as long as
// its reader asks for.
func Server() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
}
