//! Pairs functions across Rust's two manglings: a profile from a plain build, say, and a pinned one.

use super::pairing::Pairing;
use super::report::Rule;
use super::spelling::{Keep, spelled};
use crate::inspect::{demangle, split_name};

impl Pairing<'_> {
    /// Whether one side has legacy names and the other v0 names.
    pub(super) fn manglings_differ(&self) -> bool {
        let old = mostly_v0(self.left.iter().map(|left| split_name(left.function.name_bytes()).1));
        let new = mostly_v0(self.right.iter().map(|right| right.function.symbol.as_slice()));
        old.zip(new).is_some_and(|(old, new)| old != new)
    }

    /// Pairs by what names of both manglings say, the most telling part of it first.
    pub(super) fn by_spelling(&mut self) {
        let old: Vec<_> = self.left.iter().map(|left| demangle(left.function.name_bytes())).collect();
        let new: Vec<_> = self.right.iter().map(|right| demangle(&right.function.symbol)).collect();
        // What comes last is what call targets and reasons are told by.
        for (strict, loose) in [(Keep::All, Keep::Path), (Keep::Trait, Keep::Trait), (Keep::All, Keep::Path)]
        {
            let meanings = self.left.iter_mut().map(|left| &mut left.meaning).zip(&old);
            let meanings = meanings.chain(self.right.iter_mut().map(|right| &mut right.meaning).zip(&new));
            for (meaning, name) in meanings {
                meaning.strict = spelled(name, strict);
                meaning.loose = spelled(name, loose);
            }
            self.by_meaning(Rule::Mangling);
        }
        self.left.iter_mut().for_each(|left| left.loose.clone_from(&left.meaning.loose));
        self.by_loose.clear();
        for (row, right) in self.right.iter().enumerate() {
            self.by_loose.entry(right.meaning.loose.clone()).or_default().push(row);
        }
    }
}

/// Whether most symbols are v0: the compiler gives such names to a few of its own in any build.
fn mostly_v0<'a>(symbols: impl Iterator<Item = &'a [u8]>) -> Option<bool> {
    let (mut legacy, mut v0) = (0_usize, 0_usize);
    for symbol in symbols {
        legacy += usize::from(symbol.starts_with(b"_ZN"));
        v0 += usize::from(symbol.starts_with(b"_R"));
    }
    (legacy != v0).then_some(v0 > legacy)
}
