//! Reads the sections of a packed profile that a refresh changes, row by row.

use super::columns::Shape;
use super::wire::Input;
use crate::bytes::{ByteOrder, WORD};
use crate::error::Error;
use crate::format::{MAX_VALUES_PER_SITE, ValueKind};
use crate::record::{Bitmap, Counts, Record, Sites, Values};

/// The sections; blobs are inflated.
pub(super) struct CountSections<'a> {
    pub(super) live: Input<'a>,
    pub(super) not_zero: Input<'a>,
    pub(super) counters: Input<'a>,
    pub(super) bitmaps: Vec<u8>,
    pub(super) values: Input<'a>,
    pub(super) value_counts: Input<'a>,
}

/// The counts of one row after the other, in the bytes that the indexed format would have.
pub(super) struct RowCounts<'a> {
    live: &'a [u8],
    not_zero: Input<'a>,
    counters: Input<'a>,
    bitmaps: Input<'a>,
    values: Input<'a>,
    value_counts: Input<'a>,
    /// The row's counters.
    pub(super) words: Vec<u8>,
    bitmap: Vec<u8>,
    /// Values of each site and the pairs, by kind.
    sites: [(Vec<u8>, Vec<u8>); ValueKind::ALL.len()],
}

impl<'a> RowCounts<'a> {
    /// Before the first row.
    pub(super) fn new(sections: &'a CountSections<'a>) -> RowCounts<'a> {
        RowCounts {
            live: sections.live.rest(),
            not_zero: sections.not_zero,
            counters: sections.counters,
            bitmaps: Input::new(&sections.bitmaps),
            values: sections.values,
            value_counts: sections.value_counts,
            words: Vec::new(),
            bitmap: Vec::new(),
            sites: Default::default(),
        }
    }

    /// Reads the counts of the row at that position, which is the next.
    pub(super) fn read(&mut self, row: usize, shape: &Shape) -> Result<(), Error> {
        let byte = self.live.get(row / 8).ok_or(Error::Packed("a section is cut off"))?;
        let live = byte >> (row % 8) & 1 != 0;
        self.read_counters(live, shape.counters as usize)?;
        let bitmap = shape.bitmap as usize;
        self.bitmap.clear();
        match live {
            true => self.bitmap.extend_from_slice(self.bitmaps.take(bitmap)?),
            false => self.bitmap.resize(bitmap, 0),
        }
        let counts = ValueKind::ALL.into_iter().zip(shape.sites).zip(&mut self.sites);
        for ((kind, count), (lengths, pairs)) in counts {
            lengths.clear();
            pairs.clear();
            if !live {
                lengths.resize(count as usize, 0);
                continue;
            }
            for _ in 0..count {
                lengths.push(read_site(kind, &mut self.values, &mut self.value_counts, pairs)?);
            }
        }
        Ok(())
    }

    fn read_counters(&mut self, live: bool, counters: usize) -> Result<(), Error> {
        self.words.clear();
        self.words.resize(counters * WORD, 0);
        if !live {
            return Ok(());
        }
        for words in self.words.chunks_mut(8 * WORD) {
            let bits = self.not_zero.byte()?;
            for (bit, word) in words.chunks_exact_mut(WORD).enumerate() {
                if bits >> bit & 1 != 0 {
                    word.copy_from_slice(&self.counters.number()?.to_le_bytes());
                }
            }
        }
        Ok(())
    }

    /// Makes sure that these were all rows.
    pub(super) fn end(&self, rows: usize) -> Result<(), Error> {
        if self.live.len() != rows.div_ceil(8) {
            return Err(Error::Packed("a section is longer than its content"));
        }
        [self.not_zero, self.counters, self.bitmaps, self.values, self.value_counts]
            .iter()
            .try_for_each(Input::end)
    }

    /// The row that was read.
    pub(super) fn record(&self, name_hash: u64, cfg_hash: u64) -> Record<'_> {
        let mut values = Values::default();
        for (kind, (lengths, pairs)) in ValueKind::ALL.into_iter().zip(&self.sites) {
            values.set(kind, Sites { lengths, pairs, order: ByteOrder::Little });
        }
        Record {
            name_hash,
            cfg_hash,
            counts: Counts::Words(&self.words, ByteOrder::Little),
            bitmap: Bitmap::Bytes(&self.bitmap),
            values,
        }
    }
}

/// Reads the values of a site and returns how many there are.
fn read_site(
    kind: ValueKind,
    values: &mut Input<'_>,
    counts: &mut Input<'_>,
    pairs: &mut Vec<u8>,
) -> Result<u8, Error> {
    let length = values.size()?;
    if length > MAX_VALUES_PER_SITE {
        return Err(Error::Packed("a site has more values than sites have"));
    }
    for _ in 0..length {
        let value = match kind {
            ValueKind::MemOpSize => values.number()?,
            _ => values.word()?,
        };
        pairs.extend_from_slice(&value.to_le_bytes());
        pairs.extend_from_slice(&counts.number()?.to_le_bytes());
    }
    Ok(length as u8)
}
