//! A program's memory, as its file describes it: addresses, and the bytes at them.

use crate::bytes;
use crate::error::Error;
use object::{Object, ObjectSegment};

/// Processors whose calls can be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// 64-bit x86.
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

/// Bytes in the file of one loaded segment.
pub(crate) struct Segment<'a> {
    pub(crate) address: u64,
    pub(crate) data: &'a [u8],
}

pub(crate) struct Image<'a> {
    pub(crate) arch: Arch,
    /// By address.
    pub(crate) segments: Vec<Segment<'a>>,
    /// Places that the loader fills, and the addresses that it writes there. By place.
    pub(crate) filled: Vec<(u64, u64)>,
    /// The first address, for Mach-O programs, whose pointers may be chained.
    chained: Option<u64>,
}

const RELATIVE: [object::elf::RelocationType; 2] =
    [object::elf::R_X86_64_RELATIVE, object::elf::R_AARCH64_RELATIVE];

impl<'a> Image<'a> {
    pub(crate) fn read(file: &'a [u8]) -> Result<Self, Error> {
        let parsed = object::File::parse(file).map_err(|error| Error::Container(error.to_string()))?;
        let arch = match parsed.architecture() {
            object::Architecture::X86_64 => Arch::Amd64,
            object::Architecture::Aarch64 => Arch::Arm64,
            other => return Err(Error::Architecture(format!("{other:?}"))),
        };
        if !parsed.is_little_endian() || !parsed.is_64() {
            return Err(Error::Architecture("a 32-bit or big-endian processor".to_owned()));
        }
        let mut segments: Vec<_> = parsed
            .segments()
            .filter_map(|segment| {
                let data = segment.data().ok()?;
                (!data.is_empty()).then_some(Segment { address: segment.address(), data })
            })
            .collect();
        segments.sort_by_key(|segment| segment.address);
        // Real segments share a page at most. Those of a hostile file could each be the whole file.
        let loaded: usize = segments.iter().map(|segment| segment.data.len()).sum();
        if loaded > file.len().saturating_mul(2) {
            return Err(Error::Damaged("segments overlap"));
        }
        let mut filled: Vec<_> =
            parsed.dynamic_relocations().into_iter().flatten().filter_map(relative).collect();
        filled.sort_unstable();
        let macho = matches!(parsed.format(), object::BinaryFormat::MachO);
        Ok(Self { arch, segments, filled, chained: macho.then(|| parsed.relative_address_base()) })
    }

    /// The bytes from an address to the end of its segment.
    pub(crate) fn from(&self, address: u64) -> Option<&'a [u8]> {
        let after = self.segments.partition_point(|segment| segment.address <= address);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        segment.data.get(usize::try_from(address - segment.address).ok()?..)
    }

    /// `length` bytes at an address.
    pub(crate) fn at(&self, address: u64, length: u64) -> Option<&'a [u8]> {
        self.from(address)?.get(..usize::try_from(length).ok()?)
    }

    /// The number at an address, or the address that the loader writes there.
    pub(crate) fn word(&self, address: u64) -> Option<u64> {
        if let Ok(found) = self.filled.binary_search_by_key(&address, |(place, _)| *place) {
            return self.filled.get(found).map(|(_, target)| *target);
        }
        bytes::u64_at(self.from(address)?, 0).map(|word| self.unchained(word))
    }

    /// Apple's linker chains pointers: the low 36 bits are the target, or its distance from the first address;
    /// above them stand the distance to the next pointer, and flags.
    pub(crate) fn unchained(&self, word: u64) -> u64 {
        let Some(base) = self.chained.filter(|_| word >> 36 != 0) else { return word };
        let target = word & 0xf_ffff_ffff;
        if target < base { target.saturating_add(base) } else { target }
    }
}

fn relative((place, relocation): (u64, object::Relocation)) -> Option<(u64, u64)> {
    let object::RelocationFlags::Elf { r_type } = relocation.flags() else { return None };
    RELATIVE.contains(&r_type).then_some((place, relocation.addend().cast_unsigned()))
}
