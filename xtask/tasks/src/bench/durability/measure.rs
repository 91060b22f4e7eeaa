//! Joins a stored profile with the functions of a build.

use honing_match::{BuildFunctions, Crates, RebaseReport, Unpaired, Why, match_build, rebase};
use honing_profdata::Profile;

use super::{
    events::Applied,
    result::{Lost, Outcome, Rebased},
};

/// Functions that a result names.
const NAMED: usize = 12;

/// What of `profile` the build applied, as honing said, and what a rebase would carry over to it.
/// `recorded` are the functions of the build that the profile was recorded on. Names that contain
/// `edited` are of the functions that were edited.
pub(super) fn outcome(
    said: &Applied,
    profile: &Profile,
    recorded: Option<&BuildFunctions>,
    build: &BuildFunctions,
    edited: Option<&str>,
) -> Outcome {
    let found = match_build(profile, build, &Crates::new(std::iter::empty::<String>()));
    let whole = profile.weight().max(1) as f64;
    let elsewhere = |name: &str| edited.is_none_or(|edited| !name.contains(edited));
    let lost = found.lost.iter().map(|lost| Lost {
        function: lost.name.clone(),
        weight: lost.weight as f64 / whole,
        why: match lost.why {
            Why::Gone => "gone or renamed",
            Why::ControlFlow => "control flow",
            Why::Unit => "codegen unit",
        }
        .into(),
    });
    let lost: Vec<Lost> = lost.collect();
    let of_others = lost.iter().filter(|lost| elsewhere(&lost.function)).map(|lost| lost.weight);
    Outcome {
        share: said.share,
        lost_elsewhere: of_others.sum(),
        lost: lost.into_iter().take(NAMED).collect(),
        rebased: rebased(&rebase(profile, None, build).report, whole),
        rebased_with_list: recorded.map(|recorded| rebase(profile, Some(recorded), build).report.share()),
    }
}

fn rebased(report: &RebaseReport, whole: f64) -> Rebased {
    let dropped = report.heaviest.iter().take(NAMED).map(|dropped| Lost {
        function: dropped.name.clone(),
        weight: dropped.weight as f64 / whole,
        why: reason(dropped.why).into(),
    });
    let by_rule = report.by_rule.iter().filter(|(_, part)| part.weight > 0);
    let by_reason = report.dropped.iter().filter(|(_, part)| part.weight > 0);
    Rebased {
        share: report.share(),
        by_rule: by_rule.map(|(rule, part)| (format!("{rule:?}"), part.weight as f64 / whole)).collect(),
        by_reason: by_reason.map(|(why, part)| (reason(*why).into(), part.weight as f64 / whole)).collect(),
        dropped: dropped.collect(),
    }
}

fn reason(why: Unpaired) -> &'static str {
    match why {
        Unpaired::Gone => "gone or renamed",
        Unpaired::ControlFlow => "control flow",
        Unpaired::Ambiguous => "ambiguous",
    }
}

#[cfg(test)]
mod tests {
    use honing_match::{BuildFunction, BuildFunctions, Linkage};
    use honing_profdata::read;

    use super::{Applied, outcome};

    #[test]
    fn what_is_lost_is_told_apart() {
        let profile = read(b":ir\nedited\n7\n1\n30\n\nkept\n8\n1\n60\n\ngone\n9\n1\n10\n").unwrap().profile;
        let function = |symbol: &[u8], hash| BuildFunction {
            symbol: symbol.to_vec(),
            module: None,
            linkage: Linkage::Unknown,
            hashes: vec![hash],
            counters: None,
            certain: true,
        };
        let build = BuildFunctions::new([function(b"edited", 70), function(b"kept", 8)]);
        let said = Applied { share: 0.6, functions: 3, matched: 1 };
        let found = outcome(&said, &profile, Some(&build), &build, Some("edited"));
        assert!((found.lost_elsewhere - 0.1).abs() < 1e-9, "{found:#?}");
        assert_eq!(found.lost[0].function, "edited");
        assert!((found.rebased.share - 0.6).abs() < 1e-9, "{found:#?}");
    }
}
