package scrapes

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"edge/internal/wire"
)

// tracker counts questions, and answers with the first byte of each hash.
type tracker struct {
	questions, swarms atomic.Int32
	err               error
	wait              chan struct{}
}

func (t *tracker) ask(ctx context.Context, hashes []wire.Hash, counts []wire.Counts) error {
	t.questions.Add(1)
	t.swarms.Add(int32(len(hashes)))
	if t.wait != nil {
		<-t.wait
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for i := range hashes {
		counts[i].Seeders = uint32(hashes[i][0])
	}
	return t.err
}

func hashes(first ...byte) []wire.Hash {
	all := make([]wire.Hash, len(first))
	for i, b := range first {
		all[i][0] = b
	}
	return all
}

func scrape(c *Cache, first ...byte) ([]wire.Counts, error) {
	counts := make([]wire.Counts, len(first))
	return counts, c.Scrape(context.Background(), hashes(first...), counts)
}

func mustScrape(t *testing.T, c *Cache, first ...byte) {
	t.Helper()
	counts, err := scrape(c, first...)
	for i := range counts {
		if err != nil || counts[i].Seeders != uint32(first[i]) {
			t.Fatalf("%v: %+v, %v", first, counts, err)
		}
	}
}

func TestOnlyWhatIsNotKnownIsAskedForAndInOneQuestion(t *testing.T) {
	tracker := &tracker{}
	c := New(tracker.ask, time.Minute, 1000)
	mustScrape(t, c, 1, 2, 3)
	mustScrape(t, c, 3, 2, 1)
	mustScrape(t, c, 9, 2, 8, 3)
	if q, s := tracker.questions.Load(), tracker.swarms.Load(); q != 2 || s != 5 {
		t.Errorf("%d questions for %d swarms", q, s)
	}
	if got := c.Counts(); got != (Counts{Hits: 5, Misses: 5}) {
		t.Errorf("%+v", got)
	}
}

func TestCountsExpire(t *testing.T) {
	for life, questions := range map[time.Duration]int32{time.Minute: 1, 20 * time.Millisecond: 2, 0: 2} {
		tracker := &tracker{}
		c := New(tracker.ask, life, 1000)
		mustScrape(t, c, 1)
		time.Sleep(40 * time.Millisecond)
		mustScrape(t, c, 1)
		if got := tracker.questions.Load(); got != questions {
			t.Errorf("%s: %d questions", life, got)
		}
	}
}

func TestManyAtATimeAskOnce(t *testing.T) {
	tracker := &tracker{wait: make(chan struct{})}
	c := New(tracker.ask, 0, 1000)
	var all sync.WaitGroup
	for i := range 16 {
		all.Add(1)
		go func() {
			defer all.Done()
			// In two orders: places differ from those of the question.
			first := []byte{1, 2}
			if i%2 == 1 {
				first = []byte{2, 1}
			}
			mustScrape(t, c, first...)
		}()
	}
	for c.Counts().Joined < 30 {
		time.Sleep(time.Millisecond)
	}
	close(tracker.wait)
	all.Wait()
	if got := tracker.questions.Load(); got != 1 {
		t.Errorf("%d questions", got)
	}
}

func TestAClientThatLeavesTakesNothingFromOthers(t *testing.T) {
	for _, firstLeaves := range []bool{true, false} {
		tracker := &tracker{wait: make(chan struct{})}
		c := New(tracker.ask, time.Minute, 1000)
		ctx, leave := context.WithCancel(context.Background())
		first, second := ctx, context.Background()
		if !firstLeaves {
			first, second = second, first
		}
		ended := [2]chan error{make(chan error, 1), make(chan error, 1)}
		one := func(ctx context.Context, ended chan error) {
			ended <- c.Scrape(ctx, hashes(1), make([]wire.Counts, 1))
		}
		go one(first, ended[0])
		for c.Counts().Misses == 0 {
			time.Sleep(time.Millisecond)
		}
		go one(second, ended[1])
		for c.Counts().Joined == 0 {
			time.Sleep(time.Millisecond)
		}
		leave()
		if !firstLeaves {
			// Who asks has to wait for the answer all the same; who joined need not.
			if err := <-ended[1]; !errors.Is(err, context.Canceled) {
				t.Errorf("who left: %v", err)
			}
		}
		close(tracker.wait)
		stays := 0
		if firstLeaves {
			stays = 1
		}
		if err := <-ended[stays]; err != nil {
			t.Errorf("who stayed, first leaves %t: %v", firstLeaves, err)
		}
	}
}

func TestFailuresAreNotKept(t *testing.T) {
	tracker := &tracker{err: errors.New("lost")}
	c := New(tracker.ask, time.Minute, 1000)
	for range 2 {
		if _, err := scrape(c, 1); err != tracker.err {
			t.Errorf("%v", err)
		}
	}
	tracker.err = nil
	mustScrape(t, c, 1)
	if got := tracker.questions.Load(); got != 3 {
		t.Errorf("%d questions", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	c := New((&tracker{}).ask, time.Hour, 100)
	for i := range 10_000 {
		var hash wire.Hash
		hash[0], hash[1], hash[2] = 7, byte(i), byte(i>>8)
		if err := c.Scrape(context.Background(), []wire.Hash{hash}, make([]wire.Counts, 1)); err != nil {
			t.Fatal(err)
		}
		if entries := len(c.young) + len(c.old); entries > 101 {
			t.Fatalf("%d entries", entries)
		}
	}
}

func BenchmarkHit(b *testing.B) {
	c := New((&tracker{}).ask, time.Hour, 1000)
	asked, counts := hashes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), make([]wire.Counts, 10)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Scrape(context.Background(), asked, counts); err != nil {
			b.Fatal(err)
		}
	}
}
