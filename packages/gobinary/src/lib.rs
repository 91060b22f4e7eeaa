//! Reads Go programs: which functions they have, which calls stand in their code, and how much of a profile's
//! weight can go to them.
//!
//! Bytes in, values out: no files, no processes, no clock.
//!
//! - [`Program::read`] reads an ELF, Mach-O or PE program of Go 1.20 or newer, for amd64 or arm64, stripped or not.
//! - [`match_edges`] says which share of the weight of a profile's edges the program can use, and why not the rest.
//! - [`effects`] says what became of each edge between two builds: inlined, devirtualized, neither.
//! - [`rebase`] carries a profile over to a program of newer source.
//!
//! The key of all of it is the compiler's own: caller, callee, and the line of the call from the caller's `func` on.

#![forbid(unsafe_code)]

mod amd64;
mod arm64;
mod buildinfo;
mod bytes;
mod decode;
mod edge;
mod effect;
mod error;
mod functions;
mod image;
mod matching;
mod moduledata;
mod names;
mod part;
mod pcvalue;
mod program;
mod rebase;
mod sites;

pub use buildinfo::{BuildInfo, Module};
pub use edge::{Edge, LeftOut, Use, Why};
pub use effect::{Calls, Change, Effect, Obstacle, effects};
pub use error::Error;
pub use functions::Function;
pub use image::Arch;
pub use matching::{Lost, Match, Share, match_edges};
pub use part::{Part, package};
pub use program::{Call, Program};
pub use rebase::{LeftBehind, Rebased, Rename, Rule, Unplaced, rebase};
pub use sites::Kind;
