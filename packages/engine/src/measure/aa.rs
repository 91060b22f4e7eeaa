//! `bench --aa`: the baseline against a byte copy of itself, to see what a machine can find.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, time::Instant};

use honing_core::{
    Error, ExitCode, Result, Stage,
    event::{Event, StageState},
    outcome::{Measured, Trust, Verdict},
};
use honing_paired::{Noise, diagnostics};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{
        built::Built,
        session::Session,
        step::{Done, started},
        subject::Subject,
    },
    io::{clock, files},
    measure::{
        arms::Arms,
        host::Host,
        measurements::ONLY,
        measuring::Benching,
        pairs::Limit,
        verdicts::{gates, judgings},
    },
    workloads::tools::build_tools,
    workloads::train::workloads,
};

/// File in the store that qualifications go to.
const FILE: &str = "machine.json";
/// Numbers of pairs that a table of smallest effects shows.
const SHOWN: [u32; 5] = [12, 20, 40, 60, 120];

/// What a machine was found to be able to tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Qualified {
    /// The program.
    pub program: String,
    /// The workload.
    pub workload: String,
    /// Its leading metric.
    pub metric: String,
    /// Pairs measured.
    pub pairs: u32,
    /// Noise floor: standard error of one pair's log-ratio; `None` with too few pairs.
    pub noise: Option<Noise>,
    /// Pairs, and the smallest change as a share that so many find in four of five tries, by one look
    /// at the confidence of `bench`.
    pub finds: Vec<(u32, f64)>,
    /// What the equal programs were found to be: anything but "no change" and "inconclusive" is a
    /// fault of the machine.
    pub verdict: Verdict,
    /// What overrules verdicts on this machine now, and the noise.
    pub trust: Trust,
}

impl Qualified {
    /// Whether verdicts can be trusted.
    pub(crate) fn is_fit(&self) -> bool {
        self.trust.findings.is_empty() && matches!(self.verdict, Verdict::NoChange | Verdict::Inconclusive)
    }
}

/// All that `bench --aa` has left.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Machine {
    /// When it was qualified, in UTC.
    when: String,
    host: Host,
    qualified: Vec<Qualified>,
}

fn file(session: &Session) -> PathBuf {
    session.store.root().join(FILE)
}

fn load(session: &Session) -> Machine {
    let text = std::fs::read(file(session)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// The noise floor that a workload's metric has on this machine, if it was qualified.
pub(crate) fn usual(session: &Session, subject: &Subject<'_>, workload: &str, metric: &str) -> Option<f64> {
    let of = |one: &&Qualified| {
        (one.program.as_str(), one.workload.as_str(), one.metric.as_str()) == (subject.name, workload, metric)
    };
    Some(load(session).qualified.iter().find(of)?.noise?.per_pair)
}

/// Measures the baseline of a program against its own copy, all pairs of the plan, and keeps what
/// was found.
pub(crate) fn qualify(
    session: &Session,
    subject: &Subject<'_>,
    baseline: &Built,
) -> Result<Done<Vec<Qualified>>> {
    let chosen = workloads(session, subject, |workload| workload.role.evaluates());
    let start = Instant::now();
    let tools = build_tools(session, subject, Stage::Bench, &chosen)?;
    started(session, subject, Stage::Bench, vec!["--aa".into()]);
    let dir = session.store.root().join("aa");
    files::remove_dir(&dir)?;
    let name = OsString::from(&subject.artifact);
    let path = baseline.path();
    let arms = Arms::stage(&dir, &name, path, &[path])?.with_libraries()?;
    let gates = gates(&session.config, subject.program, chosen.iter().map(|(name, _)| *name));
    let (tools, mut usage) = (&tools.paths, tools.cost);
    let limit = Limit::of(session, None);
    let until = limit.time().map(|time| start + time);
    let bench =
        Benching { session, subject, tools, arms: &arms, gates: &gates, controls: false, dir: &dir, until };
    let mut tried = bench.try_all(&chosen, &mut usage)?.unwrap_or_default();
    let mut recorded = bench.plan(limit, &mut tried, &mut usage)?.unwrap_or_default();
    for workload in &mut recorded {
        // One look, so that nothing stops it early: what is wanted is the noise.
        workload.looks = vec![workload.most()];
    }
    bench.all(&mut tried, &ONLY, &mut recorded, &mut usage, &|_| Ok(()))?;
    files::remove_dir(&dir)?;
    let looks: Vec<Vec<u32>> = recorded.iter().map(|workload| workload.looks.clone()).collect();
    let mut qualified = Vec::new();
    for (judging, recorded) in
        judgings(session, subject, &looks, &gates, &ONLY)?.iter().flatten().zip(&recorded)
    {
        // What was usual before is no reason against what is found now.
        let judging = crate::measure::judge::Judging { usual: None, ..judging.clone() };
        let (measured, trust) = judging.judge(&recorded.recording);
        let noise = diagnostics::noise(&recorded.recording.pairs_of(0, 0));
        for measured in &measured {
            let program = subject.name.to_owned();
            session.sink.emit(Event::Measured { program, interim: false, measured: measured.clone() });
        }
        qualified.extend(measured.first().map(|leading| entry(session, subject, leading, trust, noise)));
    }
    keep(session, subject, &qualified)?;
    let (elapsed_ms, cpu_ms) = (clock::millis_since(start), clock::millis(usage.cpu()));
    Ok(Done { output: qualified, state: StageState::Done, elapsed_ms, cpu_ms, full: None })
}

fn entry(
    session: &Session,
    subject: &Subject<'_>,
    leading: &Measured,
    trust: Trust,
    noise: Option<Noise>,
) -> Qualified {
    let alpha = 1.0 - session.config.bench.confidence;
    let finds = |pairs: u32| Some((pairs, noise?.smallest_effect(pairs, alpha)?));
    Qualified {
        program: subject.name.to_owned(),
        workload: leading.workload.clone(),
        metric: leading.metric.clone(),
        pairs: leading.pairs,
        noise,
        finds: SHOWN.into_iter().filter_map(finds).collect(),
        verdict: leading.verdict,
        trust,
    }
}

fn keep(session: &Session, subject: &Subject<'_>, qualified: &[Qualified]) -> Result<()> {
    let mut machine = load(session);
    machine.when = clock::utc_now();
    machine.host = Host::now();
    machine.qualified.retain(|one| one.program != subject.name);
    // A machine that was not fit has no usual noise.
    machine.qualified.extend(qualified.iter().filter(|one| one.is_fit()).cloned());
    let text = serde_json::to_vec_pretty(&machine)
        .map_err(|error| Error::internal(format!("bench --aa: {error}")))?;
    files::write_atomically(&file(session), &text)
}

/// The error where a machine is not fit to measure on.
pub(crate) fn unfit(qualified: &[Qualified]) -> Option<Error> {
    let unfit: BTreeMap<&str, String> = qualified
        .iter()
        .filter(|one| !one.is_fit())
        .map(|one| {
            let why = match &one.trust.findings[..] {
                [] => format!("equal programs were found to differ ({})", one.verdict.word()),
                findings => findings.join("; "),
            };
            (one.workload.as_str(), why)
        })
        .collect();
    let (workload, why) = unfit.iter().next()?;
    Some(
        Error::new(
            ExitCode::Preflight,
            format!("bench --aa: this machine is not fit to measure {workload}: {why}"),
        )
        .with_hint(
            "end what else runs, or measure on another machine; docs/measurement.md explains the rules",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qualified(verdict: Verdict, findings: &[&str]) -> Qualified {
        Qualified {
            program: "p".into(),
            workload: "judge".into(),
            metric: "cpu".into(),
            pairs: 40,
            noise: None,
            finds: Vec::new(),
            verdict,
            trust: Trust {
                findings: findings.iter().map(|&finding| finding.into()).collect(),
                ..Trust::of("judge")
            },
        }
    }

    #[test]
    fn a_machine_is_fit_where_equal_programs_are_equal_and_nothing_was_found() {
        for (verdict, findings, why) in [
            (Verdict::NoChange, &[][..], None),
            (Verdict::Inconclusive, &[], None),
            (Verdict::Improved, &[], Some("equal programs were found to differ (improved)")),
            (Verdict::Regressed, &[], Some("equal programs were found to differ (regressed)")),
            (Verdict::NoChange, &["it throttled", "it swapped"], Some("it throttled; it swapped")),
        ] {
            let found = unfit(&[qualified(Verdict::NoChange, &[]), qualified(verdict, findings)]);
            assert_eq!(found.as_ref().map(Error::code), why.map(|_| ExitCode::Preflight), "{verdict:?}");
            let message = found.map(|error| error.to_string());
            let expected =
                why.map(|why| format!("bench --aa: this machine is not fit to measure judge: {why}"));
            assert_eq!(message, expected, "{verdict:?}");
        }
        assert!(unfit(&[]).is_none());
    }
}
