//! What a weight counts.

/// Samples, as profile.proto has them: type and unit.
pub(crate) const SAMPLES: (&str, &str) = ("samples", "count");
/// CPU time, likewise.
pub(crate) const CPU: (&str, &str) = ("cpu", "nanoseconds");

/// What the weights of a profile count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Samples.
    Samples {
        /// CPU time between two of them, in nanoseconds; 0 where the profile does not say.
        period: u64,
    },
    /// CPU time, in nanoseconds.
    Nanoseconds,
}

impl Unit {
    /// Nanoseconds that a weight of one stands for.
    pub(crate) fn nanoseconds(self) -> Option<u64> {
        match self {
            Unit::Samples { period: 0 } => None,
            Unit::Samples { period } => Some(period),
            Unit::Nanoseconds => Some(1),
        }
    }

    /// The type and the unit, as profile.proto has them.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Unit::Samples { .. } => SAMPLES,
            Unit::Nanoseconds => CPU,
        }
    }
}
