// Package feed makes words.
package feed

// Source makes words, one from the other.
type Source struct{ state *uint64 }

// New begins with a word.
func New(state uint64) *Source { return &Source{&state} }

// Next makes more words.
//
//go:noinline
func (s *Source) Next(count int) []uint64 {
	words := make([]uint64, 0, count)
	for len(words) < count {
		words = append(words, s.one())
	}
	return words
}

//go:noinline
func (s *Source) one() uint64 {
	for i := 0; i < 30; i++ {
		*s.state = *s.state*6364136223846793005 + 1442695040888963407
	}
	return *s.state
}
