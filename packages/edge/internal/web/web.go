// Package web is the HTTP side: it answers one request with what the tracker says, or with what is
// wrong with the request. It has no sockets.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"edge/internal/accesslog"
	"edge/internal/bencode"
	"edge/internal/limit"
	"edge/internal/query"
	"edge/internal/scrapes"
	"edge/internal/stats"
	"edge/internal/upstream"
	"edge/internal/wire"
)

// Tracker is what announces go to.
type Tracker interface {
	Announce(ctx context.Context, a *wire.Announce, peers []byte) (wire.Announced, error)
	Counts() upstream.Counts
	// Local is the address that the tracker sees.
	Local() netip.Addr
}

// Edge answers requests.
type Edge struct {
	Tracker Tracker
	Scrapes *scrapes.Cache
	// Nil for no limit.
	Limiter *limit.Limiter
	// Nil for no log.
	Log      *accesslog.Log
	Requests stats.Requests
	work     sync.Pool
}

// work is the memory that a request needs, used for one after another.
type work struct {
	out, peers []byte
	hashes     []wire.Hash
	counts     []wire.Counts
}

// reply is an answer that is not sent yet.
type reply struct {
	status  int
	kind    string
	body    []byte
	outcome stats.Outcome
}

const (
	text     = "text/plain; charset=utf-8"
	bencoded = "text/plain"
)

// ServeHTTP answers, counts and logs a request.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	client := address(r.RemoteAddr)
	kind := kindOf(r.URL.Path)
	memory, ok := e.work.Get().(*work)
	if !ok {
		memory = &work{}
	}
	defer e.work.Put(memory)
	answer := e.answer(r, kind, client, memory)
	header := w.Header()
	header["Content-Type"] = []string{answer.kind}
	header["Content-Length"] = []string{strconv.Itoa(len(answer.body))}
	switch answer.status {
	case http.StatusMethodNotAllowed:
		header.Set("Allow", "GET, HEAD")
	case http.StatusRequestEntityTooLarge:
		header.Set("Connection", "close")
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body)
	took := time.Since(start)
	e.Requests.Count(kind, answer.outcome, took)
	if e.Log != nil {
		e.Log.Add(&accesslog.Entry{
			Time: start, Client: client, Method: r.Method, Path: r.URL.EscapedPath(), Status: answer.status,
			Bytes: len(answer.body), Took: took, Outcome: answer.outcome.String(),
		})
	}
}

func kindOf(path string) stats.Kind {
	switch path {
	case "/announce":
		return stats.Announce
	case "/scrape":
		return stats.Scrape
	case "/stats":
		return stats.Stats
	case "/health":
		return stats.Health
	}
	return stats.Other
}

// address reads a client's address. net/http always gives one.
func address(remote string) netip.Addr {
	addr, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Addr().Unmap()
}

func (e *Edge) answer(r *http.Request, kind stats.Kind, client netip.Addr, memory *work) reply {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return plain(http.StatusMethodNotAllowed, "only GET is allowed here\n")
	case r.ContentLength != 0:
		return plain(http.StatusRequestEntityTooLarge, "a request has no body here\n")
	}
	switch kind {
	case stats.Announce, stats.Scrape:
		return e.tracked(r, kind, client, memory)
	case stats.Stats:
		return e.stats()
	case stats.Health:
		return reply{status: http.StatusOK, kind: text, body: []byte("ok\n")}
	}
	return plain(http.StatusNotFound, "try /announce, /scrape, /stats or /health\n")
}

func plain(status int, body string) reply {
	return reply{status: status, kind: text, body: []byte(body), outcome: stats.Invalid}
}

// tracked answers an announce or a scrape. A failure has status 200, too: clients show its reason only
// then.
func (e *Edge) tracked(r *http.Request, kind stats.Kind, client netip.Addr, memory *work) reply {
	var err error
	memory.out = memory.out[:0]
	switch {
	case e.Limiter != nil && !e.Limiter.Allow(client, time.Now()):
		err = errLimited
	case kind == stats.Announce:
		err = e.announce(r, client, memory)
	default:
		err = e.scrape(r, memory)
	}
	outcome := outcomeOf(err)
	if outcome != stats.OK {
		memory.out = bencode.AppendFailure(memory.out[:0], reason(err, outcome))
	}
	return reply{status: http.StatusOK, kind: bencoded, body: memory.out, outcome: outcome}
}

func (e *Edge) announce(r *http.Request, client netip.Addr, memory *work) error {
	a, err := query.Announce(r.URL.RawQuery)
	if err != nil {
		return err
	}
	local := e.Tracker.Local()
	if a.IP, err = told(client, local); err != nil {
		return err
	}
	announced, err := e.Tracker.Announce(r.Context(), &a, memory.peers[:0])
	if err != nil {
		return err
	}
	memory.peers = announced.Peers
	size := wire.V4
	if local.Is6() {
		size = wire.V6
	}
	// Some trackers take 0 as "as many as you like".
	if most := int64(a.Want) * int64(size); a.Want >= 0 && int64(len(announced.Peers)) > most {
		announced.Peers = announced.Peers[:most]
	}
	memory.out = bencode.AppendAnnounced(memory.out, &announced, local.Is6())
	return nil
}

func (e *Edge) scrape(r *http.Request, memory *work) error {
	var err error
	memory.hashes, err = query.Scrape(r.URL.RawQuery, memory.hashes[:0])
	if err != nil {
		return err
	}
	memory.hashes = inOrder(memory.hashes)
	memory.counts = append(memory.counts[:0], make([]wire.Counts, len(memory.hashes))...)
	if err := e.Scrapes.Scrape(r.Context(), memory.hashes, memory.counts); err != nil {
		return err
	}
	memory.out = bencode.AppendScraped(memory.out, memory.hashes, memory.counts)
	return nil
}

func (e *Edge) stats() reply {
	body, err := json.Marshal(struct {
		stats.Snapshot
		Cache   scrapes.Counts  `json:"scrape_cache"`
		Tracker upstream.Counts `json:"tracker"`
	}{e.Requests.Snapshot(), e.Scrapes.Counts(), e.Tracker.Counts()})
	if err != nil {
		return plain(http.StatusInternalServerError, "the counts cannot be written\n")
	}
	return reply{status: http.StatusOK, kind: "application/json", body: append(body, '\n')}
}

// outcomeOf says by whose fault there is no answer.
func outcomeOf(err error) stats.Outcome {
	if err == nil {
		// Before what follows puts its variables on the heap.
		return stats.OK
	}
	var wrong query.Error
	var refused *upstream.Refused
	switch {
	case errors.As(err, &wrong), err == errUntold:
		return stats.Invalid
	case err == errLimited:
		return stats.Limited
	case errors.As(err, &refused):
		return stats.Refused
	case errors.Is(err, upstream.ErrTimeout):
		return stats.Timeout
	case errors.Is(err, upstream.ErrBusy):
		return stats.Busy
	case errors.Is(err, wire.ErrUnreadable):
		return stats.Unreadable
	}
	return stats.Ended
}

// reason is what the client's user is shown.
func reason(err error, outcome stats.Outcome) string {
	if outcome == stats.Ended {
		return upstream.ErrClosed.Error()
	}
	return err.Error()
}
