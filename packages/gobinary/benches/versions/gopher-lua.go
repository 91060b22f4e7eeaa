package main

import (
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	lua "github.com/yuin/gopher-lua"
)

const source = `
local function fib(n) if n < 2 then return n end return fib(n-1) + fib(n-2) end
local t = {}
for i = 1, 300 do t[i] = {name = "n" .. i, v = (i * 7919) % 101} end
table.sort(t, function(a, b) return a.v < b.v end)
local s = {}
for i, x in ipairs(t) do s[#s+1] = string.upper(x.name) .. ":" .. tostring(x.v) end
local text = table.concat(s, ",")
local n = 0
for w in string.gmatch(text, "N(%d+)") do n = n + tonumber(w) end
local r = string.gsub(text, "%d", "x")
return fib(14) + n + #r
`

func main() {
	f, _ := os.Create(os.Args[1])
	pprof.StartCPUProfile(f)
	start, n := time.Now(), 0
	for time.Since(start) < 10*time.Second {
		l := lua.NewState()
		if err := l.DoString(source); err != nil {
			panic(err)
		}
		l.Close()
		n++
	}
	pprof.StopCPUProfile()
	f.Close()
	fmt.Println(n)
}
