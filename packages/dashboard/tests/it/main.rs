//! The dashboard as a person sees it: drawings of every pane in every state, on terminals
//! of every size, after any order of events and keys.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the package is pure, its tests need not be")]

mod golden;
mod keys;
mod manifest;
#[cfg(unix)]
mod panic;
mod picture;
mod properties;
mod scenes;
mod sizes;
