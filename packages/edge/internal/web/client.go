package web

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"

	"edge/internal/wire"
)

var (
	errLimited = errors.New("too many requests; try again later")
	// A peer at the edge's address would be a wrong one for all others.
	errUntold = errors.New("the edge cannot tell the tracker this IPv6 address; announce over IPv4, or over UDP")
)

// told is what the tracker is told of a client's address, in the 32 bits that BEP 15 has for it:
// nothing for a client on the edge's own machine, whose address the tracker sees anyway; an IPv4
// address over IPv4. There is no way for others.
func told(client, local netip.Addr) ([4]byte, error) {
	switch {
	case client == local, client.IsLoopback():
		return [4]byte{}, nil
	case client.Is4() && local.Is4():
		return client.As4(), nil
	}
	return [4]byte{}, errUntold
}

// inOrder sorts info hashes, and drops those that come twice: keys of a dictionary are so.
func inOrder(hashes []wire.Hash) []wire.Hash {
	if len(hashes) > 1 {
		slices.SortFunc(hashes, func(a, b wire.Hash) int { return bytes.Compare(a[:], b[:]) })
	}
	return slices.Compact(hashes)
}
