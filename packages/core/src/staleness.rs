//! Staleness: what speaks against a stored profile, under a policy.

use std::time::Duration;

use crate::{
    applied::Applied,
    config::{Policy, ToolchainChange},
    units,
};

/// What is known about a stored profile now.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// How old it is; `None` where its manifest's time cannot be read.
    pub age: Option<Duration>,
    /// What is another one in the toolchain of today than in that which it was recorded with.
    pub toolchain: Vec<String>,
    /// How much of it a build of today's source applied; `None` where none was asked for.
    pub applied: Option<Applied>,
}

/// Why the profile is stale under `policy`, a sentence each. Empty where it is not.
pub fn reasons(facts: &Facts, policy: &Policy) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(applied) = &facts.applied {
        reasons.extend(below(applied, policy));
    }
    match (facts.age, policy.max_age) {
        (Some(age), Some(most)) if age > most.0 => reasons.push(format!(
            "it is {} old, more than policy.max_age = {}",
            units::age(age),
            units::age(most.0)
        )),
        (None, Some(_)) => reasons.push("its manifest does not say when it was recorded".into()),
        _ => {}
    }
    if policy.toolchain_change == ToolchainChange::Stale && !facts.toolchain.is_empty() {
        reasons.push(format!("the toolchain changed: {}", facts.toolchain.join(", ")));
    }
    reasons
}

/// What is wrong with a match under `policy`, if anything is.
pub fn below(applied: &Applied, policy: &Policy) -> Option<String> {
    let least = policy.min_match;
    (!applied.fulfils(least)).then(|| match applied {
        Applied::Measured(_) => {
            let cost = applied.likely_cost().map(|cost| format!("; {cost}")).unwrap_or_default();
            format!(
                "the build applied {} of the profile's weight, less than policy.min_match = {least} %{cost}",
                units::share(applied.share().unwrap_or_default())
            )
        }
        Applied::Unknown { why } => {
            format!("how much of the profile applies is unknown ({why}), and policy.min_match = {least} %")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        applied::{Match, MatchedBy},
        units::Span,
    };

    fn facts(share: Option<f64>, days: u64, toolchain: &[&str]) -> Facts {
        let measured = |share| {
            Applied::Measured(Match {
                share,
                kin: 1.0,
                carried: None,
                functions: 2,
                matched: 1,
                origins: Vec::new(),
                lost: Vec::new(),
                by: MatchedBy::Trace,
            })
        };
        Facts {
            age: Some(Duration::from_secs(days * 86_400)),
            toolchain: toolchain.iter().map(ToString::to_string).collect(),
            applied: share.map(measured),
        }
    }

    #[test]
    fn facts_policy_and_reasons() {
        let open = Policy::default();
        let strict = Policy {
            max_age: Some(Span::seconds(30 * 86_400)),
            toolchain_change: ToolchainChange::Stale,
            ..Policy::default()
        };
        let rows = [
            (facts(Some(1.0), 400, &["weaver 1 -> 2"]), &open, 0),
            (facts(None, 400, &["weaver 1 -> 2"]), &open, 0),
            (facts(Some(0.8), 0, &[]), &open, 0),
            (facts(Some(0.79), 0, &[]), &open, 1),
            (facts(Some(1.0), 30, &[]), &strict, 0),
            (facts(Some(1.0), 31, &[]), &strict, 1),
            (facts(Some(0.0), 31, &["weaver 1 -> 2"]), &strict, 3),
        ];
        for (facts, policy, expected) in rows {
            assert_eq!(reasons(&facts, policy).len(), expected, "{facts:?}");
        }
    }

    #[test]
    fn what_a_poor_match_costs_is_told() {
        let told = |share| match facts(Some(share), 0, &[]).applied {
            Some(applied) => (applied.likely_cost(), below(&applied, &Policy::default())),
            None => unreachable!(),
        };
        assert_eq!(told(0.96), (None, None));
        assert_eq!(told(0.85), (Some("up to two thirds of what a fresh profile gains may be lost"), None));
        assert_eq!(
            told(0.5).1.unwrap(),
            "the build applied 50.0 % of the profile's weight, less than policy.min_match = 80 %; most of what a \
             fresh profile gains may be lost"
        );
    }

    #[test]
    fn unknown_needs_a_policy_that_accepts_it() {
        let unknown = Applied::Unknown { why: "no trace".into() };
        assert!(below(&unknown, &Policy::default()).is_some());
        assert!(below(&unknown, &Policy { min_match: 0.0, ..Policy::default() }).is_none());
    }
}
