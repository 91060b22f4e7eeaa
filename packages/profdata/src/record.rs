//! One function's profile as a reader hands it over: borrowed from the file, in the file's bytes.

use crate::bytes::{ByteOrder, WORD};
use crate::format::ValueKind;

/// Bytes of one profiled value: the value and its count, eight each (`InstrProfValueData`).
pub(crate) const VALUE_BYTES: usize = 2 * WORD;

/// One function's profile, borrowed from a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// MD5 of the function's name.
    pub(crate) name_hash: u64,
    /// Hash of the function's control flow at instrumentation.
    pub(crate) cfg_hash: u64,
    /// The counters, one for each instrumented edge.
    pub(crate) counts: Counts<'a>,
    /// MC/DC bitmap bytes.
    pub(crate) bitmap: Bitmap<'a>,
    /// The value profile, by kind.
    pub(crate) values: Values<'a>,
}

/// Counters as a file has them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counts<'a> {
    /// Eight bytes each.
    Words(&'a [u8], ByteOrder),
    /// One byte each, 0 for a block that ran (single-byte coverage).
    Covered(&'a [u8]),
}

impl Counts<'_> {
    /// How many counters there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Counts::Words(bytes, _) => bytes.len() / WORD,
            Counts::Covered(bytes) => bytes.len(),
        }
    }

    /// The first counter.
    pub(crate) fn first(&self) -> Option<u64> {
        match self {
            Counts::Words(bytes, order) => order.u64(bytes, 0),
            Counts::Covered(bytes) => bytes.first().map(|byte| u64::from(*byte == 0)),
        }
    }

    /// Calls `each` for every counter, in order.
    #[inline]
    pub(crate) fn for_each(&self, mut each: impl FnMut(u64)) {
        match self {
            Counts::Words(bytes, ByteOrder::Little) => {
                for word in bytes.chunks_exact(WORD) {
                    each(ByteOrder::Little.word(word));
                }
            }
            Counts::Words(bytes, ByteOrder::Big) => {
                for word in bytes.chunks_exact(WORD) {
                    each(ByteOrder::Big.word(word));
                }
            }
            Counts::Covered(bytes) => {
                for byte in *bytes {
                    each(u64::from(*byte == 0));
                }
            }
        }
    }
}

/// Bitmap bytes as a file has them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bitmap<'a> {
    /// One byte each (raw).
    Bytes(&'a [u8]),
    /// Each in the low byte of a little-endian word (indexed).
    Words(&'a [u8]),
}

impl Bitmap<'_> {
    /// How many bitmap bytes there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Bitmap::Bytes(bytes) => bytes.len(),
            Bitmap::Words(bytes) => bytes.len() / WORD,
        }
    }

    /// The byte at `at`.
    pub(crate) fn get(&self, at: usize) -> u8 {
        match self {
            Bitmap::Bytes(bytes) => bytes.get(at).copied().unwrap_or(0),
            Bitmap::Words(bytes) => bytes.get(at * WORD).copied().unwrap_or(0),
        }
    }
}

/// The values of one kind: how many each site has, and all sites' values one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sites<'a> {
    /// Values of each site.
    pub(crate) lengths: &'a [u8],
    /// Value and count, [`VALUE_BYTES`] each.
    pub(crate) pairs: &'a [u8],
    /// Byte order of `pairs`.
    pub(crate) order: ByteOrder,
}

impl Default for Sites<'_> {
    fn default() -> Self {
        Self { lengths: &[], pairs: &[], order: ByteOrder::Little }
    }
}

impl<'a> Sites<'a> {
    /// The values of every site, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = impl Iterator<Item = (u64, u64)> + use<'a>> + use<'a> {
        let order = self.order;
        let mut rest = self.pairs;
        self.lengths.iter().map(move |length| {
            let bytes = usize::from(*length) * VALUE_BYTES;
            let (site, after) = rest.split_at_checked(bytes).unwrap_or((rest, &[]));
            rest = after;
            site.chunks_exact(VALUE_BYTES).map(move |pair| {
                let (value, count) = pair.split_at_checked(WORD).unwrap_or((pair, &[]));
                (order.word(value), order.word(count))
            })
        })
    }
}

/// A function's values, by kind.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Values<'a> {
    kinds: [Sites<'a>; ValueKind::ALL.len()],
}

impl<'a> Values<'a> {
    /// Sets the sites of a kind.
    pub(crate) fn set(&mut self, kind: ValueKind, sites: Sites<'a>) {
        if let Some(slot) = self.kinds.get_mut(kind.slot()) {
            *slot = sites;
        }
    }

    /// The sites of a kind.
    pub(crate) fn get(&self, kind: ValueKind) -> Sites<'a> {
        self.kinds.get(kind.slot()).copied().unwrap_or_default()
    }

    /// Whether there is not one site.
    pub(crate) fn is_empty(&self) -> bool {
        self.kinds.iter().all(|sites| sites.lengths.is_empty())
    }
}
