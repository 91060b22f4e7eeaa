// Package mix makes one word of many.
package mix

// Fold goes over the words from the left.
//
//go:noinline
func Fold(words []uint64) uint64 {
	sum := uint64(len(words))
	for _, word := range words {
		sum = round(sum, word)
	}
	return finish(sum)
}

// Scatter goes over them from the right.
//
//go:noinline
func Scatter(words []uint64) uint64 {
	sum := uint64(0)
	for i := len(words) - 1; i >= 0; i-- {
		sum ^= spread(words[i])
	}
	return finish(sum)
}

// Spin turns one word.
//
//go:noinline
func Spin(word uint64) uint64 { return spread(word) + 1 }

//go:noinline
func round(sum, word uint64) uint64 {
	for i := 0; i < 40; i++ {
		sum = (sum ^ word) * 0x9e3779b97f4a7c15
	}
	return sum
}

//go:noinline
func spread(word uint64) uint64 {
	for i := 0; i < 40; i++ {
		word = word<<7 ^ word>>9 + 3
	}
	return word
}

//go:noinline
func finish(sum uint64) uint64 { return sum ^ sum>>31 }
