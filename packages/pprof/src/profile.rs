//! A profile as profile.proto has it, in a few flat lists, so that memory is bounded by the file's
//! size. Labels are not kept: the compiler ignores them, and they may hold users' data.

/// A profile.proto. Two are equal if [`Profile::to_proto`] makes the same of them.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Events between two samples.
    pub period: i64,
    /// When it was begun, in nanoseconds since 1970; 0 where it does not say.
    pub time_nanos: i64,
    /// How long it was recorded, in nanoseconds; 0 where it does not say.
    pub duration_nanos: i64,
    pub(crate) sample_types: Vec<ValueType>,
    pub(crate) period_type: Option<ValueType>,
    pub(crate) comments: Vec<u32>,
    pub(crate) mappings: Vec<Mapping>,
    /// Each once, none empty: whatever refers to a long one takes no memory for it.
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
}

/// What a value is; all indices here are into the strings, or [`NONE`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueType {
    pub(crate) kind: u32,
    pub(crate) unit: u32,
}

/// A binary, or a library, that code was in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mapping {
    pub(crate) start: u64,
    pub(crate) limit: u64,
    pub(crate) offset: u64,
    pub(crate) file: u32,
    pub(crate) build_id: u32,
}

/// A function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    pub(crate) name: u32,
    pub(crate) file: u32,
    pub(crate) start_line: i64,
}

/// A line of a function; the index of the function, or [`NONE`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) function: u32,
    pub(crate) line: i64,
}

/// An instruction; the index of its mapping, or [`NONE`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Location {
    pub(crate) address: u64,
    pub(crate) mapping: u32,
    /// Where its lines end in the profile's `lines`: innermost inlined function first.
    pub(crate) lines_end: u32,
}

/// An index that leads nowhere.
pub(crate) const NONE: u32 = u32::MAX;

/// The part of a list that item `index` has, where `ends` says where each item's part ends.
pub(crate) fn part<T>(list: &[T], ends: impl Fn(usize) -> Option<u32>, index: usize) -> &[T] {
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

    /// What the values of a sample are, in order: `cpu` and `nanoseconds`, say.
    pub fn sample_types(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sample_types.iter().map(|value| self.words(value))
    }

    /// What the period is in.
    pub fn period_type(&self) -> Option<(&str, &str)> {
        self.period_type.as_ref().map(|value| self.words(value))
    }

    fn words(&self, value: &ValueType) -> (&str, &str) {
        (self.string(value.kind), self.string(value.unit))
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
