// Recursion on one line, closures, deferred calls: runs for some milliseconds and profiles itself.
package main

import (
	"os"
	"runtime/pprof"
	"strconv"
	"time"
)

type tree struct {
	left, right *tree
	value       int
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func grow(depth int) *tree {
	if depth == 0 {
		return nil
	}
	return &tree{grow(depth - 1), grow(depth - 1), depth}
}

func (t *tree) sum() int {
	if t == nil {
		return 0
	}
	return t.left.sum() + t.value + t.right.sum()
}

func even(n int) bool { return n == 0 || odd(n-1) }
func odd(n int) bool  { return n != 0 && even(n-1) }

func counted(counter *int, work func() int) (result int) {
	defer func() { *counter++ }()
	return work()
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
	rounds, total := 0, 0
	for end := time.Now().Add(time.Duration(milliseconds) * time.Millisecond); time.Now().Before(end); {
		total += counted(&rounds, func() int { return fib(22) })
		total += counted(&rounds, func() int { return grow(13).sum() })
		if even(20000) {
			total++
		}
	}
	pprof.StopCPUProfile()
	if err := file.Close(); err != nil {
		panic(err)
	}
	println(rounds > 0, total > 0)
}
