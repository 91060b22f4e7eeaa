//! How the flavours of a program are built: a room for each craft.

pub mod cargo;
