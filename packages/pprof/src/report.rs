//! What a file holds, and what of it is unusable.

use crate::unit::Unit;
use std::fmt;

/// What was found in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// What a weight counts.
    pub unit: Unit,
    /// Samples in the file; edges for a stored profile.
    pub samples: u64,
    /// CPU time that was sampled, in nanoseconds; 0 where it is not known.
    pub cpu_nanos: u64,
    /// Samples that have no CPU time but a value of another type, which the compiler ignores.
    pub other_samples: u64,
    /// Edges that can be used.
    pub edges: u64,
    /// Their weight, before any weighting of the file.
    pub weight: u64,
    /// Weight of the edges into `runtime.asyncPreempt`. They are kept, and match no call.
    pub async_preempt: u64,
    /// When the profile was begun, in nanoseconds since 1970; 0 where it does not say.
    pub time_nanos: i64,
    /// How long it was recorded, in nanoseconds; 0 where it does not say.
    pub duration_nanos: i64,
    /// What is unusable and was left out.
    pub losses: Vec<Loss>,
}

impl FileReport {
    /// Weight of all losses.
    pub fn weight_lost(&self) -> u128 {
        self.losses.iter().fold(0, |sum, loss| sum.saturating_add(loss.weight))
    }

    /// All weight, kept and lost.
    pub(crate) fn all(&self) -> u128 {
        self.weight_lost().saturating_add(self.weight.into())
    }

    /// Share of the file's weight that is unusable, 0 to 1.
    pub fn share_lost(&self) -> f64 {
        share(self.weight_lost(), self.all())
    }

    /// Share of the file's weight that one of its losses has, 0 to 1.
    pub fn share_of(&self, loss: &Loss) -> f64 {
        share(loss.weight, self.all())
    }
}

/// `part` over `all`; 0 where there is nothing.
pub(crate) fn share(part: u128, all: u128) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// Something that is unusable in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Why.
    pub kind: LossKind,
    /// How many edges it touched; samples for [`LossKind::Negative`].
    pub edges: u64,
    /// Weight that went with it, in the file's unit.
    pub weight: u128,
}

/// Why something is unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LossKind {
    /// A sample has a negative value: the profile is the difference of two.
    Negative,
    /// The caller or the callee has no name.
    Unnamed,
    /// A name has more bytes than the compiler reads: it breaks the compile of every package.
    LongName,
    /// A name has a line break: it breaks the compile of every package, or names another function.
    BrokenName,
    /// A name has `[...]` where the linker's name has type arguments.
    ElidedGenerics,
    /// The caller has no `start_line`: the compiler takes a wrong line offset.
    NoStartLine,
    /// The call has no line number: the compiler takes a wrong line offset.
    NoLine,
    /// Edges into `runtime.asyncPreempt`, which stand on lines without calls, where they have most
    /// of the weight.
    AsyncPreempt,
}

impl LossKind {
    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            LossKind::Negative => "Give the profiles themselves, not what `pprof -diff_base` made of them.",
            LossKind::Unnamed => {
                "Record it from a program that names its functions, or let the profiler resolve the names."
            }
            LossKind::LongName | LossKind::BrokenName => {
                "`go build -pgo` would fail on every package. Find out which tool wrote such a name."
            }
            LossKind::ElidedGenerics => "Record it with Go 1.21.6 or newer, which writes the names in full.",
            LossKind::NoStartLine => {
                "Record it with Go 1.20 or newer, and merge with `go tool pprof -symbolize=none -proto`."
            }
            LossKind::NoLine => "A tool dropped the lines: give the profile that it was made from.",
            LossKind::AsyncPreempt => {
                "Such samples say where goroutines were stopped, not what they called. Record it on another machine."
            }
        }
    }
}

impl fmt::Display for LossKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LossKind::Negative => "samples with a negative value",
            LossKind::Unnamed => "calls without names of functions",
            LossKind::LongName => "names of more than 65535 bytes",
            LossKind::BrokenName => "names with a line break",
            LossKind::ElidedGenerics => "generic functions named `[...]`, which match nothing",
            LossKind::NoStartLine => "callers without start_line",
            LossKind::NoLine => "calls without line numbers",
            LossKind::AsyncPreempt => "preemption (runtime.asyncPreempt), which is no call",
        })
    }
}
