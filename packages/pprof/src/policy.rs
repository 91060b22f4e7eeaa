//! What a profile may lose, and how large it may become.

/// What is accepted. The default is for a release: a profile that cannot use more than 1 % of its
/// weight is refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Share of the weight that may be unusable, 0 to 1.
    pub max_lost_share: f64,
    /// Most bytes that one profile may unpack to, and that the text of its edges may have. Reading
    /// takes up to 24 times as much memory.
    pub max_bytes: u64,
}

impl Policy {
    /// The policy that keeps whatever can be used, and reports the losses.
    pub const KEEP_ALL: Policy = Policy { max_lost_share: 1.0, ..Policy::RELEASE };

    const RELEASE: Policy = Policy { max_lost_share: 0.01, max_bytes: 256 << 20 };
}

impl Default for Policy {
    fn default() -> Self {
        Policy::RELEASE
    }
}
