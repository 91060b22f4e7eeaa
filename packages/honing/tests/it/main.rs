//! The program as a person meets it: real cargo, real compilers, real processes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod architecture;
mod broken;
mod docs;
mod kill;
mod kinds;
mod pinning;
mod profiles;
mod second_workspace;
mod stages;
mod stored;
mod support;
