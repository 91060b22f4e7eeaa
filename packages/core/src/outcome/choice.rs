//! Which of several candidates a run is judged by, and what ships: what the verdicts say, whatever the
//! steps are called that made the programs.

use crate::outcome::consequence::{Consequence, Evidence, Outcome, gain_percent};
use crate::{
    config::{Policy, Program},
    error::ExitCode,
};

/// What a run is judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The candidate, by its index.
    pub candidate: usize,
    /// Whether it ships; else the baseline does.
    pub ships: bool,
    /// What was found of it.
    pub outcome: Outcome,
    /// What follows.
    pub consequence: Consequence,
}

/// Of several candidates the one with the largest gain that is improved, worse nowhere and within the
/// policy. Where there is none, the first one that breaks no gate is told of. It ships if its outcome is
/// one of `policy.ships` and breaks no gate; else the baseline does.
///
/// Of several that nobody measured it is the last one, which all steps made.
pub fn choose(policy: &Policy, program: &Program, candidates: &[Evidence<'_>]) -> Choice {
    let several = candidates.len() > 1;
    let judge = |candidate: usize, evidence: &Evidence<'_>| {
        let outcome = Outcome::of(evidence);
        let consequence = outcome.consequence(policy, program, evidence);
        let passes = consequence.record && consequence.exit == ExitCode::Success;
        let ships = passes && policy.ships.contains(&outcome.kind());
        let pays = passes && outcome == Outcome::Improved;
        let gain = gain_percent(evidence.measured).filter(|_| pays).unwrap_or(f64::NEG_INFINITY);
        ((passes, gain), Choice { candidate, ships, outcome, consequence })
    };
    let measured = candidates.iter().any(|evidence| evidence.identical || !evidence.measured.is_empty());
    if let (Some(last), true, false) = (candidates.last(), several, measured) {
        return judge(candidates.len() - 1, last).1;
    }
    let mut best = judge(0, &candidates.first().copied().unwrap_or_default());
    for (candidate, evidence) in candidates.iter().enumerate().skip(1) {
        let next = judge(candidate, evidence);
        if next.0 > best.0 {
            best = next;
        }
    }
    let (_, mut choice) = best;
    let named = candidates.get(choice.candidate).and_then(|all| all.measured.first()?.candidate.as_deref());
    let ships = if choice.ships { named } else { Some("the baseline") };
    if let Some(ships) = ships.filter(|_| choice.consequence.record || several) {
        choice.consequence.wording.push_str(&format!("; {ships} ships"));
    }
    choice
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Measured, Verdict,
            consequence::tests::{measured, program},
        },
        *,
    };

    /// What is chosen of candidates by their verdicts and ratios: its index, whether it ships, and the
    /// exit code.
    fn chosen(policy: &str, candidates: &[&[(Verdict, f64)]]) -> (usize, bool, u8, String) {
        let name = |at: usize| (candidates.len() > 1).then(|| format!("c{at}"));
        let metrics: Vec<Vec<Measured>> = candidates
            .iter()
            .enumerate()
            .map(|(at, all)| {
                let one = |&(verdict, point)| Measured { candidate: name(at), ..measured(verdict, point) };
                all.iter().map(one).collect()
            })
            .collect();
        let evidence = |measured| Evidence { measured, ..Evidence::default() };
        let evidence: Vec<Evidence<'_>> = metrics.iter().map(|all| evidence(all)).collect();
        let choice = choose(&toml::from_str(policy).unwrap(), &program(""), &evidence);
        (choice.candidate, choice.ships, choice.consequence.exit.code(), choice.consequence.wording)
    }

    /// Every outcome of an only candidate, under the policy of its own and one that names it alone.
    #[test]
    fn what_ships_is_what_the_policy_names() {
        use Verdict::{Improved, Inconclusive, NoChange, Regressed};
        let identical = Evidence { identical: true, ..Evidence::default() };
        let late = Evidence { out_of_budget: true, ..Evidence::default() };
        let metrics = |verdict, point| vec![measured(verdict, point)];
        let (none, some) = (Evidence::default(), |measured| Evidence { measured, ..Evidence::default() });
        let (better, same) = (metrics(Improved, 0.9), metrics(NoChange, 1.0));
        let (open, worse) = (metrics(Inconclusive, 0.9), metrics(Regressed, 1.1));
        for (evidence, name, by_default) in [
            (some(&better), "improved", true),
            (some(&same), "no_change", false),
            (some(&open), "inconclusive", false),
            (some(&worse), "regressed", false),
            (identical, "no_effect", false),
            (none, "not_measured", true),
            (late, "not_measured", true),
        ] {
            let ships = |policy: &str| {
                let policy = toml::from_str(&format!("max_regression = 20.0\n{policy}")).unwrap();
                choose(&policy, &program(""), &[evidence]).ships
            };
            assert_eq!(ships(""), by_default, "{name}");
            assert!(ships(&format!("ships = [\"{name}\"]")), "{name}");
            assert!(!ships("ships = []"), "{name}");
            // Who demands more than there is does not ship it.
            let demanded = ["improved", "no_change", "no_effect"].contains(&name);
            assert_eq!(
                ships(&format!("ships = [\"{name}\"]\nmin_gain = 50.0")),
                !demanded && name != "regressed",
                "{name}"
            );
        }
    }

    #[test]
    fn what_ships_is_what_the_verdicts_say() {
        use Verdict::{Improved, Inconclusive, NoChange, Regressed};
        let better: &[_] = &[(Improved, 0.95)];
        let best: &[_] = &[(Improved, 0.9)];
        let mixed: &[_] = &[(Improved, 0.8), (Regressed, 1.1)];
        let open: &[_] = &[(Improved, 0.8), (Inconclusive, 0.9)];
        let (same, worse): (&[_], &[_]) = (&[(NoChange, 1.0)], &[(Regressed, 1.1)]);
        let rows: &[(&str, &[&[_]], _)] = &[
            ("", &[better, best], (1, true, 0, "c1 ships")),
            ("", &[best, better, same], (0, true, 0, "c0 ships")),
            ("", &[better, better], (0, true, 0, "c0 ships")),
            // Larger gains that may not ship.
            ("", &[better, mixed], (0, true, 0, "c0 ships")),
            ("", &[open, better], (1, true, 0, "c1 ships")),
            // A regression that the policy allows is still no gain.
            ("max_regression = 20.0", &[better, mixed], (0, true, 0, "c0 ships")),
            ("min_gain = 7.0", &[better, best], (1, true, 0, "c1 ships")),
            ("min_gain = 20.0", &[better, best], (0, false, 13, "the baseline ships")),
            (
                "",
                &[same, open],
                (0, false, 0, "PGO does not pay here: no change beyond the margin; the baseline"),
            ),
            ("", &[worse, same], (1, false, 0, "PGO does not pay here")),
            ("", &[worse, worse], (0, false, 13, "the baseline ships")),
            // The only one.
            ("", &[better], (0, true, 0, "PGO pays: 5.0 % less CPU time in the weighted mean")),
            (
                "",
                &[same],
                (0, false, 0, "PGO does not pay here: no change beyond the margin; the baseline ships"),
            ),
            ("", &[open], (0, false, 0, "inconclusive for w (cpu); the baseline ships")),
            ("", &[worse], (0, false, 13, "PGO makes w (cpu) 10.0 % worse; the profile is not recorded")),
            (
                "max_regression = 20.0",
                &[worse],
                (0, false, 0, "PGO makes w (cpu) worse, within max_regression; the baseline ships"),
            ),
            (
                "min_gain = 7.0",
                &[better],
                (0, false, 13, "PGO gains 5.0 %, less than min_gain = 7 %; the baseline ships"),
            ),
            ("", &[&[], &[]], (1, true, 0, "")),
            ("", &[], (0, true, 0, "nothing was measured")),
        ];
        for (policy, candidates, (candidate, ships, code, says)) in rows {
            let found = chosen(policy, candidates);
            assert_eq!((found.0, found.1, found.2), (*candidate, *ships, *code), "{candidates:?} {policy}");
            let fits = if candidates.len() > 1 { found.3.contains(says) } else { found.3 == *says };
            assert!(fits, "{} {says}", found.3);
        }
    }
}
