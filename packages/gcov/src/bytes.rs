//! Reading words with bounds, and writing them.

use crate::Error;

/// What is left of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    /// Where in the file it is.
    pub(crate) at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(Error::CutOff { at: self.at })?;
        self.bytes = rest;
        self.at += length;
        Ok(taken)
    }

    /// A reader of the next `length` bytes alone.
    pub(crate) fn part(&mut self, length: usize) -> Result<Reader<'a>, Error> {
        let at = self.at;
        Ok(Reader { bytes: self.take(length)?, at })
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Error> {
        let at = self.at;
        let word = self.take(4)?.first_chunk().ok_or(Error::CutOff { at })?;
        Ok(u32::from_le_bytes(*word))
    }

    /// A counter: the low word first.
    pub(crate) fn count(&mut self) -> Result<i64, Error> {
        let at = self.at;
        let word = self.take(8)?.first_chunk().ok_or(Error::CutOff { at })?;
        Ok(i64::from_le_bytes(*word))
    }

    pub(crate) fn counts(mut self) -> Result<Vec<i64>, Error> {
        let mut counts = Vec::with_capacity(self.bytes.len() / 8);
        while !self.is_empty() {
            counts.push(self.count()?);
        }
        Ok(counts)
    }
}

pub(crate) fn put(out: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|word| out.extend(word.to_le_bytes()));
}

pub(crate) fn put_counts(out: &mut Vec<u8>, counts: impl IntoIterator<Item = i64>) {
    counts.into_iter().for_each(|count| out.extend(count.to_le_bytes()));
}
