// Writes what is not a CPU profile into a folder: heap, allocs, goroutine, mutex, block.
package main

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

var kept [][]byte

func main() {
	runtime.MemProfileRate = 1
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	for range 100 {
		kept = append(kept, make([]byte, 1000))
	}
	var lock sync.Mutex
	var waiting sync.WaitGroup
	lock.Lock()
	waiting.Go(func() {
		lock.Lock()
		defer lock.Unlock()
	})
	time.Sleep(20 * time.Millisecond)
	lock.Unlock()
	waiting.Wait()
	for _, name := range []string{"heap", "allocs", "goroutine", "mutex", "block"} {
		file, err := os.Create(filepath.Join(os.Args[1], name))
		if err != nil {
			panic(err)
		}
		if err := pprof.Lookup(name).WriteTo(file, 0); err != nil {
			panic(err)
		}
		file.Close()
	}
}
