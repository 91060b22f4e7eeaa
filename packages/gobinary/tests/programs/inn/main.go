// Program inn profiles itself: it has a hot leaf, an interface, closures and two functions that look alike.
package main

import (
	"fmt"
	"os"
	"runtime/pprof"

	"example.org/inn/internal/feed"
	"example.org/inn/internal/mix"
)

type source interface{ Next(count int) []uint64 }

func main() {
	file, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		panic(err)
	}
	total := work(feed.New(7), 800)
	pprof.StopCPUProfile()
	if err := file.Close(); err != nil {
		panic(err)
	}
	fmt.Println(total)
}

//go:noinline
func work(from source, rounds int) uint64 {
	var total uint64
	for i := 0; i < rounds; i++ {
		words := from.Next(1 << 14)
		total += mix.Fold(words)
		total ^= mix.Scatter(words)
		each(words, func(word uint64) { total += turn(mix.Spin(word)) })
	}
	return total
}

//go:noinline
func each(words []uint64, visit func(uint64)) {
	for _, word := range words {
		visit(word)
	}
}

//go:noinline
func turn(word uint64) uint64 {
	for i := 0; i < 40; i++ {
		word = word>>5 ^ word*3
	}
	return word
}
