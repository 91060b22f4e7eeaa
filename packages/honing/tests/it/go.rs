//! Go programs, with the real go command.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::{Fixture, commit, finish, git, skip};

/// Counts words, and writes its own profiles. What is hot is in a package of its own.
const MAIN: &str = r#"package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"

	"example.org/words/internal/count"
)

func contend() {
	runtime.SetMutexProfileFraction(1)
	var mutex sync.Mutex
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 50 {
				mutex.Lock()
				time.Sleep(time.Millisecond)
				mutex.Unlock()
			}
		}()
	}
	all.Wait()
}

func main() {
	cpu := flag.String("cpuprofile", "", "")
	other := flag.String("profile", "", "")
	rounds := flag.Int("rounds", 1000, "")
	flag.Parse()
	if *cpu != "" {
		file, _ := os.Create(*cpu)
		pprof.StartCPUProfile(file)
		defer pprof.StopCPUProfile()
	}
	if *other != "" {
		contend()
		file, _ := os.Create(*other)
		pprof.Lookup("mutex").WriteTo(file, 0)
		return
	}
	fmt.Println(count.Rounds(*rounds))
}
"#;

const COUNT: &str = r#"// Package count counts.
package count

import "strings"

var text = strings.Repeat("the quick brown fox jumps over a lazy dog\n", 100)

// Rounds counts again and again.
func Rounds(rounds int) int {
	sum := 0
	for i := 0; i < rounds; i++ {
		sum += words(text, i)
	}
	return sum
}

func words(text string, salt int) int {
	sum := salt
	for _, word := range strings.Fields(text) {
		sum += hash(word)
	}
	return sum
}

func hash(word string) int {
	h := uint32(2166136261)
	for i := 0; i < len(word); i++ {
		h = mix(h, word[i])
	}
	return int(h & 7)
}

//go:noinline
func mix(h uint32, c byte) uint32 { return (h ^ uint32(c)) * 16777619 }
"#;

const CONFIG: &str = r#"[policy]
ships = ["improved", "no_change", "inconclusive", "regressed", "not_measured"]
rebase = "never"
min_match = 99.0
[bench]
pairs = 6
warmup = 0
margin = 50.0
[program.words.go]

[program.words.workload.learn]
role = "train"
command = ["{program}", "-rounds", "150000", "-cpuprofile", "{dir}/cpu.pprof"]

[program.words.workload.judge]
role = "eval"
command = ["{program}", "-rounds", "300"]
"#;

/// The program; `None` where there is no Go, which is said.
fn words() -> Option<Fixture> {
    if !Command::new("go").arg("version").output().is_ok_and(|output| output.status.success()) {
        skip("go of 1.22 or newer");
        return None;
    }
    let fixture = Fixture::empty("words");
    fixture.write("go.mod", "module example.org/words\n\ngo 1.22\n");
    fixture.write("main.go", MAIN);
    fixture.write("internal/count/count.go", COUNT);
    fixture.write("pgo/pgo.toml", CONFIG);
    fixture.write(".gitignore", "target/\n");
    git(&fixture, &["init", "--quiet"]);
    commit(&fixture, "first");
    Some(fixture)
}

fn stored() -> PathBuf {
    let os_and_processor = if cfg!(target_arch = "aarch64") { "linux_arm64" } else { "linux_amd64" };
    PathBuf::from("pgo/profiles/words").join(os_and_processor).join("profile.goedges")
}

#[test]
fn from_source_to_what_ships() {
    let Some(fixture) = words() else { return };
    let stages = fixture.stages(&["--ci"]);
    let names: Vec<&str> = stages.iter().map(|(stage, _)| stage.as_str()).collect();
    assert_eq!(names, ["preflight", "baseline", "train", "merge", "optimize", "bench", "record"]);
    fixture.is_up_to_date(&["--ci"]);
    // What Go did with it is read from both programs.
    let events: String = files_below(&fixture.path("target/honing/runs"))
        .into_iter()
        .filter(|file| file.ends_with("events.jsonl"))
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    assert!(events.contains(" hot call") && events.contains("count.words:3 → count.hash"), "{events}");
    let text = fixture.read(stored().to_str().unwrap());
    assert!(text.contains("\nfunc example.org/words/internal/count.words\n"), "{text}");
    commit(&fixture, "profile");
    // A commit alone changes nothing.
    fixture.is_up_to_date(&["--ci"]);
    let status = fixture.succeeds(&["status"]).stdout;
    assert!(status.contains("match      100.0 %") && status.contains("same toolchain"), "{status}");
    let built = fixture.succeeds(&["build"]);
    assert!(built.stdout.contains("built with the stored profile"), "{built:?}");
    let provenance = fixture.read("target/honing/words/optimize/words.provenance.json");
    assert!(provenance.contains("\"Go\"") && provenance.contains("profile.goedges"), "{provenance}");
    // Go itself says that the profile went in.
    let binary = fixture.path("target/honing/words/optimize/words");
    let said = Command::new("go").args(["version", "-m"]).arg(&binary).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("-pgo=default.pgo") && said.contains("-trimpath=true"), "{said}");
    // A hot function that is called otherwise, and one more line: named, and the policy is not fulfilled.
    fixture.replace("internal/count/count.go", "sum += hash(word)", "\n\t\tsum += digest(word)");
    fixture.replace("internal/count/count.go", "func hash(", "func digest(");
    let refused = fixture.run(&["check"]);
    assert_eq!(refused.code, 14, "{refused:?}");
    assert!(refused.stderr.contains("count.words:3 → example.org/words/internal/count.hash"), "{refused:?}");
}

#[test]
fn a_profile_follows_its_source_by_itself() {
    let Some(fixture) = words() else { return };
    fixture.replace(
        "pgo/pgo.toml",
        "rebase = \"never\"\nmin_match = 99.0",
        "rebase = \"auto\"\nmin_match = 99.9",
    );
    fixture.succeeds(&["--ci", "--skip", "bench"]);
    commit(&fixture, "profile");
    fixture.replace("internal/count/count.go", "sum += hash(word)", "\n\t\tsum += digest(word)");
    fixture.replace("internal/count/count.go", "func hash(", "func digest(");
    let checked = fixture.succeeds(&["check"]);
    let told = format!("{}{}", checked.stdout, checked.stderr);
    let renamed = "internal/count.hash` is called `example.org/words/internal/count.digest` now";
    assert!(told.contains(renamed), "{told}");
    let built = fixture.succeeds(&["build"]);
    let whole = "match      100.0 % of the profile's weight";
    assert!(built.stdout.contains(whole) && built.stdout.contains("rebased"), "{built:?}");
    fixture.succeeds(&["rebase"]);
    let text = fixture.read(stored().to_str().unwrap());
    // Where no compiler can use a call, it stays: the runtime stops a function anywhere.
    let digest = "example.org/words/internal/count.digest";
    assert!(text.contains(&format!(" {digest}\n")) && text.contains(&format!("func {digest}\n")), "{text}");
}

#[test]
fn what_is_for_other_profiles_says_so() {
    let Some(fixture) = words() else { return };
    fixture.write("a.goedges", "honing go edges 1\nunit: samples/count\nperiod: 1\nedges: 0\nweight: 0\n");
    for command in ["diff", "overlap"] {
        let refused = fixture.run(&[command, "a.goedges", "a.goedges"]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains("a.goedges is a profile of a Go program"), "{refused:?}");
    }
    let refused = fixture.run(&["import", "http://127.0.0.1:1/profile?token=hush"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("merge --from URL") && !refused.stderr.contains("hush"), "{refused:?}");
    let outside = Fixture::empty("outside");
    let refused = outside.run(&["init"]);
    assert!(refused.code == 2 && refused.stderr.contains("no Go module"), "{refused:?}");
}

#[test]
fn what_go_takes_in_silence_is_refused_or_told() {
    let Some(fixture) = words() else { return };
    fixture.succeeds(&["--to", "train", "--keep-raw"]);
    let raw = fs::read(fixture.path("target/honing/words/train/learn/raw/0000-cpu.pprof")).unwrap();
    let program = fixture.path("target/honing/words/baseline/words");
    let contention = fixture.path("contention.pprof");
    assert!(Command::new(&program).arg("-profile").arg(&contention).status().unwrap().success());
    // Two frames without a function, five samples: field, wire type, length, value.
    let nameless: &[u8] = &[
        0x0a, 0x04, 0x08, 0x01, 0x10, 0x02, // sample_type: strings 1 and 2
        0x12, 0x06, 0x0a, 0x02, 0x01, 0x02, 0x12,
        0x00, // a sample of locations 1 and 2, without a value
        0x12, 0x07, 0x0a, 0x02, 0x01, 0x02, 0x12, 0x01, 0x05, // the same, five times
        0x22, 0x02, 0x08, 0x01, 0x22, 0x02, 0x08, 0x02, // the locations
        0x32, 0x00, 0x32, 0x07, b's', b'a', b'm', b'p', b'l', b'e', b's', // strings
        0x32, 0x05, b'c', b'o', b'u', b'n', b't',
    ];
    let cases: &[(&str, &[u8], &str)] = &[
        ("empty", b"", "is empty"),
        ("pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS"),
        ("preprofile", b"GO PREPROFILE V1\na\nb\n1 2\n", "preprofile"),
        ("garbage", b"garbage, and more of it", "cannot be used"),
        ("cut", &raw[..raw.len() / 2], "cannot be used"),
        ("nameless", nameless, "name"),
        ("contention", &fs::read(&contention).unwrap(), "contentions"),
    ];
    for (name, bytes, words) in cases {
        let file = format!("{name}.pprof");
        fs::write(fixture.path(&file), bytes).unwrap();
        for command in
            [&["optimize", "--profile", &file][..], &["import", &file], &["merge", "--from", &file]]
        {
            let refused = fixture.run(command);
            assert_eq!(refused.code, 12, "{command:?}: {refused:?}");
            let said = refused.stderr.to_lowercase();
            assert!(said.contains(&words.to_lowercase()), "{command:?} {words}: {}", refused.stderr);
        }
    }
    asks_a_running_instance(&fixture, raw);
    // Another program's is taken by Go, too, and matches by the runtime alone.
    let foreign = "honing go edges 1\nunit: samples/count\nperiod: 10000000\nedges: 1\nweight: 9\n\n\
                   func example.org/other.f\n1 9 example.org/other.g\n";
    fixture.write("foreign.goedges", foreign);
    let told = fixture.run(&["optimize", "--ci", "--profile", "foreign.goedges"]);
    assert_eq!(told.code, 14, "{told:?}");
    assert!(told.stderr.contains("0.0 % of the profile's weight"), "{told:?}");
    assert!(told.stderr.contains("is it the profile of another program"), "{told:?}");
}

/// By a URL; what may be secret in it goes nowhere else.
fn asks_a_running_instance(fixture: &Fixture, profile: Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", profile.len());
        stream.write_all(&[head.as_bytes(), &profile].concat()).unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let url = format!("http://{address}/debug/pprof/profile?seconds=1&token=hush1");
    let mut command = fixture.honing(&["merge", "--from", &url]);
    let merged = command.env("HONING_PPROF_HEADERS", "Authorization: Bearer hush2").output().unwrap();
    assert!(merged.status.success(), "{merged:?}");
    let request = asked.join().unwrap();
    assert!(request.starts_with("GET /debug/pprof/profile?seconds=1&token=hush1 HTTP/1.1"), "{request}");
    assert!(request.contains("Authorization: Bearer hush2"), "{request}");
    // Nobody listens there any more, and one of several that gives nothing is no merge.
    let refused = fixture.run(&["merge", "--from", &url, "--from", "contention.pprof"]);
    assert_eq!(refused.code, 12, "{refused:?}");
    let mut told = format!("{merged:?} {refused:?}");
    for file in files_below(&fixture.path("target/honing/runs"))
        .into_iter()
        .chain(files_below(&fixture.path("target/honing/words/merge")))
    {
        told.push_str(&String::from_utf8_lossy(&fs::read(file).unwrap()));
    }
    assert!(told.contains("127.0.0.1") && !told.contains("hush"), "{told}");
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.into_iter().flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Beside a Rust program, where Go is not installed.
#[test]
fn without_go_the_rest_is_done() {
    let fixture = Fixture::tiny();
    let config = fixture.read("pgo/pgo.toml");
    let words = CONFIG.split_once("[program.words.go]").unwrap().1;
    fixture.write("pgo/pgo.toml", &format!("{config}\n[program.words.go]\ndir = \"words\"{words}"));
    fixture.write("words/go.mod", "module example.org/words\n\ngo 1.22\n");
    let path = std::env::var_os("PATH").unwrap();
    let without = std::env::split_paths(&path).filter(|folder| !folder.join("go").is_file());
    let without = std::env::join_paths(without).unwrap();
    let run = |args: &[&str]| finish(fixture.honing(args).env("PATH", &without).output().unwrap());
    let status = run(&["status"]);
    assert!(status.stdout.contains("tiny (") && !status.stdout.contains("words ("), "{status:?}");
    assert!(status.stderr.contains("program `words` is skipped: there is no `go` on PATH"), "{status:?}");
    let built = run(&["--to", "baseline"]);
    assert_eq!((built.code, built.stderr.matches("is skipped").count()), (0, 1), "{built:?}");
    let asked = run(&["-P", "words", "--to", "baseline"]);
    assert_eq!(asked.code, 15, "{asked:?}");
    assert!(asked.stderr.contains("cannot run go") && asked.stderr.contains("install Go"), "{asked:?}");
}

/// A stage that is up to date was built of what is there now.
#[test]
fn what_go_build_reads_is_seen() {
    let Some(fixture) = words() else { return };
    fixture.write("go.mod", "module example.org/words\n\ngo 1.22\n\nrequire example.org/dep v1.0.0\n");
    fixture.write("vendor/modules.txt", "# example.org/dep v1.0.0\n## explicit; go 1.22\nexample.org/dep\n");
    fixture.write("vendor/example.org/dep/dep.go", "package dep\n\nfunc One() int { return 1 }\n");
    fixture.write("dep.go", "package main\n\nimport \"example.org/dep\"\n\nvar one = dep.One()\n");
    fixture.write("tagged.go", "//go:build fast\n\npackage main\n\nvar two = one\n");
    fixture.replace(
        "pgo/pgo.toml",
        "[program.words.go]",
        "[program.words.go]\nflags = [\"-tags\", \"fast\"]",
    );
    fixture.succeeds(&["--to", "baseline"]);
    let planned = |name: &str, value: &str| {
        let output = fixture.honing(&["plan"]).env(name, value).output().unwrap();
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        lines.lines().find(|line| line.contains("baseline")).unwrap_or_default().to_owned()
    };
    assert!(planned("NOTHING", "").contains("up to date"), "{}", planned("NOTHING", ""));
    for (name, value) in [("CGO_CFLAGS", "-O0"), ("CC", "/usr/bin/false"), ("GOAMD64", "v3")] {
        let line = planned(name, value);
        assert!(line.contains(" run ") && line.contains(name), "{name}: {line}");
    }
    for (file, from, to) in [
        ("vendor/example.org/dep/dep.go", "return 1", "return 2"),
        ("tagged.go", "two", "three"),
        ("internal/count/count.go", "16777619", "16777621"),
    ] {
        fixture.replace(file, from, to);
        let line = planned("NOTHING", "");
        assert!(line.contains(" run ") && line.contains(file), "{file}: {line}");
        fixture.replace(file, to, from);
    }
    // The compiled file is given to no shell, either.
    let ran = fixture.run(&["--target", "windows/amd64", "--to", "train"]);
    assert!(ran.code == 15 && ran.stderr.contains("is a program for Windows"), "{ran:?}");
}

/// An endpoint that never answers holds nobody back.
#[cfg(unix)]
#[test]
fn a_hanging_instance_can_be_left() {
    let Some(fixture) = words() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/debug/pprof/profile", listener.local_addr().unwrap());
    let mut command = fixture.honing(&["merge", "--from", &url]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _asked = listener.accept().unwrap();
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let ran = finish(child.wait_with_output().unwrap());
    assert!(ran.code == 130, "{ran:?}");
}
