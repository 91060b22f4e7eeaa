//! Runs workloads: prepare, the command or the service under load, clean up.

mod ports;
mod ready;
mod run;
mod service;

pub(crate) use run::{Ran, Runner};
