//! Whether a file is a merged (indexed) LLVM profile, and whole.
//!
//! rustc takes almost anything for a profile and says little, so it is looked at before
//! compiling.

use honing_profdata::{Error, Format, Profile};

use crate::profiles;

/// What is wrong with a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Empty,
    LfsPointer,
    Raw,
    Text,
    Strange,
    CutShort,
}

impl Flaw {
    /// After the file's name.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::LfsPointer => "is a Git LFS pointer",
            Self::Raw => "is a raw profile, not a merged one",
            Self::Text => "is a profile as text, not a merged one",
            Self::Strange => "is not a merged LLVM profile",
            Self::CutShort => "is cut short or damaged",
        }
    }

    pub(crate) fn hint(self) -> String {
        match self {
            Self::Empty | Self::CutShort => "copy it again; the copy or the merge was interrupted".into(),
            Self::LfsPointer => "fetch the file: git lfs pull".into(),
            Self::Raw | Self::Text | Self::Strange => {
                honing_core::advise!("name the output of `{pgo} merge --from DIR -o FILE.profdata`")
            }
        }
    }
}

impl From<Flaw> for profiles::Flaw {
    fn from(flaw: Flaw) -> Self {
        Self { words: flaw.words().into(), hint: flaw.hint() }
    }
}

/// All of it. A version that is newer than this is left to rustc to judge.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<Profile>, Flaw> {
    if bytes.is_empty() {
        return Err(Flaw::Empty);
    }
    if bytes.starts_with(b"version https://git-lfs") {
        return Err(Flaw::LfsPointer);
    }
    match Format::detect(bytes) {
        Some(Format::Indexed) => match honing_profdata::read(bytes) {
            Ok(read) if read.report.losses.is_empty() && table_is_whole(bytes).unwrap_or(false) => {
                Ok(Some(read.profile))
            }
            Err(Error::IndexedVersion { .. }) => Ok(None),
            Ok(_) | Err(_) => Err(Flaw::CutShort),
        },
        Some(Format::Raw) => Err(Flaw::Raw),
        Some(Format::Text) => Err(Flaw::Text),
        Some(Format::Packed) | None => Err(Flaw::Strange),
    }
}

/// Whether the buckets of the hash table are inside the file. Our reader walks the
/// records and does not need them; the compiler finds functions through them.
fn table_is_whole(bytes: &[u8]) -> Option<bool> {
    let word = |at: usize| -> Option<u64> {
        Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
    };
    // LLVM's `IndexedInstrProf::Header`: magic, version, two words, offset of the table;
    // its `OnDiskChainedHashTable`: number of buckets, number of entries, the buckets.
    let table = word(32)?;
    let buckets = word(usize::try_from(table).ok()?)?;
    let end = buckets.checked_mul(8)?.checked_add(table)?.checked_add(16)?;
    Some(end <= bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use honing_profdata::IndexedVersion;

    use super::*;

    fn check(bytes: &[u8]) -> Result<(), Flaw> {
        read(bytes).map(|_| ())
    }

    fn whole() -> Vec<u8> {
        let text = b":ir\nmain\n# hash\n7\n# counters\n2\n42\n7\n";
        honing_profdata::read(text).unwrap().profile.to_indexed(IndexedVersion::Lowest).unwrap()
    }

    #[test]
    fn tells_what_is_wrong() {
        assert_eq!(check(&whole()), Ok(()));
        assert_eq!(check(b""), Err(Flaw::Empty));
        assert_eq!(check(b"version https://git-lfs.github.com/spec/v1"), Err(Flaw::LfsPointer));
        assert_eq!(check(b"\x81rforpl\xff and more"), Err(Flaw::Raw));
        assert_eq!(check(b":ir\nmain\n# hash\n"), Err(Flaw::Text));
        assert_eq!(check(b"\0\0garbage"), Err(Flaw::Strange));
    }

    #[test]
    fn every_cut_is_seen() {
        let bytes = whole();
        for length in 16..bytes.len() {
            assert!(check(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
        }
    }
}
