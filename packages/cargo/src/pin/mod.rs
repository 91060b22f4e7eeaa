//! Pinned symbols: the value of `-C metadata` that names a crate by what it is.
//!
//! rustc hashes `-C metadata` into every symbol, and LLVM finds a function's counters
//! by its symbol. Cargo's value changes with versions, features, the Cargo profile and
//! all dependencies; this one with none of them, so that a profile outlives ordinary
//! changes. v0 mangling comes with it, so that instances of generic functions can be told
//! apart where a profile is carried over all the same. docs/adr/0014-pinned-symbols.md says why each part is in the key.

mod args;
mod key;
mod paths;
mod shared;

pub use args::{Call, V0, argument_file};
pub use key::{Source, Unit, key};
pub use paths::{Place, remapped};
pub use shared::{Locked, distinction, locked, sharing};

/// Version of key and mangling. Another version gives other symbols, and so it is part of the
/// key, of fingerprints, and of the target directory's name.
pub const SCHEME: u32 = 2;
