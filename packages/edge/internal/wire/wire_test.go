package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func sample() *Announce {
	return &Announce{
		InfoHash:   Hash(bytes.Repeat([]byte{0xaa}, 20)),
		PeerID:     [20]byte([]byte("-HN0100-abcdefghijkl")),
		Downloaded: 1, Left: 2, Uploaded: 3,
		Event: Started, IP: [4]byte{127, 0, 0, 9}, Key: 0xdeadbeef, Want: -1, Port: 6881,
	}
}

func TestRequestsAreThoseOfBEP15(t *testing.T) {
	rows := []struct {
		name   string
		packet []byte
		want   string
	}{
		{"connect", AppendConnect(nil), "0000000000000000" + "00000000" + "00000000"},
		{"announce", AppendAnnounce(nil, sample()), "0000000000000000" + "00000001" + "00000000" +
			strings.Repeat("aa", 20) + hex.EncodeToString([]byte("-HN0100-abcdefghijkl")) +
			"0000000000000001" + "0000000000000002" + "0000000000000003" +
			"00000002" + "7f000009" + "deadbeef" + "ffffffff" + "1ae1"},
		{"scrape", AppendScrape(nil, []Hash{{1}, {2}}), "0000000000000000" + "00000002" + "00000000" +
			"01" + strings.Repeat("00", 19) + "02" + strings.Repeat("00", 19)},
	}
	for _, row := range rows {
		if got := hex.EncodeToString(row.packet); got != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.name, got, row.want)
		}
	}
	if length := len(AppendAnnounce(nil, sample())); length != 98 {
		t.Errorf("an announce has %d bytes, BEP 15 says 98", length)
	}
	if length := len(AppendScrape(nil, make([]Hash, 90))); length != 16+20*MaxScrape {
		t.Errorf("a scrape of 90 has %d bytes", length)
	}
}

func TestStampChangesTheIdsAlone(t *testing.T) {
	packet := AppendScrape(nil, []Hash{{7}})
	Stamp(packet, 0x0102030405060708, 0x0a0b0c0d)
	want := "0102030405060708" + "00000002" + "0a0b0c0d" + "07" + strings.Repeat("00", 19)
	if got := hex.EncodeToString(packet); got != want {
		t.Errorf("got %s", got)
	}
	Stamp(packet[:15], 1, 1)
	if got := hex.EncodeToString(packet); got != want {
		t.Errorf("a cut packet was stamped: %s", got)
	}
}

func TestAnswersOfAnyLength(t *testing.T) {
	full := bytes.Repeat([]byte{1}, 12+18*3)
	for length := range len(full) + 1 {
		body := full[:length]
		_, err := ReadAnswer(body)
		expect(t, "answer", length, err, length >= 8)
		_, err = ReadConnect(body)
		expect(t, "connect", length, err, length >= 8)
		_, err = ReadAnnounce(body, V4)
		expect(t, "announce v4", length, err, length >= 12 && (length-12)%6 == 0)
		_, err = ReadAnnounce(body, V6)
		expect(t, "announce v6", length, err, length >= 12 && (length-12)%18 == 0)
		_, err = ReadScrape(body, make([]Counts, 2))
		expect(t, "scrape", length, err, length == 12 || length == 24)
	}
}

func expect(t *testing.T, what string, length int, err error, readable bool) {
	t.Helper()
	if readable != (err == nil) || (err != nil && !errors.Is(err, ErrUnreadable)) {
		t.Errorf("%s of %d bytes: %v", what, length, err)
	}
}

func TestNumbersAreInTheirPlaces(t *testing.T) {
	body, _ := hex.DecodeString("00000708" + "00000002" + "00000003" + "7f0000011ae1")
	announced, err := ReadAnnounce(body, V4)
	if err != nil || announced.Interval != 1800 || announced.Leechers != 2 || announced.Seeders != 3 ||
		!bytes.Equal(announced.Peers, []byte{127, 0, 0, 1, 0x1a, 0xe1}) {
		t.Errorf("%+v, %v", announced, err)
	}
	body, _ = hex.DecodeString("00000001" + "00000002" + "00000003" + "00000004" + "00000005" + "00000006")
	counts := make([]Counts, 3)
	swarms, err := ReadScrape(body, counts)
	if err != nil || swarms != 2 || counts[0] != (Counts{1, 2, 3}) || counts[1] != (Counts{4, 5, 6}) {
		t.Errorf("%d of %+v, %v", swarms, counts, err)
	}
}

func BenchmarkAppendAnnounce(b *testing.B) {
	announce, packet := sample(), make([]byte, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		packet = AppendAnnounce(packet[:0], announce)
		Stamp(packet, 1, 2)
	}
}

func BenchmarkReadScrape(b *testing.B) {
	body, counts := make([]byte, 12*MaxScrape), make([]Counts, MaxScrape)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadScrape(body, counts); err != nil {
			b.Fatal(err)
		}
	}
}
