//! Reads, merges and writes what programs leave that gcc instrumented with `-fprofile-generate`: a `.gcda` file
//! for each object file, which `-fprofile-use` reads.
//!
//! Byte slices in, values out: no files, no processes, no clock. Any bytes give a value or an [`Error`], and
//! nothing is allocated that the bytes do not have.
//!
//! - [`Data`] is one file: [`Data::read`], [`Data::merge`] with a weight, [`Data::to_bytes`].
//! - [`Bundle`] is all files of a program in one, by name: what is stored.
//! - [`ident`] leads from a function's name to its counters, which have no names.
//!
//! ```
//! use honing_gcov::{Bundle, Error};
//! assert_eq!(Bundle::read(b"no bundle").unwrap_err(), Error::NoBundle);
//! assert_eq!(Bundle::read(&Bundle::default().to_bytes()).unwrap(), Bundle::default());
//! ```
//!
//! Source of the format: `gcc/gcov-io.h`, `gcc/gcov-counter.def` and `libgcc/libgcov-driver.c` of gcc 12 to 15.

#![forbid(unsafe_code)]

mod bundle;
mod bytes;
mod counters;
mod data;
mod error;
mod ident;

pub use bundle::Bundle;
pub use counters::{Counters, Site, Values};
pub use data::{Data, Function};
pub use error::Error;
pub use ident::{Scope, ident};
