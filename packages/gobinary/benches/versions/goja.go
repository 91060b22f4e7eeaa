package main

import (
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"github.com/dop251/goja"
)

const source = `
function fib(n) { return n < 2 ? n : fib(n-1) + fib(n-2); }
class P { constructor(x, y) { this.x = x; this.y = y; } len() { return Math.sqrt(this.x*this.x + this.y*this.y); } }
let out = [];
for (let i = 0; i < 200; i++) { const p = new P(i, i+1); out.push({name: "n" + i, len: p.len()}); }
out.sort((a, b) => b.len - a.len);
const m = new Map(); out.forEach(o => m.set(o.name, o.len));
let text = JSON.stringify(out.filter(o => o.len > 3).map(o => o.name.toUpperCase()));
let words = text.replace(/N(\d+)/g, (_, d) => "<" + d + ">").split(",");
fib(14) + words.length + m.size + Object.keys(JSON.parse('{"a":1,"b":[1,2,3]}')).length;
`

func main() {
	f, _ := os.Create(os.Args[1])
	pprof.StartCPUProfile(f)
	start, n := time.Now(), 0
	for time.Since(start) < 12*time.Second {
		vm := goja.New()
		if _, err := vm.RunString(source); err != nil {
			panic(err)
		}
		n++
	}
	pprof.StopCPUProfile()
	f.Close()
	fmt.Println(n)
}
