package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edge/internal/accesslog"
	"edge/internal/limit"
	"edge/internal/scrapes"
	"edge/internal/upstream"
	"edge/internal/wire"
)

const (
	swarm    = "info_hash=aaaaaaaaaaaaaaaaaaaa"
	announce = "/announce?" + swarm + "&peer_id=-HN0100-abcdefghijkl&port=6881"
)

// tracker answers with what the test wants, and keeps what it was told.
type tracker struct {
	local netip.Addr
	peers string
	err   error
	told  wire.Announce
	asked [][]wire.Hash
}

func (t *tracker) Announce(_ context.Context, a *wire.Announce, peers []byte) (wire.Announced, error) {
	t.told = *a
	return wire.Announced{Interval: 1800, Seeders: 3, Leechers: 2, Peers: append(peers, t.peers...)}, t.err
}

func (t *tracker) Scrape(_ context.Context, hashes []wire.Hash, counts []wire.Counts) error {
	t.asked = append(t.asked, hashes)
	for i := range hashes {
		counts[i] = wire.Counts{Seeders: uint32(hashes[i][0]), Completed: 1, Leechers: 2}
	}
	return t.err
}

func (t *tracker) Counts() upstream.Counts { return upstream.Counts{Timeouts: 9} }
func (t *tracker) Local() netip.Addr       { return t.local }

func edge(t *tracker) *Edge {
	if !t.local.IsValid() {
		t.local = netip.MustParseAddr("127.0.0.1")
	}
	return &Edge{Tracker: t, Scrapes: scrapes.New(t.Scrape, time.Minute, 100)}
}

func get(e *Edge, target string) (int, string) {
	return send(e, "127.0.0.1:5", httptest.NewRequest(http.MethodGet, target, nil))
}

func send(e *Edge, from string, r *http.Request) (int, string) {
	answer := httptest.NewRecorder()
	r.RemoteAddr = from
	e.ServeHTTP(answer, r)
	return answer.Code, answer.Body.String()
}

func TestAnnounces(t *testing.T) {
	rows := []struct{ name, local, peers, add, want string }{
		{"as the tracker says", "127.0.0.1", "abcdefghijkl", "",
			"d8:completei3e10:incompletei2e8:intervali1800e5:peers12:abcdefghijkle"},
		{"no more than wanted", "127.0.0.1", "abcdefghijkl", "&numwant=1",
			"d8:completei3e10:incompletei2e8:intervali1800e5:peers6:abcdefe"},
		{"none", "127.0.0.1", "abcdefghijkl", "&numwant=0&event=stopped",
			"d8:completei3e10:incompletei2e8:intervali1800e5:peers0:e"},
		{"over IPv6", "::1", "0123456789abcdefgh0123456789abcdefgh", "&numwant=1",
			"d8:completei3e10:incompletei2e8:intervali1800e5:peers0:6:peers618:0123456789abcdefghe"},
		{"also where a list is asked for", "127.0.0.1", "", "&compact=0",
			"d8:completei3e10:incompletei2e8:intervali1800e5:peers0:e"},
	}
	for _, row := range rows {
		stub := &tracker{local: netip.MustParseAddr(row.local), peers: row.peers}
		if status, body := get(edge(stub), announce+row.add); status != 200 || body != row.want {
			t.Errorf("%s: %d %s", row.name, status, body)
		}
		if stub.told.Port != 6881 || stub.told.InfoHash[0] != 'a' {
			t.Errorf("%s: the tracker was told %+v", row.name, stub.told)
		}
	}
}

func TestWhatTheTrackerIsToldOfAClientsAddress(t *testing.T) {
	here, away := netip.AddrFrom4([4]byte{128, 0, 0, 1}), netip.AddrFrom4([4]byte{128, 0, 0, 7})
	mapped := netip.AddrFrom16(away.As16())
	ip := netip.MustParseAddr
	rows := []struct {
		client, local netip.Addr
		want          [4]byte
		err           error
	}{
		{ip("127.0.0.1"), ip("127.0.0.1"), [4]byte{}, nil},
		{ip("::1"), ip("127.0.0.1"), [4]byte{}, nil},
		// On the edge's machine: its own address is not one for others.
		{ip("127.0.0.1"), here, [4]byte{}, nil},
		{here, here, [4]byte{}, nil},
		{away, here, away.As4(), nil},
		{away, ip("127.0.0.1"), away.As4(), nil},
		{mapped, ip("127.0.0.1"), away.As4(), nil},
		{ip("fd00::1"), ip("fd00::1"), [4]byte{}, nil},
		{ip("fd00::2"), ip("fd00::1"), [4]byte{}, errUntold},
		{ip("fd00::2"), ip("127.0.0.1"), [4]byte{}, errUntold},
		{away, ip("fd00::1"), [4]byte{}, errUntold},
	}
	for _, row := range rows {
		client := address(netip.AddrPortFrom(row.client, 1).String())
		got, err := told(client, row.local)
		if got != row.want || err != row.err {
			t.Errorf("%s, seen from %s: %v, %v", row.client, row.local, got, err)
		}
	}
	stub := &tracker{}
	r := httptest.NewRequest(http.MethodGet, announce, nil)
	// What a client says of itself is not passed on.
	r.Header.Set("X-Forwarded-For", "127.0.0.99")
	if _, body := send(edge(stub), netip.AddrPortFrom(away, 5).String(), r); stub.told.IP != away.As4() {
		t.Errorf("told %v, answered %s", stub.told.IP, body)
	}
}

func TestScrapesAreSortedAndKept(t *testing.T) {
	stub := &tracker{}
	e := edge(stub)
	zeros := "info_hash=00000000000000000000"
	want := "d5:filesd20:00000000000000000000d8:completei48e10:downloadedi1e10:incompletei2ee" +
		"20:aaaaaaaaaaaaaaaaaaaad8:completei97e10:downloadedi1e10:incompletei2eeee"
	for range 2 {
		if status, body := get(e, "/scrape?"+swarm+"&"+zeros+"&"+swarm); status != 200 || body != want {
			t.Errorf("%d %s", status, body)
		}
	}
	if len(stub.asked) != 1 || len(stub.asked[0]) != 2 {
		t.Errorf("asked for %v", stub.asked)
	}
}

func TestFailuresAreBencodedAndCounted(t *testing.T) {
	rows := []struct {
		target string
		err    error
		reason string
		count  string
	}{
		{"/announce", nil, "15:port is missing", "invalid"},
		{"/announce?info_hash=%25zz%251&port=1", nil, "22:info_hash is not valid", "invalid"},
		{"/announce?port=0", nil, "17:port is not valid", "invalid"},
		{"/scrape", nil, "20:info_hash is missing", "invalid"},
		{announce, &upstream.Refused{Reason: "not registered"}, "14:not registered", "refused"},
		{announce, upstream.ErrTimeout, "27:the tracker does not answer", "timeout"},
		{"/scrape?" + swarm, upstream.ErrTimeout, "27:the tracker does not answer", "timeout"},
		{"/scrape?" + swarm, upstream.ErrBusy, "38:too many requests wait for the tracker", "busy"},
		{announce, wire.ErrUnreadable, "35:the tracker's answer cannot be read", "unreadable"},
		{announce, upstream.ErrClosed, "25:the edge is shutting down", "ended"},
		{announce, errors.New("C:\\secret"), "25:the edge is shutting down", "ended"},
	}
	for _, row := range rows {
		e := edge(&tracker{err: row.err})
		status, body := get(e, row.target)
		if want := "d14:failure reason" + row.reason + "e"; status != 200 || body != want {
			t.Errorf("%s, %v: %d %s", row.target, row.err, status, body)
		}
		if failures := e.Requests.Snapshot().Failures; failures[row.count] != 1 {
			t.Errorf("%s, %v: %v", row.target, row.err, failures)
		}
	}
}

func TestTheLimitIsForEachClientAndNotForStats(t *testing.T) {
	e := edge(&tracker{})
	e.Limiter = limit.New(0.01, 2, 100)
	from := func(client, target string) string {
		_, body := send(e, client, httptest.NewRequest(http.MethodGet, target, nil))
		return body
	}
	for i, limited := range []bool{false, false, true} {
		if body := from("127.0.0.7:1", announce); strings.Contains(body, "too many requests") != limited {
			t.Errorf("request %d: %s", i, body)
		}
	}
	if body := from("127.0.0.8:1", "/scrape?"+swarm); strings.Contains(body, "failure") {
		t.Errorf("another client: %s", body)
	}
	for _, target := range []string{"/health", "/stats"} {
		if body := from("127.0.0.7:1", target); strings.Contains(body, "failure reason") {
			t.Errorf("%s: %s", target, body)
		}
	}
	if limited := e.Requests.Snapshot().Failures["limited"]; limited != 1 {
		t.Errorf("%d limited", limited)
	}
}

func TestOtherPathsMethodsAndBodies(t *testing.T) {
	e := edge(&tracker{})
	rows := []struct {
		method, target, body string
		status               int
	}{
		{"GET", "/health", "", 200}, {"HEAD", "/health", "", 200}, {"HEAD", announce, "", 200},
		{"GET", "/", "", 404}, {"GET", "/announce/", "", 404}, {"GET", "/debug/pprof/", "", 404},
		{"POST", announce, "", 405}, {"PUT", "/health", "", 405},
		{"GET", announce, "a body", 413},
	}
	for _, row := range rows {
		r := httptest.NewRequest(row.method, row.target, nil)
		if row.body != "" {
			r = httptest.NewRequest(row.method, row.target, strings.NewReader(row.body))
		}
		if status, _ := send(e, "127.0.0.1:5", r); status != row.status {
			t.Errorf("%s %s: %d", row.method, row.target, status)
		}
	}
}

func TestStatsAreJSON(t *testing.T) {
	e := edge(&tracker{})
	for _, target := range []string{announce, "/scrape?" + swarm, "/scrape?" + swarm, "/scrape", "/nowhere"} {
		get(e, target)
	}
	_, body := get(e, "/stats")
	var got struct {
		Requests, Failures map[string]uint64
		Latency            *uint64         `json:"latency_us_sum"`
		Cache              scrapes.Counts  `json:"scrape_cache"`
		Tracker            upstream.Counts `json:"tracker"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Requests["announce"] != 1 || got.Requests["scrape"] != 3 || got.Requests["other"] != 1 ||
		got.Failures["invalid"] != 2 || got.Latency == nil || got.Tracker.Timeouts != 9 ||
		got.Cache != (scrapes.Counts{Hits: 1, Misses: 1}) {
		t.Errorf("%s", body)
	}
}

func TestALineForEachRequestWithoutItsQuery(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	log, err := accesslog.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := edge(&tracker{})
	e.Log = log
	for _, target := range []string{announce, "/a%0Ab%20c%FF", "/scrape"} {
		get(e, target)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	lines := strings.Split(string(text), "\n")
	for i, want := range []string{" /announce 200 ", " /a%0Ab%20c%FF 404 ", " /scrape 200 "} {
		if len(lines) != 4 || !strings.Contains(lines[i], want) || len(strings.Fields(lines[i])) != 8 {
			t.Errorf("%q", text)
		}
	}
	if strings.Contains(string(text), "peer_id") {
		t.Errorf("the query is in the log: %s", text)
	}
}

// void takes an answer and keeps nothing.
type void struct{ header http.Header }

func (v void) Header() http.Header         { return v.header }
func (v void) Write(p []byte) (int, error) { return len(p), nil }
func (v void) WriteHeader(int)             {}

func BenchmarkRequests(b *testing.B) {
	for name, target := range map[string]string{"announce": announce, "scrape": "/scrape?" + swarm} {
		b.Run(name, func(b *testing.B) {
			e := edge(&tracker{peers: strings.Repeat("abcdef", 50)})
			r := httptest.NewRequest(http.MethodGet, target, nil)
			r.RemoteAddr = "127.0.0.1:5"
			w := void{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				e.ServeHTTP(w, r)
			}
		})
	}
}
