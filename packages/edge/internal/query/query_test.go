package query

import (
	"bytes"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"

	"edge/internal/wire"
)

const (
	hash = "%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A"
	id   = "peer_id=-HN0100-abcdefghijkl"
	full = "info_hash=" + hash + "&" + id + "&port=6881&uploaded=7&downloaded=8&left=0&event=completed" +
		"&numwant=30&compact=0&no_peer_id=1&ip=127.0.0.9&key=DEADbeef"
)

func TestAllParametersAreRead(t *testing.T) {
	got, err := Announce(full)
	want := wire.Announce{
		InfoHash: wire.Hash([]byte("\x124Vx\x9a\xbc\xde\xf1\x23Eg\x89\xab\xcd\xef\x124Vx\x9a")),
		PeerID:   [20]byte([]byte("-HN0100-abcdefghijkl")),
		Uploaded: 7, Downloaded: 8, Left: 0, Event: wire.Completed,
		Key: 0xdeadbeef, Want: 30, Port: 6881,
	}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	rows := []struct{ query, want string }{
		{"", "port is missing"},
		{"info_hash=" + hash + "&" + id, "port is missing"},
		{id + "&port=1", "info_hash is missing"},
		{"info_hash=" + hash + "&port=1", "peer_id is missing"},
		{"port=0", "port is not valid"},
		{"port=65536", "port is not valid"},
		{"port=", "port is not valid"},
		{"port=-1", "port is not valid"},
		{"port", "port is not valid"},
		{"left=x", "left is not valid"},
		{"left=1_000", "left is not valid"},
		{"uploaded=-5", "uploaded is not valid"},
		{"info_hash=" + hash + "a", "info_hash is not valid"},
		{"info_hash=%1", "info_hash is not valid"},
		{"info_hash=%", "info_hash is not valid"},
		{"info_hash=aaaaaaaaaaaaaaaaaaa%a", "info_hash is not valid"},
		{"info_hash=aaaaaaaaaaaaaaaaaaa%az", "info_hash is not valid"},
		{"info_hash=aaaaaaaaaaaaaaaaaaa%za", "info_hash is not valid"},
		{"info_hash=%zz%1&port=1", "info_hash is not valid"},
		{"info_hash=", "info_hash is not valid"},
		{"peer_id=short", "peer_id is not valid"},
	}
	for _, row := range rows {
		if _, err := Announce(row.query); err == nil || err.Error() != row.want {
			t.Errorf("%s: %v, not %q", row.query, err, row.want)
		}
	}
}

func TestLooseClientsAreServed(t *testing.T) {
	rows := []struct {
		add  string
		want int32
	}{
		{"&numwant=-1", -1}, {"&numwant=lots", -1}, {"&numwant=0", 0}, {"&numwant=200", 200},
		{"&numwant=99999999999", math.MaxInt32}, {"&&=&x&compact=1", -1}, {"&event=paused&key=no-number", -1},
	}
	for _, row := range rows {
		got, err := Announce("info_hash=" + hash + "&" + id + "&port=1" + row.add)
		if err != nil || got.Want != row.want || got.Event != wire.None || got.Key != 0 || got.Left != math.MaxInt64 {
			t.Errorf("%s: %+v, %v", row.add, got, err)
		}
	}
}

func TestNumbersThatAreTooLargeAreTheLargest(t *testing.T) {
	for text, want := range map[string]uint64{
		"0": 0, "007": 7, "9223372036854775807": math.MaxInt64, "9223372036854775808": math.MaxInt64,
		"18446744073709551615": math.MaxInt64, "18446744073709551617": math.MaxInt64,
		strings.Repeat("9", 100): math.MaxInt64,
	} {
		if got, ok := number(text); !ok || got != want {
			t.Errorf("%s: %d, %t", text, got, ok)
		}
	}
}

func TestScrapeKeepsOrderAndLimit(t *testing.T) {
	for query, want := range map[string]string{
		"": "info_hash is missing", "x=1": "info_hash is missing", "info_hash=1": "info_hash is not valid",
	} {
		if _, err := Scrape(query, nil); err == nil || err.Error() != want {
			t.Errorf("%q: %v", query, err)
		}
	}
	got, err := Scrape("info_hash="+strings.Repeat("b", 20)+"&x&info_hash=++++++++++++++++++++", nil)
	if err != nil || len(got) != 2 || got[0][0] != 'b' || got[1][0] != ' ' {
		t.Errorf("%v, %v", got, err)
	}
	got, err = Scrape(strings.Repeat("info_hash="+hash+"&", 90), nil)
	if err != nil || len(got) != wire.MaxScrape {
		t.Errorf("%d of 90, %v", len(got), err)
	}
}

// An info hash is read back from what the standard library writes, and from every byte as %XX.
func TestWhatIsEncodedIsDecoded(t *testing.T) {
	for start := range 256 {
		var raw, got [20]byte
		for i := range raw {
			raw[i] = byte(start + i*7)
		}
		for _, text := range []string{url.QueryEscape(string(raw[:])), escaped("%%%02x", raw), escaped("%%%02X", raw)} {
			if !decode(text, &got) || !bytes.Equal(got[:], raw[:]) {
				t.Fatalf("%s is %x, not %x", text, got, raw)
			}
		}
	}
}

func escaped(form string, raw [20]byte) string {
	var text strings.Builder
	for _, c := range raw {
		fmt.Fprintf(&text, form, c)
	}
	return text.String()
}

func FuzzQueries(f *testing.F) {
	for _, seed := range []string{full, "", "&&&=", "info_hash=%", "port=%31", "left=18446744073709551616"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		if a, err := Announce(query); err == nil && (a.Port == 0 || a.Left > math.MaxInt64) {
			t.Errorf("%q: %+v", query, a)
		}
		if hashes, err := Scrape(query, nil); err == nil && (len(hashes) == 0 || len(hashes) > wire.MaxScrape) {
			t.Errorf("%q: %d hashes", query, len(hashes))
		}
	})
}

func BenchmarkAnnounce(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Announce(full); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScrape(b *testing.B) {
	query := strings.Repeat("info_hash="+hash+"&", 20)
	hashes := make([]wire.Hash, 0, wire.MaxScrape)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Scrape(query, hashes[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
