//! Joins a profile with the functions of a build, and puts the result into core's words.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use honing_core::{
    Error, ExitCode, Result,
    applied::{Applied, HotFunction, Lost, LostWhy, Match, MatchedBy, Origin, OriginMatch},
    units,
};
use honing_match::{BuildFunctions, Crates, Hot, Share, Why, demangle, hottest};
use honing_profdata::Profile;

use crate::{
    io::files,
    profiles::{Matched, Traces},
};

/// Lost functions that are named.
const NAMED: usize = 10;
/// Heaviest functions that are told.
pub(super) const HOT: usize = 100;
/// A function with less of the weight than this is not.
const WORTH_NAMING: f64 = 0.000_05;

/// How much of `profile` a build applied, and what became of its heaviest functions.
pub(super) fn matched(
    own: Vec<String>,
    profile: &Profile,
    built: Result<(Traces, MatchedBy), String>,
) -> Matched {
    let read =
        |(traces, by)| read(&traces).map(|functions| (functions, by)).map_err(|error| error.to_string());
    let (functions, by) = match built.and_then(read) {
        Ok(read) => read,
        Err(why) => {
            let hottest = hottest(profile, HOT).iter().map(|hot| of_hot(hot, None, None)).collect();
            return Matched::unknown(why, hottest);
        }
    };
    let found = honing_match::match_build(profile, &functions, &Crates::new(own));
    let key = |lost: &honing_match::Lost| (lost.profile_name.clone(), lost.cfg_hash);
    let lost: HashMap<_, _> = found.lost.iter().map(|lost| (key(lost), why(lost.why))).collect();
    let hottest = hottest(profile, HOT);
    let hottest = hottest.iter().map(|hot| {
        let why = lost.get(&(hot.function.name_bytes().to_vec(), hot.function.cfg_hash())).copied();
        of_hot(hot, Some(why.is_none()), why)
    });
    let applied = applied(&found, kin(profile, &functions), by);
    Matched { applied, hottest: hottest.collect(), did: shared(profile, &functions).into_iter().collect() }
}

/// Which local functions share counters, in words.
fn shared(profile: &Profile, functions: &BuildFunctions) -> Option<String> {
    let shared = honing_match::sharing(profile, functions);
    let first = shared.first()?;
    let whole = profile.functions().map(|function| function.weight()).sum::<u128>().max(1) as f64;
    let share = shared.iter().map(|one| one.weight).sum::<u128>() as f64 / whole;
    Some(format!(
        "{} of the weight is of local functions that share a record, since they and their files have the same names: \
         {} of {}, such as `{}` in {}",
        units::share(share),
        shared.len(),
        profile.functions().count(),
        first.name,
        first.modules.join(" and "),
    ))
}

fn applied(found: &honing_match::Match, kin: f64, by: MatchedBy) -> Applied {
    let whole = found.all.weight.max(1) as f64;
    let worth = |lost: &&honing_match::Lost| lost.weight as f64 >= whole * WORTH_NAMING;
    let lost = found.lost.iter().filter(worth).take(NAMED).map(|lost| Lost {
        function: lost.name.clone(),
        weight: lost.weight as f64 / whole,
        why: why(lost.why),
    });
    Applied::Measured(Match {
        share: found.all.matched(),
        kin,
        carried: None,
        functions: found.all.functions,
        matched: found.all.functions_matched,
        origins: ORIGINS.into_iter().map(|(origin, of)| of_origin(origin, found.of(of), whole)).collect(),
        lost: lost.collect(),
        by,
    })
}

fn why(lost: Why) -> LostWhy {
    match lost {
        Why::Gone => LostWhy::Gone,
        Why::ControlFlow => LostWhy::ControlFlow,
        Why::Unit => LostWhy::Unit,
    }
}

fn of_hot(hot: &Hot<'_>, applied: Option<bool>, why: Option<LostWhy>) -> HotFunction {
    HotFunction { function: demangle(hot.function.name_bytes()), weight: hot.share, applied, why }
}

/// Where counters come from, in the order in which that is told.
const ORIGINS: [(Origin, honing_match::Origin); 3] = [
    (Origin::Workspace, honing_match::Origin::Workspace),
    (Origin::Dependencies, honing_match::Origin::Dependency),
    (Origin::Std, honing_match::Origin::Std),
];

fn of_origin(origin: Origin, part: &Share, whole: f64) -> OriginMatch {
    OriginMatch {
        origin,
        weight: part.weight as f64 / whole,
        share: part.matched(),
        functions: part.functions,
        matched: part.functions_matched,
    }
}

/// The share of the weight outside of std's generics whose crate the build has.
fn kin(profile: &Profile, functions: &BuildFunctions) -> f64 {
    let there: HashSet<String> = functions
        .functions()
        .iter()
        .filter_map(|function| honing_match::home_crate(&function.symbol))
        .collect();
    let (mut whole, mut kin) = (0_u128, 0_u128);
    for function in profile.functions().filter(|function| function.weight() > 0) {
        let Some(home) = honing_match::home_crate(function.name_bytes()) else { continue };
        whole += function.weight();
        kin += if there.contains(&home) { function.weight() } else { 0 };
    }
    if whole == 0 { 1.0 } else { kin as f64 / whole as f64 }
}

/// The functions that an instrumented program's own records name.
pub(super) fn declared(program: &Path) -> Result<Traces> {
    let found = honing_match::instrumented(&files::read(program)?)
        .map_err(|error| Error::new(ExitCode::Profile, format!("{}: {error}", program.display())))?;
    Ok(Traces(BuildFunctions::from(&found).to_text().into_bytes()))
}

/// The functions of a build.
pub(super) fn read(traces: &Traces) -> Result<BuildFunctions> {
    BuildFunctions::from_text(&String::from_utf8_lossy(&traces.0))
        .map_err(|error| Error::internal(format!("the list of a build's functions: {error}")))
}
