//! Carries a profile's counters over to a build whose functions have other names.
//!
//! Names change with everything that goes into `-C metadata`, with the compiler, and with codegen
//! units, while most code stays as it is. So functions are paired by what their names *mean*
//! ([`crate::symbol::Meaning`]) and by CFG hash. What fits several is left out: a wrong counter is worse than none.
//! The rules, in their order, are in [`Rule`]; each pairs only what the ones before left.

mod across;
mod carry;
mod groups;
mod pairing;
mod rename;
mod report;
mod spelling;

use crate::functions::BuildFunctions;
use crate::inspect::demangle;
use honing_profdata::Profile;
use pairing::Pairing;
use std::cmp::Reverse;

pub use report::{Dropped, Part, RebaseReport, Replacement, Rule, Unpaired};

/// How many dropped functions a report names.
const HEAVIEST: usize = 50;

/// A rebased profile.
#[derive(Debug)]
pub struct Rebased {
    /// The carried functions under the build's names; empty if there is none.
    pub profile: Profile,
    /// What was carried over and what was not.
    pub report: RebaseReport,
}

/// Carries the counters of a profile over to a build's functions.
///
/// `recorded` are the functions of the build that the profile was recorded on, if they were kept. In
/// legacy mangling the name of an external function does not tell which crate it was generated for,
/// and monomorphizations of one function have the same meaning; the module tells many of them apart.
///
/// The order and number of functions decide nothing: the result depends only on what is in the three.
pub fn rebase(profile: &Profile, recorded: Option<&BuildFunctions>, build: &BuildFunctions) -> Rebased {
    let pairing = Pairing::of(profile, recorded, build);
    let carried = carry::carry(profile, build, &pairing);
    let report = report(profile, &pairing, carried.sites_dropped);
    Rebased { profile: carried.profile, report }
}

fn report(profile: &Profile, pairing: &Pairing<'_>, sites_dropped: u64) -> RebaseReport {
    let mut report = RebaseReport {
        by_rule: Rule::ALL.map(|rule| (rule, Part::default())).into(),
        dropped: Unpaired::ALL.map(|why| (why, Part::default())).into(),
        replacements: pairing.replacements().to_vec(),
        sites_dropped,
        ..RebaseReport::default()
    };
    for (at, function) in profile.functions().enumerate() {
        let weight = function.weight();
        report.all.count(weight);
        if let Some(pair) = pairing.pair(at) {
            report.carried.count(weight);
            let part = report.by_rule.iter_mut().find(|(rule, _)| *rule == pair.rule);
            part.into_iter().for_each(|(_, part)| part.count(weight));
            continue;
        }
        let why = pairing.why(at);
        let part = report.dropped.iter_mut().find(|(reason, _)| *reason == why);
        part.into_iter().for_each(|(_, part)| part.count(weight));
        if weight > 0 {
            report.heaviest.push(Dropped {
                name: demangle(function.name_bytes()),
                profile_name: function.name_bytes().to_vec(),
                cfg_hash: function.cfg_hash(),
                weight,
                why,
            });
        }
    }
    report.heaviest.sort_by_key(|dropped| Reverse(dropped.weight));
    report.heaviest.truncate(HEAVIEST);
    report
}
