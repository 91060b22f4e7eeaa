//! The program as a person meets it: real cargo, real compilers, real processes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod answers;
mod architecture;
mod bench;
mod broken;
mod checklist;
mod ci;
mod colours;
mod commands;
mod commits;
mod committed;
mod compare;
mod components;
mod dashboard;
mod docs;
mod earlier_form;
mod flags;
mod go;
mod go_builds;
mod init;
mod kill;
mod kinds;
mod libraries;
mod life;
#[cfg(unix)]
mod lost;
mod manifest;
mod names;
mod pages;
mod pinning;
mod pipeline;
mod profiles;
mod release;
mod report;
mod second_workspace;
mod shards;
mod silent;
mod sources;
mod stages;
mod stored;
mod support;
#[cfg(unix)]
mod workflows;
