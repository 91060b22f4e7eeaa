//! What a merge may lose, and how much a file may make us allocate.

use crate::format::MAX_PLAUSIBLE_COUNT;

/// Bytes to which zlib expands one byte at most (its documented limit is 1032).
pub(crate) const ZLIB_MAX_RATIO: u64 = 1032;

/// What a merge accepts. The default is for a release: a profile that lost more than 1 % of its
/// weight is refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Share of the weight that may be lost, 0 to 1.
    pub max_lost_share: f64,
    /// A function of a raw profile with a larger counter is dropped. In increments.
    pub max_counter: u64,
    /// Most bytes that the names of one file may expand to.
    pub max_name_bytes: u64,
    /// Most bytes that one packed file may expand to, its names apart: 8 for each counter and 128
    /// for each function.
    pub max_count_bytes: u64,
}

impl Policy {
    /// The policy that keeps whatever can be read, and reports the losses.
    pub const KEEP_ALL: Policy = Policy { max_lost_share: 1.0, ..Policy::RELEASE };

    const RELEASE: Policy = Policy {
        max_lost_share: 0.01,
        max_counter: MAX_PLAUSIBLE_COUNT,
        max_name_bytes: 256 << 20,
        max_count_bytes: 512 << 20,
    };
}

impl Default for Policy {
    fn default() -> Self {
        Policy::RELEASE
    }
}
