//! Fills a slice of exactly the right size from front to back.

use crate::bytes::WORD;

/// The part of a slice that is not filled yet. What does not fit is left out; sizes are computed
/// before, so that nothing is.
pub(super) struct Filler<'o> {
    rest: &'o mut [u8],
}

impl<'o> Filler<'o> {
    /// Fills `out`.
    pub(super) fn new(out: &'o mut [u8]) -> Filler<'o> {
        Filler { rest: out }
    }

    fn take(&mut self, length: usize) -> &'o mut [u8] {
        match std::mem::take(&mut self.rest).split_at_mut_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                taken
            }
            None => &mut [],
        }
    }

    /// Appends bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let place = self.take(bytes.len());
        if place.len() == bytes.len() {
            place.copy_from_slice(bytes);
        }
    }

    /// Appends a word.
    pub(super) fn word(&mut self, word: u64) {
        self.bytes(&word.to_le_bytes());
    }

    /// Appends words.
    pub(super) fn words(&mut self, words: &[u64]) {
        let place = self.take(words.len() * WORD);
        for (place, word) in place.chunks_exact_mut(WORD).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
    }

    /// Appends zeros up to a multiple of eight after `written` bytes.
    pub(super) fn align_after(&mut self, written: usize) {
        let padding = written.next_multiple_of(WORD) - written;
        self.take(padding).fill(0);
    }
}
