//! A profile as profile.proto has it, in a few flat lists, so that memory is bounded by the file's
//! size. Labels are not kept: the compiler ignores them, and they may hold users' data.

/// A profile.proto.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// What the values of a sample are, in order.
    pub sample_types: Vec<ValueType>,
    /// What the period is in.
    pub period_type: Option<ValueType>,
    /// Events between two samples.
    pub period: i64,
    /// When it was begun, in nanoseconds since 1970; 0 where it does not say.
    pub time_nanos: i64,
    /// How long it was recorded, in nanoseconds; 0 where it does not say.
    pub duration_nanos: i64,
    /// Free text.
    pub comments: Vec<String>,
    /// The binaries that code was in.
    pub mappings: Vec<Mapping>,
    pub(crate) strings: Vec<String>,
    pub(crate) functions: Vec<Function>,
    pub(crate) lines: Vec<Line>,
    pub(crate) locations: Vec<Location>,
    /// Locations of all samples, one sample after the other, each from its leaf.
    pub(crate) stacks: Vec<u32>,
    /// Values of all samples, as many for each as there are types.
    pub(crate) values: Vec<i64>,
    /// Where each sample's stack ends in `stacks`.
    pub(crate) samples: Vec<u32>,
    /// Bytes that it was read from; 0 if it was made.
    pub(crate) size: u64,
}

/// What a value is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValueType {
    /// `cpu`, `samples`, `alloc_space` …
    pub kind: String,
    /// `nanoseconds`, `count`, `bytes` …
    pub unit: String,
}

impl ValueType {
    pub(crate) fn is(&self, kind: &str, unit: &str) -> bool {
        self.kind == kind && self.unit == unit
    }
}

/// A binary, or a library, that code was in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// Address after the last.
    pub limit: u64,
    /// Byte of the file that the first address has.
    pub offset: u64,
    /// The file's path.
    pub file: String,
    /// The build id that the linker gave it.
    pub build_id: String,
}

/// A function; name and file are indices into the strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: u32,
    pub(crate) file: u32,
    pub(crate) start_line: i64,
}

/// A line of a function; the index of the function, or [`NONE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) function: u32,
    pub(crate) line: i64,
}

/// An instruction; the index of its mapping, or [`NONE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) address: u64,
    pub(crate) mapping: u32,
    /// Where its lines end in the profile's `lines`: innermost inlined function first.
    pub(crate) lines_end: u32,
}

/// An index that leads nowhere.
pub(crate) const NONE: u32 = u32::MAX;

/// The part of a list that item `index` has, where `ends` says where each item's part ends.
pub(crate) fn part<'a, T>(list: &'a [T], ends: impl Fn(usize) -> Option<u32>, index: usize) -> &'a [T] {
    let start = index.checked_sub(1).map_or(Some(0), &ends);
    let range = start.zip(ends(index)).map(|(start, end)| start as usize..end as usize);
    range.and_then(|range| list.get(range)).unwrap_or_default()
}

impl Profile {
    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Locations of a sample, from its leaf.
    pub(crate) fn stack(&self, sample: usize) -> &[u32] {
        part(&self.stacks, |at| self.samples.get(at).copied(), sample)
    }

    /// Values of a sample.
    pub(crate) fn values(&self, sample: usize) -> &[i64] {
        let width = self.sample_types.len();
        let start = sample.saturating_mul(width);
        self.values.get(start..start.saturating_add(width)).unwrap_or_default()
    }

    /// Lines of a location, innermost inlined function first.
    pub(crate) fn lines_of(&self, location: usize) -> &[Line] {
        part(&self.lines, |at| self.locations.get(at).map(|location| location.lines_end), location)
    }

    pub(crate) fn string(&self, index: u32) -> &str {
        self.strings.get(index as usize).map_or("", String::as_str)
    }
}
