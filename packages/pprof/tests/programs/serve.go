// An HTTP server on loopback, under load of its own, asked for its profile over HTTP.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"time"
)

func page(w http.ResponseWriter, r *http.Request) {
	for i := range 50 {
		fmt.Fprintf(w, "%s %d\n", r.URL.Path, i)
	}
}

func get(url string) []byte {
	answer, err := http.Get(url)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		panic(err)
	}
	return body
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/page", page)
	go http.Serve(listener, nil)
	server := "http://" + listener.Addr().String()
	go func() {
		for {
			get(server + "/page")
		}
	}()
	time.Sleep(50 * time.Millisecond)
	// Whole seconds are all that the endpoint knows.
	if err := os.WriteFile(os.Args[1], get(server+"/debug/pprof/profile?seconds=1"), 0o666); err != nil {
		panic(err)
	}
}
