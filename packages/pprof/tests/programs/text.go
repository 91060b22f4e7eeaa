// JSON, regular expressions, formatting: runs for some milliseconds and profiles itself.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"
)

type entry struct {
	Name  string            `json:"name"`
	Size  int               `json:"size"`
	Tags  []string          `json:"tags"`
	Extra map[string]string `json:"extra"`
}

var word = regexp.MustCompile(`(\w+)-(\d+)`)

func main() {
	milliseconds, _ := strconv.Atoi(os.Args[2])
	file, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		panic(err)
	}
	entries := make([]entry, 50)
	for i := range entries {
		entries[i] = entry{fmt.Sprintf("entry-%d", i), i, []string{"a", "b"}, map[string]string{"k": strconv.Itoa(i)}}
	}
	found := 0
	for end := time.Now().Add(time.Duration(milliseconds) * time.Millisecond); time.Now().Before(end); {
		text, err := json.Marshal(entries)
		if err != nil {
			panic(err)
		}
		var back []entry
		if err := json.Unmarshal(text, &back); err != nil {
			panic(err)
		}
		for _, entry := range back {
			found += len(word.FindStringSubmatch(entry.Name))
		}
		found += strings.Count(strings.ToUpper(string(text)), "ENTRY")
	}
	pprof.StopCPUProfile()
	if err := file.Close(); err != nil {
		panic(err)
	}
	println(found > 0)
}
