// Package bencode writes what HTTP clients of a tracker read (BEP 3): keys in order, straight into
// the answer's buffer.
package bencode

import (
	"edge/internal/wire"
)

// AppendFailure appends the whole answer to a request that cannot be served.
func AppendFailure(dst []byte, reason string) []byte {
	dst = append(dst, "d14:failure reason"...)
	dst = appendText(dst, reason)
	return append(dst, 'e')
}

// AppendAnnounced appends the answer to an announce. Peers are always compact (BEP 23): the tracker's
// UDP answer has no peer ids for a list of dictionaries. Those of IPv6 have a key of their own (BEP 7).
func AppendAnnounced(dst []byte, a *wire.Announced, ipv6 bool) []byte {
	dst = appendEntry(append(dst, 'd'), "8:complete", a.Seeders)
	dst = appendEntry(dst, "10:incomplete", a.Leechers)
	dst = appendEntry(dst, "8:interval", a.Interval)
	dst = append(dst, "5:peers"...)
	if ipv6 {
		dst = append(dst, "0:6:peers6"...)
	}
	dst = append(appendDecimal(dst, uint32(len(a.Peers))), ':')
	dst = append(dst, a.Peers...)
	return append(dst, 'e')
}

// AppendScraped appends the answer to a scrape (BEP 48). The hashes are in order, each once, and have
// their counts at the same place.
func AppendScraped(dst []byte, hashes []wire.Hash, counts []wire.Counts) []byte {
	dst = append(dst, "d5:filesd"...)
	for i := range min(len(hashes), len(counts)) {
		dst = append(dst, "20:"...)
		dst = append(dst, hashes[i][:]...)
		dst = appendEntry(append(dst, 'd'), "8:complete", counts[i].Seeders)
		dst = appendEntry(dst, "10:downloaded", counts[i].Completed)
		dst = appendEntry(dst, "10:incomplete", counts[i].Leechers)
		dst = append(dst, 'e')
	}
	return append(dst, "ee"...)
}

// appendEntry appends a number under a key that is bencoded already.
func appendEntry(dst []byte, key string, value uint32) []byte {
	dst = append(dst, key...)
	dst = appendDecimal(append(dst, 'i'), value)
	return append(dst, 'e')
}

func appendText(dst []byte, text string) []byte {
	dst = append(appendDecimal(dst, uint32(len(text))), ':')
	return append(dst, text...)
}

func appendDecimal(dst []byte, value uint32) []byte {
	var digits [10]byte
	at := len(digits)
	for {
		at--
		digits[at] = byte('0' + value%10)
		value /= 10
		if value == 0 {
			return append(dst, digits[at:]...)
		}
	}
}
