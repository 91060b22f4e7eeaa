//! The program as a person meets it: real cargo, real compilers, real processes.

mod broken;
mod stages;
mod support;
