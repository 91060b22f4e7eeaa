package main

import (
	"bytes"
	"errors"
	"flag"
	"strings"
	"testing"
	"time"
)

func TestDefaultsAreSound(t *testing.T) {
	var out bytes.Buffer
	o, err := parse(nil, &out, &out)
	want := options{
		listen: "127.0.0.1:7070", tracker: "127.0.0.1:6969", accessLog: "off",
		scrapeCache: 2 * time.Second, shutdown: 10 * time.Second,
	}
	if err != nil || o != want || out.Len() != 0 {
		t.Errorf("%+v, %v, %s", o, err, out.String())
	}
	if o, err := parse([]string{"-rate", "5"}, &out, &out); err != nil || o.burst != 5 {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestWrongFlagsAreNamed(t *testing.T) {
	for args, want := range map[string]string{
		"stray": "\"stray\" is no flag", "-rate -1": "-rate -1", "-rate NaN": "-rate NaN", "-rate +Inf": "-rate +Inf",
		"-rate 0.001": "-rate 0.001", "-rate 1 -burst 0.5": "-burst 0.5", "-burst 5": "-burst has no effect",
		"-scrape-cache -1s": "-scrape-cache -1s", "-scrape-cache 2h": "-scrape-cache 2h",
		"-shutdown -1s": "-shutdown -1s", "-nonsense": "-nonsense", "-shutdown 5": "-shutdown",
	} {
		var out, errs bytes.Buffer
		_, err := parse(strings.Fields(args), &out, &errs)
		if !errors.Is(err, errUsage) || !strings.Contains(errs.String(), want) ||
			strings.Count(errs.String(), "\n") != 1 || out.Len() != 0 {
			t.Errorf("%s: %v, %q, %q", args, err, out.String(), errs.String())
		}
	}
}

func TestHelpHasEveryFlag(t *testing.T) {
	var out, errs bytes.Buffer
	if _, err := parse([]string{"-h"}, &out, &errs); !errors.Is(err, flag.ErrHelp) || errs.Len() != 0 {
		t.Errorf("%v, %q", err, errs.String())
	}
	for _, name := range []string{"listen", "tracker", "scrape-cache", "rate", "burst", "access-log", "pprof", "shutdown"} {
		if !strings.Contains(out.String(), "  -"+name+" ") {
			t.Errorf("-%s is not in the help:\n%s", name, out.String())
		}
	}
}
