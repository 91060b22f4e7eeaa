//! All files of a program's profile in one: what can be stored, and compared byte by byte.

use std::collections::{BTreeMap, btree_map::Entry};

use crate::{
    Data, Error,
    bytes::{Reader, put},
};

/// First bytes of a bundle; the last is its version.
const MAGIC: &[u8] = b"\x8fgcda 1\n";

/// The files of a program's profile, by their names below the folder that gcc reads.
///
/// Its bytes are `MAGIC`, then for each file, in the order of names, the length of its name, the name, the length of
/// what it holds, and that; lengths have four bytes, the low one first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    files: BTreeMap<String, Data>,
}

impl Bundle {
    /// Whether bytes begin as a bundle does.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// Reads a bundle.
    ///
    /// # Errors
    /// Where it is none, or one of its files cannot be read.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        if reader.take(MAGIC.len()).map_err(|_| Error::NoBundle)? != MAGIC {
            return Err(Error::NoBundle);
        }
        let mut bundle = Self::default();
        while !reader.is_empty() {
            let length = reader.u32()? as usize;
            let name = reader.take(length)?;
            let length = reader.u32()? as usize;
            let data = Data::read(reader.take(length)?)?;
            let shown = || Error::Name(name.escape_ascii().to_string());
            let name = str::from_utf8(name).map_err(|_| shown())?;
            let in_order = bundle.files.last_key_value().is_none_or(|(last, _)| last.as_str() < name);
            if !in_order {
                return Err(shown());
            }
            bundle.add(name, data)?;
        }
        Ok(bundle)
    }

    /// The bundle's bytes: the same for the same files.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for (name, data) in &self.files {
            put(&mut out, &[name.len() as u32]);
            out.extend(name.as_bytes());
            let data = data.to_bytes();
            put(&mut out, &[data.len() as u32]);
            out.extend(data);
        }
        out
    }

    /// Adds a file, to what there is of that name.
    ///
    /// # Errors
    /// Where no file below a folder can have the name, or another of it was compiled from other code.
    pub fn add(&mut self, name: &str, data: Data) -> Result<(), Error> {
        let is_part = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
        if !name.split('/').all(is_part) || !name.ends_with(".gcda") {
            return Err(Error::Name(name.escape_default().to_string()));
        }
        match self.files.entry(name.to_owned()) {
            Entry::Vacant(entry) => drop(entry.insert(data)),
            Entry::Occupied(mut entry) => entry.get_mut().merge(data)?,
        }
        Ok(())
    }

    /// The files, by name.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&str, &Data)> {
        self.files.iter().map(|(name, data)| (name.as_str(), data))
    }

    /// One file.
    pub fn file(&self, name: &str) -> Option<&Data> {
        self.files.get(name)
    }

    /// Makes it what it would be, had it been recorded `weight` times.
    pub fn scale(&mut self, weight: u32) {
        self.files.values_mut().for_each(|data| data.scale(weight));
    }
}
