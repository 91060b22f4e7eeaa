//! Merging in memory: raw files of a made-up program of 10,000 functions, and one of 100,000.
//!
//! `cargo bench -p honing-profdata`. Whole processes beside `llvm-profdata`: `compare.sh` here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a benchmark"
)]

#[path = "../tests/common/synth.rs"]
mod synth;

use divan::counter::BytesCount;
use honing_match::overlap;
use honing_profdata::{IndexedVersion, Merger, Policy, Profile, merge_all, read};
use std::sync::OnceLock;

/// Functions of the two programs.
const SMALL: usize = 10_000;
const LARGE: usize = 100_000;
/// Different runs of the small program; more files repeat them.
const RUNS: usize = 20;

fn main() {
    divan::main();
}

fn small() -> &'static [Vec<u8>] {
    static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| (0..RUNS as u64).map(|run| raw(SMALL, run)).collect())
}

fn large() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| raw(LARGE, 0))
}

fn raw(functions: usize, run: u64) -> Vec<u8> {
    let shape = synth::Shape { base: 0x5500_0000_0000 + (run << 12), ..synth::Shape::default() };
    synth::raw(&synth::program(functions, run), &shape)
}

fn merged() -> &'static Profile {
    static PROFILE: OnceLock<Profile> = OnceLock::new();
    PROFILE.get_or_init(|| read(large()).unwrap().profile)
}

/// Reads and adds that many files of the small program.
#[divan::bench(args = [1, 20, 500], consts = [1, 2], sample_count = 10)]
fn merge<const THREADS: usize>(bencher: divan::Bencher<'_, '_>, files: usize) {
    let inputs = small();
    let bytes: usize = (0..files).map(|at| inputs[at % RUNS].len()).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        let load = |at: usize| Ok::<_, ()>((inputs[at % RUNS].as_slice(), 1));
        merge_all(files, THREADS, Policy::default(), load).merger.finish().unwrap()
    });
}

/// Reads one file of the large program.
#[divan::bench(sample_count = 10)]
fn read_large(bencher: divan::Bencher<'_, '_>) {
    bencher.counter(BytesCount::new(large().len())).bench(|| {
        let mut merger = Merger::new(Policy::default());
        merger.add(large(), 1).unwrap();
        merger.finish().unwrap()
    });
}

/// Writes the large program's profile.
#[divan::bench(consts = [1, 2], sample_count = 10)]
fn write_large<const THREADS: usize>(bencher: divan::Bencher<'_, '_>) {
    bencher.bench(|| merged().to_indexed_on(IndexedVersion::Lowest, THREADS).unwrap());
}

/// Packs the large program's profile.
#[divan::bench(sample_count = 10)]
fn pack_large(bencher: divan::Bencher<'_, '_>) {
    bencher.bench(|| merged().to_packed().unwrap());
}

/// Reads it back.
#[divan::bench(sample_count = 10)]
fn unpack_large(bencher: divan::Bencher<'_, '_>) {
    let packed = merged().to_packed().unwrap();
    bencher.counter(BytesCount::new(packed.len())).bench(|| read(&packed).unwrap());
}

/// Compares the large program's profile with itself.
#[divan::bench(sample_count = 10)]
fn overlap_large(bencher: divan::Bencher<'_, '_>) {
    bencher.bench(|| overlap(merged(), merged(), false));
}
