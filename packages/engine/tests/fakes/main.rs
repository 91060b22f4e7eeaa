//! The whole chain over plugs that are no real ones: a builder, a kind of profile and children that are played,
//! over a real store in a temporary folder. It takes milliseconds, so every step is tried with every end.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod components;
mod crafts;
mod plugs;
mod pulled;
mod steps;
mod world;
