// Goroutines with labels, channels, locks, gzip, hashes, maps: runs for some milliseconds and
// profiles itself.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"os"
	"runtime/pprof"
	"sort"
	"strconv"
	"sync"
	"time"
)

type seen struct {
	sync.Mutex
	sums map[[32]byte]int
}

func (s *seen) add(sum [32]byte) {
	s.Lock()
	defer s.Unlock()
	s.sums[sum]++
}

func pack(block []byte) [32]byte {
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	writer.Write(block)
	writer.Close()
	return sha256.Sum256(out.Bytes())
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
	blocks := make(chan []byte)
	all := seen{sums: map[[32]byte]int{}}
	var workers sync.WaitGroup
	for i := range 3 {
		workers.Add(1)
		go pprof.Do(context.Background(), pprof.Labels("worker", strconv.Itoa(i)), func(context.Context) {
			defer workers.Done()
			for block := range blocks {
				all.add(pack(block))
			}
		})
	}
	for end := time.Now().Add(time.Duration(milliseconds) * time.Millisecond); time.Now().Before(end); {
		numbers := make([]int, 3000)
		for i := range numbers {
			numbers[i] = i * 7919 % 3001
		}
		sort.Ints(numbers)
		block := make([]byte, 0, 1<<15)
		for _, number := range numbers {
			block = strconv.AppendInt(block, int64(number), 10)
		}
		blocks <- block
	}
	close(blocks)
	workers.Wait()
	pprof.StopCPUProfile()
	if err := file.Close(); err != nil {
		panic(err)
	}
	println(len(all.sums) > 0)
}
