// Package wire has the packets of the UDP tracker protocol (BEP 15) as bytes: big-endian, without
// padding. It neither sends nor waits.
package wire

import (
	"encoding/binary"
	"errors"
)

// What a packet is, in requests and answers.
const (
	ActionConnect uint32 = iota
	ActionAnnounce
	ActionScrape
	ActionError
)

const (
	// ProtocolID stands in a connect request in place of a connection id.
	ProtocolID = 0x41727101980
	// MaxScrape is how many info hashes one scrape may name.
	MaxScrape = 74
	// V4 and V6 are the bytes of a compact peer.
	V4, V6 = 6, 18

	requestHeader = 16
	answerHeader  = 8
)

// ErrUnreadable is an answer that is too short, or whose length fits nothing.
var ErrUnreadable = errors.New("the tracker's answer cannot be read")

// Hash is the name of a swarm.
type Hash [20]byte

// Event is why a client announces.
type Event uint32

// The events of BEP 15.
const (
	None Event = iota
	Completed
	Started
	Stopped
)

// Announce is what a client tells the tracker.
type Announce struct {
	InfoHash Hash
	PeerID   [20]byte
	// Bytes, as the client says.
	Downloaded, Left, Uploaded uint64
	Event                      Event
	// The client's IPv4 address; zeros stand for the sender of the packet.
	IP  [4]byte
	Key uint32
	// Peers that the client would like; negative leaves it to the tracker.
	Want int32
	Port uint16
}

// Answer is the head of any answer, and what follows it.
type Answer struct {
	Action, Transaction uint32
	Body                []byte
}

// Announced is the answer to an announce.
type Announced struct {
	// Seconds until the next announce.
	Interval          uint32
	Leechers, Seeders uint32
	// Compact peers, V4 or V6 bytes each.
	Peers []byte
}

// Counts is a swarm in numbers.
type Counts struct {
	Seeders, Completed, Leechers uint32
}

// AppendConnect appends a connect request that still lacks its ids.
func AppendConnect(dst []byte) []byte {
	return appendHeader(dst, ActionConnect)
}

// AppendAnnounce appends an announce that still lacks its ids.
func AppendAnnounce(dst []byte, a *Announce) []byte {
	dst = appendHeader(dst, ActionAnnounce)
	dst = append(dst, a.InfoHash[:]...)
	dst = append(dst, a.PeerID[:]...)
	dst = binary.BigEndian.AppendUint64(dst, a.Downloaded)
	dst = binary.BigEndian.AppendUint64(dst, a.Left)
	dst = binary.BigEndian.AppendUint64(dst, a.Uploaded)
	dst = binary.BigEndian.AppendUint32(dst, uint32(a.Event))
	dst = append(dst, a.IP[:]...)
	dst = binary.BigEndian.AppendUint32(dst, a.Key)
	dst = binary.BigEndian.AppendUint32(dst, uint32(a.Want))
	return binary.BigEndian.AppendUint16(dst, a.Port)
}

// AppendScrape appends a scrape of at most MaxScrape swarms that still lacks its ids.
func AppendScrape(dst []byte, hashes []Hash) []byte {
	dst = appendHeader(dst, ActionScrape)
	for i := range hashes[:min(len(hashes), MaxScrape)] {
		dst = append(dst, hashes[i][:]...)
	}
	return dst
}

func appendHeader(dst []byte, action uint32) []byte {
	var header [requestHeader]byte
	binary.BigEndian.PutUint32(header[8:], action)
	return append(dst, header[:]...)
}

// Stamp writes the ids into a request; it may be stamped again.
func Stamp(packet []byte, connection uint64, transaction uint32) {
	if len(packet) >= requestHeader {
		binary.BigEndian.PutUint64(packet, connection)
		binary.BigEndian.PutUint32(packet[12:], transaction)
	}
}

// ReadAnswer reads the head of an answer. The body is a part of packet.
func ReadAnswer(packet []byte) (Answer, error) {
	if len(packet) < answerHeader {
		return Answer{}, ErrUnreadable
	}
	return Answer{
		Action:      binary.BigEndian.Uint32(packet),
		Transaction: binary.BigEndian.Uint32(packet[4:]),
		Body:        packet[answerHeader:],
	}, nil
}

// ReadConnect reads the connection id from the body of a connect answer.
func ReadConnect(body []byte) (uint64, error) {
	if len(body) < 8 {
		return 0, ErrUnreadable
	}
	return binary.BigEndian.Uint64(body), nil
}

// ReadAnnounce reads the body of an announce answer whose peers have size bytes each. The peers are
// a part of body.
func ReadAnnounce(body []byte, size int) (Announced, error) {
	if len(body) < 12 || (len(body)-12)%size != 0 {
		return Announced{}, ErrUnreadable
	}
	return Announced{
		Interval: binary.BigEndian.Uint32(body),
		Leechers: binary.BigEndian.Uint32(body[4:]),
		Seeders:  binary.BigEndian.Uint32(body[8:]),
		Peers:    body[12:],
	}, nil
}

// ReadScrape reads the body of a scrape answer into counts, in the order of the request, and says
// of how many swarms it tells: some trackers answer for fewer than were named.
func ReadScrape(body []byte, counts []Counts) (int, error) {
	swarms := len(body) / 12
	if len(body)%12 != 0 || swarms == 0 || swarms > len(counts) {
		return 0, ErrUnreadable
	}
	for i := range counts[:swarms] {
		entry := body[i*12 : i*12+12]
		counts[i] = Counts{
			Seeders:   binary.BigEndian.Uint32(entry),
			Completed: binary.BigEndian.Uint32(entry[4:]),
			Leechers:  binary.BigEndian.Uint32(entry[8:]),
		}
	}
	return swarms, nil
}
