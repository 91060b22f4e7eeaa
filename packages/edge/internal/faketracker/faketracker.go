// Package faketracker is a UDP tracker for tests: it answers by the book, or as a test wants.
package faketracker

import (
	"encoding/binary"
	"net"
	"sync"
	"testing"

	"edge/internal/wire"
)

// Tracker is a tracker on loopback that ends with its test.
type Tracker struct {
	Addr string
	conn *net.UDPConn

	mu       sync.Mutex
	requests [][]byte
	id       uint64
	answer   func(request []byte) []byte
}

// Start starts a tracker on network "udp4" or "udp6". A request for which answer gives nothing gets
// none; without answer all are answered by ByTheBook.
func Start(t testing.TB, network string, answer func(tracker *Tracker, request []byte) []byte) *Tracker {
	t.Helper()
	host := net.IPv4(127, 0, 0, 1)
	if network == "udp6" {
		host = net.IPv6loopback
	}
	conn, err := net.ListenUDP(network, &net.UDPAddr{IP: host})
	if err != nil {
		t.Skipf("SKIPPED: needs %s on loopback: %v", network, err)
	}
	tracker := &Tracker{Addr: conn.LocalAddr().String(), conn: conn, id: 0x1234}
	tracker.answer = tracker.ByTheBook
	if answer != nil {
		tracker.answer = func(request []byte) []byte { return answer(tracker, request) }
	}
	t.Cleanup(func() { _ = conn.Close() })
	go tracker.serve()
	return tracker
}

func (t *Tracker) serve() {
	packet := make([]byte, 2048)
	for {
		length, from, err := t.conn.ReadFromUDPAddrPort(packet)
		if err != nil {
			return
		}
		request := append([]byte(nil), packet[:length]...)
		t.mu.Lock()
		t.requests = append(t.requests, request)
		t.mu.Unlock()
		if answer := t.answer(request); answer != nil {
			_, _ = t.conn.WriteToUDPAddrPort(answer, from)
		}
	}
}

// Requests gives the requests of an action that have come.
func (t *Tracker) Requests(action uint32) (requests [][]byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, request := range t.requests {
		if Action(request) == action {
			requests = append(requests, request)
		}
	}
	return requests
}

// Restart makes all connection ids unknown, as a new process would.
func (t *Tracker) Restart() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.id++
}

// ByTheBook answers as BEP 15 has it: an announce with one peer, 127.0.0.1:6881, or its like over
// IPv6; a scrape with the first byte of each hash, plus 0, 1 and 2.
func (t *Tracker) ByTheBook(request []byte) []byte {
	t.mu.Lock()
	id := t.id
	t.mu.Unlock()
	if len(request) < 16 {
		return nil
	}
	switch action := Action(request); {
	case action == wire.ActionConnect:
		return binary.BigEndian.AppendUint64(Head(request, action), id)
	case binary.BigEndian.Uint64(request) != id:
		return append(Head(request, wire.ActionError), "bad id"...)
	case action == wire.ActionAnnounce:
		peer := []byte{127, 0, 0, 1, 0x1a, 0xe1}
		if t.conn.LocalAddr().(*net.UDPAddr).IP.To4() == nil {
			peer = append(append([]byte(nil), net.IPv6loopback...), 0x1a, 0xe1)
		}
		numbers := []byte{0, 0, 7, 8, 0, 0, 0, 2, 0, 0, 0, 3}
		return append(append(Head(request, action), numbers...), peer...)
	case action == wire.ActionScrape:
		answer := Head(request, action)
		for at := 16; at+20 <= len(request); at += 20 {
			first := request[at]
			answer = append(answer, 0, 0, 0, first, 0, 0, 0, first+1, 0, 0, 0, first+2)
		}
		return answer
	}
	return append(Head(request, wire.ActionError), "action is not known"...)
}

// Action reads what a request is.
func Action(request []byte) uint32 {
	if len(request) < 16 {
		return wire.ActionError
	}
	return binary.BigEndian.Uint32(request[8:])
}

// Head begins an answer.
func Head(request []byte, action uint32) []byte {
	return append(binary.BigEndian.AppendUint32(nil, action), request[12:16]...)
}
