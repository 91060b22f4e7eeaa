//! What the integration tests share: fixtures, tools, made-up raw profiles.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests read files and run tools; the library does not"
)]

pub mod listing;
pub mod synth;
pub mod tools;

use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The tests of this package; also for those of `packages/match`, which share them.
fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../profdata/tests")
}

/// A file in `tests/fixtures`, unpacked if it is a `.gz`.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = tests().join("fixtures").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if !name.ends_with(".gz") {
        return bytes;
    }
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
    unpacked
}

/// A program in `tests/programs`.
pub fn program(name: &str) -> PathBuf {
    tests().join("programs").join(name)
}

/// Every profile among the fixtures, by name.
pub fn profiles() -> Vec<(String, Vec<u8>)> {
    let folder = tests().join("fixtures");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name.contains(".prof"));
    assert!(names.len() > 10, "{names:?}");
    names.sort();
    names.into_iter().map(|name| (name.clone(), fixture(&name))).collect()
}
