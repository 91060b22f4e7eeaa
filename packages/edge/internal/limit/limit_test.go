package limit

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

var start = time.Now()

func after(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

func TestABucketEmptiesAndFills(t *testing.T) {
	l := New(10, 3, 100)
	client := netip.MustParseAddr("127.0.0.1")
	rows := []struct {
		ms   int
		want bool
	}{
		{0, true}, {0, true}, {0, true}, {0, false}, {99, false}, {100, true}, {100, false},
		// Time that seems to run backwards gives nothing, and takes nothing in the end.
		{50, false}, {200, true},
		// Never more than the burst, however long it was idle.
		{60_000, true}, {60_000, true}, {60_000, true}, {60_000, false},
	}
	for i, row := range rows {
		if got := l.Allow(client, after(row.ms)); got != row.want {
			t.Errorf("row %d, after %d ms: %t", i, row.ms, got)
		}
	}
}

func TestWhoIsToldApart(t *testing.T) {
	rows := []struct {
		one, other string
		apart      bool
	}{
		{"127.0.0.1", "127.0.0.2", true},
		{"127.0.0.1", "::ffff:127.0.0.1", false},
		{"fd00:0:0:1::1", "fd00:0:0:1:ffff::2", false},
		{"fd00:0:0:1::1", "fd00:0:0:2::1", true},
		{"fe80::1%a", "fe80::2%b", false},
	}
	for _, row := range rows {
		l := New(1, 1, 100)
		l.Allow(netip.MustParseAddr(row.one), start)
		if got := l.Allow(netip.MustParseAddr(row.other), start); got != row.apart {
			t.Errorf("%s and %s: %t", row.one, row.other, got)
		}
	}
}

func TestABusyClientIsNotForgotten(t *testing.T) {
	l := New(1, 2, 100)
	client := netip.MustParseAddr("127.0.0.1")
	allowed := 0
	// For a minute, ten times a second: through many turns.
	for ms := 0; ms < 60_000; ms += 100 {
		if l.Allow(client, after(ms)) {
			allowed++
		}
	}
	if allowed < 60 || allowed > 62 {
		t.Errorf("%d requests in a minute", allowed)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	l := New(0.01, 1000, 100)
	for i := range uint32(10_000) {
		var ip [4]byte
		binary.BigEndian.PutUint32(ip[:], 0x7f000000|i)
		l.Allow(netip.AddrFrom4(ip), start)
		if buckets := len(l.young) + len(l.old); buckets > 101 {
			t.Fatalf("%d buckets", buckets)
		}
	}
}

func BenchmarkAllow(b *testing.B) {
	l := New(1e6, 1e6, 10_000)
	clients := make([]netip.Addr, 1000)
	for i := range clients {
		clients[i] = netip.AddrFrom4([4]byte{127, 0, byte(i >> 8), byte(i)})
	}
	at := 0
	b.ReportAllocs()
	for b.Loop() {
		l.Allow(clients[at%len(clients)], time.Now())
		at++
	}
}
