//! Files with something wrong in them: any bytes give a program or an error, in bounded time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tests read files and run `go`")]

mod common;

use common::synth::{self, BASE};
use honing_gobinary::{Edge, Error, Kind, Program, effects, match_edges};
use std::time::{Duration, Instant};

#[test]
fn a_program_written_by_hand_is_read() {
    let file = synth::program();
    let program = Program::read(&file).unwrap();
    let calls: Vec<_> =
        program.calls().map(|call| (call.caller, call.offset, call.kind, call.callee)).collect();
    let expected = [
        ("main.caller", 1, Kind::Direct, Some("main.callee")),
        ("main.caller", 2, Kind::Inlined, Some("main.inlined")),
        ("main.caller", 2, Kind::Value, None),
        ("main.inlined", 0, Kind::Interface, None),
    ];
    assert_eq!(calls, expected);
    let caller = &program.functions[0];
    assert_eq!((caller.name, caller.file, caller.start_line), ("main.caller", "/home/a/main.go", 10));
    assert_eq!((caller.entry, caller.end, caller.wrapper), (BASE + 128, BASE + 144, false));
    assert!(program.functions[1].wrapper);
}

/// What is done to a file. The numbers decide where.
fn mutate(file: &mut Vec<u8>, random: &mut fastrand::Rng, places: &[usize]) {
    let near = places.get(random.usize(..places.len())).copied().unwrap_or_default();
    // Half of the faults are where the tables are.
    let at = if random.bool() { near + random.usize(..64) } else { random.usize(..file.len()) };
    let at = at.min(file.len() - 1);
    let interesting =
        [0, 1, 7, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 40, u64::MAX, BASE, BASE + 160];
    let word = *random.choice(interesting.iter()).unwrap();
    let set = |file: &mut Vec<u8>, at: usize, bytes: &[u8]| {
        let end = (at + bytes.len()).min(file.len());
        file[at..end].copy_from_slice(&bytes[..end - at]);
    };
    match random.u8(..7) {
        0 => file[at] ^= 1 << random.u8(..8),
        1 => file[at] = random.u8(..),
        2 => set(file, at / 4 * 4, &(word as u32).to_le_bytes()),
        3 => set(file, at / 8 * 8, &word.to_le_bytes()),
        4 => {
            // Another number of the file itself, as addresses and offsets are.
            let from = random.usize(..file.len()) / 8 * 8;
            let copy = file[from..(from + 8).min(file.len())].to_vec();
            set(file, at / 8 * 8, &copy);
        }
        5 => {
            let add = random.u32(..64);
            let at = (at / 4 * 4).min(file.len().saturating_sub(4));
            let Some(old) = file.get(at..at + 4) else { return };
            let old = u32::from_le_bytes(old.try_into().unwrap());
            set(file, at, &old.wrapping_add(add).to_le_bytes());
        }
        _ => file.truncate(at.max(1)),
    }
}

/// Whatever is read can be asked everything. Gives whether it was read.
fn ask(file: &[u8]) -> bool {
    let Ok(program) = Program::read(file) else { return false };
    let names: Vec<_> = program.functions.iter().map(|function| function.name).collect();
    let edges: Vec<_> = program
        .calls()
        .map(|call| {
            let callee = call.callee.or(names.first().copied()).unwrap_or_default();
            Edge { caller: call.caller, callee, offset: call.offset, weight: 7 }
        })
        .collect();
    let found = match_edges(&program, edges.iter().copied());
    assert_eq!(found.all.matched, found.all.weight, "a call of the program is none: {:?}", found.lost);
    assert_eq!(effects(&program, &program, edges.iter().copied()).len(), edges.len());
    true
}

fn campaign(seed: &[u8], places: &[usize], seed_number: u64, until: impl Fn(u64) -> bool) -> (u64, u64) {
    let mut random = fastrand::Rng::with_seed(seed_number);
    let (mut cases, mut read) = (0, 0);
    while !until(cases) {
        let mut file = seed.to_vec();
        for _ in 0..random.usize(1..5) {
            mutate(&mut file, &mut random, places);
        }
        let start = Instant::now();
        read += u64::from(ask(&file));
        // A thousand times what it should take, for slow machines.
        assert!(start.elapsed() < Duration::from_secs(20), "case {cases} took {:?}", start.elapsed());
        cases += 1;
    }
    (cases, read)
}

#[test]
fn mutations_of_the_program_by_hand() {
    let seed = synth::program();
    let (cases, read) = campaign(&seed, &[0, 160, 300, 560], 1, |cases| cases == 20_000);
    // Else the mutations break everything at once, and nothing is tested.
    assert!(read > cases / 10, "{read} of {cases} were still read");
}

#[test]
fn every_length_and_every_byte_of_the_program_by_hand() {
    let seed = synth::program();
    for length in 0..seed.len() {
        let _ = ask(&seed[..length]);
    }
    for at in 0..seed.len() {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            let mut file = seed.clone();
            file[at] = byte;
            let _ = ask(&file);
        }
    }
}

/// The long form: HONING_FUZZ_SECONDS, or ten minutes, half of them on a program of the real `go`.
#[test]
#[ignore = "ten minutes"]
fn mutations_for_long() {
    let seconds = std::env::var("HONING_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(600);
    let half = Duration::from_secs(seconds) / 2;
    let seed_number = std::env::var("HONING_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let start = Instant::now();
    let by_hand = campaign(&synth::program(), &[0, 160, 300, 560], seed_number, |_| start.elapsed() > half);
    println!("by hand: {by_hand:?}");
    let Some(go) = common::Go::found() else { return };
    let (real, _) = go.build(&["-ldflags=-s -w"], &[]);
    let places = places(&real);
    let start = Instant::now();
    let of_go = campaign(&real, &places, seed_number, |_| start.elapsed() > half);
    println!("of go: {of_go:?}, places {places:x?}");
}

#[test]
fn mutations_of_a_program_of_go() {
    let Some(go) = common::Go::found() else { return };
    let (real, _) = go.build(&["-ldflags=-s -w"], &[]);
    assert!(ask(&real));
    let (cases, read) = campaign(&real, &places(&real), 3, |cases| cases == 40);
    assert!(read > 0 && read < cases, "{read} of {cases} were still read");
}

/// Offsets of the table's header, of what stands behind it, and of what points to it.
fn places(file: &[u8]) -> Vec<usize> {
    use object::{Object, ObjectSegment};
    let header = [0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8];
    let parsed = object::File::parse(file).unwrap();
    let mut places = vec![0];
    for at in (0..file.len() - 8).step_by(8).filter(|at| file[*at..*at + 8] == header) {
        let segment = parsed.segments().find(|segment| {
            let (offset, size) = segment.file_range();
            (offset..offset + size).contains(&(at as u64))
        });
        let Some(segment) = segment else { continue };
        let address = segment.address() + at as u64 - segment.file_range().0;
        let pointer = (0..file.len() - 8).step_by(8).find(|at| file[*at..*at + 8] == address.to_le_bytes());
        let functions = u64::from_le_bytes(file[at + 64..at + 72].try_into().unwrap()) as usize;
        places.extend(pointer);
        places.extend([at, at + functions, at + functions + 20_000]);
    }
    places
}

/// Names that are one long text, and a function for each of its bytes, would take the square of its length.
#[test]
fn names_do_not_overlap() {
    let mut file = synth::program();
    // The callee's name begins in the middle of the caller's.
    let at = file.windows(8).rposition(|bytes| bytes == [16, 0, 0, 0, 12, 0, 0, 0]).unwrap();
    file[at + 4] = 13;
    assert_eq!(Program::read(&file).unwrap_err(), Error::Damaged("a function has no name"));
}

/// Each of many segments could be the whole file, and be searched.
#[test]
fn segments_do_not_overlap() {
    let mut file = synth::program();
    let segment = file[64..120].to_vec();
    let end = file.len() as u64;
    file[32..40].copy_from_slice(&end.to_le_bytes());
    file[56] = 200;
    file.extend(segment.repeat(200));
    assert_eq!(Program::read(&file).unwrap_err(), Error::Damaged("segments overlap"));
}
