//! Protocol buffers on the wire: fields out of byte slices, and into them.
//!
//! By hand, because profile.proto has six small messages, and a general crate would allocate for
//! each of them before we could count.

use crate::error::Error;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// An integer.
    Number(u64),
    /// Text, a message, or integers in a row.
    Bytes(Bytes<'a>),
    /// Four or eight bytes, which profile.proto has no field for.
    Fixed,
}

/// A slice that knows where in the profile it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bytes<'a> {
    pub(crate) bytes: &'a [u8],
    /// Byte of the profile where it starts.
    pub(crate) at: usize,
}

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub(crate) number: u64,
    pub(crate) value: Value<'a>,
    /// Byte of the profile where it starts.
    pub(crate) at: usize,
}

impl<'a> Field<'a> {
    /// The integer that this field has to be.
    pub(crate) fn unsigned(&self) -> Result<u64, Error> {
        match self.value {
            Value::Number(number) => Ok(number),
            _ => Err(Error::damaged("a field is not the integer that it has to be", self.at)),
        }
    }

    /// The integer that this field has to be, in two's complement.
    pub(crate) fn signed(&self) -> Result<i64, Error> {
        self.unsigned().map(u64::cast_signed)
    }

    /// The text or message that this field has to be.
    pub(crate) fn bytes(&self) -> Result<Bytes<'a>, Error> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(Error::damaged("a field is not the text or message that it has to be", self.at)),
        }
    }

    /// Calls `each` with every integer of a repeated field, whether packed in a row or not.
    pub(crate) fn integers(&self, mut each: impl FnMut(u64) -> Result<(), Error>) -> Result<(), Error> {
        let Value::Bytes(mut row) = self.value else { return each(self.unsigned()?) };
        while !row.bytes.is_empty() {
            each(row.varint()?)?;
        }
        Ok(())
    }
}

impl<'a> Bytes<'a> {
    /// All bytes of a profile.
    pub(crate) fn whole(bytes: &'a [u8]) -> Bytes<'a> {
        Bytes { bytes, at: 0 }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        self.at += length;
        Some(taken)
    }

    /// Seven bits a byte, ten bytes at most; bits beyond the 64th are ignored, as Go ignores them.
    fn varint(&mut self) -> Result<u64, Error> {
        let mut number = 0;
        for (index, &byte) in self.bytes.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.take(index + 1);
                return Ok(number);
            }
        }
        Err(Error::damaged("an integer does not end", self.at))
    }

    fn field(&mut self) -> Result<Field<'a>, Error> {
        let at = self.at;
        let tag = self.varint()?;
        let short = |what| Error::damaged(what, at);
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed).ok_or_else(|| short("a field is cut off"))?,
            2 => {
                let length = self.varint()?;
                let start = self.at;
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let bytes = self.take(length).ok_or_else(|| short("a field is longer than what is left"))?;
                Value::Bytes(Bytes { bytes, at: start })
            }
            5 => self.take(4).map(|_| Value::Fixed).ok_or_else(|| short("a field is cut off"))?,
            _ => return Err(short("a field has an unknown wire type")),
        };
        Ok(Field { number: tag >> 3, value, at })
    }
}

/// The fields of a message, in order, until the first that cannot be read.
impl<'a> Iterator for Bytes<'a> {
    type Item = Result<Field<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.bytes = &[];
        }
        Some(field)
    }
}

/// Appends an integer.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a field with an integer, unless it is zero, which is what a missing field means.
pub(crate) fn put_number(out: &mut Vec<u8>, field: u64, number: u64) {
    if number != 0 {
        put_varint(out, field << 3);
        put_varint(out, number);
    }
}

/// Appends a field with an integer in two's complement, unless it is zero.
pub(crate) fn put_signed(out: &mut Vec<u8>, field: u64, number: i64) {
    put_number(out, field, number.cast_unsigned());
}

/// Appends a field with text or a message.
pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, field << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a field with integers in a row.
pub(crate) fn put_row(out: &mut Vec<u8>, field: u64, numbers: impl Iterator<Item = u64>) {
    let mut row = Vec::new();
    numbers.for_each(|number| put_varint(&mut row, number));
    if !row.is_empty() {
        put_bytes(out, field, &row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut out = Vec::new();
        for number in [0, 1, 127, 128, u64::from(u32::MAX), u64::MAX] {
            out.clear();
            put_varint(&mut out, 3 << 3);
            put_varint(&mut out, number);
            let field = Bytes::whole(&out).next().unwrap().unwrap();
            assert_eq!(field, Field { number: 3, value: Value::Number(number), at: 0 });
        }
        out.clear();
        put_signed(&mut out, 1, -5);
        put_number(&mut out, 2, 0);
        put_row(&mut out, 4, [1, 300].into_iter());
        let fields: Vec<_> = Bytes::whole(&out).map(Result::unwrap).collect();
        assert_eq!(fields[0].signed(), Ok(-5));
        let mut row = Vec::new();
        fields[1]
            .integers(|number| {
                row.push(number);
                Ok(())
            })
            .unwrap();
        assert_eq!((fields.len(), row), (2, vec![1, 300]));
    }

    #[test]
    fn what_does_not_fit_is_an_error_with_its_byte() {
        let faults: [(&[u8], &str, u64); 5] = [
            (&[0x08, 0x80], "an integer does not end", 1),
            (&[0x0a, 0x05, 1], "a field is longer than what is left", 0),
            (
                &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
                "a field is longer than what is left",
                0,
            ),
            (&[0x08, 0x01, 0x0e], "a field has an unknown wire type", 2),
            (&[0x09, 1, 2, 3], "a field is cut off", 0),
        ];
        for (bytes, what, at) in faults {
            let mut fields = Bytes::whole(bytes);
            let error = fields.find_map(Result::err);
            assert_eq!(error, Some(Error::Damaged { what, at }), "{bytes:?}");
            assert!(fields.next().is_none(), "nothing after an error");
        }
    }
}
