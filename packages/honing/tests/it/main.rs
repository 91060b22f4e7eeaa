//! The program as a person meets it: real cargo, real compilers, real processes.

mod architecture;
mod docs;
mod kill;
mod second_workspace;
mod stages;
mod support;
