//! Each fact alone: which items it fails, with which code, and what mends it.

use std::{fmt::Write as _, path::Path};

use super::*;
use crate::{
    account::tests::account,
    applied::{Applied, Match, MatchedBy},
    config::{Config, made_for_tests::CRAFTS},
    error::Error,
    fingerprint::Digest,
    outcome::{Open, Verdict},
    recorded::{
        self, CostEntry, Manifest, MatchEntry, MeasuredEntry, SizeEntry, Source, VerdictEntry, WorkloadEntry,
    },
    stage::Stage,
    status::Status,
};

fn applied(share: f64) -> Applied {
    Applied::Measured(Match {
        share,
        kin: 1.0,
        carried: None,
        functions: 100,
        matched: 99,
        origins: Vec::new(),
        lost: Vec::new(),
        by: MatchedBy::Trace,
    })
}

/// What these facts have: a table that changes it changes something.
fn made<T>(attempt: &mut Attempt<T>) -> &mut T {
    let Attempt::Made(made) = attempt else { panic!("it was not made") };
    made
}

fn metric(verdict: Verdict, ratio: f64, gated: bool) -> MeasuredEntry {
    MeasuredEntry {
        workload: "eval".into(),
        metric: "cpu".into(),
        verdict: verdict.word().into(),
        change: format!("{:+.1} % [-1.0, +1.0]", (ratio - 1.0) * 100.0),
        ratio: Some(ratio),
        better: crate::config::Direction::Lower,
        informs: !gated,
        in_sample: false,
        pairs: 20,
        reason: None,
        note: None,
    }
}

fn manifest() -> Manifest {
    let cost = |stage: Stage, wall_s, cpu_s| CostEntry { stage: stage.name().into(), wall_s, cpu_s };
    Manifest {
        schema: recorded::SCHEMA,
        program: "t".into(),
        target: "x86_64-unknown-linux-gnu".into(),
        recorded: "2026-11-22T00:00:00Z".into(),
        trained: "2026-11-21T00:00:00Z".into(),
        commit: "0123456789abcdef".into(),
        dirty: false,
        source: Source::Trained,
        carried: None,
        account: account(),
        profile: recorded::Profile {
            file: "profile.honing".into(),
            bytes: 60_000,
            digest: Digest::of(b"p"),
            indexed_bytes: 1_000_000,
            indexed_digest: Digest::of(b"i"),
            weight: "123".into(),
            functions: 100,
            functions_run: 99,
        },
        matched: MatchEntry::of(&applied(1.0)),
        verdict: VerdictEntry { outcome: "improved".into(), wording: "PGO pays".into() },
        size: Some(SizeEntry { baseline: 2_000_000, optimized: 1_900_000 }),
        measured: vec![metric(Verdict::Improved, 0.9, true)],
        workload: Vec::new(),
        eval: evals(b"then"),
        part: Vec::new(),
        cost: vec![
            cost(Stage::Baseline, 36, 60),
            cost(Stage::Instrument, 30, 54),
            cost(Stage::Train, 18, 30),
            cost(Stage::Optimize, 36, 60),
            cost(Stage::Bench, 60, 15),
        ],
        hot: Vec::new(),
    }
}

fn evals(definition: &[u8]) -> Vec<WorkloadEntry> {
    vec![WorkloadEntry { name: "eval".into(), weight: 1, digest: Digest::of(definition), earlier: None }]
}

fn facts() -> Facts {
    let digest = || Digest::of(b"binary");
    Facts {
        now: "2026-11-25T00:00:00Z".into(),
        version: "0.2.0".into(),
        toolchain: Vec::new(),
        evals: evals(b"then"),
        status: Status {
            program: "t".into(),
            target: "x86_64-unknown-linux-gnu".into(),
            folder: "pgo/profiles/t/x86_64-unknown-linux-gnu".into(),
            manifest: Some(manifest()),
            age_s: Some(4 * 86_400),
            since: None,
            git: None,
            differences: vec!["yarn changed".into()],
            last_match: None,
            forecast: None,
            stale: Vec::new(),
            error: None,
            hint: None,
            exit: None,
        },
        build: Attempt::Made(Built {
            path: "target/honing/t/optimize/t".into(),
            bytes: 1_900_100,
            digest: digest(),
            applied: Some(applied(0.998)),
            when: "2026-11-24T23:59:00Z".into(),
        }),
        again: Attempt::Made(Again {
            path: "target/honing/runs/r/second/honing/t/optimize/t".into(),
            bytes: 1_900_100,
            digest: digest(),
            elapsed_ms: 36_000,
            cpu_ms: 60_000,
        }),
        repository: Ok(Repository {
            commit: "fedcba9876543210".into(),
            untracked: Vec::new(),
            profile: Vec::new(),
            changes: Vec::new(),
            beside: Vec::new(),
        }),
    }
}

const EVAL: &str = "[program.t.workload.eval]\nrole = \"eval\"\ncommand = [\"{program}\"]\n";

fn found(policy: &str, change: impl FnOnce(&mut Facts)) -> Vec<Item> {
    let text = format!("[policy]\n{policy}\n[program.t.made]\nof = \"t\"\n{EVAL}");
    let config = Config::parse(&text, Path::new("pgo.toml"), CRAFTS).unwrap();
    let mut facts = facts();
    change(&mut facts);
    items(&facts, &config.policy, &config.program["t"])
}

fn entries(facts: &mut Facts, entries: Vec<MeasuredEntry>) {
    facts.status.manifest.as_mut().unwrap().measured = entries;
}

type Row = (&'static str, &'static str, fn(&mut Facts), &'static [Key], u8, Option<Mend>);

/// What is asked, under which policy, what is different, which items do not hold, code, what mends it.
const ROWS: &[Row] = &[
    ("all is well", "", |_| {}, &[], 0, None),
    (
        "no profile",
        "",
        |facts| {
            facts.status.manifest = None;
            facts.status.error = Some("no profile of `t` is stored".into());
            facts.status.exit = Some(ExitCode::Stale);
            facts.build = Attempt::Spared("there is no profile that can be used".into());
            facts.again = Attempt::Spared("there is no first build".into());
        },
        &[
            Key::Profile,
            Key::Toolchain,
            Key::Age,
            Key::Match,
            Key::Verdict,
            Key::Regressions,
            Key::Committed,
            Key::Reproducible,
            Key::Sizes,
            Key::Cost,
        ],
        14,
        Some(Mend::Refresh),
    ),
    (
        "damaged",
        "",
        |facts| {
            facts.status.error = Some("profile.honing: not the profile that the manifest names".into());
            facts.status.exit = Some(ExitCode::Profile);
        },
        &[
            Key::Profile,
            Key::Toolchain,
            Key::Age,
            Key::Verdict,
            Key::Regressions,
            Key::Committed,
            Key::Sizes,
            Key::Cost,
        ],
        12,
        Some(Mend::Refresh),
    ),
    ("toolchain", "", |facts| facts.toolchain = vec!["weaver 1 -> 2".into()], &[], 0, None),
    (
        "toolchain",
        "toolchain_change = \"stale\"",
        |facts| facts.toolchain = vec!["weaver 1 -> 2".into()],
        &[Key::Toolchain],
        14,
        Some(Mend::Refresh),
    ),
    ("age", "max_age = \"4days\"", |_| {}, &[], 0, None),
    ("age", "max_age = \"3days\"", |_| {}, &[Key::Age], 14, Some(Mend::Refresh)),
    (
        "no age",
        "max_age = \"3days\"",
        |facts| facts.status.age_s = None,
        &[Key::Age],
        14,
        Some(Mend::Refresh),
    ),
    (
        "match",
        "",
        |facts| {
            let built = made(&mut facts.build);
            built.applied = Some(applied(0.5));
            facts.again = Attempt::Spared("this build is none to release".into());
        },
        &[Key::Match, Key::Reproducible],
        14,
        Some(Mend::Rebase),
    ),
    (
        "no build",
        "",
        |facts| {
            facts.build = Attempt::Failed(Error::new(ExitCode::Build, "optimize: cargo failed"));
            facts.again = Attempt::Spared("there is no first build".into());
        },
        &[Key::Match, Key::Reproducible],
        10,
        None,
    ),
    ("no change", "", |facts| entries(facts, vec![metric(Verdict::NoChange, 1.0, true)]), &[], 0, None),
    (
        "no change",
        "min_gain = 2.0",
        |facts| entries(facts, vec![metric(Verdict::NoChange, 1.0, true)]),
        &[Key::Verdict],
        13,
        None,
    ),
    (
        "inconclusive",
        "",
        |facts| entries(facts, vec![metric(Verdict::Inconclusive, 0.99, true)]),
        &[],
        0,
        None,
    ),
    (
        "inconclusive",
        "inconclusive = \"fail\"",
        |facts| {
            let reason = Some(Open::Environment);
            let open = metric(Verdict::Inconclusive, 0.99, true);
            entries(facts, vec![MeasuredEntry { reason, note: Some("a hog".into()), ..open }]);
        },
        &[Key::Verdict],
        13,
        Some(Mend::Measure),
    ),
    ("too little gain", "min_gain = 11.0", |_| {}, &[Key::Verdict], 13, None),
    (
        "not measured",
        "",
        |facts| entries(facts, Vec::new()),
        &[Key::Verdict, Key::Regressions],
        13,
        Some(Mend::Measure),
    ),
    (
        "measured on another workload",
        "",
        |facts| facts.evals = evals(b"now"),
        &[Key::Verdict],
        13,
        Some(Mend::Measure),
    ),
    (
        "measured before it was noted on what",
        "",
        |facts| {
            facts.evals = evals(b"now");
            facts.status.manifest.as_mut().unwrap().eval = Vec::new();
        },
        &[],
        0,
        None,
    ),
    (
        "in sample",
        "",
        |facts| {
            let learned = metric(Verdict::Improved, 0.9, true);
            entries(facts, vec![MeasuredEntry { in_sample: true, ..learned }]);
        },
        &[Key::Verdict],
        13,
        Some(Mend::Measure),
    ),
    (
        "regressed",
        "",
        |facts| entries(facts, vec![metric(Verdict::Regressed, 1.1, true)]),
        &[Key::Verdict, Key::Regressions],
        13,
        None,
    ),
    (
        "regressed in sample",
        "",
        |facts| {
            let learned = metric(Verdict::Regressed, 1.1, true);
            let all =
                vec![metric(Verdict::Improved, 0.9, true), MeasuredEntry { in_sample: true, ..learned }];
            entries(facts, all);
        },
        &[Key::Regressions],
        13,
        None,
    ),
    (
        "regressed within limits",
        "max_regression = 12.0",
        |facts| entries(facts, vec![metric(Verdict::Regressed, 1.1, true)]),
        &[],
        0,
        None,
    ),
    (
        "what informs regressed",
        "",
        |facts| {
            let all = vec![metric(Verdict::Improved, 0.9, true), metric(Verdict::Regressed, 1.1, false)];
            entries(facts, all);
        },
        &[],
        0,
        None,
    ),
    (
        "untracked",
        "",
        |facts| facts.repository.as_mut().unwrap().untracked = vec!["manifest.toml".into()],
        &[Key::Committed],
        14,
        None,
    ),
    (
        "changed",
        "",
        |facts| facts.repository.as_mut().unwrap().profile = vec![" M manifest.toml".into()],
        &[Key::Committed],
        14,
        None,
    ),
    (
        "dirty",
        "",
        |facts| facts.repository.as_mut().unwrap().changes = vec!["?? notes".into()],
        &[Key::Clean],
        14,
        None,
    ),
    (
        "no git",
        "",
        |facts| facts.repository = Err(Error::new(ExitCode::Stale, "there is no git")),
        &[Key::Committed, Key::Clean],
        14,
        None,
    ),
    (
        "not reproducible",
        "",
        |facts| {
            let again = made(&mut facts.again);
            again.digest = Digest::of(b"other");
        },
        &[Key::Reproducible],
        14,
        None,
    ),
    (
        "no second build",
        "",
        |facts| facts.again = Attempt::Failed(Error::preflight("the disk is full")),
        &[Key::Reproducible],
        15,
        None,
    ),
    ("shrunk", "max_growth = 0.0", |_| {}, &[], 0, None),
    (
        "grown",
        "max_growth = 10.0",
        |facts| {
            let size = SizeEntry { baseline: 100, optimized: 111 };
            facts.status.manifest.as_mut().unwrap().size = Some(size);
        },
        &[Key::Sizes],
        13,
        None,
    ),
    (
        "no sizes",
        "",
        |facts| facts.status.manifest.as_mut().unwrap().size = None,
        &[Key::Sizes],
        13,
        Some(Mend::Measure),
    ),
    (
        "no costs",
        "",
        |facts| facts.status.manifest.as_mut().unwrap().cost.clear(),
        &[Key::Cost],
        14,
        Some(Mend::Measure),
    ),
];

#[test]
fn facts_items_code_and_remedy() {
    for (what, policy, change, expected, code, mends) in ROWS {
        let items = found(policy, change);
        assert_eq!(items.len(), Key::ALL.len(), "{what}: every item is always listed");
        let open: Vec<Key> =
            items.iter().filter(|item| item.state != State::Done).map(|item| item.item).collect();
        assert_eq!(&open, expected, "{what} {policy}: {items:#?}");
        for item in &items {
            let holds = item.state == State::Done;
            assert_eq!((item.next.is_none(), item.exit.is_none()), (holds, holds), "{what}: {item:?}");
            assert!(!item.value.is_empty() && !item.command.is_empty() && !item.date.is_empty(), "{item:?}");
        }
        assert_eq!(mend(&items, &[]).map(|(mend, _)| mend), *mends, "{what} {policy}");
        let checked = Checked {
            program: "t".into(),
            version: "0.2.0".into(),
            target: "x86_64-unknown-linux-gnu".into(),
            items,
        };
        let list = Checklist::new("0.1.0".into(), "2026-11-25T00:00:00Z".into(), None, vec![checked]);
        assert_eq!((list.code, list.ready), (*code, *code == 0), "{what} {policy}");
    }
}

#[test]
fn a_rebase_comes_before_a_refresh_and_nothing_is_tried_twice() {
    let items = found("", |facts| {
        let built = made(&mut facts.build);
        built.applied = Some(applied(0.5));
    });
    let next = |tried: &[Mend]| mend(&items, tried).map(|(mend, item)| (mend, item.item));
    assert_eq!(next(&[]), Some((Mend::Rebase, Key::Match)));
    assert_eq!(next(&[Mend::Rebase]), Some((Mend::Refresh, Key::Match)));
    assert_eq!(next(&[Mend::Rebase, Mend::Refresh]), None);
    let unmeasured = found("", |facts| entries(facts, Vec::new()));
    assert_eq!(mend(&unmeasured, &[Mend::Refresh]), None, "a refresh has measured");
    assert_eq!(mend(&unmeasured, &[Mend::Measure]), None);
}

/// What the evidence reads like.
#[test]
fn evidence_in_words() {
    let mut text = String::new();
    for item in found("max_age = \"30days\"\nmax_growth = 5.0", |_| {}) {
        writeln!(text, "{}: {}\n  $ {}  ({})", item.title, item.value, item.command, item.date).unwrap();
    }
    insta::assert_snapshot!(text, @r#"
    Profile stored and whole: trained, 58.6 KiB, BLAKE3 73f291693e31, 99 of 100 functions ran
      $ honing status --program t  (2026-11-22T00:00:00Z)
    Toolchain as recorded: weaver 1.95.0 (a), loom 22.1.2
      $ honing status --program t  (2026-11-25T00:00:00Z)
    Age within policy: 4 days old, trained 2026-11-21T00:00:00Z; yarn changed; policy.max_age = 30 days
      $ honing status --program t  (2026-11-25T00:00:00Z)
    The release build applies the profile: version 0.2.0: 99.8 % of the profile's weight (99 of 100 functions); policy.min_match = 80 %
      $ honing check --program t  (2026-11-24T23:59:00Z)
    Verdict on holdout workloads: PGO pays: 10.0 % less CPU time in the weighted mean; eval (cpu) -10.0 % [-1.0, +1.0], 20 pairs; it ships with its profile
      $ honing status --format json --program t  (2026-11-22T00:00:00Z)
    No workload regressed: of 1 metric none is worse
      $ honing status --format json --program t  (2026-11-22T00:00:00Z)
    Profile committed: pgo/profiles/t/x86_64-unknown-linux-gnu is as in commit fedcba987
      $ git status --short --ignored -- pgo/profiles/t/x86_64-unknown-linux-gnu  (2026-11-25T00:00:00Z)
    Working tree clean: no changes, no unknown files at commit fedcba987
      $ git status --short  (2026-11-25T00:00:00Z)
    Build reproducible: built twice from this checkout, the second time from nothing in another target directory: 1900100 bytes, BLAKE3 af0ff1453a3e both times
      $ honing build --format json --target-dir $(mktemp -d) --program t  (2026-11-25T00:00:00Z)
    Sizes within policy: binary 1.9 MiB -> 1.8 MiB (-5.0 %) when recorded, 1.8 MiB now; profile 58.6 KiB; policy.max_growth = 5 %
      $ honing build --program t  (2026-11-24T23:59:00Z)
    Cost of a refresh and of a release build: refresh 3.0 min, 3.6 min CPU (baseline, instrument, train, optimize, bench), its two PGO builds 1.9 times the CPU time of a plain one; release build 0.6 min, 1.0 min CPU, from nothing, just now
      $ honing status --format json --program t  (2026-11-22T00:00:00Z)
    "#);
}
