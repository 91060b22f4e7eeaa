//! What pgo.toml says to cargo, and what may stand beside it.

use honing_cargo::tables;
use honing_core::{
    Error, Result,
    config::{Program, Tables, Tool},
};

use crate::profiles::llvm;

/// Its tables, and those of the profiles that rustc applies.
pub static TABLES: Tables = Tables {
    name: tables::NAME,
    top: None,
    program: tables::PROGRAM,
    tool: Some(tables::TOOL),
    workload: Some(tables::WORKLOAD),
    with: &[&llvm::TABLES],
    check: tables::check,
};

/// What is said of a program.
///
/// # Errors
/// Usage, where cargo does not build it.
pub(super) fn program(program: &Program) -> Result<&tables::Program> {
    program.own.get().ok_or_else(not_cargos)
}

/// What is said of a tool.
///
/// # Errors
/// Usage, where cargo does not build it.
pub(super) fn tool(tool: &Tool) -> Result<&tables::Tool> {
    tool.own.get().ok_or_else(not_cargos)
}

pub(super) fn not_cargos() -> Error {
    Error::usage("cargo does not build this")
}
