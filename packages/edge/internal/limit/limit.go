// Package limit bounds how many requests a client may send: a token bucket for each, in bounded memory.
package limit

import (
	"net/netip"
	"sync"
	"time"
)

// Limiter is safe for concurrent use.
//
// Buckets are in two generations, as the cache of scrapes: those that were used since the last turn,
// and before it. A turn comes when a bucket that was not used meanwhile would be full again, which is
// the same as none; or when the young are many, which gives clients that were idle a full one early.
type Limiter struct {
	rate, burst float64
	most        int
	full        time.Duration

	mu         sync.Mutex
	young, old map[netip.Addr]bucket
	turned     time.Time
}

type bucket struct {
	tokens float64
	filled time.Time
}

// New makes a limiter: rate requests a second, burst of them at once, for at most so many clients
// that are told apart.
func New(rate, burst float64, clients int) *Limiter {
	burst = max(burst, 1)
	return &Limiter{
		rate: rate, burst: burst, most: max(clients/2, 1),
		full:  time.Duration(burst / rate * float64(time.Second)),
		young: map[netip.Addr]bucket{}, old: map[netip.Addr]bucket{}, turned: time.Now(),
	}
}

// Allow takes a token from the client's bucket, if there is one.
func (l *Limiter) Allow(client netip.Addr, now time.Time) bool {
	client = network(client)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn(now)
	b, ok := l.young[client]
	if !ok {
		b, ok = l.old[client]
	}
	if !ok {
		b = bucket{tokens: l.burst, filled: now}
	}
	// Time seems to run backwards when requests wait for the lock; the next one evens it out.
	b.tokens = min(l.burst, b.tokens+now.Sub(b.filled).Seconds()*l.rate)
	b.filled = now
	allowed := b.tokens >= 1
	if allowed {
		b.tokens--
	}
	l.young[client] = b
	return allowed
}

// network is what is told apart: an IPv6 client may have all addresses of its /64.
func network(client netip.Addr) netip.Addr {
	client = client.Unmap().WithZone("")
	if client.Is4() {
		return client
	}
	prefix, err := client.Prefix(64)
	if err != nil {
		return client
	}
	return prefix.Addr()
}

// turn makes the young old, when it is time.
func (l *Limiter) turn(now time.Time) {
	if now.Sub(l.turned) < l.full && len(l.young) < l.most {
		return
	}
	l.old, l.young, l.turned = l.young, l.old, now
	clear(l.young)
}
