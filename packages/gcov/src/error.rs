//! Why a file cannot be read or merged.

/// Why a file cannot be read or merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The first bytes are not those of a `.gcda` file.
    #[error("not a profile of gcc (.gcda)")]
    NoData,
    /// The first bytes are not those of a bundle.
    #[error("not a bundle of gcc's profiles")]
    NoBundle,
    /// A program of another byte order wrote it.
    #[error("a program of another byte order wrote it")]
    ByteOrder,
    /// A gcc wrote it whose format is not known.
    #[error("the profile's format {0} is not known: gcc 12 to 19 can be read")]
    Version(String),
    /// It ends before something that it announces.
    #[error("cut off at byte {at}")]
    CutOff {
        /// Where what is missing begins.
        at: usize,
    },
    /// Something in it cannot be.
    #[error("damaged at byte {at}: {what}")]
    Damaged {
        /// Where.
        at: usize,
        /// What.
        what: &'static str,
    },
    /// A name in a bundle that is not one of a file below a folder, or not in order.
    #[error("the bundle has a file that it must not have: {0}")]
    Name(String),
    /// Two files are of different builds.
    #[error("two builds do not agree on function {ident:#010x}: they were compiled from other code")]
    Unlike {
        /// The function's number.
        ident: u32,
    },
    /// Two files have functions of different builds.
    #[error("two builds have another number of functions: they were compiled from other code")]
    Functions,
}
