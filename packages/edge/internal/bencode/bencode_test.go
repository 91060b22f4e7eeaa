package bencode

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"edge/internal/wire"
)

func TestAnswers(t *testing.T) {
	announced := wire.Announced{Interval: 1800, Leechers: 2, Seeders: 10, Peers: []byte("abcdef")}
	empty := wire.Announced{Interval: 1}
	six := wire.Announced{Interval: 1, Peers: []byte("0123456789abcdefgh")}
	rows := []struct{ got, want string }{
		{string(AppendFailure(nil, "port is missing")), "d14:failure reason15:port is missinge"},
		{string(AppendAnnounced(nil, &announced, false)),
			"d8:completei10e10:incompletei2e8:intervali1800e5:peers6:abcdefe"},
		{string(AppendAnnounced(nil, &empty, false)),
			"d8:completei0e10:incompletei0e8:intervali1e5:peers0:e"},
		{string(AppendAnnounced(nil, &six, true)),
			"d8:completei0e10:incompletei0e8:intervali1e5:peers0:6:peers618:0123456789abcdefghe"},
		{string(AppendScraped(nil, nil, nil)), "d5:filesdee"},
		{string(AppendScraped(nil, []wire.Hash{wire.Hash([]byte(strings.Repeat("a", 20)))},
			[]wire.Counts{{Seeders: 1, Completed: 2, Leechers: 3}})),
			"d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei1e10:downloadedi2e10:incompletei3eeee"},
		{string(AppendFailure([]byte("kept"), "")), "keptd14:failure reason0:e"},
	}
	for _, row := range rows {
		if row.got != row.want {
			t.Errorf("\n got %s\nwant %s", row.got, row.want)
		}
	}
}

func TestDecimals(t *testing.T) {
	for _, value := range []uint32{0, 9, 10, 99, 1800, math.MaxUint32} {
		if got := string(appendDecimal(nil, value)); got != strconv.FormatUint(uint64(value), 10) {
			t.Errorf("%d is written as %s", value, got)
		}
	}
}

func BenchmarkAppendScraped(b *testing.B) {
	hashes, counts := make([]wire.Hash, 20), make([]wire.Counts, 20)
	out := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		out = AppendScraped(out[:0], hashes, counts)
	}
}

func BenchmarkAppendAnnounced(b *testing.B) {
	announced := wire.Announced{Interval: 1800, Seeders: 40, Leechers: 12, Peers: make([]byte, 300)}
	out := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		out = AppendAnnounced(out[:0], &announced, false)
	}
}
