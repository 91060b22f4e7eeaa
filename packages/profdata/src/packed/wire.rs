//! Numbers, sections and deflated blobs of the packed format.

use crate::bytes::{ByteOrder, WORD, index};
use crate::deflate::{self, Wrapping};
use crate::error::Error;

/// Bytes of the checksum.
pub(super) const DIGEST_BYTES: usize = 16;
/// Stands for the digits of a legacy symbol in a path.
pub(super) const DIGITS: u8 = 2;
/// What a byte 0, 1 or 2 of a name becomes begins with this.
pub(super) const ESCAPE: u8 = 1;
/// Ends the text of a path.
pub(super) const END: u8 = 0;

/// A row's kind: what it shares with the row before.
pub(super) mod kind {
    /// Another path.
    pub(crate) const PATH: u8 = 0;
    /// The same path with other digits.
    pub(crate) const DIGITS: u8 = 1;
    /// The same path and digits.
    pub(crate) const SAME: u8 = 2;
}

/// Bits of a ULEB128 byte that belong to the number.
const ULEB_PAYLOAD: u8 = 0x7f;
/// Bit of a ULEB128 byte that says another follows.
const ULEB_MORE: u8 = 0x80;
/// Payload bits of a ULEB128 byte.
const ULEB_BITS: u32 = 7;

/// Appends a number.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number > u64::from(ULEB_PAYLOAD) {
        out.push((number & u64::from(ULEB_PAYLOAD)) as u8 | ULEB_MORE);
        number >>= ULEB_BITS;
    }
    out.push(number as u8);
}

/// Appends a size.
pub(super) fn put_size(out: &mut Vec<u8>, size: usize) {
    put_number(out, size as u64);
}

/// Appends bytes and, before them, their number.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_size(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends bytes, deflated.
pub(super) fn put_blob(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    put_size(out, bytes.len());
    put_bytes(out, &deflate::pack(bytes, Wrapping::Raw).map_err(Error::Packed)?);
    Ok(())
}

/// What a file may still expand to, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget(pub(super) u64);

impl Budget {
    /// Takes that many bytes.
    pub(super) fn take(&mut self, bytes: u64) -> Result<(), Error> {
        let left = self.0.checked_sub(bytes).ok_or(Error::Packed("it expands to more than is allowed"))?;
        self.0 = left;
        Ok(())
    }
}

/// Bytes to read from front to back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    /// Reads these.
    pub(super) fn new(rest: &'a [u8]) -> Input<'a> {
        Input { rest }
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether everything was read.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Makes sure that everything was read.
    pub(super) fn end(&self) -> Result<(), Error> {
        if self.is_empty() { Ok(()) } else { Err(Error::Packed("a section is longer than its content")) }
    }

    /// The next bytes.
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or(Error::Packed("a section is cut off"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.take(1)?.first().copied().unwrap_or_default())
    }

    /// The next fixed-width word.
    pub(super) fn word(&mut self) -> Result<u64, Error> {
        Ok(ByteOrder::Little.word(self.take(WORD)?))
    }

    /// The next eight bytes, as they are.
    pub(super) fn digits(&mut self) -> Result<[u8; 8], Error> {
        Ok(self.take(8)?.first_chunk().copied().unwrap_or_default())
    }

    /// The next bytes up to `end`, without it.
    pub(super) fn take_until(&mut self, end: u8) -> Result<&'a [u8], Error> {
        let length = self.rest.iter().position(|byte| *byte == end);
        let taken = self.take(length.ok_or(Error::Packed("a path does not end"))?)?;
        self.byte()?;
        Ok(taken)
    }

    /// The next number.
    pub(super) fn number(&mut self) -> Result<u64, Error> {
        let mut number = 0_u64;
        let mut shift = 0_u32;
        loop {
            let byte = self.byte()?;
            let payload = u64::from(byte & ULEB_PAYLOAD);
            let shifted = payload.checked_shl(shift).filter(|shifted| shifted >> shift == payload);
            number |= shifted.ok_or(Error::Packed("a number is too large"))?;
            if byte & ULEB_MORE == 0 {
                return Ok(number);
            }
            shift += ULEB_BITS;
        }
    }

    /// The next number, as a size.
    pub(super) fn size(&mut self) -> Result<usize, Error> {
        index(self.number()?).ok_or(Error::Packed("a size is too large"))
    }

    /// The next number, as one of four bytes.
    pub(super) fn u32(&mut self) -> Result<u32, Error> {
        u32::try_from(self.number()?).map_err(|_| Error::Packed("a size is too large"))
    }

    /// The next bytes with their number before them.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = self.size()?;
        self.take(length)
    }

    /// The next blob, inflated.
    pub(super) fn blob(&mut self, budget: &mut Budget) -> Result<Vec<u8>, Error> {
        let unpacked_size = self.number()?;
        let packed = self.bytes()?;
        budget.take(unpacked_size)?;
        deflate::unpack(packed, unpacked_size, Wrapping::Raw).map_err(Error::Packed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 300, 1 << 35, u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            let mut input = Input::new(&bytes);
            assert_eq!((input.number(), input.end()), (Ok(number), Ok(())));
            assert!(Input::new(&bytes[..bytes.len() - 1]).number().is_err());
        }
        assert!(Input::new(&[0xff; 12]).number().is_err(), "more than 64 bits");
    }

    #[test]
    fn a_bomb_is_refused_before_allocating() {
        let mut bomb = Vec::new();
        put_number(&mut bomb, 1 << 60);
        put_bytes(&mut bomb, &[1, 2, 3]);
        assert!(Input::new(&bomb).blob(&mut Budget(1 << 30)).is_err(), "more than the budget");
        assert!(Input::new(&bomb).blob(&mut Budget(u64::MAX)).is_err(), "more than deflate can");
    }
}
