//! Runs workloads: prepare, the command or the service under load, clean up.

pub(crate) mod beside;
pub(crate) mod collected;
pub(crate) mod elsewhere;
mod gathering;
mod inputs;
mod lost;
pub(crate) mod manual;
mod ports;
mod raw;
mod ready;
mod room;
mod run;
mod said;
mod service;
mod sorting;
pub(crate) mod tools;
pub(crate) mod train;

pub(crate) use inputs::Inputs;
pub(crate) use run::{Ran, Runner};
