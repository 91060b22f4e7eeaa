//! A profile for a build whose codegen units may be cut otherwise.
//!
//! rustc puts a local function's unit into its profile name, `crate.hash-cgu.06;symbol`, and cuts a crate
//! into units anew with every change of it. So a function that did not change at all may be looked up
//! under another number. [`in_every_unit`] has it under every number that its crate can have;
//! whatever the compiler asks for, the control flow's hash still decides.
//!
//! The copies are none of the program's weight. The summary, by which the compiler tells hot from cold,
//! stays that of the profile without them: with one that counts them, what they bring is lost again
//! (docs/adr/0024-every-unit.md).

use crate::inspect::split_name;
use honing_profdata::{Error, Function, IndexedVersion, Profile, Rewrite, ValueKind};
use std::collections::{BTreeMap, BTreeSet};

/// What stands between a crate with its hash and the number of a unit.
const NUMBER: &[u8] = b"-cgu.";
/// Units of a crate where nobody says how many (`codegen-units` of the Cargo profile `release`).
const USUAL: u32 = 16;
/// More are not named: a debug build has 256.
const MOST: u32 = 256;
/// What stands between a unit and the symbol.
const SEPARATOR: &[u8] = b";";
/// Bytes of copies for each byte of the profile's own records: at most, the indexed file is three times as
/// large.
const COPIES: u64 = 2;
/// So many bytes of copies are always there: of a small profile every function that ran is copied.
const FEW: u64 = 1 << 20;
/// What an indexed record takes beside its name, counters and values; more than that for a copy, so that the
/// hash table, which grows by doubling, is in it.
const RECORD: u64 = 48;
const RECORD_OF_COPY: u64 = 96;

/// A profile with copies of its local functions, and what it is a copy of.
#[derive(Debug)]
pub struct InEveryUnit<'a> {
    profile: Profile,
    of: &'a Profile,
}

/// The local functions that are copied, by crate, symbol and control flow.
type Alike<'a> = BTreeMap<(&'a [u8], &'a [u8], u64), Vec<Function<'a>>>;

/// The profile with every local function that ran under each unit that its crate can have. One that
/// several units have goes to the others as the heaviest is. Where that would be too much for the file, the
/// lightest stay as they are.
pub fn in_every_unit(profile: &Profile) -> InEveryUnit<'_> {
    let copies = Copies::of(profile);
    let mut rewrite = Rewrite::of(profile);
    let mut alike: Alike<'_> = BTreeMap::new();
    for function in profile.functions() {
        add(&mut rewrite, &function, function.name_bytes());
        if let (Some(unit), symbol) = split_name(function.name_bytes())
            && let Some((of, _)) = numbered(unit)
            && copies.has(function.weight())
        {
            alike.entry((of, symbol, function.cfg_hash())).or_default().push(function);
        }
    }
    // A record that is there stays as it is, also one that never ran.
    let lacks = |name: &[u8], hash| profile.named(name).all(|function| function.cfg_hash() != hash);
    let mut plain: BTreeMap<(&[u8], u64), &Function<'_>> = BTreeMap::new();
    for ((of, symbol, hash), functions) in &alike {
        let Some(heaviest) = functions.iter().max_by_key(|function| function.weight()) else { continue };
        for number in &copies.numbers {
            let name = [of, NUMBER, number.as_bytes(), SEPARATOR, symbol].concat();
            if lacks(&name, *hash) {
                add(&mut rewrite, heaviest, &name);
            }
        }
        let plain = plain.entry((symbol, *hash)).or_insert(heaviest);
        if heaviest.weight() > plain.weight() {
            *plain = heaviest;
        }
    }
    // What another unit calls is not local any more. Two crates may have a copy, and one name is left.
    for ((symbol, hash), function) in plain {
        if lacks(symbol, hash) {
            add(&mut rewrite, function, symbol);
        }
    }
    InEveryUnit { profile: rewrite.finish(), of: profile }
}

/// The most units that a crate of the build can have had: one, where no function is in another; else as
/// many as rustc makes where nobody says otherwise, or as there are numbers.
fn most_units(profile: &Profile) -> u32 {
    let number = |function: Function<'_>| -> Option<u32> {
        let (_, number) = numbered(split_name(function.name_bytes()).0?)?;
        std::str::from_utf8(number).ok()?.parse().ok()
    };
    match profile.functions().filter_map(number).max() {
        None | Some(0) => 1,
        Some(highest) => USUAL.max(highest.saturating_add(1)).min(MOST),
    }
}

/// What is copied of a profile, and under which numbers.
pub(crate) struct Copies {
    /// The least weight of a local function that is.
    least: u128,
    numbers: BTreeSet<String>,
}

impl Copies {
    pub(crate) fn of(profile: &Profile) -> Copies {
        let numbers: BTreeSet<String> = numbers(most_units(profile)).collect();
        Copies { least: least_copied(profile, numbers.len() as u64), numbers }
    }

    /// Whether a function of that weight has copies.
    pub(crate) fn has(&self, weight: u128) -> bool {
        weight >= self.least
    }

    /// Whether they are in the unit with that number.
    pub(crate) fn reach(&self, number: &[u8]) -> bool {
        std::str::from_utf8(number).is_ok_and(|number| self.numbers.contains(number))
    }
}

/// The least weight, above none, of local functions that have room for so many copies of each.
fn least_copied(profile: &Profile, copies: u64) -> u128 {
    let mut own = 0_u64;
    let mut wanted = BTreeMap::<u128, u64>::new();
    for function in profile.functions() {
        let bytes = bytes(&function);
        own = own.saturating_add(bytes + RECORD);
        let is_local = split_name(function.name_bytes()).0.and_then(numbered).is_some();
        if is_local && function.weight() > 0 {
            let all = wanted.entry(function.weight()).or_default();
            *all = all.saturating_add((bytes + RECORD_OF_COPY) * (copies + 1));
        }
    }
    let mut room = own.saturating_mul(COPIES).max(FEW);
    let mut least = u128::MAX;
    for (weight, bytes) in wanted.into_iter().rev() {
        let Some(left) = room.checked_sub(bytes) else { break };
        (room, least) = (left, weight);
    }
    least
}

/// The bytes of a function's name, counters and values in an indexed profile.
fn bytes(function: &Function<'_>) -> u64 {
    let site = |site: &[(u64, u64)]| 1 + 16 * site.len();
    let values = ValueKind::ALL.into_iter().flat_map(|kind| function.sites(kind)).map(site);
    (function.name_bytes().len() + 8 * function.counts().len() + values.sum::<usize>()) as u64
}

impl InEveryUnit<'_> {
    /// The functions, copies included.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// It in the indexed format.
    ///
    /// # Errors
    /// As [`Profile::to_indexed`].
    pub fn to_indexed(&self, version: IndexedVersion) -> Result<Vec<u8>, Error> {
        self.profile.indexed_with_summary_of(self.of, version, 1)
    }
}

/// Adds a function's counters and values under a name.
fn add(rewrite: &mut Rewrite, function: &Function<'_>, name: &[u8]) {
    rewrite.add(function, name, function.cfg_hash(), &[], &|_, value| value);
}

/// A unit's crate with its hash, and its number: `crate.hash-cgu.06`.
pub(crate) fn numbered(unit: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = unit.windows(NUMBER.len()).rposition(|window| window == NUMBER)?;
    let (of, number) = (unit.get(..at)?, unit.get(at + NUMBER.len()..)?);
    (!number.is_empty() && number.iter().all(u8::is_ascii_digit)).then_some((of, number))
}

/// Every number that a unit can have where a crate has at most so many: up to nine have one digit, up to 99
/// two, and so on.
fn numbers(units: u32) -> impl Iterator<Item = String> {
    let with_digits = move |digits: u32| {
        let (least, most) = (10_u32.pow(digits - 1), 10_u32.pow(digits) - 1);
        let count = if units >= least { units.min(most) } else { 0 };
        (0..count).map(move |number| format!("{number:0width$}", width = digits as usize))
    };
    (1..=3).flat_map(with_digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use honing_profdata::read;

    #[test]
    fn numbers_are_as_wide_as_there_are_units() {
        let all = |units| numbers(units).collect::<Vec<_>>();
        assert_eq!(all(1), ["0"]);
        assert_eq!(all(9).last().map(String::as_str), Some("8"));
        assert_eq!((all(10).len(), all(10).last().map(String::as_str)), (9 + 10, Some("09")));
        assert_eq!((all(16).len(), all(16).last().map(String::as_str)), (9 + 16, Some("15")));
        assert_eq!(all(256).len(), 9 + 99 + 256);
    }

    fn profile() -> Profile {
        let function =
            |name: &str, hash: u32, count: u32| format!("{name}\n# hash\n{hash}\n# counters\n1\n{count}\n\n");
        let text = [
            ":ir\n".to_owned(),
            function("a.f00-cgu.02;moved", 7, 10),
            function("a.f00-cgu.03;moved", 7, 30),
            function("a.f00-cgu.03;other", 8, 5),
            function("a.f00-cgu.04;never", 9, 0),
            function("plain", 1, 100),
            function("b.c;clang", 1, 4),
        ];
        read(text.concat().as_bytes()).unwrap().profile
    }

    /// Counters by name and hash.
    fn counts(profile: &Profile, name: &str) -> Vec<(u64, u64)> {
        profile.named(name.as_bytes()).map(|function| (function.cfg_hash(), function.counts()[0])).collect()
    }

    #[test]
    fn a_local_function_is_in_every_unit_with_its_own_counters() {
        let profile = profile();
        let spread = in_every_unit(&profile);
        let found = |name: &str| counts(spread.profile(), name);
        // Its own, the heaviest's, and none where it never ran, or has no number.
        assert_eq!(found("a.f00-cgu.02;moved"), [(7, 10)]);
        assert_eq!(found("a.f00-cgu.03;moved"), [(7, 30)]);
        for unit in ["0", "8", "00", "15"] {
            assert_eq!(found(&format!("a.f00-cgu.{unit};moved")), [(7, 30)]);
            assert_eq!(found(&format!("a.f00-cgu.{unit};other")), [(8, 5)]);
            assert!(found(&format!("a.f00-cgu.{unit};never")).is_empty());
        }
        assert_eq!((found("moved"), found("plain")), (vec![(7, 30)], vec![(1, 100)]));
        assert!(found("a.f00-cgu.9;moved").is_empty() && found("a.f00-cgu.16;moved").is_empty());
        // moved is in two of 25, other in one; both once without a unit.
        assert_eq!(spread.profile().len(), 6 + 23 + 24 + 2);
    }

    #[test]
    fn other_control_flow_keeps_its_own() {
        let text =
            b":ir\na.f-cgu.0;f\n# hash\n1\n# counters\n1\n5\n\na.f-cgu.1;f\n# hash\n2\n# counters\n1\n9\n";
        let profile = read(text).unwrap().profile;
        let spread = in_every_unit(&profile);
        for unit in ["0", "1", "15"] {
            assert_eq!(counts(spread.profile(), &format!("a.f-cgu.{unit};f")), [(1, 5), (2, 9)]);
        }
    }

    #[test]
    fn the_summary_is_that_of_the_profile() {
        let profile = profile();
        let bytes = in_every_unit(&profile).to_indexed(IndexedVersion::Lowest).unwrap();
        let own = profile.to_indexed(IndexedVersion::Lowest).unwrap();
        // Magic, version, unused, hash type, offset; then the summary, up to the table.
        let head = 5 * 8;
        let table = u64::from_le_bytes(own[32..40].try_into().unwrap()) as usize;
        assert!(bytes[head..].starts_with(&own[head..head + 8]), "summary");
        assert_eq!(summary_of(&bytes), summary_of(&own));
        assert!(bytes.len() > own.len() && table < own.len());
        assert_eq!(read(&bytes).unwrap().profile.len(), in_every_unit(&profile).profile().len());
    }

    #[test]
    fn there_are_as_many_units_as_the_profile_tells() {
        let most = |names: &[&str]| {
            let text: String =
                names.iter().map(|name| format!("{name}\n# hash\n1\n# counters\n1\n1\n\n")).collect();
            most_units(&read(format!(":ir\n{text}").as_bytes()).unwrap().profile)
        };
        assert_eq!(most(&["plain", "b.c;clang"]), 1);
        assert_eq!(most(&["a.f-cgu.0;x", "b.f-cgu.0;y"]), 1);
        assert_eq!(most(&["a.f-cgu.0;x", "b.f-cgu.03;y"]), 16);
        assert_eq!(most(&["a.f-cgu.0;x", "b.f-cgu.040;y"]), 41);
        assert_eq!(most(&["a.f-cgu.99999;x"]), 256);
    }

    fn summary_of(bytes: &[u8]) -> &[u8] {
        &bytes[5 * 8..5 * 8 + 448]
    }
}
