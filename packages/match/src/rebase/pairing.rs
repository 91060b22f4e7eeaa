//! Which function of a profile is which function of a build.

use super::groups::{Group, LEVELS, Level, Place};
use super::rename::{self, Named};
use super::report::{Replacement, Rule, Unpaired};
use crate::cfg_hash::{self, Numbers};
use crate::functions::{BuildFunction, BuildFunctions};
use crate::inspect::{demangle, split_name};
use crate::matching::lost;
use crate::symbol::{Meaning, unit_crate};
use honing_profdata::{Function, Profile, ValueKind};
use std::collections::HashMap;

/// A function of the profile with its function of the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// Position in the build.
    pub(super) row: usize,
    /// Hash of the control flow in the build.
    pub(super) cfg_hash: u64,
    pub(super) rule: Rule,
    /// Value sites that do not fit.
    pub(super) left_behind: Vec<ValueKind>,
}

/// A function of the profile.
pub(super) struct Left<'a> {
    pub(super) function: Function<'a>,
    pub(super) meaning: Meaning,
    /// The loose meaning before renames.
    pub(super) loose: String,
    pub(super) unit: Option<&'a [u8]>,
    pub(super) pair: Option<Pair>,
}

/// A function of the build.
pub(super) struct Right<'a> {
    pub(super) function: &'a BuildFunction,
    pub(super) meaning: Meaning,
    pub(super) taken: bool,
    /// The function stands here once for each module that it may be in: not known in which it is.
    homeless: bool,
    /// It stood here before, for another module.
    pub(super) again: bool,
}

/// All pairs.
pub(super) struct Pairing<'a> {
    pub(super) left: Vec<Left<'a>>,
    pub(super) right: Vec<Right<'a>>,
    replacements: Vec<Replacement>,
    /// By meaning alone, whatever the CFG hash: for names of call targets.
    same_function: HashMap<usize, usize>,
    /// Functions of the build by loose meaning before renames.
    pub(super) by_loose: HashMap<String, Vec<usize>>,
}

impl<'a> Pairing<'a> {
    /// Pairs the functions of a profile with those of a build.
    pub(super) fn of(
        profile: &'a Profile,
        recorded: Option<&'a BuildFunctions>,
        build: &'a BuildFunctions,
    ) -> Pairing<'a> {
        let left = profile.functions().map(|function| {
            let mut meaning = Meaning::of(function.name_bytes());
            let unit = split_name(function.name_bytes()).0;
            let unit = unit.or_else(|| recorded_unit(&function, recorded?));
            if meaning.context.is_none() {
                let unit_crate = unit.and_then(unit_crate);
                meaning.context = unit_crate.map(|name| String::from_utf8_lossy(name).into_owned());
            }
            Left { function, loose: meaning.loose.clone(), meaning, unit, pair: None }
        });
        let right = build.functions().iter().map(|function| Right {
            function,
            meaning: meaning_of(function),
            taken: false,
            homeless: false,
            again: false,
        });
        let mut pairing = Pairing {
            left: left.collect(),
            right: right.collect(),
            replacements: Vec::new(),
            same_function: HashMap::new(),
            by_loose: HashMap::new(),
        };
        for (row, right) in pairing.right.iter().enumerate() {
            pairing.by_loose.entry(right.meaning.loose.clone()).or_default().push(row);
        }
        pairing.find_homeless();
        pairing.exact(build);
        pairing.by_meaning(Rule::Meaning);
        pairing.by_shape(Rule::Shape);
        if pairing.manglings_differ() {
            pairing.by_spelling();
        } else {
            pairing.by_rename();
        }
        pairing.name_targets();
        pairing
    }

    /// The pair of the profile's function at a position.
    pub(super) fn pair(&self, at: usize) -> Option<&Pair> {
        self.left.get(at)?.pair.as_ref()
    }

    /// The build's function of the same meaning, if there is no doubt; its control flow may differ.
    pub(super) fn same_function(&self, at: usize) -> Option<usize> {
        self.pair(at).map(|pair| pair.row).or_else(|| self.same_function.get(&at).copied())
    }

    /// Words that were replaced in paths.
    pub(super) fn replacements(&self) -> &[Replacement] {
        &self.replacements
    }

    /// Why the profile's function at a position has no pair.
    pub(super) fn why(&self, at: usize) -> Unpaired {
        let Some(left) = self.left.get(at) else {
            return Unpaired::Gone;
        };
        let hash = left.function.cfg_hash();
        let mut why = Unpaired::Gone;
        let rows = self.by_loose.get(&left.loose).into_iter().flatten();
        for right in rows.filter_map(|row| self.right.get(*row)) {
            match right.function.may_have(hash) {
                true => return Unpaired::Ambiguous,
                false if !right.taken => why = Unpaired::ControlFlow,
                false => {}
            }
        }
        why
    }

    /// Functions are sorted by symbol: those of one symbol are neighbours.
    fn find_homeless(&mut self) {
        let mut before: Option<usize> = None;
        for row in 0..self.right.len() {
            let doubtful = |row: usize| self.right.get(row).filter(|right| !right.function.certain);
            let same = before.and_then(doubtful).zip(doubtful(row));
            let again = same.is_some_and(|(a, b)| a.function.symbol == b.function.symbol);
            if doubtful(row).is_some() {
                if again {
                    let both = before.into_iter().chain([row]);
                    both.for_each(|row| {
                        self.right.iter_mut().skip(row).take(1).for_each(|right| right.homeless = true)
                    });
                    self.right.iter_mut().skip(row).take(1).for_each(|right| right.again = true);
                }
                before = Some(row);
            }
        }
    }

    fn exact(&mut self, build: &BuildFunctions) {
        for at in 0..self.left.len() {
            let Some(function) = self.left.get(at).map(|left| left.function) else {
                continue;
            };
            if lost(&function, build).is_some() {
                continue;
            }
            let (unit, symbol) = split_name(function.name_bytes());
            let cfg_hash = function.cfg_hash();
            let rows = self.right.iter().enumerate().skip(self.first_row(symbol));
            let mut rows = rows.take_while(|(_, right)| right.function.symbol == symbol);
            let row = rows.find(|(_, right)| {
                let in_unit = unit.is_none() || right.function.module.as_deref() == unit;
                !right.taken && right.function.may_have(cfg_hash) && in_unit
            });
            if let Some((row, _)) = row {
                self.join(at, row, Pair { row, cfg_hash, rule: Rule::Exact, left_behind: Vec::new() });
            }
        }
    }

    /// Position of the first function of the build with that symbol, if there is one.
    fn first_row(&self, symbol: &[u8]) -> usize {
        self.right.partition_point(|right| right.function.symbol.as_slice() < symbol)
    }

    pub(super) fn by_meaning(&mut self, rule: Rule) {
        loop {
            let mut pairs = Vec::new();
            for level in LEVELS {
                let units = self.units();
                let groups = self.groups(level, &units, &|hash| hash);
                for group in groups.into_values() {
                    match (group.left.as_slice(), group.right.as_slice()) {
                        ([at], [(row, hash)]) if group.strays == 0 => pairs.push((*at, *row, *hash, rule)),
                        _ => pairs.extend(self.alike(&group, rule)),
                    }
                }
                pairs.retain(|(at, row, ..)| self.has_name(*at, *row, level));
                if !pairs.is_empty() {
                    break;
                }
            }
            if pairs.is_empty() {
                return;
            }
            for (at, row, hash, rule) in pairs {
                self.join(at, row, Pair { row, cfg_hash: hash, rule, left_behind: Vec::new() });
            }
        }
    }

    /// Functions of the profile that have the same counters can be given to as many functions of the
    /// build: whichever is whose, each gets the same.
    fn alike(&self, group: &Group, rule: Rule) -> Vec<(usize, usize, u64, Rule)> {
        let functions = || group.left.iter().filter_map(|at| self.left.get(*at)).map(|left| left.function);
        let Some(first) = functions().next() else {
            return Vec::new();
        };
        let fits = group.strays == 0
            && !group.right.is_empty()
            && group.right.len() <= group.left.len()
            && group.left.len() > 1;
        if !fits || !functions().all(|other| same_counters(&first, &other)) {
            return Vec::new();
        }
        let rule = if rule == Rule::Meaning { Rule::Alike } else { rule };
        group.left.iter().zip(&group.right).map(|(at, (row, hash))| (*at, *row, *hash, rule)).collect()
    }

    fn by_shape(&mut self, rule: Rule) {
        for level in LEVELS {
            let units = self.units();
            let mut pairs = Vec::new();
            for group in self.groups(level, &units, &cfg_hash::edges_of).into_values() {
                if let ([at], [(row, hash)], 0) =
                    (group.left.as_slice(), group.right.as_slice(), group.strays)
                    && self.has_name(*at, *row, level)
                    && let Some(left_behind) = self.left.get(*at).and_then(|left| same_shape(left, *hash))
                {
                    pairs.push((*at, Pair { row: *row, cfg_hash: *hash, rule, left_behind }));
                }
            }
            for (at, pair) in pairs {
                self.join(at, pair.row, pair);
            }
        }
    }

    /// Whether the profile name of the build's function is known: that of a local function has its
    /// module.
    fn has_name(&self, at: usize, row: usize, level: Level) -> bool {
        let external = |left: &Left<'_>| split_name(left.function.name_bytes()).0.is_none();
        level.place == Place::Unit
            || self.right.get(row).is_some_and(|right| !right.homeless)
            || self.left.get(at).is_some_and(external)
    }

    fn join(&mut self, at: usize, row: usize, pair: Pair) {
        let Some((left, right)) = self.left.get_mut(at).zip(self.right.get_mut(row)) else {
            return;
        };
        if left.pair.is_some() || right.taken {
            return;
        }
        left.pair = Some(pair);
        right.taken = true;
        if right.homeless {
            let symbol = &right.function.symbol;
            let first = self.first_row(symbol);
            let same = self.right.iter_mut().skip(first).take_while(|right| &right.function.symbol == symbol);
            same.filter(|right| right.homeless).for_each(|right| right.taken = true);
        }
    }

    fn by_rename(&mut self) {
        self.replacements = self.rename();
        if !self.replacements.is_empty() {
            self.by_meaning(Rule::Renamed);
            self.by_shape(Rule::Renamed);
        }
    }

    /// Finds renames; from then on what is left means what its name reads with the renames done.
    fn rename(&mut self) -> Vec<Replacement> {
        if self.left.iter().all(|left| left.pair.is_some()) {
            return Vec::new();
        }
        let old: Vec<_> = self.left.iter().map(|left| demangle(left.function.name_bytes())).collect();
        let new: Vec<_> = self.right.iter().map(|right| demangle(&right.function.symbol)).collect();
        let old_hashes: Vec<_> = self.left.iter().map(|left| [left.function.cfg_hash()]).collect();
        let left = self.left.iter().zip(&old).zip(&old_hashes);
        let left: Vec<Named<'_>> =
            left.map(|((left, name), hashes)| Named { name, hashes, open: left.pair.is_none() }).collect();
        let right = self.right.iter().zip(&new);
        let right: Vec<Named<'_>> = right
            .map(|(right, name)| Named { name, hashes: &right.function.hashes, open: !right.taken })
            .collect();
        let replacements = rename::replacements(&left, &right);
        if !replacements.is_empty() {
            for (left, name) in self.left.iter_mut().zip(&old) {
                left.meaning.strict = rename::apply(&replacements, name);
                left.meaning.loose.clone_from(&left.meaning.strict);
            }
            for (right, name) in self.right.iter_mut().zip(new) {
                right.meaning.loose.clone_from(&name);
                right.meaning.strict = name;
            }
        }
        replacements
    }

    /// Pairs what is left by meaning alone where there is one on each side.
    fn name_targets(&mut self) {
        for level in LEVELS {
            let units = self.units();
            let mut found = Vec::new();
            for group in self.groups(level, &units, &|_| 0).into_values() {
                let mut rows: Vec<usize> = group.right.iter().map(|(row, _)| *row).collect();
                rows.dedup();
                if let ([at], [row], 0) = (group.left.as_slice(), rows.as_slice(), group.strays) {
                    found.push((*at, *row));
                }
            }
            for (at, row) in found {
                self.same_function.entry(at).or_insert(row);
            }
        }
    }
}

/// The module that the function was in when it was recorded, if there is no doubt.
fn recorded_unit<'a>(function: &Function<'_>, recorded: &'a BuildFunctions) -> Option<&'a [u8]> {
    let hash = function.cfg_hash();
    let mut there = recorded.with_name(function.name_bytes()).filter(|there| there.may_have(hash));
    match (there.next(), there.next()) {
        (Some(only), None) if only.certain => only.module.as_deref(),
        _ => None,
    }
}

fn meaning_of(function: &BuildFunction) -> Meaning {
    match &function.module {
        Some(module) => Meaning::of(&[module, b";".as_slice(), &function.symbol].concat()),
        None => Meaning::of(&function.symbol),
    }
}

fn same_counters(a: &Function<'_>, b: &Function<'_>) -> bool {
    let same_sites = |kind| a.site_count(kind) == b.site_count(kind) && a.sites(kind).eq(b.sites(kind));
    a.counts() == b.counts() && ValueKind::ALL.into_iter().all(same_sites)
}

/// Whether a function of the build with that hash has the same counters as one of the profile with
/// the same edges; the kinds of value sites that it has another number of.
fn same_shape(left: &Left<'_>, cfg_hash: u64) -> Option<Vec<ValueKind>> {
    let function = &left.function;
    let sites = |kind| function.site_count(kind) as u64;
    let (calls, operations) = (sites(ValueKind::IndirectCallTarget), sites(ValueKind::MemOpSize));
    let counters = function.counts().len() as u64;
    let old: Numbers = cfg_hash::numbers(function.cfg_hash(), counters, calls, operations)?;
    let new = cfg_hash::numbers_like(cfg_hash, &old)?;
    if new.selects != old.selects {
        return None;
    }
    let mut left_behind = Vec::new();
    if new.indirect_calls != old.indirect_calls {
        left_behind.extend([ValueKind::IndirectCallTarget, ValueKind::VtableTarget]);
    }
    if new.memory_operations != old.memory_operations {
        left_behind.push(ValueKind::MemOpSize);
    }
    Some(left_behind)
}
