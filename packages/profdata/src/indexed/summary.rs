//! The summary of a profile, from which compilers take what is hot and what is cold.
//!
//! Source: `ProfileSummaryBuilder` in `llvm/lib/ProfileData/ProfileSummaryBuilder.cpp` and
//! `IndexedInstrProf::Summary` in `llvm/include/llvm/ProfileData/InstrProf.h`, LLVM 22.1.

use crate::profile::Function;
use std::cmp::Reverse;

/// Shares of the weight for which the summary has an entry, in millionths
/// (`ProfileSummaryBuilder::DefaultCutoffs`).
pub const CUTOFFS: [u32; 16] = [
    10_000, 100_000, 200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000, 900_000, 950_000,
    990_000, 999_000, 999_900, 999_990, 999_999,
];
/// The unit of [`CUTOFFS`] (`ProfileSummary::Scale`).
const CUTOFF_SCALE: u128 = 1_000_000;
/// Numbers before the entries (`Summary::NumKinds`).
const FIELDS: u64 = 6;
/// Bytes of a summary.
pub(super) const SUMMARY_BYTES: usize = (2 + FIELDS as usize + 3 * CUTOFFS.len()) * 8;

/// The summary of a profile's counters. A counter is called a block here, as LLVM calls it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Number of functions.
    pub functions: u64,
    /// Number of counters.
    pub blocks: u64,
    /// Largest first counter of a function, in increments. (The first counter of an IR-level
    /// profile is not always the entry's.)
    pub max_function_count: u64,
    /// Largest counter, in increments.
    pub max_block_count: u64,
    /// Largest counter that is not a function's first, in increments.
    pub max_internal_count: u64,
    /// Sum of all counters, in increments, at most `u64::MAX`.
    pub total: u64,
    /// How few counters make up how much of the sum.
    pub entries: Vec<CutoffEntry>,
}

/// The counters that together make up a share of the weight, the largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutoffEntry {
    /// The share, in millionths.
    pub cutoff: u32,
    /// The smallest of the counters, in increments.
    pub min_count: u64,
    /// How many they are.
    pub blocks: u64,
}

impl Summary {
    /// The summary of these functions.
    pub(crate) fn of<'a>(functions: impl Iterator<Item = Function<'a>>) -> Summary {
        let mut summary = Summary::default();
        let mut counts = Vec::new();
        for function in functions.filter(|function| !function.is_pseudo()) {
            summary.functions += 1;
            for (at, count) in function.counts().iter().copied().enumerate() {
                summary.blocks += 1;
                summary.total = summary.total.saturating_add(count);
                let part =
                    if at == 0 { &mut summary.max_function_count } else { &mut summary.max_internal_count };
                *part = count.max(*part);
                if count > 0 {
                    counts.push(count);
                }
            }
        }
        summary.max_block_count = summary.max_function_count.max(summary.max_internal_count);
        counts.sort_unstable_by_key(|count| Reverse(*count));
        summary.add_entries(&counts);
        summary
    }

    /// `counts` are the counters above zero, the largest first. Equal counters go in together.
    fn add_entries(&mut self, counts: &[u64]) {
        let mut groups = counts.chunk_by(|a, b| a == b).peekable();
        let (mut sum, mut blocks, mut min_count) = (0_u64, 0_u64, 0_u64);
        for cutoff in CUTOFFS {
            let wanted = u128::from(self.total) * u128::from(cutoff) / CUTOFF_SCALE;
            while u128::from(sum) < wanted
                && let Some(group) = groups.next()
            {
                min_count = group.first().copied().unwrap_or(0);
                sum = sum.saturating_add(min_count.saturating_mul(group.len() as u64));
                blocks += group.len() as u64;
            }
            self.entries.push(CutoffEntry { cutoff, min_count, blocks });
        }
    }

    /// Appends the summary as the format has it.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let head = [
            FIELDS,
            self.entries.len() as u64,
            self.functions,
            self.blocks,
            self.max_function_count,
            self.max_block_count,
            self.max_internal_count,
            self.total,
        ];
        let entries = self.entries.iter();
        let entries = entries.flat_map(|entry| [u64::from(entry.cutoff), entry.min_count, entry.blocks]);
        for word in head.into_iter().chain(entries) {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }
}
