// A program with one call of each kind. It prints with println, so that it needs nothing but the runtime.
package main

type shape interface{ area() int }
type square struct{ side int }
type circle struct{ radius int }

func (s square) area() int { return s.side * s.side }

func (c circle) area() int {
	sum := 0
	for i := 0; i < c.radius; i++ {
		sum += 3 * c.radius
	}
	return sum
}

//go:noinline
func total(shapes []shape) int {
	sum := 0
	for _, s := range shapes {
		sum += s.area()
	}
	return sum
}

// Inlined everywhere where it is hot, so that no code of its own is left.
func doubled(s shape) int { return 2 * s.area() }

//go:noinline
func first(shapes []shape) int {
	return doubled(shapes[0])
}

func small(n int) int { return large(n) + 1 }

//go:noinline
func large(n int) int { return n * len(name) }

//go:noinline
func apply(f func(int) int, n int) int {
	return f(n)
}

//go:noinline
func outer(n int) int {
	a := small(n)
	b := large(a)
	return a + b
}

//go:noinline
func biggest[T int | string](list []T) T {
	for _, item := range list[1:] {
		list[0] = larger(list[0], item)
	}
	return list[0]
}

//go:noinline
func larger[T int | string](a, b T) T {
	if a > b {
		return a
	}
	return b
}

// Too large to be inlined, unless it is hot.
func mixed(n int) int {
	for i := 0; i < n; i++ {
		n += i ^ n>>1
		n -= i & n << 2
		n ^= i*n + n<<3
		n += i ^ n>>2
		n -= i & n << 3
		n ^= i*n + n<<4
		n += i ^ n>>3
		n -= i & n << 4
		n ^= i*n + n<<5
		n += i ^ n>>4
		n -= i & n << 5
		n ^= i*n + n<<6
		n += i ^ n>>5
		n -= i & n << 6
		n ^= i*n + n<<7
		n += i ^ n>>6
		n -= i & n << 7
		n ^= i*n + n<<8
		n += i ^ n>>7
		n -= i & n << 8
		n ^= i*n + n<<9
	}
	return n
}

//go:noinline
func mixes(n int) int {
	return mixed(n) + 1
}

//go:noinline
func factorial(n int) int {
	if n < 2 {
		return 1
	}
	return n * factorial(n-1)
}

//go:noinline
func count(words map[int]int, n int) int {
	return words[n]
}

//go:noinline
func grow(list []int) []int {
	return append(list, len(list))
}

var name = "shop"

func main() {
	n := len(name)
	println(total([]shape{square{n}, circle{n}}), apply(func(m int) int { return m + n }, n), outer(n))
	println(biggest([]int{n, 2}), biggest([]string{"a", name}), mixes(n), factorial(n), len(grow(nil)), count(nil, n), first([]shape{circle{n}}))
}
