//! Reads, judges, merges, stores and writes the CPU profiles of Go programs (pprof), for
//! `go build -pgo`.
//!
//! Byte slices in, values out: no files, no processes, no clock.
//!
//! - [`read`] a profile.proto, gzipped or plain. Any bytes give a [`Profile`] or an [`Error`].
//! - [`Profile::edges`] is what the compiler makes of it: caller, callee and line offset, with a
//!   weight ([`EdgeMap`]); byte for byte what `go tool preprofile` writes.
//! - [`Profile::judge`] leaves out what the compiler cannot use and says so ([`FileReport`],
//!   [`Loss`]); a [`Policy`] says how much that may be.
//! - [`Profile::rename_package`] calls package main as the program does.
//! - [`Merger`] adds up many.
//! - [`EdgeMap::to_stored`] and [`read_stored`]: text for version control.
//! - [`EdgeMap::to_profile`] and [`Profile::to_pprof`]: the file that `go build -pgo` takes.
//!
//! ```
//! use honing_pprof::{Merger, Policy, read_stored};
//! # let file = b"honing go edges 1\nunit: samples/count\nperiod: 10000000\nedges: 1\nweight: 14\n\nfunc a\n3 14 b\n";
//! let mut merger = Merger::new(Policy::default());
//! merger.add(file, 1)?;
//! let text = merger.finish()?.edges.to_stored(&[("program".into(), "edge".into())])?;
//! let stored = read_stored(text.as_bytes(), 1 << 20)?;
//! let pgo: Vec<u8> = stored.edges.to_profile().to_pprof();
//! # assert!(!pgo.is_empty());
//! # Ok::<(), honing_pprof::Error>(())
//! ```

#![forbid(unsafe_code)]

mod decode;
mod edges;
mod encode;
mod error;
mod graph;
mod gzip;
mod judge;
mod made;
mod merger;
mod policy;
mod profile;
mod refuse;
mod rename;
mod report;
mod stored;
mod unit;
mod wire;

pub use decode::read;
pub use edges::{Edge, EdgeMap};
pub use error::Error;
pub use judge::Judged;
pub use merger::{MergeSummary, Merged, Merger};
pub use policy::Policy;
pub use profile::Profile;
pub use report::{FileReport, Loss, LossKind};
pub use stored::{Stored, read_stored};
pub use unit::Unit;
