//! Bench: the optimized program against the baseline, interleaved in pairs.

use std::{collections::BTreeMap, path::Path, time::Instant};

use honing_core::{
    Digest, Error, ExitCode, Fingerprint, Result, Stage,
    config::{Direction, Kind, Workload},
    event::Event,
};
use honing_paired::{Arm, Pair, Schedule};
use serde::{Deserialize, Serialize};

use super::{
    Baseline, Optimized, Product, Step, build_tools,
    step::{stored, up_to_date_or},
    train::{add_workload, workloads},
};
use crate::{
    Session, files,
    process::Usage,
    session::Subject,
    workload::{Ran, Runner},
};

/// Every pair of every metric of every eval workload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measurements {
    /// The digests of the two programs: baseline, optimized.
    programs: (Digest, Digest),
    /// A series for each metric of each workload.
    pub series: Vec<Series>,
}

/// The pairs of one metric of one workload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Series {
    /// The workload.
    pub workload: String,
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Which way is better.
    pub better: Direction,
    /// Whether it decides.
    pub gated: bool,
    /// In the order in which they were measured.
    pub pairs: Vec<Pair>,
}

impl Product for Measurements {
    fn files(&self) -> Vec<&str> {
        Vec::new()
    }
}

impl Measurements {
    /// What an earlier run left.
    pub(crate) fn load(session: &Session, subject: &Subject<'_>) -> Option<Step<Self>> {
        let manifest = stored(session, subject, Stage::Bench)?;
        Some(Step::of(manifest, honing_core::event::StageState::Skipped))
    }

    /// Whether these programs were measured, and not earlier ones.
    pub(crate) fn are_of(&self, baseline: &Baseline, optimized: &Optimized) -> bool {
        (&self.programs.0, &self.programs.1) == (baseline.digest(), optimized.digest())
    }
}

/// Characters of an output that an error shows.
const SHOWN_OUTPUT: usize = 300;

/// The two programs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BenchInputs<'a> {
    pub(crate) baseline: &'a Baseline,
    pub(crate) optimized: &'a Optimized,
}

/// Pairs to measure for each workload.
pub(super) fn pairs(session: &Session) -> u32 {
    session.options.pairs.unwrap_or(session.config.bench.pairs)
}

/// What the measurement reads. How it is judged is not part of it.
pub(crate) fn bench_fingerprint(
    session: &Session,
    subject: &Subject<'_>,
    (baseline, optimized): (&Digest, &Digest),
    tools: &BTreeMap<String, String>,
) -> Result<Fingerprint> {
    let mut print = Fingerprint::new();
    print
        .content("baseline program", baseline.clone())
        .content("optimized program", optimized.clone())
        .value("warmup", session.config.bench.warmup)
        .value("order's seed", session.config.bench.seed);
    for (name, value) in &subject.program.env {
        print.value(format!("env {name}"), value);
    }
    for (name, workload) in workloads(session, subject, |workload| workload.role.evaluates()) {
        add_workload(session, &mut print, name, workload, &["role", "weight", "timeout", "retries"])?;
    }
    for (name, path) in tools {
        if let Ok(digest) = files::digest(Path::new(path)) {
            print.content(format!("tool `{name}`"), digest);
        }
    }
    // More pairs than pgo.toml asks for are as good, unless a number was asked for.
    let measured = stored::<Measurements>(session, subject, Stage::Bench);
    if let (None, Some(old)) = (session.options.pairs, measured) {
        let pairs_then = old.output.series.first().map_or(0, |series| series.pairs.len());
        let mut same = print.clone();
        same.value("pairs", pairs_then);
        if pairs_then >= pairs(session) as usize && same == old.fingerprint {
            return Ok(same);
        }
    }
    print.value("pairs", pairs(session));
    Ok(print)
}

/// Measures every eval workload.
pub(crate) fn bench(
    session: &Session,
    subject: &Subject<'_>,
    inputs: BenchInputs<'_>,
) -> Result<Step<Measurements>> {
    let chosen = workloads(session, subject, |workload| workload.role.evaluates());
    let start = Instant::now();
    let tools = build_tools(session, subject, Stage::Bench, &chosen)?;
    let digests = (inputs.baseline.digest(), inputs.optimized.digest());
    let print = bench_fingerprint(session, subject, digests, &tools.paths)?;
    up_to_date_or(session, subject, Stage::Bench, print, start, |dir| {
        let mut series = Vec::new();
        let mut usage = tools.cost;
        for (name, workload) in &chosen {
            let measuring = Measuring { session, subject, inputs, tools: &tools.paths, name, workload, dir };
            series.extend(measuring.all_pairs(&mut usage)?);
        }
        let programs = (digests.0.clone(), digests.1.clone());
        Ok((Measurements { programs, series }, usage))
    })
}

struct Measuring<'a> {
    session: &'a Session,
    subject: &'a Subject<'a>,
    inputs: BenchInputs<'a>,
    tools: &'a BTreeMap<String, String>,
    name: &'a str,
    workload: &'a Workload,
    dir: &'a Path,
}

/// A metric of one run.
struct Reading {
    metric: String,
    unit: String,
    better: Direction,
    gated: bool,
    value: f64,
}

impl Measuring<'_> {
    fn all_pairs(&self, usage: &mut Usage) -> Result<Vec<Series>> {
        let pairs = pairs(self.session);
        let schedule = Schedule::new(pairs, self.session.config.bench.seed)
            .map_err(|error| Error::usage(format!("--pairs: {error}")))?;
        for _ in 0..self.session.config.bench.warmup {
            self.once(Arm::Baseline)?;
            self.once(Arm::Optimized)?;
        }
        let mut series: Vec<Series> = Vec::new();
        let mut waiting: Option<(Arm, Vec<Reading>)> = None;
        for run in schedule.runs() {
            self.session.cancel.check()?;
            if waiting.is_none() {
                self.progress(u64::from(run.pair), pairs);
            }
            let (readings, used) = self.once(run.arm)?;
            usage.user += used.user;
            usage.system += used.system;
            match waiting.take() {
                None => waiting = Some((run.arm, readings)),
                Some((first, before)) => join(&mut series, self.name, first, &before, &readings),
            }
        }
        self.progress(u64::from(pairs), pairs);
        Ok(series)
    }

    fn progress(&self, done: u64, pairs: u32) {
        self.session.sink.emit(Event::Progress {
            program: self.subject.name.to_owned(),
            stage: Stage::Bench,
            done,
            total: Some(u64::from(pairs)),
            unit: "pairs".into(),
            at: self.name.to_owned(),
        });
    }

    fn once(&self, arm: Arm) -> Result<(Vec<Reading>, Usage)> {
        let program = match arm {
            Arm::Baseline => self.inputs.baseline.path(),
            Arm::Optimized => self.inputs.optimized.path(),
        };
        let runner = Runner {
            session: self.session,
            subject: self.subject,
            stage: Stage::Bench,
            program,
            tools: self.tools,
            cargo: None,
            raw_pattern: None,
        };
        let dir = self.dir.join("run");
        let ran = runner.run(self.name, self.workload, &dir)?;
        let readings = self.readings(&ran)?;
        files::remove_dir(&dir)?;
        Ok((readings, ran.usage))
    }

    fn readings(&self, ran: &Ran) -> Result<Vec<Reading>> {
        let wants_output = self.workload.work.is_some() || !self.workload.metric.is_empty();
        let output = if wants_output { self.output(ran)? } else { serde_json::Value::Null };
        let reading = |metric: &str, unit: &str, gated: bool, value: f64| Reading {
            metric: metric.into(),
            unit: unit.into(),
            better: Direction::Lower,
            gated,
            value,
        };
        let cpu = ran.usage.cpu().as_secs_f64();
        let mut readings = match &self.workload.work {
            Some(pointer) => {
                let work = self.number(&output, pointer)?;
                if work <= 0.0 {
                    return Err(self
                        .failed(&format!("its output says that no work was done: {work} at {pointer}"))
                        .with_hint("point `work` at a number above zero that counts what was done"));
                }
                vec![reading("cpu", "µs/op", true, cpu * 1e6 / work)]
            }
            None => vec![reading("cpu", "s", true, cpu)],
        };
        // A service's wall time is that of its load.
        if !matches!(self.workload.kind(), Some(Kind::Service(_))) {
            readings.push(reading("wall", "s", false, ran.usage.wall.as_secs_f64()));
        }
        readings.push(reading("peak memory", "MiB", false, ran.usage.peak_rss as f64 / f64::from(1 << 20)));
        for (name, metric) in &self.workload.metric {
            readings.push(Reading {
                metric: name.clone(),
                unit: metric.unit.clone(),
                better: metric.better,
                gated: false,
                value: self.number(&output, &metric.pointer)?,
            });
        }
        Ok(readings)
    }

    fn output(&self, ran: &Ran) -> Result<serde_json::Value> {
        serde_json::from_slice(&files::read(&ran.stdout)?).map_err(|error| {
            self.failed(&format!("its output is not JSON ({error}), and `work` or a metric reads it"))
        })
    }

    fn number(&self, output: &serde_json::Value, pointer: &str) -> Result<f64> {
        let number = output.pointer(pointer).and_then(serde_json::Value::as_f64);
        number.ok_or_else(|| {
            let text: String = output.to_string().chars().take(SHOWN_OUTPUT).collect();
            self.failed(&format!("its output has no number at {pointer}"))
                .with_hint(format!("mend the pointer in pgo.toml; the output begins with {text}"))
        })
    }

    fn failed(&self, what: &str) -> Error {
        Error::new(ExitCode::Workload, format!("bench: workload `{}`: {what}", self.name)).with_hint(
            "its command, or the service's load, has to print one JSON document on standard output",
        )
    }
}

/// Makes a pair of each metric of two runs.
fn join(series: &mut Vec<Series>, workload: &str, first: Arm, before: &[Reading], after: &[Reading]) {
    if series.is_empty() {
        series.extend(before.iter().map(|reading| Series {
            workload: workload.to_owned(),
            metric: reading.metric.clone(),
            unit: reading.unit.clone(),
            better: reading.better,
            gated: reading.gated,
            pairs: Vec::new(),
        }));
    }
    for ((series, before), after) in series.iter_mut().zip(before).zip(after) {
        let (baseline, optimized) = match first {
            Arm::Baseline => (before.value, after.value),
            Arm::Optimized => (after.value, before.value),
        };
        series.pairs.push(Pair { first, baseline, optimized });
    }
}
