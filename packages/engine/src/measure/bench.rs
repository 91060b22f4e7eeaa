//! Bench: the optimized program, or several candidates, against the baseline, interleaved in blocks.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::Path,
    time::{Duration, Instant},
};

use honing_core::{
    Fingerprint, Result, Stage,
    config::{Reader, Workload},
    event::StageState,
};
use honing_paired::Plan;

use crate::{
    chain::{
        built::Built,
        session::Session,
        step::{Done, finish, reasons, started, stored},
        subject::Subject,
    },
    children::Usage,
    io::{clock, files},
    measure::{
        arms::Arms,
        measurements::{Candidate, Measured, Measurements},
        measuring::Benching,
        pairs::{Limit, asked},
        unfinished::Unfinished,
        verdicts::{gates, wants_more},
    },
    workloads::{
        tools::{add_tools, build_tools},
        train::{add_workload, input_digests, workloads},
    },
};

/// What the measurement reads. How it is judged is not part of it.
pub(crate) fn bench_fingerprint(
    session: &Session,
    subject: &Subject<'_>,
    baseline: &Built,
    candidates: &[Candidate<'_>],
    tools: &BTreeMap<String, String>,
) -> Result<Fingerprint> {
    let mut print = Fingerprint::new();
    print
        .content("baseline program", baseline.digest().clone())
        .value("warmup", session.config.bench.warmup)
        .value("order's seed", session.config.bench.seed);
    for (index, candidate) in candidates.iter().enumerate() {
        let name = if index == 0 { "optimized program" } else { candidate.name };
        print.content(name, candidate.digest.clone());
    }
    add_runs(session, subject, &mut print)?;
    add_tools(&mut print, subject, tools);
    with_pairs(session, subject, &mut print);
    Ok(print)
}

/// Adds what a run of any program in the eval workloads reads.
pub(crate) fn add_runs(session: &Session, subject: &Subject<'_>, print: &mut Fingerprint) -> Result<()> {
    for (name, value) in &subject.program.env {
        print.value(format!("env {name}"), value);
    }
    for (name, workload) in workloads(session, subject, |workload| workload.role.evaluates()) {
        let inputs = input_digests(session, workload)?;
        add_workload(print, (name, workload), Reader::Measurement, &inputs)?;
    }
    Ok(())
}

/// Adds the number of pairs that is asked for, if any. A longer plan than pgo.toml asks for is as good,
/// unless a number was asked for. Under a budget any is: what was measured once is not paid for again.
fn with_pairs(session: &Session, subject: &Subject<'_>, print: &mut Fingerprint) {
    let measured = stored::<Measurements>(session, subject, Stage::Bench);
    if let (None, Some(old)) = (session.options.pairs, measured) {
        let planned = old.output.planned();
        let wanted = asked(session).unwrap_or_else(|| Plan::USUAL.into_iter().max().unwrap_or(0));
        let mut same = print.clone();
        same.value("pairs", planned);
        let suffices = planned >= wanted || session.options.budget.is_some();
        if suffices && same == old.fingerprint {
            *print = same;
        }
        if suffices && *print == old.fingerprint {
            return;
        }
    }
    if let Some(pairs) = asked(session) {
        print.value("pairs", pairs);
    }
}

/// Measures the candidates against the baseline in every eval workload, unless PGO had no effect on any
/// binary; for at most `time`, where that is limited.
pub(crate) fn bench(
    session: &Session,
    subject: &Subject<'_>,
    baseline: &Built,
    candidates: &[Candidate<'_>],
    time: Option<Duration>,
) -> Result<Done<Measurements>> {
    let chosen = workloads(session, subject, |workload| workload.role.evaluates());
    let start = Instant::now();
    let tools = build_tools(session, subject, Stage::Bench, &chosen)?;
    let mut print = bench_fingerprint(session, subject, baseline, candidates, &tools.paths)?;
    let old = stored::<Measurements>(session, subject, Stage::Bench);
    let mut reasons = reasons(session, old.as_ref(), &print);
    let mut begun = Unfinished::load(session, subject, &print);
    if let (Some(manifest), true) = (old, reasons.is_empty()) {
        if time.is_some() || !wants_more(session, subject, &manifest.output)? {
            return Ok(Done::of(manifest, StageState::UpToDate));
        }
        // Settings of judging have changed, and the plan goes on.
        reasons.push("what was measured no longer settles the verdict".into());
        begun = Some(manifest.output);
    }
    started(session, subject, Stage::Bench, reasons);
    let attempt = session.begin(subject, Stage::Bench)?;
    let dir = attempt.dir();
    let mut usage = tools.cost;
    let mut output = Measurements::of(baseline, candidates);
    if !output.are_identical() {
        let name = OsString::from(&subject.artifact);
        let paths: Vec<&Path> = candidates.iter().map(|candidate| candidate.path).collect();
        let arms = Arms::stage(dir, &name, baseline.path(), &paths)?.with_libraries()?;
        let limit = Limit::of(session, time);
        let until = limit.time().map(|time| start + time);
        let names = chosen.iter().map(|(name, _)| *name);
        let (tools, gates) = (&tools.paths, gates(&session.config, subject.program, names));
        let bench =
            Benching { session, subject, tools, arms: &arms, gates: &gates, controls: true, dir, until };
        let Some(workloads) = bench.workloads(&chosen, limit, begun, &output, &print, &mut usage)? else {
            output.out_of_budget = true;
            files::remove_dir(dir)?;
            let (elapsed_ms, cpu_ms) = (clock::millis_since(start), clock::millis(usage.cpu()));
            return Ok(Done { output, state: StageState::Skipped, elapsed_ms, cpu_ms, full: None });
        };
        output = output.with(workloads);
        if matches!(limit, Limit::Budget(..)) {
            // A later run without a budget measures all that is asked for.
            print.value("pairs", output.planned());
        }
        arms.remove()?;
    }
    let done = finish(attempt, print, start, usage, None, output)?;
    Unfinished::forget(session, subject)?;
    Ok(done)
}

impl Benching<'_> {
    /// Measures every workload, or goes on with what was begun; `None` where the budget leaves no time.
    fn workloads(
        &self,
        chosen: &[(&str, &Workload)],
        limit: Limit,
        begun: Option<Measurements>,
        output: &Measurements,
        print: &Fingerprint,
        usage: &mut Usage,
    ) -> Result<Option<Vec<Measured>>> {
        let (session, subject) = (self.session, self.subject);
        let Some(mut tried) = self.try_all(chosen, usage)? else { return Ok(None) };
        let workloads = match begun {
            Some(begun) => Some(self.going_on(begun)),
            None => self.plan(limit, &mut tried, usage)?,
        };
        let Some(mut workloads) = workloads else { return Ok(None) };
        let keep = |workloads: Vec<Measured>| {
            Unfinished::keep(session, subject, print, &output.clone().with(workloads))
        };
        self.all(&mut tried, &output.names(), &mut workloads, usage, &keep)?;
        Ok(Some(workloads))
    }
}
