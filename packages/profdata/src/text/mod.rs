//! The text format: the indexed format's content as lines, for people and for tests.
//!
//! ```text
//! :ir                  how it was instrumented; more such lines follow
//! main                 name of a function
//! 1234                 CFG hash, decimal or 0x…
//! 2                    number of counters
//! 10                   the counters
//! 3
//! 1                    number of value kinds, if it has any
//! 0                    kind: 0 call targets, 1 memory sizes, 2 vtables
//! 1                    number of sites
//! 2                    number of values of the first site
//! callee:7             value and count; targets by name
//! ** External Symbol **:3
//! ```
//! Blank lines and lines that start with `#` are left out; a function's bitmap is `$` and its
//! length, then a line for each byte, before the value kinds. Source: `TextInstrProfReader` in
//! `llvm/lib/ProfileData/InstrProfReader.cpp` and `InstrProfWriter::writeText`, LLVM 22.1.

mod read;
mod write;

pub(crate) use read::add;
