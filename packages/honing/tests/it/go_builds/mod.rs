//! Go programs, with the real `go` and `make`.

mod bench;
mod declared;
mod drives;
mod errors;
mod same_bytes;

use std::process::Command;

use crate::support::{self, Fixture};

/// Whether a program is there; says that the test is skipped where it is not.
fn has(program: &str) -> bool {
    let found =
        Command::new(program).arg(if program == "go" { "version" } else { "--version" }).output().is_ok();
    if !found {
        support::skip(program);
    }
    found
}

/// What both programs are: hashes words, and writes its samples where it is told to.
const WORK: &str = r#"package work

// Hash is hot, and called through an interface.
type Hash interface{ Of(word string) uint32 }

type fnv struct{}

func (fnv) Of(word string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(word); i++ {
		h = mix(h, word[i])
	}
	return h
}

func mix(h uint32, c byte) uint32 { return (h ^ uint32(c)) * 16777619 }

// New makes one.
func New() Hash { return fnv{} }
"#;

const MAIN: &str = r#"package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/pprof"

	"example.org/svc/work"
)

var built = "unknown"

func main() {
	profile := flag.String("profile", "", "")
	rounds := flag.Int("rounds", 20000, "")
	flag.Parse()
	if *profile != "" {
		file, _ := os.Create(*profile)
		pprof.StartCPUProfile(file)
		defer pprof.StopCPUProfile()
	}
	fmt.Println(serve(*rounds))
}

func serve(rounds int) uint32 {
	hash, sum := work.New(), uint32(0)
	for i := 0; i < rounds; i++ {
		sum += step(hash, i)
	}
	return sum
}

func step(hash work.Hash, i int) uint32 {
	return hash.Of("the quick brown fox jumps over the lazy dog, again and again and again")
}
"#;

/// Workloads that are over at once; the policy takes whatever is measured.
const WORKLOADS: &str = r#"
[program.svc.workload.learn]
role = "train"
command = ["{program}", "-rounds", "8000000", "-profile", "{dir}/cpu.pprof"]
[program.svc.workload.judge]
role = "eval"
command = ["{program}", "-rounds", "20000"]
"#;

const POLICY: &str = r#"[policy]
ships = ["improved", "no_change", "inconclusive", "regressed", "not_measured"]
[bench]
pairs = 6
warmup = 0
margin = 50.0
"#;

/// A repository with a Go program and nothing else; `table` is `[program.svc.go]`.
fn service(table: &str) -> Fixture {
    let fixture = Fixture::empty("svc");
    fixture.write("go.mod", "module example.org/svc\n\ngo 1.21\n");
    fixture.write("work/work.go", WORK);
    fixture.write("cmd/svc/main.go", MAIN);
    fixture.write("pgo/pgo.toml", &format!("{POLICY}[program.svc.go]\n{table}\n{WORKLOADS}"));
    fixture.write(".gitignore", "target/\nbin/\n");
    support::git(&fixture, &["init", "--quiet"]);
    support::commit(&fixture, "first");
    fixture
}
