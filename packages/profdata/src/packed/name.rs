//! Takes names apart: what tells the copies of a function apart is not in its path.

use super::wire::{DIGITS, ESCAPE};
use crate::error::Error;

/// Ends the prefix of a function that is local to an object file.
const PREFIX_END: u8 = b';';
/// What surrounds the digits of a legacy symbol's hash.
const HASH_START: &[u8] = b"17h";
const HASH_END: u8 = b'E';
/// How many digits there are.
const HASH_DIGITS: usize = 16;
/// Length of all of it.
const HASH_LENGTH: usize = HASH_START.len() + HASH_DIGITS + 1;

/// A name in parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parts<'a> {
    /// The rest, as `mod.rs` describes it.
    pub(super) path: Vec<u8>,
    /// The digits of a legacy symbol's hash.
    pub(super) digits: Option<[u8; 8]>,
    /// Up to and including the first semicolon.
    pub(super) prefix: &'a [u8],
}

/// Takes a name apart.
pub(super) fn split(name: &[u8]) -> Parts<'_> {
    let start = name.iter().position(|byte| *byte == PREFIX_END).map_or(0, |at| at + 1);
    let (prefix, body) = name.split_at_checked(start).unwrap_or((&[], name));
    let hash = body.windows(HASH_LENGTH).enumerate().find_map(|(at, window)| Some((at, digits_in(window)?)));
    let mut path = Vec::with_capacity(body.len());
    match hash {
        None => escape(body, &mut path),
        Some((at, _)) => {
            escape(body.get(..at).unwrap_or_default(), &mut path);
            path.push(DIGITS);
            escape(body.get(at + HASH_LENGTH..).unwrap_or_default(), &mut path);
        }
    }
    Parts { path, digits: hash.map(|(_, digits)| digits), prefix }
}

/// The digits of a hash that is all of `window`.
fn digits_in(window: &[u8]) -> Option<[u8; 8]> {
    let digits = window.strip_prefix(HASH_START)?.strip_suffix(&[HASH_END])?;
    let mut bytes = [0; 8];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = *byte << 4 | value;
        }
    }
    Some(bytes)
}

fn escape(body: &[u8], path: &mut Vec<u8>) {
    for byte in body {
        match byte {
            0..=2 => path.extend([ESCAPE, b'0' + byte]),
            _ => path.push(*byte),
        }
    }
}

/// Whether digits belong into a path.
pub(super) fn takes_digits(path: &[u8]) -> bool {
    path.contains(&DIGITS)
}

/// Appends the name that has these parts.
pub(super) fn join(
    prefix: &[u8],
    path: &[u8],
    digits: Option<[u8; 8]>,
    name: &mut Vec<u8>,
) -> Result<(), Error> {
    name.extend_from_slice(prefix);
    let mut digits = digits;
    let mut bytes = path.iter();
    while let Some(byte) = bytes.next() {
        match *byte {
            DIGITS => {
                let digits = digits.take().ok_or(Error::Packed("a path has two hashes"))?;
                put_digits(digits, name);
            }
            ESCAPE => match bytes.next() {
                Some(escaped @ b'0'..=b'2') => name.push(escaped - b'0'),
                _ => return Err(Error::Packed("a path has an escape of nothing")),
            },
            byte => name.push(byte),
        }
    }
    Ok(())
}

fn put_digits(digits: [u8; 8], name: &mut Vec<u8>) {
    name.extend_from_slice(HASH_START);
    for byte in digits {
        for nibble in [byte >> 4, byte & 15] {
            name.push(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
        }
    }
    name.push(HASH_END);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        let names: [&[u8]; 9] = [
            b"main",
            b"_ZN4core3fmt17h0123456789abcdefE",
            b"a.9bb6beb47f0497f5-cgu.0;_ZN1a1b17hdd43527ef454f00dE.llvm.123",
            b"_ZN1a17h0123456789ABCDEFE",
            b"17h0123456789abcdefE17h0123456789abcdefE",
            b"17h0123456789abcdefE\x02\x01\x00",
            b"plain.c;",
            b";;",
            b"17h",
        ];
        for name in names {
            let parts = split(name);
            let mut back = Vec::new();
            join(parts.prefix, &parts.path, parts.digits, &mut back).unwrap();
            assert_eq!(back, name);
            assert_eq!(takes_digits(&parts.path), parts.digits.is_some());
        }
        let parts = split(names[2]);
        assert_eq!((parts.prefix, parts.path.as_slice()), (&names[2][..25], &b"_ZN1a1b\x02.llvm.123"[..]));
        assert_eq!(parts.digits.map(u64::from_be_bytes), Some(0xdd43_527e_f454_f00d));
    }

    #[test]
    fn strange_paths_are_refused() {
        for path in [&b"\x01"[..], b"\x013", b"\x02\x02"] {
            assert!(join(b"", path, Some([0; 8]), &mut Vec::new()).is_err());
        }
    }
}
