// Package query reads what stands behind the question mark. Info hashes are 20 percent-encoded bytes,
// not text: they are decoded into arrays, and nothing is put on the heap.
package query

import (
	"math"
	"strconv"
	"strings"

	"edge/internal/wire"
)

// Error says why a query cannot be served; clients show it to their users.
type Error string

func (e Error) Error() string { return string(e) }

// Announce reads an announce. Parameters that are not known are skipped, "ip" on purpose: a client
// could name someone else's.
func Announce(query string) (wire.Announce, error) {
	a := wire.Announce{Left: math.MaxInt64, Want: -1}
	var hasHash, hasID bool
	for query != "" {
		var key, value string
		key, value, query = next(query)
		ok := true
		switch key {
		case "info_hash":
			ok, hasHash = decode(value, (*[20]byte)(&a.InfoHash)), true
		case "peer_id":
			ok, hasID = decode(value, &a.PeerID), true
		case "port":
			a.Port, ok = port(value)
		case "left":
			a.Left, ok = number(value)
		case "uploaded":
			a.Uploaded, ok = number(value)
		case "downloaded":
			a.Downloaded, ok = number(value)
		case "event":
			a.Event = event(value)
		case "numwant":
			a.Want = want(value)
		case "key":
			a.Key = hexadecimal(value)
		}
		if !ok {
			return a, Error(key + " is not valid")
		}
	}
	switch {
	case a.Port == 0:
		return a, Error("port is missing")
	case !hasHash:
		return a, Error("info_hash is missing")
	case !hasID:
		return a, Error("peer_id is missing")
	}
	return a, nil
}

// Scrape appends the info hashes of a scrape to dst, in their order: the first wire.MaxScrape.
func Scrape(query string, dst []wire.Hash) ([]wire.Hash, error) {
	for query != "" && len(dst) < wire.MaxScrape {
		var key, value string
		key, value, query = next(query)
		if key != "info_hash" {
			continue
		}
		var hash wire.Hash
		if !decode(value, (*[20]byte)(&hash)) {
			return dst, Error("info_hash is not valid")
		}
		dst = append(dst, hash)
	}
	if len(dst) == 0 {
		return dst, Error("info_hash is missing")
	}
	return dst, nil
}

// next cuts the first parameter off. One without "=" has an empty value.
func next(query string) (key, value, rest string) {
	pair := query
	if at := strings.IndexByte(query, '&'); at >= 0 {
		pair, rest = query[:at], query[at+1:]
	}
	if at := strings.IndexByte(pair, '='); at >= 0 {
		return pair[:at], pair[at+1:], rest
	}
	return pair, "", rest
}

// decode writes exactly 20 percent-encoded bytes into out.
func decode(value string, out *[20]byte) bool {
	at := 0
	for i := range out {
		if at >= len(value) {
			return false
		}
		c := value[at]
		at++
		switch c {
		case '%':
			if at+2 > len(value) {
				return false
			}
			high, low := digits[value[at]], digits[value[at+1]]
			if high > 15 || low > 15 {
				return false
			}
			c = high<<4 | low
			at += 2
		case '+':
			// Clients that encode like a form write a space so.
			c = ' '
		}
		out[i] = c
	}
	return at == len(value)
}

// digits has the values of hexadecimal digits, and 255 for all else.
var digits = func() (table [256]byte) {
	for i := range table {
		table[i] = 255
	}
	for i := range byte(10) {
		table['0'+i] = i
	}
	for i := range byte(6) {
		table['a'+i], table['A'+i] = 10+i, 10+i
	}
	return table
}()

func port(value string) (uint16, bool) {
	n, ok := number(value)
	return uint16(n), ok && n > 0 && n <= math.MaxUint16
}

// number reads a decimal number. One that does not fit into 63 bits is the largest that does: some
// trackers take the numbers of BEP 15 as signed.
func number(value string) (uint64, bool) {
	var n uint64
	for i := range len(value) {
		digit := uint64(value[i] - '0')
		if digit > 9 {
			return 0, false
		}
		if n > (math.MaxInt64-digit)/10 {
			n = math.MaxInt64
			continue
		}
		n = n*10 + digit
	}
	return n, value != ""
}

// want reads how many peers a client would like. Some send -1 and worse to say that they do not care.
func want(value string) int32 {
	n, ok := number(value)
	if !ok {
		return -1
	}
	return int32(min(n, math.MaxInt32))
}

// event takes those that BEP 15 does not know as a regular announce ("paused", BEP 21).
func event(value string) wire.Event {
	switch value {
	case "started":
		return wire.Started
	case "stopped":
		return wire.Stopped
	case "completed":
		return wire.Completed
	}
	return wire.None
}

// hexadecimal reads a client's key, which most write so; another is none.
func hexadecimal(value string) uint32 {
	n, err := strconv.ParseUint(value, 16, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}
