package main

import (
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"github.com/expr-lang/expr"
)

type item struct {
	Name  string
	Price float64
	Tags  []string
}

func main() {
	f, _ := os.Create(os.Args[1])
	pprof.StartCPUProfile(f)
	env := map[string]any{"items": items(), "limit": 40.0, "prefix": "a"}
	sources := []string{
		`filter(items, .Price > limit and .Name startsWith prefix) | map(.Name) | join(",")`,
		`sum(map(items, .Price * 1.2)) > 100 ? "big" : "small"`,
		`any(items, "x" in .Tags) && count(items, len(.Tags) > 1) > 2`,
		`reduce(items, #acc + .Price, 0)`,
		`groupBy(items, .Name)["a1"] ?? []`,
		`sort(map(items, .Name), "desc")[0]`,
	}
	start, n := time.Now(), 0
	for time.Since(start) < 12*time.Second {
		for _, s := range sources {
			p, err := expr.Compile(s, expr.Env(env))
			if err != nil {
				panic(err)
			}
			for i := 0; i < 3; i++ {
				if _, err := expr.Run(p, env); err != nil {
					panic(err)
				}
				n++
			}
		}
	}
	pprof.StopCPUProfile()
	f.Close()
	fmt.Println(n)
}

func items() []item {
	var all []item
	for i := 0; i < 60; i++ {
		all = append(all, item{fmt.Sprintf("%c%d", 'a'+i%5, i), float64(i * 3), []string{"x", "y"}[:1+i%2]})
	}
	return all
}
