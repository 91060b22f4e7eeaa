//! Programs that the real `go` builds: every form of them, and the compiler's own account.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tests read files and run `go`")]

mod common;

use common::Go;
use honing_gobinary::{
    Arch, Change, Edge, Error, Kind, LeftOut, Obstacle, Part, Program, Use, Why, effects, match_edges,
};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The calls of package main that the source has, in a build without a profile.
const CALLS: [(&str, i32, Kind, Option<&str>); 12] = [
    ("main.apply", 1, Kind::Value, None),
    ("main.biggest[go.shape.int]", 2, Kind::Direct, Some("main.larger[go.shape.int]")),
    ("main.biggest[go.shape.string]", 2, Kind::Direct, Some("main.larger[go.shape.string]")),
    ("main.doubled", 0, Kind::Interface, None),
    ("main.factorial", 4, Kind::Direct, Some("main.factorial")),
    ("main.grow", 1, Kind::Direct, Some("runtime.growslice")),
    ("main.mixes", 1, Kind::Direct, Some("main.mixed")),
    ("main.outer", 1, Kind::Inlined, Some("main.small")),
    ("main.outer", 2, Kind::Direct, Some("main.large")),
    ("main.small", 0, Kind::Direct, Some("main.large")),
    ("main.total", 3, Kind::Interface, None),
    ("main.main", 2, Kind::Direct, Some("main.total")),
];

fn has_all_calls(program: &Program<'_>, what: &str) {
    let calls: Vec<_> =
        program.calls().map(|call| (call.caller, call.offset, call.kind, call.callee)).collect();
    let missing: Vec<_> = CALLS.iter().filter(|call| !calls.contains(call)).collect();
    assert!(missing.is_empty(), "{what}: {missing:#?} of {calls:#?}");
    // No more of the kinds that could come from a wrong instruction.
    let indirect = |call: &&(&str, i32, Kind, Option<&str>)| call.0.starts_with("main.") && call.3.is_none();
    assert_eq!(calls.iter().filter(indirect).count(), 3, "{what}: {calls:#?}");
}

/// Arguments, variables, and what they build for.
type Form = (&'static [&'static str], &'static [(&'static str, &'static str)], Arch);

const FORMS: [Form; 7] = [
    (&[], &[], Arch::Amd64),
    (&["-ldflags=-s -w", "-trimpath"], &[], Arch::Amd64),
    (&["-buildmode=pie"], &[], Arch::Amd64),
    (&[], &[("GOARCH", "arm64")], Arch::Arm64),
    (&["-ldflags=-s -w"], &[("GOOS", "darwin"), ("GOARCH", "arm64")], Arch::Arm64),
    (&[], &[("GOOS", "darwin"), ("GOARCH", "amd64")], Arch::Amd64),
    (&["-ldflags=-s -w"], &[("GOOS", "windows"), ("GOARCH", "amd64")], Arch::Amd64),
];

fn reads_every_form(go: &Go) {
    for (arguments, variables, arch) in FORMS {
        let mut all = vec![("CGO_ENABLED", "0"), ("GOOS", "linux"), ("GOARCH", "amd64")];
        all.extend(variables);
        let (file, _) = go.build(arguments, &all);
        let what = format!("{arguments:?} {variables:?}");
        let program = Program::read(&file).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(program.arch, arch, "{what}");
        has_all_calls(&program, &what);
        let total = program.functions.iter().find(|function| function.name == "main.total").unwrap();
        assert_eq!(total.start_line, 19, "{what}");
        assert!(total.file.ends_with("shop/main.go"), "{what}: {}", total.file);
        assert!(program.in_assembly("runtime.memmove") && !program.in_assembly("main.total"), "{what}");
        assert_eq!(program.info.main.as_ref().unwrap().path, "example.org/shop", "{what}");
        assert!(program.info.go.starts_with("go1."), "{what}: {}", program.info.go);
    }
}

#[test]
fn every_form_of_a_program_is_read() {
    let Some(go) = Go::found() else { return };
    reads_every_form(&go);
}

/// How many calls of each function there are, and of none that is known.
type Counts<'a> = BTreeMap<&'a str, u32>;

fn disassembled(text: &str) -> Counts<'_> {
    let mut counts = Counts::new();
    for target in text.lines().filter_map(|line| line.split_once("\tCALL ")) {
        let name = target.1.trim().strip_suffix("(SB)").unwrap_or_default();
        // Where in the function it goes to, and how its arguments are passed.
        let name = name.rsplit_once('+').map_or(name, |(name, _)| name);
        *counts.entry(name.strip_suffix(".abi0").unwrap_or(name)).or_default() += 1;
    }
    counts
}

#[test]
fn calls_are_those_of_a_disassembler() {
    let Some(go) = Go::found() else { return };
    for arch in ["amd64", "arm64"] {
        let (file, _) = go.build(&[], &[("GOOS", "linux"), ("GOARCH", arch), ("CGO_ENABLED", "0")]);
        let program = Program::read(&file).unwrap();
        let mut counts = Counts::new();
        for call in program.calls().filter(|call| call.kind != Kind::Inlined) {
            *counts.entry(call.callee.unwrap_or_default()).or_default() += call.copies;
        }
        let text = go.disassembled();
        let expected = disassembled(&text);
        assert!(expected.values().sum::<u32>() > 1000, "{expected:?}");
        let all: BTreeSet<_> = counts.keys().chain(expected.keys()).collect();
        let apart: Vec<_> = all.iter().filter(|name| counts.get(**name) != expected.get(**name)).collect();
        assert!(apart.is_empty(), "{arch}: {apart:?}");
    }
}

/// Unpacked toolchains: HONING_GO_ROOTS=/path/of/go1.22:/path/of/go1.27
#[test]
#[ignore = "needs other toolchains, and builds the runtime with each seven times"]
fn every_version_of_go_is_read() {
    let roots = std::env::var_os("HONING_GO_ROOTS").expect("HONING_GO_ROOTS");
    for root in std::env::split_paths(&roots) {
        println!("{}", root.display());
        reads_every_form(&Go::of(&root));
    }
}

/// Other linkers leave zeros where the loader writes pointers, or do not.
#[test]
fn programs_of_other_linkers_are_read() {
    let Some(go) = Go::found() else { return };
    let there = Command::new("gcc").arg("--version").output().is_ok();
    if !there || !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return common::skip("gcc on x86-64 Linux");
    }
    let root = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap().stdout;
    let root = String::from_utf8(root).unwrap();
    let lld = format!("{}/lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld", root.trim());
    for flags in [String::new(), format!(" -extldflags '-B{lld} -fuse-ld=lld'")] {
        let flags = format!("-ldflags=-linkmode=external{flags}");
        let (file, _) = go.build(&["-buildmode=pie", &flags], &[("CGO_ENABLED", "1")]);
        has_all_calls(&Program::read(&file).unwrap(), &flags);
    }
}

fn edge<'p>(caller: &'p str, callee: &'p str, offset: i32, weight: i64) -> Edge<'p> {
    Edge { caller, callee, offset, weight }
}

#[test]
fn each_edge_has_its_reason() {
    let Some(go) = Go::found() else { return };
    let (file, _) = go.build(&[], &[]);
    let program = Program::read(&file).unwrap();
    let table = [
        (edge("main.outer", "main.large", 2, 1), Use::Matched),
        (edge("main.outer", "main.small", 1, 1), Use::Matched),
        (edge("main.small", "main.large", 0, 1), Use::Matched),
        (edge("main.total", "main.circle.area", 3, 1), Use::Matched),
        (edge("main.apply", "main.main.func1", 1, 1), Use::Matched),
        // One line too far, and the other function's line.
        (edge("main.outer", "main.large", 3, 1), Use::Lost(Why::NoCall)),
        (edge("main.outer", "main.small", 2, 1), Use::Lost(Why::NoCall)),
        (edge("main.total", "main.rectangle.area", 3, 1), Use::Lost(Why::NoCallee)),
        (edge("main.renamed", "main.large", 0, 1), Use::Lost(Why::NoCaller)),
        (edge("main.biggest[...]", "main.larger[...]", 2, 1), Use::Lost(Why::NoCaller)),
        (edge("main.mixed", "runtime.asyncPreempt", 2, 1), Use::LeftOut(LeftOut::Interrupted)),
        (edge("runtime.growslice", "runtime.memmove", 99, 1), Use::LeftOut(LeftOut::Assembly)),
        (edge("runtime.mcall", "runtime.park_m", 1, 1), Use::LeftOut(LeftOut::Assembly)),
        (edge("main.grow", "runtime.growslice", 1, 1), Use::LeftOut(LeftOut::Inserted)),
        // Its body is that of a function of internal/runtime/maps.
        (
            edge("runtime.mapaccess1_fast64", "internal/runtime/maps.(*Map).directoryAt", 1, 1),
            Use::LeftOut(LeftOut::Linkname),
        ),
    ];
    for (edge, expected) in table {
        assert_eq!(program.judge(&edge), expected, "{edge:?}");
    }
    let found = match_edges(&program, table.into_iter().map(|(edge, _)| edge));
    assert_eq!((found.all.weight, found.all.matched), (10, 5));
    assert_eq!(found.part(Part::Own), found.all);
    assert_eq!(found.left_out(LeftOut::Inserted), 1);
    assert_eq!(found.lost.len(), 5);
}

#[test]
fn foreign_files_are_refused() {
    assert!(matches!(Program::read(b"").unwrap_err(), Error::Container(_)));
    assert!(matches!(Program::read(&[0x7f; 4000]).unwrap_err(), Error::Container(_)));
    // A program, but not of Go: this test.
    let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert_eq!(Program::read(&own).unwrap_err(), Error::NoTable);
    let Some(go) = Go::found() else { return };
    let (file, _) = go.build(&[], &[("GOARCH", "386"), ("GOOS", "linux"), ("CGO_ENABLED", "0")]);
    assert!(matches!(Program::read(&file).unwrap_err(), Error::Architecture(_)));
}

/// The profile of this test, in the form that the compiler gets from `go tool preprofile`. Some of it is stale.
const PROFILE: [(&str, &str, i32, i64); 9] = [
    ("main.mixes", "main.mixed", 1, 900),
    ("main.total", "main.circle.area", 3, 800),
    ("main.outer", "main.small", 1, 50),
    ("main.factorial", "main.factorial", 4, 40),
    ("main.outer", "main.large", 7, 30),
    ("main.apply", "main.main.func1", 1, 20),
    ("main.first", "main.doubled", 1, 700),
    ("main.doubled", "main.circle.area", 0, 15),
    ("main.gone", "main.large", 1, 10),
];

/// A build of package main with the profile, and what the compiler printed about each call.
fn with_profile(go: &Go) -> (Vec<u8>, String) {
    let mut text = "GO PREPROFILE V1\n".to_owned();
    for (caller, callee, offset, weight) in PROFILE {
        text.push_str(&format!("{caller}\n{callee}\n{offset} {weight}\n"));
    }
    let profile = go.file("edges", &text);
    let (file, output) = go.build(&[&format!("-gcflags=-pgoprofile={profile} -d=pgodebug=3")], &[]);
    (file, format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

fn edges() -> impl Iterator<Item = Edge<'static>> {
    PROFILE.into_iter().map(|(caller, callee, offset, weight)| edge(caller, callee, offset, weight))
}

/// A number or a text of a line of JSON that the compiler printed.
fn field<'l>(line: &'l str, name: &str) -> &'l str {
    let behind = line.split_once(&format!("\"{name}\":")).map_or("", |(_, behind)| behind);
    behind.split([',', '}']).next().unwrap_or_default().trim_matches('"')
}

#[test]
fn the_match_is_what_the_compiler_says() {
    let Some(go) = Go::found() else { return };
    let (file, said) = with_profile(&go);
    let program = Program::read(&file).unwrap();
    // One line for each call; calls on one line of a function share their weight.
    let lines = said.lines().filter(|line| line.starts_with("{\"Pkg\":\"main\""));
    let places: BTreeSet<_> = lines
        .map(|line| {
            let position = field(line, "Pos").rsplit_once(':').map_or("", |(line, _)| line);
            (field(line, "Caller"), position, field(line, "Weight").parse::<u64>().unwrap())
        })
        .collect();
    let compiler: u64 = places.iter().map(|(_, _, weight)| weight).sum();
    assert!(compiler > 0, "{said}");
    let found = match_edges(&program, edges());
    assert_eq!((found.all.matched, found.all.weight), (compiler, 2565), "{places:#?} {:#?}", found.lost);
    let lost: Vec<_> = found.lost.iter().map(|lost| (lost.edge.weight, lost.why)).collect();
    assert_eq!(lost, [(30, Why::NoCall), (10, Why::NoCaller)]);
}

#[test]
fn what_the_compiler_did_is_seen() {
    let Some(go) = Go::found() else { return };
    let (plain, _) = go.build(&[], &[]);
    let (optimized, said) = with_profile(&go);
    let (before, after) = (Program::read(&plain).unwrap(), Program::read(&optimized).unwrap());
    let changes: Vec<_> = effects(&before, &after, edges()).iter().map(|effect| effect.change).collect();
    let expected = [
        Change::Inlined,
        Change::Devirtualized { inlined: true },
        Change::AlreadyInlined,
        Change::Called(Obstacle::Recursion),
        Change::Absent,
        Change::Called(Obstacle::Closure),
        Change::AlreadyInlined,
        Change::Called(Obstacle::InlinedCaller),
        Change::Absent,
    ];
    assert_eq!(changes, expected, "{said}");
    assert!(said.contains("\"Devirtualized\":\"main.circle.area\""), "{said}");
    // Without a profile nothing changes.
    let same = effects(&before, &before, edges());
    assert!(same.iter().all(|effect| effect.before == effect.after && effect.change != Change::Inlined));
}
