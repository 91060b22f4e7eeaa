//! What the integration tests share: fixtures, Go's tools, made-up profiles.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests read files and run tools; the library does not"
)]

pub mod go;
pub mod proto;

use std::path::{Path, PathBuf};

/// More than any profile here has.
pub const ENOUGH: u64 = 64 << 20;

/// A file or folder of this package's tests.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// A file in `tests/fixtures`.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = path("fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The edges as `go tool preprofile` writes them.
pub fn preprofile(edges: &honing_pprof::EdgeMap) -> String {
    let edge = |edge: honing_pprof::Edge<'_>| {
        format!("{}\n{}\n{} {}\n", edge.caller, edge.callee, edge.offset, edge.weight)
    };
    "GO PREPROFILE V1\n".to_owned() + &edges.by_weight().into_iter().map(edge).collect::<String>()
}
