// Package stats counts requests and how they ended.
package stats

import (
	"sync/atomic"
	"time"
)

// Kind is what a request asks for.
type Kind int

// The kinds, in the order of kindNames.
const (
	Announce Kind = iota
	Scrape
	Stats
	Health
	Other
	kinds
)

// Outcome is how a request ended.
type Outcome int

// The outcomes, in the order of outcomeNames.
const (
	OK Outcome = iota
	// The request is wrong.
	Invalid
	// The client sends too many.
	Limited
	// The tracker's own reason.
	Refused
	// The tracker did not answer.
	Timeout
	// Its answer cannot be read.
	Unreadable
	// Too many wait for the tracker.
	Busy
	// The client left before the answer, or the edge shuts down.
	Ended
	outcomes
)

var (
	kindNames    = [kinds]string{"announce", "scrape", "stats", "health", "other"}
	outcomeNames = [outcomes]string{
		"ok", "invalid", "limited", "refused", "timeout", "unreadable", "busy", "ended",
	}
)

// String is the outcome's name in the log and in the JSON.
func (o Outcome) String() string {
	if o < 0 || o >= outcomes {
		return "unknown"
	}
	return outcomeNames[o]
}

// Requests counts. It is safe for concurrent use.
type Requests struct {
	kinds    [kinds]atomic.Uint64
	outcomes [outcomes]atomic.Uint64
	micros   atomic.Uint64
}

// Count counts a request that took so long. Only announces and scrapes have a latency.
func (r *Requests) Count(kind Kind, outcome Outcome, took time.Duration) {
	r.kinds[kind].Add(1)
	if outcome != OK {
		r.outcomes[outcome].Add(1)
	}
	if kind == Announce || kind == Scrape {
		r.micros.Add(uint64(max(took.Microseconds(), 0)))
	}
}

// Snapshot is the counts at a moment, by name.
type Snapshot struct {
	Requests map[string]uint64 `json:"requests"`
	Failures map[string]uint64 `json:"failures"`
	// Microseconds, summed over announces and scrapes.
	LatencySum uint64 `json:"latency_us_sum"`
}

// Snapshot reads the counts.
func (r *Requests) Snapshot() Snapshot {
	s := Snapshot{
		Requests: make(map[string]uint64, kinds), Failures: make(map[string]uint64, outcomes),
		LatencySum: r.micros.Load(),
	}
	for kind := range r.kinds {
		s.Requests[kindNames[kind]] = r.kinds[kind].Load()
	}
	for outcome := Invalid; outcome < outcomes; outcome++ {
		s.Failures[outcomeNames[outcome]] = r.outcomes[outcome].Load()
	}
	return s
}
