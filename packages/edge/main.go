// Command edge is HTTP in front of a BitTorrent tracker that speaks UDP: it passes announces and
// scrapes on, keeps scrapes for a moment, and bounds what a client may ask. See docs/edge.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program; it gives its exit code.
func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	signals, release := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer release()
	// The first signal asks for an end; the second gets the system's own, at once.
	context.AfterFunc(signals, release)
	if err := serve(signals, o, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "edge: %v\n", err)
		return 1
	}
	return 0
}
