//! What reading a file found, and what it had to leave out.

use crate::format::{Format, Variant};
use std::fmt;

/// What was read from one file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileReport {
    /// The file's format.
    pub format: Format,
    /// Version of the format; 0 for text, which has none.
    pub version: u64,
    /// How the program was instrumented.
    pub variant: Variant,
    /// Profiles in the file: more than one where raw profiles were concatenated.
    pub profiles: u64,
    /// Functions whose counters were read.
    pub functions: u64,
    /// Sum of the counters that were read, in increments, before any weighting.
    pub weight: u128,
    /// Whether the values that functions announce were in the file.
    pub value_data: ValueData,
    /// What was left out.
    pub losses: Vec<Loss>,
}

impl FileReport {
    pub(crate) fn new(format: Format) -> FileReport {
        FileReport {
            format,
            version: 0,
            variant: Variant::default(),
            profiles: 0,
            functions: 0,
            weight: 0,
            value_data: ValueData::None,
            losses: Vec::new(),
        }
    }

    /// Adds a loss, joined with an earlier one of the same kind.
    pub(crate) fn lose(&mut self, kind: LossKind, functions: u64, weight: u128) {
        match self.losses.iter_mut().find(|loss| loss.kind == kind) {
            Some(loss) => {
                loss.functions += functions;
                loss.weight = loss.weight.saturating_add(weight);
            }
            None => self.losses.push(Loss { kind, functions, weight }),
        }
    }

    /// Weight of all losses, in increments.
    pub fn weight_lost(&self) -> u128 {
        self.losses.iter().fold(0, |sum, loss| sum.saturating_add(loss.weight))
    }

    /// Share of the file's weight, kept and lost, that one of its losses has, 0 to 1.
    pub fn share_of(&self, loss: &Loss) -> f64 {
        share(loss.weight, self.weight.saturating_add(self.weight_lost()).saturating_sub(loss.weight))
    }

    /// Share of the file's weight that was lost, 0 to 1.
    pub fn share_lost(&self) -> f64 {
        share(self.weight_lost(), self.weight)
    }
}

/// `lost` over the sum of both, 0 to 1; 0 where there is no weight at all.
pub(crate) fn share(lost: u128, kept: u128) -> f64 {
    let all = lost.saturating_add(kept);
    if all == 0 { 0.0 } else { lost as f64 / all as f64 }
}

/// Whether the value data that a file's functions announce was in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueData {
    /// No function announces any.
    None,
    /// All of it.
    Complete,
    /// Nothing: continuous mode, or the process was killed before it wrote any.
    Missing,
    /// Some functions' values, then the file ended or was corrupt.
    Partial,
}

/// Something that was left out of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Why.
    pub kind: LossKind,
    /// How many functions it touched; 0 where that cannot be told.
    pub functions: u64,
    /// Weight that went with it, in increments: the sum of the counters that could be read, or
    /// what the missing bytes would hold at the file's mean, for [`LossKind::CutOff`] and [`LossKind::TrailingBytes`].
    pub weight: u128,
}

/// Why something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LossKind {
    /// The file ends before these functions' counters.
    CutOff,
    /// A counter is too large to come from counting (threads that raced, or corruption).
    ImpossibleCounter,
    /// A function's record points outside of the counters or has none.
    MalformedRecord,
    /// No file names these functions: the names section is cut off or corrupt.
    Unnamed,
    /// The same function with the same CFG hash has another number of counters elsewhere; the
    /// heavier form was kept.
    CounterMismatch,
    /// The values (call targets, sizes) of these functions; their counters were kept.
    Values,
    /// Bytes after a profile that are no further profile.
    TrailingBytes,
    /// A temporal profile's order of first calls; its counters were kept.
    TemporalTraces,
    /// A memory profile in the same file; its counters were kept.
    MemoryProfile,
}

impl fmt::Display for LossKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LossKind::CutOff => "cut off: the file ends before the counters",
            LossKind::ImpossibleCounter => "a counter too large to come from counting",
            LossKind::MalformedRecord => "a record that points outside of the counters",
            LossKind::Unnamed => "no name in any file",
            LossKind::CounterMismatch => "another number of counters for the same CFG hash",
            LossKind::Values => "values (call targets, sizes) left out, counters kept",
            LossKind::TrailingBytes => "bytes after the profile that are no profile",
            LossKind::TemporalTraces => "order of first calls left out, counters kept",
            LossKind::MemoryProfile => "memory profile left out, counters kept",
        })
    }
}
