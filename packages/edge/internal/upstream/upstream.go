// Package upstream asks the tracker over UDP (BEP 15). A few sockets are shared by all requests;
// transaction ids tell their answers apart.
package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"edge/internal/wire"
)

// Why there is no answer.
var (
	ErrTimeout = errors.New("the tracker does not answer")
	ErrBusy    = errors.New("too many requests wait for the tracker")
	ErrClosed  = errors.New("the edge is shutting down")
)

// Refused is the tracker's own reason.
type Refused struct{ Reason string }

func (r *Refused) Error() string { return r.Reason }

// longestReason is in bytes; a reason is shown to users.
const longestReason = 200

// Config is what differs between a service and its tests.
type Config struct {
	// Host and port.
	Tracker string
	Sockets int
	// Most requests that wait at a time, over all sockets.
	Waiting int
	// How long an answer is waited for, try by try.
	Waits []time.Duration
}

// Client asks one tracker. It is safe for concurrent use.
type Client struct {
	sockets []*socket
	next    atomic.Uint32
	calls   sync.Pool
	counts  counts
	local   netip.Addr
	peer    int
}

// counts are those of Counts while they change.
type counts struct {
	sent, retransmits, timeouts, connects, strays atomic.Uint64
}

// Counts says what went over the wire.
type Counts struct {
	// Requests, connects and retransmissions not counted.
	Sent        uint64 `json:"sent"`
	Retransmits uint64 `json:"retransmits"`
	// Requests and connects without an answer.
	Timeouts uint64 `json:"timeouts"`
	Connects uint64 `json:"connects"`
	// Datagrams that answer nothing: late ones, mostly.
	Strays uint64 `json:"strays"`
}

// Dial opens the sockets. Nothing is sent: the tracker need not be there yet.
func Dial(config Config) (*Client, error) {
	addr, err := net.ResolveUDPAddr("udp", config.Tracker)
	if err != nil {
		return nil, fmt.Errorf("tracker %s: %w", config.Tracker, err)
	}
	c := &Client{}
	c.calls.New = func() any { return newCall() }
	for range max(config.Sockets, 1) {
		conn, err := net.DialUDP("udp", nil, addr)
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("tracker %s: %w", config.Tracker, err)
		}
		most := max(config.Waiting/max(config.Sockets, 1), 1)
		c.sockets = append(c.sockets, openSocket(conn, most, config.Waits, &c.counts))
		c.local = conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	}
	c.peer = wire.V4
	if c.local.Is6() {
		c.peer = wire.V6
	}
	return c, nil
}

// Close ends all requests under way.
func (c *Client) Close() {
	for _, s := range c.sockets {
		s.close()
	}
}

// Local is the address that the tracker sees. It says by its family which peers come back.
func (c *Client) Local() netip.Addr { return c.local }

// Counts says what went over the wire until now.
func (c *Client) Counts() Counts {
	return Counts{
		Sent:        c.counts.sent.Load(),
		Retransmits: c.counts.retransmits.Load(),
		Timeouts:    c.counts.timeouts.Load(),
		Connects:    c.counts.connects.Load(),
		Strays:      c.counts.strays.Load(),
	}
}

// Announce passes an announce on. The answer's peers are appended to peers.
func (c *Client) Announce(ctx context.Context, a *wire.Announce, peers []byte) (wire.Announced, error) {
	call := c.calls.Get().(*call)
	defer c.calls.Put(call)
	call.packet = wire.AppendAnnounce(call.packet[:0], a)
	body, err := c.ask(ctx, call, wire.ActionAnnounce)
	if err != nil {
		return wire.Announced{}, err
	}
	announced, err := wire.ReadAnnounce(body, c.peer)
	if err != nil {
		return wire.Announced{}, err
	}
	// The body is the call's own, which others will use.
	announced.Peers = append(peers, announced.Peers...)
	return announced, nil
}

// Scrape fills counts, which has the length of hashes. Trackers that tell of fewer swarms than were
// named are asked again for the others.
func (c *Client) Scrape(ctx context.Context, hashes []wire.Hash, counts []wire.Counts) error {
	call := c.calls.Get().(*call)
	defer c.calls.Put(call)
	for len(hashes) > 0 {
		named := min(len(hashes), wire.MaxScrape)
		call.packet = wire.AppendScrape(call.packet[:0], hashes[:named])
		body, err := c.ask(ctx, call, wire.ActionScrape)
		if err != nil {
			return err
		}
		told, err := wire.ReadScrape(body, counts[:named])
		if err != nil {
			return err
		}
		hashes, counts = hashes[told:], counts[told:]
	}
	return nil
}

// ask sends a call until it is answered. The body is valid until the call is used again.
func (c *Client) ask(ctx context.Context, call *call, action uint32) ([]byte, error) {
	s := c.sockets[int(c.next.Add(1))%len(c.sockets)]
	c.counts.sent.Add(1)
	for again := false; ; again = true {
		answer, err := s.exchange(ctx, call, false)
		switch {
		case err != nil:
			return nil, err
		case answer.Action == action:
			return answer.Body, nil
		case answer.Action != wire.ActionError:
			return nil, wire.ErrUnreadable
		// The connection id may be what is wrong: a tracker that was restarted knows no old ones.
		case again || !s.renews(call.connection):
			reason := answer.Body[:min(len(answer.Body), longestReason)]
			return nil, &Refused{Reason: string(reason)}
		}
	}
}
