//! Function names: their hashes, and the packed sections that hold them.
//!
//! A names section is a sequence of blobs, each a ULEB128 of its unpacked size, a ULEB128 of its
//! packed size (0: not packed) and the bytes; unpacked, a blob is names with a byte 1 between them.
//! Zero bytes may lie between blobs. Source: `readAndDecodeStrings` and
//! `collectGlobalObjectNameStrings` in `llvm/lib/ProfileData/InstrProf.cpp`, LLVM 22.1.

use crate::deflate::{self, Wrapping};
use crate::error::Error;
use crate::format::NAME_SEPARATOR;
use crate::policy::Policy;

/// Bits of a ULEB128 byte that belong to the number.
const ULEB_PAYLOAD: u8 = 0x7f;
/// Bit of a ULEB128 byte that says another follows.
const ULEB_MORE: u8 = 0x80;
/// Payload bits of a ULEB128 byte.
const ULEB_BITS: u32 = 7;

/// What a profile knows a function by: the low eight bytes, little-endian, of the MD5 of its name
/// (`IndexedInstrProf::ComputeHash`).
pub fn name_hash(name: &[u8]) -> u64 {
    let digest = md5::compute(name).0;
    digest.first_chunk::<8>().map_or(0, |low| u64::from_le_bytes(*low))
}

/// Hands every name of a names section to `each`, in the section's order, and skips empty ones.
///
/// # Errors
/// [`Error::Names`] where a blob is cut off, expands to other than its declared size, or is larger
/// than `policy` allows. Names before the fault have been handed over by then.
pub(crate) fn unpack(section: &[u8], policy: &Policy, each: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
    let mut rest = section;
    let mut budget = policy.max_name_bytes;
    while let Some(first) = rest.iter().position(|byte| *byte != 0) {
        // Padding between blobs; an unpacked size of zero is padding as well.
        rest = rest.get(first..).unwrap_or_default();
        let unpacked_size = take_uleb(&mut rest)?;
        let packed_size = take_uleb(&mut rest)?;
        budget = budget.checked_sub(unpacked_size).ok_or(Error::Names("more names than allowed"))?;
        if packed_size == 0 {
            split(take(&mut rest, unpacked_size)?, each);
        } else {
            let packed = take(&mut rest, packed_size)?;
            split(&deflate::unpack(packed, unpacked_size, Wrapping::Zlib).map_err(Error::Names)?, each);
        }
    }
    Ok(())
}

/// The names section of these names, as LLVM's `collectGlobalObjectNameStrings` packs them.
pub(crate) fn pack<'a>(names: impl Iterator<Item = &'a [u8]>) -> Result<Vec<u8>, Error> {
    let mut joined = Vec::new();
    for (at, name) in names.enumerate() {
        if at > 0 {
            joined.push(NAME_SEPARATOR);
        }
        joined.extend_from_slice(name);
    }
    if joined.is_empty() {
        return Ok(Vec::new());
    }
    let packed = deflate::pack(&joined, Wrapping::Zlib).map_err(Error::Names)?;
    let mut section = Vec::with_capacity(packed.len() + 20);
    put_uleb(&mut section, joined.len() as u64);
    put_uleb(&mut section, packed.len() as u64);
    section.extend_from_slice(&packed);
    Ok(section)
}

fn split(names: &[u8], each: &mut dyn FnMut(&[u8])) {
    names.split(|byte| *byte == NAME_SEPARATOR).filter(|name| !name.is_empty()).for_each(each);
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> Result<&'a [u8], Error> {
    let cut = Error::Names("it ends within a blob");
    let length = usize::try_from(length).map_err(|_| cut.clone())?;
    let (taken, after) = rest.split_at_checked(length).ok_or(cut)?;
    *rest = after;
    Ok(taken)
}

fn take_uleb(rest: &mut &[u8]) -> Result<u64, Error> {
    let mut number = 0_u64;
    let mut shift = 0_u32;
    loop {
        let (byte, after) = rest.split_first().ok_or(Error::Names("it ends within a size"))?;
        *rest = after;
        let payload = u64::from(byte & ULEB_PAYLOAD);
        let shifted = payload.checked_shl(shift).filter(|shifted| shifted >> shift == payload);
        number |= shifted.ok_or(Error::Names("a size is too large"))?;
        if byte & ULEB_MORE == 0 {
            return Ok(number);
        }
        shift += ULEB_BITS;
    }
}

fn put_uleb(section: &mut Vec<u8>, mut number: u64) {
    loop {
        let byte = (number & u64::from(ULEB_PAYLOAD)) as u8;
        number >>= ULEB_BITS;
        if number == 0 {
            section.push(byte);
            return;
        }
        section.push(byte | ULEB_MORE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_of(section: &[u8]) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        unpack(section, &Policy::default(), &mut |name| {
            names.push(String::from_utf8_lossy(name).into_owned());
        })?;
        Ok(names)
    }

    #[test]
    fn hash_is_the_low_half_of_md5() {
        // RFC 1321's test suite: MD5("abc") = 900150983cd24fb0d6963f7d28e17f72.
        assert_eq!(name_hash(b"abc"), 0xb04f_d23c_9850_0190);
    }

    #[test]
    fn packed_and_plain_names_come_back() {
        let names: [&[u8]; 3] = [b"main", b"_ZN4core3fmt", b"x;y"];
        let packed = pack(names.into_iter()).unwrap();
        assert_eq!(names_of(&packed).unwrap(), ["main", "_ZN4core3fmt", "x;y"]);
        let mut plain = vec![3, 0, b'a', NAME_SEPARATOR, b'b', 0, 0, 0];
        plain.extend_from_slice(&packed);
        assert_eq!(names_of(&plain).unwrap().len(), 5);
    }

    #[test]
    fn lies_about_sizes_are_refused_before_allocating() {
        let mut bomb = Vec::new();
        put_uleb(&mut bomb, 1 << 29);
        put_uleb(&mut bomb, 4);
        bomb.extend_from_slice(&[1, 2, 3, 4]);
        assert!(names_of(&bomb).is_err());
        assert!(names_of(&[0xff; 12]).is_err(), "a ULEB128 that never ends");
        assert!(names_of(&[9, 0, b'a']).is_err(), "a blob that is cut off");
        assert_eq!(names_of(&[]).unwrap(), Vec::<String>::new());
    }
}
