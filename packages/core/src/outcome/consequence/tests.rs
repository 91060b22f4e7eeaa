use super::{super::Ratio, *};
use crate::config::Direction;

pub(in super::super) fn measured(verdict: Verdict, point: f64) -> Measured {
    Measured {
        workload: "w".into(),
        candidate: None,
        metric: "cpu".into(),
        unit: "s".into(),
        better: Direction::Lower,
        gated: true,
        in_sample: false,
        weight: 1,
        pairs: 12,
        baseline: 1.0,
        optimized: point,
        ratio: Some(Ratio { point, low: point - 0.01, high: point + 0.01, confidence: 0.99 }),
        margin: Some(0.01),
        verdict,
        reason: None,
        note: None,
        ratios: Vec::new(),
    }
}

/// A program whose workload `w` has limits of its own.
pub(in super::super) fn program(limits: &str) -> Program {
    toml::from_str(&format!("[workload.w]\nrole = \"eval\"\ncommand = [\"{{program}}\"]\n{limits}\n"))
        .unwrap()
}

/// Policy, the workload's own limits, and what is expected: word, recorded, exit code, and a part
/// of the wording.
type Row<'a> = (&'a [(Verdict, f64)], &'a str, &'a str, (&'a str, bool, u8, &'a str));

fn check(rows: &[Row<'_>], evidence: Evidence<'_>, reason: Option<Open>) {
    for (metrics, policy, limits, expected) in rows {
        let metrics: Vec<Measured> = metrics
            .iter()
            .map(|(verdict, point)| Measured {
                reason: reason.filter(|_| *verdict == Verdict::Inconclusive),
                note: reason.map(|_| "environment (a hog)".to_owned()),
                ..measured(*verdict, *point)
            })
            .collect();
        let policy: Policy = toml::from_str(policy).unwrap();
        let evidence = Evidence { measured: &metrics, ..evidence };
        let outcome = Outcome::of(&evidence);
        let Consequence { record, exit, wording } = outcome.consequence(&policy, &program(limits), &evidence);
        let found = (outcome.word(), record, exit.code(), wording.as_str());
        let (word, recorded, code, says) = *expected;
        assert_eq!((found.0, found.1, found.2), (word, recorded, code), "{metrics:?} {policy:?}");
        assert!(wording.contains(says), "{wording} {says}");
    }
}

/// The table of docs/exit-codes.md, row by row.
#[test]
fn outcome_policy_and_exit_code() {
    use Verdict::{Improved, Inconclusive as Open, NoChange, Regressed};
    let fail = "inconclusive = \"fail\"";
    let rows: &[Row<'_>] = &[
        (&[(Improved, 0.92)], "", "", ("improved", true, 0, "8.0 % less CPU time")),
        (&[(Improved, 0.92)], "min_gain = 5.0", "", ("improved", true, 0, "pays")),
        (&[(Improved, 0.92)], "min_gain = 10.0", "", ("improved", true, 13, "less than min_gain = 10 %")),
        (&[(Improved, 0.92)], "", "min_gain = 9.0", ("improved", true, 13, "w gains 8.0 %")),
        (&[(Improved, 0.92)], "metric.cpu.min_gain = 9.0", "", ("improved", true, 13, "cpu gains 8.0 %")),
        (&[(Improved, 0.92), (NoChange, 1.0)], "", "", ("improved", true, 0, "8.0 %")),
        (&[(NoChange, 1.0)], "", "", ("no change", true, 0, "PGO does not pay here")),
        (&[(NoChange, 1.0)], "min_gain = 1.0", "", ("no change", true, 13, "is required")),
        (&[(NoChange, 1.0)], fail, "", ("no change", true, 0, "")),
        (&[(Improved, 0.8), (Regressed, 1.1)], "", "", ("regressed", false, 13, "w (cpu) 10.0 %")),
        (&[(Open, 1.1), (Regressed, 1.1)], "", "", ("regressed", false, 13, "not recorded")),
        (&[(Regressed, 1.1)], "max_regression = 12.0", "", ("regressed", true, 0, "w (cpu)")),
        (&[(Regressed, 1.1)], "max_regression = 12.0", "max_regression = 5.0", ("regressed", false, 13, "")),
        (&[(Regressed, 1.1)], "metric.cpu.max_regression = 12.0", "", ("regressed", true, 0, "within")),
        (&[(Regressed, 1.1)], "max_regression = 12.0\nmin_gain = 1.0", "", ("regressed", true, 13, "gains")),
        (&[(Improved, 0.9), (Open, 1.0)], "", "", ("inconclusive", true, 0, "inconclusive for w (cpu)")),
        (&[(Open, 1.0)], "min_gain = 5.0", "", ("inconclusive", true, 0, "")),
        (&[(Open, 1.0)], fail, "", ("inconclusive", true, 13, "")),
        (&[], fail, "", ("not measured", true, 0, "nothing was measured")),
    ];
    check(rows, Evidence::default(), None);
    let environment: &[Row<'_>] = &[
        (&[(Open, 1.0)], "", "", ("inconclusive: environment", true, 0, "environment (a hog)")),
        (&[(Open, 1.0)], fail, "", ("inconclusive: environment", true, 13, "w (cpu)")),
    ];
    check(environment, Evidence::default(), Some(super::Open::Environment));
    let identical: &[Row<'_>] = &[
        (&[], "", "", ("no effect", true, 0, "PGO had no effect on the binary")),
        (&[], fail, "", ("no effect", true, 13, "PGO had no effect on the binary")),
        (&[], "min_gain = 2.0", "", ("no effect", true, 13, "min_gain")),
    ];
    check(identical, Evidence { identical: true, ..Evidence::default() }, None);
    let late: &[Row<'_>] = &[
        (&[], "", "", ("not measured", true, 0, "not measured (out of budget)")),
        (&[], "min_gain = 2.0", "", ("not measured", true, 0, "out of budget")),
        (&[], fail, "", ("not measured", true, 0, "out of budget")),
    ];
    check(late, Evidence { out_of_budget: true, ..Evidence::default() }, None);
    let grown: &[Row<'_>] = &[
        (&[(Improved, 0.9)], "max_growth = 30.0", "", ("improved", true, 0, "")),
        (&[(Improved, 0.9)], "max_growth = 20.0", "", ("improved", true, 13, "grows by 25.0 %")),
        (&[], "max_growth = 20.0", "", ("not measured", true, 13, "max_growth = 20 %")),
        (&[(Regressed, 1.1)], "max_growth = 20.0", "", ("regressed", false, 13, "worse")),
    ];
    check(grown, Evidence { growth: Some(1.25), ..Evidence::default() }, None);
}

#[test]
fn the_leading_metric_of_each_workload_makes_the_gain() {
    let other = |metric: &str, point, better| Measured {
        metric: metric.into(),
        better,
        ..measured(Verdict::Improved, point)
    };
    let memory = other("peak memory", 1.5, Direction::Lower);
    let metrics = [measured(Verdict::Improved, 0.9), memory];
    assert_eq!(gain(&metrics, None).0.map(|gain| gain.round()), Some(10.0));
    let throughput = [other("throughput", 1.25, Direction::Higher)];
    let (gain, of) = gain(&throughput, None);
    assert_eq!((gain.map(f64::round), of), (Some(20.0), "better"));
}

#[test]
fn the_headline_says_of_how_many_workloads_it_is() {
    let of = |workload: &str, gated, verdict, point| Measured {
        workload: workload.into(),
        gated,
        ..measured(verdict, point)
    };
    let said = |metrics: &[Measured]| {
        let evidence = Evidence { measured: metrics, ..Evidence::default() };
        Outcome::of(&evidence).consequence(&Policy::default(), &program(""), &evidence).wording
    };
    use Verdict::{Improved, NoChange};
    let gated = [of("a", true, Improved, 0.9), of("b", true, NoChange, 1.0)];
    assert!(said(&gated).ends_with("in the weighted mean"), "{}", said(&gated));
    let some = [&gated[..], &[of("c", false, NoChange, 1.0), of("a", false, NoChange, 1.0)]].concat();
    assert!(said(&some).ends_with("in the weighted mean of 2 of 3 workloads"), "{}", said(&some));
    let none = [of("a", true, NoChange, 1.0), of("c", false, Improved, 0.8)];
    assert!(said(&none).ends_with("no change beyond the margin, by 1 of 2 workloads"), "{}", said(&none));
}

#[test]
fn a_metric_that_only_informs_decides_nothing() {
    let mut informing = measured(Verdict::Regressed, 1.3);
    informing.gated = false;
    let metrics = [measured(Verdict::Improved, 0.9), informing];
    let evidence = Evidence { measured: &metrics, ..Evidence::default() };
    assert_eq!(Outcome::of(&evidence), Outcome::Improved);
}
