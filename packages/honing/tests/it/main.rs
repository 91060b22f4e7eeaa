//! The program as a person meets it: real cargo, real compilers, real processes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod architecture;
mod bench;
mod broken;
mod checklist;
mod ci;
mod compare;
mod dashboard;
mod docs;
mod kill;
mod kinds;
mod life;
mod manifest;
mod pages;
mod pinning;
mod profiles;
mod release;
mod report;
mod second_workspace;
mod shards;
mod stages;
mod stored;
mod support;
#[cfg(unix)]
mod workflows;
