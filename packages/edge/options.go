package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

const help = `edge: HTTP in front of a BitTorrent tracker that speaks UDP.

Usage: edge [flags]

It answers /announce and /scrape, /stats (counts, as JSON) and /health (200 while it runs).

`

const examples = `
Examples:
  edge -listen 127.0.0.1:7070 -tracker 127.0.0.1:6969
  edge -rate 5 -burst 20 -access-log /var/log/edge.log
  edge -pprof 127.0.0.1:6060
      curl -o cpu.pprof 'http://127.0.0.1:6060/debug/pprof/profile?seconds=30'

It ends after SIGTERM or SIGINT; a second signal ends it at once.
Exit codes: 0 after a signal, 1 cannot serve, 2 wrong flags.
`

// options are the flags.
type options struct {
	listen, tracker, accessLog, pprof string
	scrapeCache, shutdown             time.Duration
	rate, burst                       float64
}

// errUsage is a command line that is wrong; what is wrong has been said.
var errUsage = errors.New("wrong flags")

// parse reads the flags. For -h it writes the help to stdout and gives flag.ErrHelp.
func parse(args []string, stdout, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("edge", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:7070", "HTTP `address`; port 0 takes a free one")
	flags.StringVar(&o.tracker, "tracker", "127.0.0.1:6969", "the tracker's UDP `address`")
	flags.DurationVar(&o.scrapeCache, "scrape-cache", 2*time.Second, "how long the counts of a swarm are kept, at most 1h; 0 keeps none")
	flags.Float64Var(&o.rate, "rate", 0, "requests a second for each client; 0 is no limit")
	flags.Float64Var(&o.burst, "burst", 0, "requests at once for each client; 0 is as many as -rate")
	flags.StringVar(&o.accessLog, "access-log", "off", "a line for each request: a `file`, - for standard output, or off")
	flags.StringVar(&o.pprof, "pprof", "", "`address` of net/http/pprof, on loopback; off if not given")
	flags.DurationVar(&o.shutdown, "shutdown", 10*time.Second, "how long requests may take to end after a signal")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, help, "Flags:\n")
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		fmt.Fprint(stdout, examples)
		return o, flag.ErrHelp
	}
	if err == nil {
		err = o.check(flags.Args())
	}
	if err != nil {
		fmt.Fprintf(stderr, "edge: %v; edge -h shows the flags\n", err)
		return o, errUsage
	}
	return o, nil
}

// check bounds what would be nonsense.
func (o *options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag", rest[0])
	case !(o.rate == 0 || o.rate >= 0.01 && o.rate <= 1e6):
		return fmt.Errorf("-rate %v: give 0, or a number from 0.01 to 1000000", o.rate)
	case !(o.burst == 0 || o.burst >= 1 && o.burst <= 1e6):
		return fmt.Errorf("-burst %v: give 0, or a number from 1 to 1000000", o.burst)
	case o.burst > 0 && o.rate == 0:
		return errors.New("-burst has no effect without -rate")
	case o.scrapeCache < 0 || o.scrapeCache > time.Hour:
		return fmt.Errorf("-scrape-cache %s: give a time from 0 to 1h", o.scrapeCache)
	case o.shutdown < 0:
		return fmt.Errorf("-shutdown %s: give a time of 0 or more", o.shutdown)
	}
	if o.burst == 0 {
		o.burst = o.rate
	}
	return nil
}
