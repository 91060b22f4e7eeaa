//! One `.gcda` file: the counters of one object file's functions.

use crate::{
    Counters, Error,
    bytes::{Reader, put},
    counters::ARCS,
};

/// First word of a file: `gcda` (`GCOV_DATA_MAGIC`).
const MAGIC: u32 = 0x6763_6461;
const FUNCTION: u32 = 0x0100_0000;
const SUMMARY: u32 = 0xa100_0000;
/// Versions from gcc 12, with lengths in bytes, to those whose first two characters are these.
const VERSIONS: (&[u8], &[u8]) = (b"B2", b"B9");

/// What one object file's functions counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// gcc's version, such as `B22*` for 12.2.
    pub version: [u8; 4],
    /// What gcc gave the object file when it compiled it.
    pub stamp: u32,
    /// The object's checksum.
    pub checksum: u32,
    /// Processes that added to it.
    pub runs: u32,
    /// Sum of the processes' largest counters.
    pub peaks: u32,
    /// The functions, in the order of the object file; `None` for one that another object file has, too, and
    /// whose own code the linker left out.
    pub functions: Vec<Option<Function>>,
}

/// What one function counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its number, from its name: see [`crate::ident`].
    pub ident: u32,
    /// Checksum of its place in the source.
    pub place: u32,
    /// Checksum of its control flow.
    pub flow: u32,
    /// Its counters, by kind.
    pub counters: Vec<Counters>,
}

impl Function {
    /// Sum of how often control went along each arc.
    pub fn weight(&self) -> u128 {
        self.counters.iter().filter(|counters| counters.kind == ARCS).map(Counters::sum).sum()
    }

    fn add(&mut self, other: Self) -> Result<(), Error> {
        let unlike = Error::Unlike { ident: self.ident };
        let same = (self.ident, self.flow) == (other.ident, other.flow);
        if !same || self.counters.len() != other.counters.len() {
            return Err(unlike);
        }
        for (ours, theirs) in self.counters.iter_mut().zip(other.counters) {
            ours.add(theirs).ok_or(Error::Unlike { ident: self.ident })?;
        }
        Ok(())
    }
}

impl Data {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it is another file, of a gcc that is not known, cut off or damaged.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        match reader.u32().map_err(|_| Error::NoData)? {
            MAGIC => {}
            magic if magic == MAGIC.swap_bytes() => return Err(Error::ByteOrder),
            _ => return Err(Error::NoData),
        }
        let version = reader.u32()?.to_be_bytes();
        let release = version.get(..2).unwrap_or_default();
        if release < VERSIONS.0 || release > VERSIONS.1 {
            return Err(Error::Version(version.escape_ascii().to_string()));
        }
        let (stamp, checksum) = (reader.u32()?, reader.u32()?);
        let mut data = Self { version, stamp, checksum, runs: 0, peaks: 0, functions: Vec::new() };
        while data.read_record(&mut reader)? {}
        Ok(data)
    }

    /// Reads the next record, until the word 0 that ends the file.
    fn read_record(&mut self, reader: &mut Reader<'_>) -> Result<bool, Error> {
        let at = reader.at;
        let tag = reader.u32()?;
        if tag == 0 {
            return match reader.is_empty() {
                true => Ok(false),
                false => Err(Error::Damaged { at, what: "bytes after the end" }),
            };
        }
        let length = reader.u32()? as i32;
        match (tag, length) {
            (FUNCTION, 0) => self.functions.push(None),
            (FUNCTION, 12) => {
                let (ident, place, flow) = (reader.u32()?, reader.u32()?, reader.u32()?);
                self.functions.push(Some(Function { ident, place, flow, counters: Vec::new() }));
            }
            (SUMMARY, 8) => (self.runs, self.peaks) = (reader.u32()?, reader.u32()?),
            _ => {
                let kind = Counters::kind_of(tag).ok_or(Error::Damaged { at, what: "an unknown record" })?;
                let Some(Some(function)) = self.functions.last_mut() else {
                    return Err(Error::Damaged { at, what: "counters of no function" });
                };
                if function.counters.last().is_some_and(|last| last.kind >= kind) {
                    return Err(Error::Damaged { at, what: "counters that are not in order" });
                }
                function.counters.push(Counters::read(kind, length, reader)?);
            }
        }
        Ok(true)
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let version = u32::from_be_bytes(self.version);
        put(&mut out, &[MAGIC, version, self.stamp, self.checksum, SUMMARY, 8, self.runs, self.peaks]);
        for function in &self.functions {
            match function {
                None => put(&mut out, &[FUNCTION, 0]),
                Some(function) => {
                    let Function { ident, place, flow, counters } = function;
                    put(&mut out, &[FUNCTION, 12, *ident, *place, *flow]);
                    counters.iter().for_each(|counters| counters.write(&mut out));
                }
            }
        }
        put(&mut out, &[0]);
        out
    }

    /// Makes it what it would be, had it been recorded `weight` times.
    pub fn scale(&mut self, weight: u32) {
        self.runs = self.runs.saturating_mul(weight);
        self.peaks = self.peaks.saturating_mul(weight);
        let counters = self.functions.iter_mut().flatten().flat_map(|function| &mut function.counters);
        counters.for_each(|counters| counters.scale(weight));
    }

    /// Adds what another run counted in the same object file.
    ///
    /// # Errors
    /// Where the two were compiled from other code.
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        if self.functions.len() != other.functions.len() {
            return Err(Error::Functions);
        }
        self.runs = self.runs.saturating_add(other.runs);
        self.peaks = self.peaks.saturating_add(other.peaks);
        for (ours, theirs) in self.functions.iter_mut().zip(other.functions) {
            match (ours.as_mut(), theirs) {
                (Some(ours), Some(theirs)) => ours.add(theirs)?,
                (None, theirs) => *ours = theirs,
                (Some(_), None) => {}
            }
        }
        Ok(())
    }
}
