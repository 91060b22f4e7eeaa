//! The command line, declared.

mod arrange;
mod build;
mod command;
mod compare;
#[cfg(test)]
mod documented;
mod examples;
mod groups;
#[cfg(test)]
mod heeded_tests;
mod help;
mod place;
mod range;
mod shared;

pub(crate) use arrange::arranged;
pub(crate) use build::Build;
pub(crate) use command::{Cli, Command, Flavour, Look, ManifestCommand, Work};
pub(crate) use compare::{Compare, Comparing};
pub(crate) use groups::Format;
pub(crate) use help::{brief, named, shown, whole};
pub(crate) use place::place;
pub(crate) use range::Range;
pub(crate) use shared::Shared;
