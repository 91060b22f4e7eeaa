package upstream

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"edge/internal/faketracker"
	"edge/internal/wire"
)

func dial(t testing.TB, tracker string, change func(*Config)) *Client {
	t.Helper()
	config := Config{Tracker: tracker, Sockets: 1, Waiting: 64, Waits: []time.Duration{2 * time.Second}}
	if change != nil {
		change(&config)
	}
	client, err := Dial(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func scrape(client *Client, first ...byte) ([]wire.Counts, error) {
	hashes := make([]wire.Hash, len(first))
	for i, b := range first {
		hashes[i][0] = b
	}
	counts := make([]wire.Counts, len(hashes))
	return counts, client.Scrape(context.Background(), hashes, counts)
}

func TestAnnouncesOfBothFamilies(t *testing.T) {
	for network, size := range map[string]int{"udp4": wire.V4, "udp6": wire.V6} {
		tracker := faketracker.Start(t, network, nil)
		client := dial(t, tracker.Addr, nil)
		got, err := client.Announce(context.Background(), &wire.Announce{Port: 7, Want: 3}, []byte("kept"))
		if err != nil || got.Interval != 1800 || got.Leechers != 2 || got.Seeders != 3 ||
			len(got.Peers) != 4+size || string(got.Peers[:4]) != "kept" {
			t.Errorf("%s: %+v, %v", network, got, err)
		}
		if !client.Local().IsLoopback() || client.Local().Is6() != (network == "udp6") {
			t.Errorf("%s: the tracker sees %s", network, client.Local())
		}
	}
}

func TestOneConnectIsEnoughForAll(t *testing.T) {
	tracker := faketracker.Start(t, "udp4", nil)
	client := dial(t, tracker.Addr, nil)
	var all sync.WaitGroup
	for i := range 32 {
		all.Add(1)
		go func() {
			defer all.Done()
			counts, err := scrape(client, byte(i), byte(i+1))
			if err != nil || counts[0].Seeders != uint32(i) || counts[1].Leechers != uint32(i+3) {
				t.Errorf("%d: %+v, %v", i, counts, err)
			}
		}()
	}
	all.Wait()
	if connects := len(tracker.Requests(wire.ActionConnect)); connects != 1 {
		t.Errorf("%d connects", connects)
	}
	if counts := client.Counts(); counts.Sent != 32 || counts.Connects != 1 || counts.Retransmits != 0 {
		t.Errorf("%+v", counts)
	}
}

func TestWhatIsLostIsSentAgainUnderItsId(t *testing.T) {
	var lost atomic.Int32
	tracker := faketracker.Start(t, "udp4", func(tracker *faketracker.Tracker, request []byte) []byte {
		if faketracker.Action(request) == wire.ActionScrape && lost.Add(1) <= 2 {
			return nil
		}
		return tracker.ByTheBook(request)
	})
	ms := time.Millisecond
	client := dial(t, tracker.Addr, func(config *Config) {
		config.Waits = []time.Duration{30 * ms, 30 * ms, 2000 * ms}
	})
	if counts, err := scrape(client, 5); err != nil || counts[0].Seeders != 5 {
		t.Fatalf("%+v, %v", counts, err)
	}
	requests := tracker.Requests(wire.ActionScrape)
	for _, request := range requests {
		if binary.BigEndian.Uint32(request[12:]) != binary.BigEndian.Uint32(requests[0][12:]) {
			t.Error("another try has another transaction id")
		}
	}
	if counts := client.Counts(); len(requests) != 3 || counts.Retransmits != 2 || counts.Timeouts != 0 {
		t.Errorf("%d requests, %+v", len(requests), counts)
	}
}

func TestATrackerThatIsSilentIsGivenUp(t *testing.T) {
	for _, silentTo := range []uint32{wire.ActionConnect, wire.ActionScrape} {
		tracker := faketracker.Start(t, "udp4", func(tracker *faketracker.Tracker, request []byte) []byte {
			if faketracker.Action(request) == silentTo {
				return nil
			}
			return tracker.ByTheBook(request)
		})
		client := dial(t, tracker.Addr, func(config *Config) {
			config.Waits = []time.Duration{20 * time.Millisecond, 20 * time.Millisecond}
		})
		start := time.Now()
		if _, err := scrape(client, 1); !errors.Is(err, ErrTimeout) {
			t.Errorf("silent to %d: %v", silentTo, err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("given up after %s", took)
		}
		if client.Counts().Timeouts == 0 || len(client.sockets[0].waiting) != 0 {
			t.Errorf("%+v, %d still wait", client.Counts(), len(client.sockets[0].waiting))
		}
	}
}

func TestNobodyThereIsATimeoutAndALaterTrackerIsFound(t *testing.T) {
	tracker := faketracker.Start(t, "udp4", nil)
	client := dial(t, "127.0.0.1:1", func(config *Config) {
		config.Waits = []time.Duration{20 * time.Millisecond}
	})
	if _, err := scrape(client, 1); !errors.Is(err, ErrTimeout) {
		t.Errorf("port 1: %v", err)
	}
	if _, err := scrape(dial(t, tracker.Addr, nil), 1); err != nil {
		t.Error(err)
	}
}

func TestARestartedTrackerIsAskedForANewId(t *testing.T) {
	tracker := faketracker.Start(t, "udp4", nil)
	client := dial(t, tracker.Addr, nil)
	if _, err := scrape(client, 1); err != nil {
		t.Fatal(err)
	}
	tracker.Restart()
	if _, err := scrape(client, 1); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	// Soon after, an error is the tracker's last word: it may be about the request.
	tracker.Restart()
	var refused *Refused
	if _, err := scrape(client, 1); !errors.As(err, &refused) || refused.Reason != "bad id" {
		t.Errorf("%v", err)
	}
	s := client.sockets[0]
	s.mu.Lock()
	s.renewed = s.renewed.Add(-settled)
	s.mu.Unlock()
	if _, err := scrape(client, 1); err != nil {
		t.Errorf("after another restart: %v", err)
	}
	if connects := len(tracker.Requests(wire.ActionConnect)); connects != 3 {
		t.Errorf("%d connects", connects)
	}
}

func TestARefusalIsPassedOn(t *testing.T) {
	tracker := faketracker.Start(t, "udp4", func(tracker *faketracker.Tracker, request []byte) []byte {
		if faketracker.Action(request) == wire.ActionScrape {
			return append(faketracker.Head(request, wire.ActionError), strings.Repeat("no ", 500)...)
		}
		return tracker.ByTheBook(request)
	})
	client := dial(t, tracker.Addr, nil)
	for range 20 {
		var refused *Refused
		if _, err := scrape(client, 1); !errors.As(err, &refused) || len(refused.Reason) != longestReason {
			t.Errorf("%v", err)
		}
	}
	if connects := len(tracker.Requests(wire.ActionConnect)); connects > 3 {
		t.Errorf("%d connects for 20 refusals", connects)
	}
}

func TestAnIdIsRenewedAfterAMinute(t *testing.T) {
	tracker := faketracker.Start(t, "udp4", nil)
	client := dial(t, tracker.Addr, nil)
	s := client.sockets[0]
	for _, age := range []time.Duration{0, validity - time.Second, validity} {
		s.mu.Lock()
		s.since = s.since.Add(-age)
		s.mu.Unlock()
		if _, err := scrape(client, 1); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		s.since = time.Now()
		s.mu.Unlock()
	}
	if connects := len(tracker.Requests(wire.ActionConnect)); connects != 2 {
		t.Errorf("%d connects", connects)
	}
}

func TestAnswersThatFitNothing(t *testing.T) {
	rows := []struct {
		name   string
		answer func(request []byte) []byte
		want   error
	}{
		{"nothing but a head", func(r []byte) []byte { return faketracker.Head(r, wire.ActionScrape) }, wire.ErrUnreadable},
		{"another action", func(r []byte) []byte { return faketracker.Head(r, wire.ActionAnnounce) }, wire.ErrUnreadable},
		{"more swarms than named", func(r []byte) []byte {
			return append(faketracker.Head(r, wire.ActionScrape), make([]byte, 24)...)
		}, wire.ErrUnreadable},
		{"seven bytes", func(r []byte) []byte { return faketracker.Head(r, wire.ActionScrape)[:7] }, ErrTimeout},
		{"another transaction id", func(r []byte) []byte {
			return append(binary.BigEndian.AppendUint32(nil, wire.ActionScrape),
				append([]byte{^r[12], r[13], r[14], r[15]}, make([]byte, 12)...)...)
		}, ErrTimeout},
	}
	for _, row := range rows {
		tracker := faketracker.Start(t, "udp4", func(tracker *faketracker.Tracker, request []byte) []byte {
			if faketracker.Action(request) == wire.ActionScrape {
				return row.answer(request)
			}
			return tracker.ByTheBook(request)
		})
		client := dial(t, tracker.Addr, func(config *Config) {
			config.Waits = []time.Duration{100 * time.Millisecond}
		})
		if _, err := scrape(client, 1); !errors.Is(err, row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
		if strays := client.Counts().Strays; (strays > 0) != (row.want == ErrTimeout) {
			t.Errorf("%s: %d strays", row.name, strays)
		}
	}
}

func TestATrackerThatTellsOfFewerSwarmsIsAskedForTheRest(t *testing.T) {
	tracker := faketracker.Start(t, "udp4", func(tracker *faketracker.Tracker, request []byte) []byte {
		answer := tracker.ByTheBook(request)
		if faketracker.Action(request) == wire.ActionScrape {
			answer = answer[:min(len(answer), 8+2*12)]
		}
		return answer
	})
	counts, err := scrape(dial(t, tracker.Addr, nil), 1, 2, 3, 4, 5)
	for i := range counts {
		if counts[i].Seeders != uint32(i+1) {
			t.Errorf("%+v", counts)
		}
	}
	if asked := len(tracker.Requests(wire.ActionScrape)); err != nil || asked != 3 {
		t.Errorf("%d requests, %v", asked, err)
	}
}

func TestWaitingRequestsAreBoundedAndEndWithTheirClients(t *testing.T) {
	tracker := faketracker.Start(t, "udp4", func(*faketracker.Tracker, []byte) []byte { return nil })
	client := dial(t, tracker.Addr, func(config *Config) {
		config.Waiting, config.Waits = 2, []time.Duration{time.Minute}
	})
	ctx, leave := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	for range 2 {
		go func() { ended <- client.Scrape(ctx, make([]wire.Hash, 1), make([]wire.Counts, 1)) }()
	}
	s := client.sockets[0]
	for deadline := time.Now().Add(5 * time.Second); ; {
		s.mu.Lock()
		waiting := len(s.waiting)
		s.mu.Unlock()
		// Both requests, and the connect that they wait for.
		if waiting == 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d wait", waiting)
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := scrape(client, 1); !errors.Is(err, ErrBusy) {
		t.Errorf("the third: %v", err)
	}
	leave()
	for range 2 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("a client that left: %v", err)
		}
	}
}

func TestClosingEndsWhatWaits(t *testing.T) {
	tracker := faketracker.Start(t, "udp4", func(*faketracker.Tracker, []byte) []byte { return nil })
	client := dial(t, tracker.Addr, func(config *Config) { config.Waits = []time.Duration{time.Minute} })
	ended := make(chan error, 1)
	go func() {
		_, err := scrape(client, 1)
		ended <- err
	}()
	for len(tracker.Requests(wire.ActionConnect)) == 0 {
		time.Sleep(time.Millisecond)
	}
	client.Close()
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := scrape(client, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

func BenchmarkAnnounce(b *testing.B) {
	tracker := faketracker.Start(b, "udp4", nil)
	client := dial(b, tracker.Addr, nil)
	announce, peers := &wire.Announce{Port: 1}, make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Announce(context.Background(), announce, peers); err != nil {
			b.Fatal(err)
		}
	}
}
