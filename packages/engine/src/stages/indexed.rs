//! Whether a file is a merged (indexed) LLVM profile, and whole.
//!
//! rustc takes almost anything for a profile and says little, so it is looked at before
//! compiling. The layout is that of LLVM's `InstrProf.h`, `IndexedInstrProf::Header`:
//! magic, version, two words, then where each part of the file begins.

const MAGIC: [u8; 8] = *b"\xfflprofi\x81";
/// First bytes of raw profiles of 64-bit programs (`INSTR_PROF_RAW_MAGIC_64`), of either byte order.
const RAW_MAGICS: [[u8; 8]; 2] = [*b"\xfflprofr\x81", *b"\x81rforpl\xff"];
/// Where the offset of the hash table is.
const HASH_OFFSET: usize = 32;

/// What is wrong with a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Empty,
    LfsPointer,
    Raw,
    Strange,
    CutShort,
}

impl Flaw {
    /// After the file's name.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::LfsPointer => "is a Git LFS pointer",
            Self::Raw => "is a raw profile, not a merged one",
            Self::Strange => "is not a merged LLVM profile",
            Self::CutShort => "is cut short",
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Empty | Self::CutShort => "copy it again; the copy or the merge was interrupted",
            Self::LfsPointer => "fetch the file: git lfs pull",
            Self::Raw | Self::Strange => {
                "name the output of `llvm-profdata merge -o FILE.profdata *.profraw`"
            }
        }
    }
}

/// Looks at the header, and whether every part that it names is inside the file.
pub(super) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    if bytes.is_empty() {
        return Err(Flaw::Empty);
    }
    if bytes.starts_with(b"version https://git-lfs") {
        return Err(Flaw::LfsPointer);
    }
    if RAW_MAGICS.iter().any(|magic| bytes.starts_with(magic)) {
        return Err(Flaw::Raw);
    }
    if !bytes.starts_with(&MAGIC) {
        return Err(Flaw::Strange);
    }
    let whole = parts_are_inside(bytes).unwrap_or(false);
    if whole { Ok(()) } else { Err(Flaw::CutShort) }
}

/// `None` where a word that has to be there is not.
fn parts_are_inside(bytes: &[u8]) -> Option<bool> {
    let word = |at: u64| -> Option<u64> {
        let at = usize::try_from(at).ok()?;
        let word = bytes.get(at..at.checked_add(8)?)?;
        Some(u64::from_le_bytes(word.try_into().ok()?))
    };
    // The upper bits are flags.
    let version = word(8)? & 0xffff_ffff;
    // Which later parts each version knows: memory profiles, binary ids, traces, vtables.
    let further = match version {
        0..=7 => 0,
        8 => 1,
        9 => 2,
        10 | 11 => 3,
        _ => 4,
    };
    let table = word(HASH_OFFSET as u64)?;
    let buckets = word(table)?;
    let end = buckets.checked_mul(8)?.checked_add(table)?.checked_add(16)?;
    for part in 1..=further {
        word(word(HASH_OFFSET as u64 + 8 * part)?)?;
    }
    Some(end <= bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 13: header of nine words, a table of one bucket, an empty list of vtables.
    fn whole() -> Vec<u8> {
        let words: [u64; 13] = [u64::from_le_bytes(MAGIC), 13 | 1 << 56, 0, 0, 72, 0, 0, 0, 96, 1, 0, 7, 0];
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn tells_what_is_wrong() {
        assert_eq!(check(&whole()), Ok(()));
        assert_eq!(check(b""), Err(Flaw::Empty));
        assert_eq!(check(b"version https://git-lfs.github.com/spec/v1"), Err(Flaw::LfsPointer));
        assert_eq!(check(b"\xfflprofr\x81"), Err(Flaw::Raw));
        assert_eq!(check(b"\x81rforpl\xff and more"), Err(Flaw::Raw));
        assert_eq!(check(b"garbage"), Err(Flaw::Strange));
    }

    #[test]
    fn every_cut_is_seen() {
        let bytes = whole();
        for length in 8..bytes.len() {
            assert_eq!(check(&bytes[..length]), Err(Flaw::CutShort), "{length} bytes");
        }
    }

    #[test]
    fn absurd_offsets_are_refused() {
        let mut bytes = whole();
        bytes[HASH_OFFSET..HASH_OFFSET + 8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(check(&bytes), Err(Flaw::CutShort));
    }
}
