//! The rim: files, the disk that they are on, trees of them, and the clock.

pub(crate) mod cancel;
pub(crate) mod clock;
pub(crate) mod disk;
pub(crate) mod files;
pub(crate) mod lease;
pub(crate) mod pattern;
mod plain;
pub(crate) mod programs;
pub(crate) mod tree;

pub(crate) use plain::plain;
