package upstream

import (
	"context"
	"time"

	"edge/internal/wire"
)

// connection is an id that the tracker accepts. However many need one, it is asked for once.
func (s *socket) connection(ctx context.Context) (uint64, error) {
	s.mu.Lock()
	if !s.since.IsZero() && time.Since(s.since) < validity {
		id := s.id
		s.mu.Unlock()
		return id, nil
	}
	a := s.connecting
	if a == nil {
		a = &attempt{done: make(chan struct{})}
		s.connecting = a
		// On its own: others wait for it, too, when the client that was first has left.
		go s.connect(a)
	}
	s.mu.Unlock()
	select {
	case <-a.done:
		return a.id, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (s *socket) connect(a *attempt) {
	s.counts.connects.Add(1)
	c := newCall()
	c.packet = wire.AppendConnect(nil)
	answer, err := s.exchange(context.Background(), c, true)
	if err == nil {
		a.id, err = connectionID(answer)
	}
	a.err = err
	s.mu.Lock()
	if err == nil {
		s.id, s.since = a.id, time.Now()
	}
	s.connecting = nil
	s.mu.Unlock()
	close(a.done)
}

func connectionID(answer wire.Answer) (uint64, error) {
	switch answer.Action {
	case wire.ActionConnect:
		return wire.ReadConnect(answer.Body)
	case wire.ActionError:
		return 0, &Refused{Reason: string(answer.Body[:min(len(answer.Body), longestReason)])}
	}
	return 0, wire.ErrUnreadable
}

// renews says whether another try has another id than used, to which the tracker has answered with an
// error. The id is given up for that, but not often: errors may be about the requests.
func (s *socket) renews(used uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() || s.id != used {
		return true
	}
	if time.Since(s.renewed) < settled {
		return false
	}
	s.since, s.renewed = time.Time{}, time.Now()
	return true
}
