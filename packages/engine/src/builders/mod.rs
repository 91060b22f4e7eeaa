//! How the flavours of a program are built: a room for each craft.

pub(crate) mod beside;
pub mod cargo;
