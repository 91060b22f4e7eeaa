package upstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"edge/internal/wire"
)

const (
	// validity of a connection id, from its answer on (BEP 15).
	validity = time.Minute
	// For so long after an id was given up for an error, no other is.
	settled = time.Second
	// receiveBuffer is asked for in bytes: answers come in bursts. The system may grant less.
	receiveBuffer = 4 << 20
	largestAnswer = 1 << 16
)

// call is a request and its answer. It is used for one request after another.
type call struct {
	packet, answer []byte
	// The id of the last try.
	connection uint64
	answered   chan struct{}
	timer      *time.Timer
}

func newCall() *call {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &call{answered: make(chan struct{}, 1), timer: timer}
}

// socket is one UDP socket with its own connection id, and a goroutine that reads.
type socket struct {
	conn   *net.UDPConn
	most   int
	waits  []time.Duration
	counts *counts

	mu      sync.Mutex
	waiting map[uint32]*call
	closed  bool
	id      uint64
	// When the id came; zero for none.
	since time.Time
	// When an id was last given up for an error.
	renewed time.Time
	// The connect under way.
	connecting *attempt
}

// attempt is a connect that all who need an id wait for. Its result is there when done is closed.
type attempt struct {
	done chan struct{}
	id   uint64
	err  error
}

func openSocket(conn *net.UDPConn, most int, waits []time.Duration, counts *counts) *socket {
	_ = conn.SetReadBuffer(receiveBuffer)
	s := &socket{conn: conn, most: most, waits: waits, counts: counts, waiting: map[uint32]*call{}}
	go s.read()
	return s
}

// exchange sends a call and waits, try by try. A connect needs no id, and is let in though others wait.
func (s *socket) exchange(ctx context.Context, c *call, connects bool) (wire.Answer, error) {
	transaction, err := s.register(c, connects)
	if err != nil {
		return wire.Answer{}, err
	}
	for try, wait := range s.waits {
		c.connection = wire.ProtocolID
		if !connects {
			// Ids expire, also between two tries.
			if c.connection, err = s.connection(ctx); err != nil {
				break
			}
		}
		if try > 0 {
			s.counts.retransmits.Add(1)
		}
		wire.Stamp(c.packet, c.connection, transaction)
		// A datagram that cannot be sent is one that is lost; the next try is for both.
		_, _ = s.conn.Write(c.packet)
		c.timer.Reset(wait)
		select {
		case <-c.answered:
			c.timer.Stop()
			return c.read()
		case <-c.timer.C:
		case <-ctx.Done():
			c.timer.Stop()
			err = ctx.Err()
		}
		if err != nil {
			break
		}
	}
	if !s.forget(transaction) {
		// It came just now.
		<-c.answered
		return c.read()
	}
	if err == nil {
		s.counts.timeouts.Add(1)
		err = ErrTimeout
	}
	return wire.Answer{}, err
}

// read reads what came. The socket closes calls with an answer of no bytes.
func (c *call) read() (wire.Answer, error) {
	if len(c.answer) == 0 {
		return wire.Answer{}, ErrClosed
	}
	return wire.ReadAnswer(c.answer)
}

// register gives a call a transaction id that nobody can guess.
func (s *socket) register(c *call, connects bool) (uint32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, ErrClosed
	}
	most := s.most
	if s.connecting != nil {
		// It waits, too, and is not one of them.
		most++
	}
	if len(s.waiting) >= most && !connects {
		return 0, ErrBusy
	}
	for {
		transaction := rand.Uint32()
		// Some trackers write 0 into errors to what they cannot read.
		if _, taken := s.waiting[transaction]; !taken && transaction != 0 {
			s.waiting[transaction] = c
			return transaction, nil
		}
	}
}

// forget takes a call out; false if its answer has done so.
func (s *socket) forget(transaction uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, waits := s.waiting[transaction]
	delete(s.waiting, transaction)
	return waits
}

// take takes out the call that an answer is for.
func (s *socket) take(transaction uint32) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.waiting[transaction]
	delete(s.waiting, transaction)
	return c
}

// read hands answers to their calls until the socket is closed.
func (s *socket) read() {
	packet := make([]byte, largestAnswer)
	for {
		length, err := s.conn.Read(packet)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Nobody listens on the tracker's port, most likely. Tries tell those who wait.
			time.Sleep(time.Millisecond)
			continue
		}
		answer, err := wire.ReadAnswer(packet[:length])
		if err != nil {
			s.counts.strays.Add(1)
			continue
		}
		c := s.take(answer.Transaction)
		if c == nil {
			s.counts.strays.Add(1)
			continue
		}
		c.answer = append(c.answer[:0], packet[:length]...)
		c.answered <- struct{}{}
	}
}

func (s *socket) close() {
	_ = s.conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for transaction, c := range s.waiting {
		delete(s.waiting, transaction)
		c.answer = c.answer[:0]
		c.answered <- struct{}{}
	}
}
