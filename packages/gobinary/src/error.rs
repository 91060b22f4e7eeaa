//! Why a file gives no Go program.

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The container could not be read.
    #[error("the file is no ELF, Mach-O or PE program: {0}")]
    Container(String),
    /// A processor whose calls are not decoded.
    #[error("the program is for {0}; only programs for amd64 and arm64 can be read")]
    Architecture(String),
    /// No function table was found.
    #[error("the program has no function table of Go 1.20 or newer")]
    NoTable,
    /// The function table contradicts itself.
    #[error("the program's function table is damaged: {0}")]
    Damaged(&'static str),
}
