//! Fixed-width integers out of byte slices, in either byte order, never out of bounds.
//!
//! Every offset that a profile declares passes through here, so this is the one place that decides
//! what "out of bounds" means: `None`.

/// Bytes of the integer that nearly every field of the binary formats has.
pub(crate) const WORD: usize = 8;

/// The byte order of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first (x86-64, AArch64, RISC-V).
    Little,
    /// Most significant byte first (s390x, big-endian PowerPC).
    Big,
}

impl ByteOrder {
    /// The `u64` in exactly eight bytes; missing bytes read as zero, further ones are ignored.
    #[inline]
    pub(crate) fn word(self, bytes: &[u8]) -> u64 {
        let Some(word) = bytes.first_chunk::<WORD>() else {
            return 0;
        };
        match self {
            ByteOrder::Little => u64::from_le_bytes(*word),
            ByteOrder::Big => u64::from_be_bytes(*word),
        }
    }

    /// The `u64` at byte `at`.
    #[inline]
    pub(crate) fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let field = bytes.get(at..)?.first_chunk::<8>()?;
        Some(match self {
            ByteOrder::Little => u64::from_le_bytes(*field),
            ByteOrder::Big => u64::from_be_bytes(*field),
        })
    }

    /// The `u32` at byte `at`.
    #[inline]
    pub(crate) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let field = bytes.get(at..)?.first_chunk::<4>()?;
        Some(match self {
            ByteOrder::Little => u32::from_le_bytes(*field),
            ByteOrder::Big => u32::from_be_bytes(*field),
        })
    }

    /// The `u16` at byte `at`.
    #[inline]
    pub(crate) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let field = bytes.get(at..)?.first_chunk::<2>()?;
        Some(match self {
            ByteOrder::Little => u16::from_le_bytes(*field),
            ByteOrder::Big => u16::from_be_bytes(*field),
        })
    }
}

/// A declared size or offset as an index; `None` where the machine cannot address it.
pub(crate) fn index(declared: u64) -> Option<usize> {
    usize::try_from(declared).ok()
}

/// `length` rounded up to the next multiple of eight.
pub(crate) fn align_word(length: usize) -> Option<usize> {
    length.checked_next_multiple_of(WORD)
}

/// Reads forward through a slice, in little-endian order (the indexed format's).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at byte `at`; a position past the end reads nothing.
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// The offset of the next byte.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// The next `count` items of `width` bytes.
    pub(crate) fn take_items(&mut self, count: u64, width: usize) -> Option<&'a [u8]> {
        self.take(index(count)?.checked_mul(width)?)
    }

    /// The next `u64`.
    pub(crate) fn u64(&mut self) -> Option<u64> {
        let field = self.take(8)?;
        Some(ByteOrder::Little.word(field))
    }

    /// The next `u16`.
    pub(crate) fn u16(&mut self) -> Option<u16> {
        let field = self.take(2)?;
        ByteOrder::Little.u16(field, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_orders_and_stops_at_the_end() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        assert_eq!(ByteOrder::Little.u64(&bytes, 1), Some(0x0908_0706_0504_0302));
        assert_eq!(ByteOrder::Big.u64(&bytes, 1), Some(0x0203_0405_0607_0809));
        assert_eq!(ByteOrder::Big.u64(&bytes, 2), None);
        assert_eq!(ByteOrder::Little.u32(&bytes, usize::MAX), None);
        assert_eq!(ByteOrder::Little.u16(&bytes, 0), Some(0x0201));
    }
}
