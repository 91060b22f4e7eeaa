// Package scrapes keeps the counts of swarms for a short time, and asks for each swarm once, however
// many clients wait for it.
package scrapes

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"edge/internal/wire"
)

// Ask fills counts, which has the length of hashes.
type Ask func(ctx context.Context, hashes []wire.Hash, counts []wire.Counts) error

// Cache is safe for concurrent use.
//
// Entries are in two generations: what was asked for since the last turn, and before it. A turn
// comes after each lifetime, or when the young are many, and drops the old. So memory is bounded, and
// nothing has to be searched for what has expired.
type Cache struct {
	ask  Ask
	life time.Duration
	most int

	hits, joined, misses atomic.Uint64

	mu         sync.Mutex
	young, old map[wire.Hash]entry
	turned     time.Time
}

// entry is one swarm: what is known, or who asks for it.
type entry struct {
	counts  wire.Counts
	expires time.Time
	flight  *flight
	// The place in the flight.
	at int
}

// flight is one question to the tracker. Its results are there when done is closed.
type flight struct {
	done   chan struct{}
	hashes []wire.Hash
	counts []wire.Counts
	err    error
}

// awaited is a count that comes with a flight.
type awaited struct {
	flight *flight
	from   int
	to     int
}

// Counts says where counts came from, swarm by swarm.
type Counts struct {
	Hits uint64 `json:"hits"`
	// Someone else was asking already.
	Joined uint64 `json:"joined"`
	Misses uint64 `json:"misses"`
}

// New makes a cache whose entries live for so long; with 0, only questions at the same time are
// joined. It holds at most so many swarms.
func New(ask Ask, life time.Duration, swarms int) *Cache {
	return &Cache{
		ask: ask, life: life, most: max(swarms/2, 1),
		young: map[wire.Hash]entry{}, old: map[wire.Hash]entry{}, turned: time.Now(),
	}
}

// Counts says where counts came from until now.
func (c *Cache) Counts() Counts {
	return Counts{Hits: c.hits.Load(), Joined: c.joined.Load(), Misses: c.misses.Load()}
}

// Scrape fills counts, which has the length of hashes; each hash is there once.
func (c *Cache) Scrape(ctx context.Context, hashes []wire.Hash, counts []wire.Counts) error {
	own, others := c.look(hashes, counts, time.Now())
	if own != nil {
		// Others wait for it, too: it goes on when the client that was first has left.
		own.err = c.ask(context.WithoutCancel(ctx), own.hashes, own.counts)
		c.land(own, time.Now())
		close(own.done)
	}
	for _, wait := range others {
		select {
		case <-wait.flight.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if wait.flight.err != nil {
			return wait.flight.err
		}
		counts[wait.to] = wait.flight.counts[wait.from]
	}
	return nil
}

// look fills in what is known, and says what is awaited. A flight of one's own is for what nobody
// asks for yet; it is among what is awaited.
func (c *Cache) look(hashes []wire.Hash, counts []wire.Counts, now time.Time) (own *flight, others []awaited) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(now)
	hits, misses := 0, 0
	for i := range hashes {
		known, ok := c.young[hashes[i]]
		if !ok {
			known, ok = c.old[hashes[i]]
		}
		switch {
		case ok && known.flight != nil:
			others = append(others, awaited{known.flight, known.at, i})
		case ok && now.Before(known.expires):
			counts[i] = known.counts
			hits++
		default:
			if own == nil {
				own = &flight{done: make(chan struct{})}
			}
			at := len(own.hashes)
			own.hashes = append(own.hashes, hashes[i])
			c.young[hashes[i]] = entry{flight: own, at: at}
			others = append(others, awaited{own, at, i})
			misses++
		}
	}
	if own != nil {
		own.counts = make([]wire.Counts, len(own.hashes))
	}
	c.hits.Add(uint64(hits))
	c.misses.Add(uint64(misses))
	c.joined.Add(uint64(len(hashes) - hits - misses))
	return own, others
}

// land keeps what a flight brought. Entries that were dropped meanwhile stay so.
func (c *Cache) land(f *flight, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at := range f.hashes {
		for _, generation := range [...]map[wire.Hash]entry{c.young, c.old} {
			if generation[f.hashes[at]].flight != f {
				continue
			}
			if f.err != nil {
				delete(generation, f.hashes[at])
				continue
			}
			generation[f.hashes[at]] = entry{counts: f.counts[at], expires: now.Add(c.life)}
		}
	}
}

// turn makes the young old, when it is time.
func (c *Cache) turn(now time.Time) {
	if now.Sub(c.turned) < max(c.life, time.Second) && len(c.young) < c.most {
		return
	}
	c.old, c.young, c.turned = c.young, c.old, now
	clear(c.young)
}
