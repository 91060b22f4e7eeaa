//! Which functions of both sides are looked at together.

use super::pairing::Pairing;
use std::collections::{BTreeMap, HashMap};

/// How many functions have to agree on what a codegen unit became.
const UNIT_VOTES: u64 = 2;
/// And which share of them, in percent.
const UNIT_AGREEMENT: u64 = 90;

/// What of a name has to be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) loose: bool,
    pub(super) place: Place,
}

/// Which functions are looked at together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Those that were generated for the same crate.
    Crate,
    /// Those in the same codegen unit.
    Unit,
    /// All.
    Anywhere,
}

pub(super) const LEVELS: [Level; 6] = [
    Level { loose: false, place: Place::Crate },
    Level { loose: false, place: Place::Unit },
    Level { loose: false, place: Place::Anywhere },
    Level { loose: true, place: Place::Crate },
    Level { loose: true, place: Place::Unit },
    Level { loose: true, place: Place::Anywhere },
];

/// Meaning, place, and hash or a part of it.
pub(super) type Key<'k> = (&'k str, &'k [u8], u64);

/// The functions of both sides with one key.
#[derive(Default)]
pub(super) struct Group {
    pub(super) left: Vec<usize>,
    /// Position and hash.
    pub(super) right: Vec<(usize, u64)>,
    /// Functions of the profile that could belong here as well: their place is not known.
    pub(super) strays: usize,
}

impl Pairing<'_> {
    /// What is left on both sides, by meaning, place and a part of the hash.
    pub(super) fn groups<'s>(
        &'s self,
        level: Level,
        units: &HashMap<&'s [u8], &'s [u8]>,
        part: &dyn Fn(u64) -> u64,
    ) -> BTreeMap<Key<'s>, Group> {
        let mut groups: BTreeMap<Key<'s>, Group> = BTreeMap::new();
        let open = self.right.iter().enumerate().filter(|(_, right)| !right.taken);
        for (row, right) in open.filter(|(_, right)| level.place == Place::Unit || !right.again) {
            let meaning = if level.loose { &right.meaning.loose } else { &right.meaning.strict };
            let place = match level.place {
                Place::Crate => right.meaning.context.as_deref().map(str::as_bytes),
                Place::Unit => right.function.module.as_deref(),
                Place::Anywhere => Some(&b""[..]),
            };
            let Some(place) = place else {
                continue;
            };
            for hash in &right.function.hashes {
                let group = groups.entry((meaning, place, part(*hash))).or_default();
                group.right.push((row, *hash));
            }
        }
        let mut strays: HashMap<(&str, u64), usize> = HashMap::new();
        for (at, left) in self.left.iter().enumerate().filter(|(_, left)| left.pair.is_none()) {
            let meaning = if level.loose { &left.meaning.loose } else { &left.meaning.strict };
            let place = match level.place {
                Place::Crate => left.meaning.context.as_deref().map(str::as_bytes),
                Place::Unit => left.unit.and_then(|unit| units.get(unit).copied()),
                Place::Anywhere => Some(&b""[..]),
            };
            let part = part(left.function.cfg_hash());
            match place {
                Some(place) => {
                    if let Some(group) = groups.get_mut(&(meaning.as_str(), place, part)) {
                        group.left.push(at);
                    }
                }
                None => *strays.entry((meaning, part)).or_default() += 1,
            }
        }
        for ((meaning, _, part), group) in &mut groups {
            group.strays = strays.get(&(*meaning, *part)).copied().unwrap_or(0);
        }
        groups.retain(|_, group| !group.left.is_empty());
        groups
    }

    /// What each codegen unit of the profile became, where the pairs so far agree on it.
    pub(super) fn units(&self) -> HashMap<&[u8], &[u8]> {
        let mut votes: BTreeMap<&[u8], BTreeMap<&[u8], u64>> = BTreeMap::new();
        for left in &self.left {
            let row = left.pair.as_ref().and_then(|pair| self.right.get(pair.row));
            if let (Some(unit), Some(module)) =
                (left.unit, row.and_then(|row| row.function.module.as_deref()))
            {
                *votes.entry(unit).or_default().entry(module).or_default() += 1;
            }
        }
        let elected = votes.into_iter().filter_map(|(unit, votes)| {
            let all: u64 = votes.values().sum();
            let (module, most) = votes.into_iter().max_by_key(|(_, votes)| *votes)?;
            (most >= UNIT_VOTES && most * 100 >= all * UNIT_AGREEMENT).then_some((unit, module))
        });
        elected.collect()
    }
}
