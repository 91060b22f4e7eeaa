//! The numbers of LLVM's three formats: magics, versions, variant bits and fixed widths.
//!
//! Source: `llvm/include/llvm/ProfileData/InstrProfData.inc` and `InstrProf.h` of LLVM 22.1 (raw
//! version 10, indexed version 13); version 11 of the raw format as in LLVM 23.

use std::fmt;

/// First eight bytes of a packed profile.
pub const PACKED_MAGIC: [u8; 8] = *b"\x8fhoning\n";
/// Version of the packed format, the only one that can be read.
pub const PACKED_VERSION: u32 = 1;

/// First eight bytes of a raw profile of a 64-bit program, in the byte order of that program
/// (`INSTR_PROF_RAW_MAGIC_64`: 255, `lprofr`, 129).
pub const RAW_MAGIC_64: u64 = 0xff6c_7072_6f66_7281;
/// First eight bytes of a raw profile of a 32-bit program (`INSTR_PROF_RAW_MAGIC_32`: 255,
/// `lprofR`, 129). Known only to be refused by name.
pub const RAW_MAGIC_32: u64 = 0xff6c_7072_6f66_5281;
/// First eight bytes of an indexed profile, always little-endian (`IndexedInstrProf::Magic`).
pub const INDEXED_MAGIC: u64 = 0x8169_666f_7270_6cff;

/// Oldest raw version that can be read (LLVM 14 to 17): counters addressed relative to the record.
pub const RAW_VERSION_MIN: u64 = 8;
/// Raw version that added bitmaps (LLVM 18).
pub const RAW_VERSION_BITMAPS: u64 = 9;
/// Raw version that added vtables (LLVM 19 to 22).
pub const RAW_VERSION_VTABLES: u64 = 10;
/// Raw version that added the uniform counters of offload devices (LLVM 23), the newest that can
/// be read.
pub const RAW_VERSION_MAX: u64 = 11;

/// Oldest indexed version that can be read.
pub const INDEXED_VERSION_MIN: u64 = 5;
/// Indexed version whose header gained an offset for memory profiles.
pub const INDEXED_VERSION_MEMPROF: u64 = 8;
/// Indexed version that added binary ids.
pub const INDEXED_VERSION_BINARY_IDS: u64 = 9;
/// Indexed version that added temporal traces.
pub const INDEXED_VERSION_TEMPORAL: u64 = 10;
/// Indexed version that added bitmap bytes to each record.
pub const INDEXED_VERSION_BITMAPS: u64 = 11;
/// Indexed version that added vtable names and the vtable value kind.
pub const INDEXED_VERSION_VTABLES: u64 = 12;
/// Newest indexed version that can be read and written (LLVM 20 to 22).
pub const INDEXED_VERSION_MAX: u64 = 13;

/// The bits of a version field that hold the version; the others are [`Variant`] bits.
pub const VERSION_BITS: u64 = 0xffff_ffff;
/// Bit of a CFG hash that marks a context-sensitive record
/// (`NamedInstrProfRecord::CS_FLAG_IN_FUNC_HASH`).
pub const CONTEXT_SENSITIVE_HASH_BIT: u64 = 1 << 60;

/// Largest value of a merged counter (`getInstrMaxCountValue`): the two above are pseudo counts.
pub const MAX_COUNT: u64 = u64::MAX - 2;
/// First counter of a function that another source of profiles called hot (`HotFunctionVal`).
pub const PSEUDO_HOT: u64 = u64::MAX;
/// First counter of a function that another source of profiles called warm (`WarmFunctionVal`).
pub const PSEUDO_WARM: u64 = u64::MAX - 1;
/// A larger counter in a raw profile cannot come from counting (`RawInstrProfReader::
/// MaxCounterValue`): at one increment a nanosecond it would take two years.
pub const MAX_PLAUSIBLE_COUNT: u64 = 1 << 56;

/// Most values that are kept of one site (`INSTR_PROF_MAX_NUM_VAL_PER_SITE`).
pub const MAX_VALUES_PER_SITE: usize = 255;
/// Separates the names in a names section (`getInstrProfNameSeparator`).
pub const NAME_SEPARATOR: u8 = 1;
/// What the text format writes for a call target that the profile has no function for.
pub const EXTERNAL_SYMBOL: &str = "** External Symbol **";

/// What a value profile records (`InstrProfValueKind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueKind {
    /// The functions that an indirect call went to: the MD5 of their names.
    IndirectCallTarget,
    /// The sizes, in bytes, of a memory operation whose size varies.
    MemOpSize,
    /// The vtables that a virtual call went through: the MD5 of their names.
    VtableTarget,
}

impl ValueKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [ValueKind; 3] =
        [ValueKind::IndirectCallTarget, ValueKind::MemOpSize, ValueKind::VtableTarget];

    /// The kind's number in every format.
    pub fn number(self) -> u32 {
        self.slot() as u32
    }

    pub(crate) fn slot(self) -> usize {
        match self {
            ValueKind::IndirectCallTarget => 0,
            ValueKind::MemOpSize => 1,
            ValueKind::VtableTarget => 2,
        }
    }

    /// The kind of that number.
    pub fn from_number(number: u64) -> Option<ValueKind> {
        ValueKind::ALL.into_iter().find(|kind| u64::from(kind.number()) == number)
    }

    /// Whether the kind's values are hashes of names rather than sizes.
    pub fn is_symbol(self) -> bool {
        self != ValueKind::MemOpSize
    }

    /// LLVM's name of the kind, as in the comments of a text profile.
    pub fn llvm_name(self) -> &'static str {
        match self {
            ValueKind::IndirectCallTarget => "IPVK_IndirectCallTarget",
            ValueKind::MemOpSize => "IPVK_MemOPSize",
            ValueKind::VtableTarget => "IPVK_VTableTarget",
        }
    }
}

/// How a profile was instrumented: the upper half of a binary profile's version field, the
/// `:`-lines of a text profile. Profiles merge by the union of their bits.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Variant(u64);

impl Variant {
    /// Loop entry blocks were instrumented.
    pub const LOOP_ENTRIES: Variant = Variant(1 << 55);
    /// IR-level instrumentation: what rustc's `-Cprofile-generate` and clang's
    /// `-fprofile-generate` make. Without it the profile is a front end's (coverage).
    pub const IR: Variant = Variant(1 << 56);
    /// Some records are context-sensitive (instrumented a second time, after inlining).
    pub const CONTEXT_SENSITIVE: Variant = Variant(1 << 57);
    /// Function entry blocks were always instrumented.
    pub const ENTRY_FIRST: Variant = Variant(1 << 58);
    /// Names and data are in debug information instead of in the profile.
    pub const DEBUG_CORRELATED: Variant = Variant(1 << 59);
    /// A counter is one byte that tells whether a block ran.
    pub const BYTE_COVERAGE: Variant = Variant(1 << 60);
    /// Only function entries were instrumented.
    pub const FUNCTION_ENTRY_ONLY: Variant = Variant(1 << 61);
    /// The file has a memory profile as well.
    pub const MEMORY: Variant = Variant(1 << 62);
    /// The first counter of each function is the time of its first call.
    pub const TEMPORAL: Variant = Variant(1 << 63);

    /// The variant bits of a version field.
    pub fn of_version(version: u64) -> Variant {
        Variant(version & !VERSION_BITS)
    }

    /// The variant's bits, for a version field.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Whether every bit of `other` is set.
    pub fn has(self, other: Variant) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both variants' bits.
    pub fn with(self, other: Variant) -> Variant {
        Variant(self.0 | other.0)
    }

    /// These bits without those of `other`.
    pub fn without(self, other: Variant) -> Variant {
        Variant(self.0 & !other.0)
    }

    /// The bits' names, in the order of the bits.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        const NAMES: [(Variant, &str); 9] = [
            (Variant::LOOP_ENTRIES, "loop-entries"),
            (Variant::IR, "ir"),
            (Variant::CONTEXT_SENSITIVE, "context-sensitive"),
            (Variant::ENTRY_FIRST, "entry-first"),
            (Variant::DEBUG_CORRELATED, "debug-correlated"),
            (Variant::BYTE_COVERAGE, "byte-coverage"),
            (Variant::FUNCTION_ENTRY_ONLY, "function-entry-only"),
            (Variant::MEMORY, "memory"),
            (Variant::TEMPORAL, "temporal"),
        ];
        NAMES.into_iter().filter(move |(bit, _)| self.has(*bit)).map(|(_, name)| name)
    }
}

impl fmt::Debug for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// Which of the formats a file is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// What the instrumented program wrote (`.profraw`).
    Raw,
    /// What `llvm-profdata merge` writes and compilers read (`.profdata`).
    Indexed,
    /// The indexed format's content as lines of text (`.proftext`).
    Text,
    /// The indexed format's content for version control: Honing's own, see
    /// [`crate::Profile::to_packed`].
    Packed,
}

impl Format {
    /// The format that a file's first bytes name, as LLVM's `InstrProfReader::create` decides it for its
    /// three.
    /// `None` for an empty file and for bytes that are none of them.
    pub fn detect(bytes: &[u8]) -> Option<Format> {
        let head = bytes.get(..bytes.len().min(8))?;
        if head == PACKED_MAGIC {
            return Some(Format::Packed);
        }
        if let Some(magic) = head.first_chunk::<8>() {
            let (little, big) = (u64::from_le_bytes(*magic), u64::from_be_bytes(*magic));
            if little == INDEXED_MAGIC {
                return Some(Format::Indexed);
            }
            if [RAW_MAGIC_64, RAW_MAGIC_32].iter().any(|raw| little == *raw || big == *raw) {
                return Some(Format::Raw);
            }
        }
        let printable = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t'..=b'\r');
        (!head.is_empty() && head.iter().all(printable)).then_some(Format::Text)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Raw => "raw",
            Format::Indexed => "indexed",
            Format::Text => "text",
            Format::Packed => "packed",
        })
    }
}
