//! The counters of one kind of one function, and how those of two runs add up.

use std::{cmp::Reverse, collections::BTreeMap};

use crate::{
    Error,
    bytes::{Reader, put, put_counts},
};

/// Tag of the first kind of counters; that of the next is `STEP` larger (`GCOV_TAG_FOR_COUNTER`).
const BASE: u32 = 0x01a1_0000;
const STEP: u32 = 1 << 17;
/// Most values that are kept of one site (`GCOV_TOPN_MAXIMUM_TRACKED_VALUES`).
const MOST_VALUES: usize = 32;

/// How often control went along each arc: what a function's weight is.
pub(crate) const ARCS: u32 = 0;
const TOP_VALUES: u32 = 3;
const TOP_CALLS: u32 = 4;
const BITS: u32 = 6;
const FIRST_CALL: u32 = 7;
const CONDITIONS: u32 = 8;

/// The counters of one kind of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counters {
    /// Their kind, by its number in `gcov-counter.def`.
    pub kind: u32,
    /// What they hold.
    pub values: Values,
}

/// What counters hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// So many that are all 0.
    Zeros(u32),
    /// One number for each.
    Numbers(Vec<i64>),
    /// The most frequent values of each site.
    Sites(Vec<Site>),
}

/// The most frequent values of one place in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// How often it ran.
    pub total: u64,
    /// Whether values were left out for others.
    pub full: bool,
    /// Values, and how often each was seen.
    pub values: Vec<(i64, i64)>,
}

impl Counters {
    /// The kind that a tag stands for.
    pub(crate) fn kind_of(tag: u32) -> Option<u32> {
        let offset = tag.checked_sub(BASE)?;
        (offset % STEP == 0 && offset / STEP <= CONDITIONS).then_some(offset / STEP)
    }

    /// Reads them; a negative `length` stands for so many bytes of zeros that are not there.
    pub(crate) fn read(kind: u32, length: i32, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let at = reader.at;
        let bytes = length.unsigned_abs();
        if !bytes.is_multiple_of(8) {
            return Err(Error::Damaged { at, what: "half a counter" });
        }
        let values = match kind {
            TOP_VALUES | TOP_CALLS if length < 0 => {
                return Err(Error::Damaged { at, what: "values that are left out" });
            }
            TOP_VALUES | TOP_CALLS => Values::Sites(sites(reader.part(bytes as usize)?)?),
            _ if length < 0 => Values::Zeros(bytes / 8),
            _ => Values::Numbers(reader.part(bytes as usize)?.counts()?),
        };
        Ok(Self { kind, values })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let tag = BASE + self.kind * STEP;
        match &self.values {
            Values::Zeros(many) => put(out, &[tag, many.wrapping_mul(8).wrapping_neg()]),
            Values::Numbers(numbers) => {
                put(out, &[tag, numbers.len() as u32 * 8]);
                put_counts(out, numbers.iter().copied());
            }
            Values::Sites(sites) => {
                let words: usize = sites.iter().map(|site| 2 + 2 * site.values.len()).sum();
                put(out, &[tag, words as u32 * 8]);
                sites.iter().for_each(|site| site.write(out));
            }
        }
    }

    /// Sum of the numbers.
    pub(crate) fn sum(&self) -> u128 {
        match &self.values {
            Values::Numbers(numbers) => {
                numbers.iter().map(|number| u128::from(u64::try_from(*number).unwrap_or(0))).sum()
            }
            _ => 0,
        }
    }

    /// As if they had been recorded `weight` times.
    pub(crate) fn scale(&mut self, weight: u32) {
        let weight = i64::from(weight);
        match &mut self.values {
            Values::Numbers(numbers) if !matches!(self.kind, BITS | FIRST_CALL | CONDITIONS) => {
                numbers.iter_mut().for_each(|number| *number = number.saturating_mul(weight));
            }
            Values::Sites(sites) => sites.iter_mut().for_each(|site| site.scale(weight)),
            _ => {}
        }
    }

    /// Adds those of another run; `None` where they are not alike.
    pub(crate) fn add(&mut self, other: Self) -> Option<()> {
        if self.kind != other.kind {
            return None;
        }
        let add: fn(i64, i64) -> i64 = match self.kind {
            BITS | CONDITIONS => |a, b| a | b,
            // The first of all; 0 stands for never.
            FIRST_CALL => |a, b| if a == 0 || b == 0 { a.max(b) } else { a.min(b) },
            _ => i64::saturating_add,
        };
        match (&mut self.values, other.values) {
            (Values::Zeros(a), Values::Zeros(b)) => (*a == b).then_some(()),
            (Values::Zeros(a), numbers @ Values::Numbers(_)) => {
                let alike = matches!(&numbers, Values::Numbers(b) if *a as usize == b.len());
                self.values = numbers;
                alike.then_some(())
            }
            (Values::Numbers(a), Values::Zeros(b)) => (a.len() == b as usize).then_some(()),
            (Values::Numbers(a), Values::Numbers(b)) if a.len() == b.len() => {
                a.iter_mut().zip(b).for_each(|(a, b)| *a = add(*a, b));
                Some(())
            }
            (Values::Sites(a), Values::Sites(b)) if a.len() == b.len() => {
                a.iter_mut().zip(b).for_each(|(a, b)| a.add(b));
                Some(())
            }
            _ => None,
        }
    }
}

fn sites(mut reader: Reader<'_>) -> Result<Vec<Site>, Error> {
    let mut sites = Vec::new();
    while !reader.is_empty() {
        let total = reader.count()?;
        let at = reader.at;
        let many = reader.count()?;
        // Each has two words, so there cannot be more than the rest holds.
        let bytes = usize::try_from(many).ok().and_then(|many| many.checked_mul(16));
        let bytes = bytes.ok_or(Error::Damaged { at, what: "a number of values that cannot be" })?;
        let words = reader.part(bytes)?.counts()?;
        let values = words.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
        sites.push(Site { total: total.unsigned_abs(), full: total < 0, values: values.collect() });
    }
    Ok(sites)
}

impl Site {
    fn write(&self, out: &mut Vec<u8>) {
        let total = i64::try_from(self.total).unwrap_or(i64::MAX);
        put_counts(out, [if self.full { -total } else { total }, self.values.len() as i64]);
        put_counts(out, self.values.iter().flat_map(|(value, count)| [*value, *count]));
    }

    fn scale(&mut self, weight: i64) {
        self.total = self.total.saturating_mul(weight.unsigned_abs());
        self.values.iter_mut().for_each(|(_, count)| *count = count.saturating_mul(weight));
    }

    /// Adds another run's. The most frequent values stay, the same for any order of runs as long as all fit.
    fn add(&mut self, other: Self) {
        self.total = self.total.saturating_add(other.total);
        self.full |= other.full;
        let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
        for (value, count) in self.values.drain(..).chain(other.values) {
            let sum = counts.entry(value).or_default();
            *sum = sum.saturating_add(count);
        }
        self.values = counts.into_iter().collect();
        self.values.sort_by_key(|(_, count)| Reverse(*count));
        self.full |= self.values.len() > MOST_VALUES;
        self.values.truncate(MOST_VALUES);
    }
}
