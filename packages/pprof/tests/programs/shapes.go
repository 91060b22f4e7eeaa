// Interfaces, generics with long shapes, method values: runs for some milliseconds and profiles itself.
package main

import (
	"cmp"
	"math"
	"os"
	"runtime/pprof"
	"slices"
	"strconv"
	"time"
)

type shape interface{ area() float64 }

type square struct{ side float64 }
type circle struct{ radius float64 }

//go:noinline
func (s square) area() float64 { return s.side * math.Sqrt(s.side*s.side) }

//go:noinline
func (c *circle) area() float64 { return math.Pi * math.Pow(c.radius, 2) }

type pair[K cmp.Ordered, V any] struct {
	key   K
	value V
}

type table[K cmp.Ordered, V any] struct{ pairs []pair[K, V] }

//go:noinline
func (t *table[K, V]) sort() {
	slices.SortFunc(t.pairs, func(a, b pair[K, V]) int { return cmp.Compare(a.key, b.key) })
}

//go:noinline
func sum[T any](all []T, of func(T) float64) (total float64) {
	for _, one := range all {
		total += of(one)
	}
	return total
}

func fill[K cmp.Ordered, V any](n int, key func(int) K, value V) *table[K, V] {
	t := &table[K, V]{}
	for i := range n {
		t.pairs = append(t.pairs, pair[K, V]{key(i * 7919 % n), value})
	}
	return t
}

func main() {
	milliseconds, _ := strconv.Atoi(os.Args[2])
	file, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		panic(err)
	}
	shapes := make([]shape, 3000)
	for i := range shapes {
		if i%3 == 0 {
			shapes[i] = square{float64(i)}
		} else {
			shapes[i] = &circle{float64(i)}
		}
	}
	total := 0.0
	for end := time.Now().Add(time.Duration(milliseconds) * time.Millisecond); time.Now().Before(end); {
		total += sum(shapes, shape.area)
		numbers := fill(2000, func(i int) int { return i }, struct {
			name string
			size [2]int
		}{})
		numbers.sort()
		words := fill(1000, strconv.Itoa, map[string][]int(nil))
		words.sort()
		total += float64(numbers.pairs[0].key + len(words.pairs[0].key))
	}
	pprof.StopCPUProfile()
	if err := file.Close(); err != nil {
		panic(err)
	}
	println(total > 0)
}
