//! `compare`: any two programs, measured as `bench` measures, outside of any workspace.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use honing_core::{
    Digest, Error, ExitCode, Result,
    outcome::{Measured, Open, Trust, Verdict},
};
use honing_paired::{Plan, environment::Finding};
use serde::{Deserialize, Serialize};

use crate::{
    children::{Cancel, Child, Command, Ended, Launcher, Status, Usage},
    io::{clock, files},
    measure::{
        MetricKind, Recording, Run, Which,
        answers::{Answer, Answers},
        arms::Arms,
        conditions,
        experiment::{At, Design, measure},
        host::Host,
        judge::{Judging, plan},
    },
};

/// Version of the document.
const SCHEMA: u32 = 1;

/// What stands for the workload in what is shared with `bench`.
const WORKLOAD: &str = "compare";

/// What is to be compared, and how.
#[derive(Debug, Clone)]
pub struct CompareOptions {
    /// The program to compare against.
    pub a: PathBuf,
    /// The other one; without it `a` against a byte copy of itself.
    pub b: Option<PathBuf>,
    /// Arguments of both.
    pub args: Vec<OsString>,
    /// The most pairs.
    pub pairs: u32,
    /// Confidence of the interval, as a share.
    pub confidence: f64,
    /// Changes smaller than this, in percent, count as none.
    pub margin: f64,
    /// Seed of the order of the runs.
    pub seed: u64,
    /// The metric that decides: `cpu` or `wall`.
    pub metric: String,
    /// Exit codes that count as success.
    pub exit_codes: Vec<i32>,
    /// Whether both have to print the same.
    pub same_output: bool,
}

/// One of two programs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Path, as it was given.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// BLAKE3 of its contents.
    pub digest: Digest,
}

/// A comparison: what was found, and everything that it follows from. Ratios are B over A.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompareReport {
    /// Version of the document.
    pub schema: u32,
    /// What the deciding metric says.
    pub verdict: Verdict,
    /// Why it is inconclusive, where it is.
    pub reason: Option<Open>,
    /// The same for people.
    pub note: Option<String>,
    /// Ratio B/A of the deciding metric; `None` with too few pairs.
    pub estimate: Option<f64>,
    /// Its interval: lower end, upper end.
    pub interval: Option<[f64; 2]>,
    /// The interval's confidence.
    pub confidence: f64,
    /// Pairs measured.
    pub pairs: u32,
    /// The deciding metric.
    pub metric: String,
    /// What was found about the machine.
    pub findings: Vec<Finding>,
    /// Every metric.
    pub measured: Vec<Measured>,
    /// Control and noise floor.
    pub trust: Trust,
    /// The program compared against.
    pub a: Compared,
    /// The other one.
    pub b: Compared,
    /// Whether both are the same, byte by byte.
    pub identical: bool,
    /// Arguments of both.
    pub args: Vec<String>,
    /// When measuring began, in UTC.
    pub started: String,
    /// The machine.
    pub environment: Host,
    /// Equivalence margin, in percent.
    pub margin: f64,
    /// Seed of the order.
    pub seed: u64,
    /// The looks and their levels.
    pub plan: Plan,
    /// Every run, in order.
    pub recording: Recording,
}

/// Compares two programs. `progress` hears after every block: pairs so far, the most that there can
/// be, and how the metrics stand.
///
/// # Errors
/// Usage, preflight or workload: what is wrong with a program, or that they answer differently.
pub fn compare(
    options: &CompareOptions,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u32, u32, &[Measured]),
) -> Result<CompareReport> {
    let comparing = Comparing::prepare(options, cancel)?;
    let plan = plan(&Plan::looks_up_to(options.pairs), options.confidence, 1)?;
    let design = Design {
        looks: plan.looks().iter().map(|look| look.pairs).collect(),
        seed: options.seed,
        controls: !comparing.identical,
    };
    let (started, environment) = (clock::utc_now(), Host::now());
    let gated = [options.metric.clone()];
    let judging = judging(&gated, plan.clone(), options.margin);
    let mut answers = options.same_output.then(|| Answers::new(comparing.temporary.path()));
    // Warms up, and compares the answers before anything is timed.
    for program in [Which::Baseline, Which::Optimized] {
        comparing.once(program, answers.as_mut())?;
    }
    let recording = measure(
        &design,
        Recording { metrics: metrics(), ..Recording::default() },
        // Ctrl-Z stops this process alone: the run of the moment goes on below its launcher.
        &|| 0,
        &mut |program| comparing.once(program, answers.as_mut()),
        &mut |recording, at| {
            progress(recording.pairs(), plan.max_pairs(), &judging.interim(recording));
            Ok(at == At::Look && judging.settled(recording))
        },
    )?;
    let entry = |path: &Path, digest: Digest, staged: Which| Compared {
        path: path.display().to_string(),
        bytes: files::size(comparing.arms.path(staged)),
        digest,
    };
    let (digest_a, digest_b) = comparing.digests.clone();
    let b = options.b.as_ref().unwrap_or(&options.a);
    Ok(CompareReport {
        schema: SCHEMA,
        verdict: Verdict::Inconclusive,
        reason: None,
        note: None,
        estimate: None,
        interval: None,
        confidence: options.confidence,
        pairs: recording.pairs(),
        metric: options.metric.clone(),
        findings: Vec::new(),
        measured: Vec::new(),
        trust: judging.judge(&recording).1,
        a: entry(&options.a, digest_a, Which::Baseline),
        b: entry(b, digest_b, Which::Optimized),
        identical: comparing.identical,
        args: options.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect(),
        started,
        environment,
        margin: options.margin,
        seed: options.seed,
        plan,
        recording,
    }
    .judged())
}

/// Reads a comparison that was kept as JSON, and judges it again from its runs.
///
/// # Errors
/// Usage, where it is none.
pub fn replay(path: &Path) -> Result<CompareReport> {
    let bytes = std::fs::read(path)
        .map_err(|error| Error::usage(format!("cannot read {}: {error}", path.display())))?;
    let report: CompareReport = serde_json::from_slice(&bytes).map_err(|error| {
        Error::usage(format!("{} is no comparison: {error}", path.display()))
            .with_hint("give it what `compare --output FILE` or `--format json` wrote")
    })?;
    if report.schema != SCHEMA {
        return Err(Error::usage(format!(
            "{} has schema {}, and this reads {SCHEMA}",
            path.display(),
            report.schema
        ))
        .with_hint("replay it with the version of Honing that wrote it"));
    }
    Ok(report.judged())
}

impl CompareReport {
    /// Computes everything that follows from the runs.
    fn judged(self) -> Self {
        let gated = [self.metric.clone()];
        let judging = judging(&gated, self.plan.clone(), self.margin);
        let findings = judging.findings(&self.recording);
        let (mut measured, trust) = judging.judge(&self.recording);
        measured.sort_by_key(|metric| !metric.gated);
        let deciding = measured.first();
        let ratio = deciding.and_then(|metric| metric.ratio);
        Self {
            verdict: deciding.map_or(Verdict::Inconclusive, |metric| metric.verdict),
            reason: deciding.and_then(|metric| metric.reason),
            note: deciding.and_then(|metric| metric.note.clone()),
            estimate: ratio.map(|ratio| ratio.point),
            interval: ratio.map(|ratio| [ratio.low, ratio.high]),
            pairs: self.recording.pairs(),
            findings,
            measured,
            trust,
            ..self
        }
    }
}

fn judging(gated: &[String], plan: Plan, margin: f64) -> Judging<'_> {
    let (in_sample, weight, usual) = (false, 1, None);
    Judging { workload: WORKLOAD, in_sample, weight, gated, plan, margin: margin / 100.0, usual }
}

fn metrics() -> Vec<MetricKind> {
    let time = |name| MetricKind::cost(name, "s");
    vec![time("cpu"), time("wall"), time("user"), time("system"), MetricKind::cost("peak memory", "MiB")]
}

/// Two programs, ready to run.
struct Comparing<'a> {
    options: &'a CompareOptions,
    cancel: &'a Cancel,
    arms: Arms,
    digests: (Digest, Digest),
    identical: bool,
    launcher: Launcher,
    env: BTreeMap<OsString, OsString>,
    dir: PathBuf,
    /// Holds the copies, and what the programs print.
    temporary: tempfile::TempDir,
}

impl<'a> Comparing<'a> {
    fn prepare(options: &'a CompareOptions, cancel: &'a Cancel) -> Result<Self> {
        let a = program(&options.a)?;
        let b = options.b.as_deref().map_or(Ok(a.clone()), program)?;
        let failed =
            |error: std::io::Error| Error::preflight(format!("cannot make a temporary folder: {error}"));
        let temporary = tempfile::Builder::new().prefix("honing-").tempdir().map_err(failed)?;
        let name = a.file_name().unwrap_or(OsStr::new("program"));
        let arms = Arms::stage(temporary.path(), name, &a, &b)?;
        let digests = arms.digests()?;
        let lost = |error: std::io::Error| Error::preflight(format!("cannot tell where I am: {error}"));
        let launcher = Launcher::new(std::env::current_exe().map_err(lost)?, temporary.path().to_owned());
        Ok(Self {
            options,
            cancel,
            identical: digests.0 == digests.1,
            arms,
            digests,
            launcher,
            env: std::env::vars_os().collect(),
            dir: std::env::current_dir().map_err(lost)?,
            temporary,
        })
    }

    fn once(&self, which: Which, answers: Option<&mut Answers>) -> Result<Run> {
        let (answer, usage) = self.ran(which)?;
        if let Some(answers) = answers
            && let Some(error) = answers.check(&answer, &mut || Ok(self.ran(Which::Baseline)?.0))?
        {
            return Err(differs(error));
        }
        let seconds = |time: std::time::Duration| time.as_secs_f64();
        let memory = usage.peak_rss as f64 / f64::from(1 << 20);
        let values = vec![
            seconds(usage.cpu()),
            seconds(usage.wall),
            seconds(usage.user),
            seconds(usage.system),
            memory,
        ];
        Ok(Run { program: which, values, conditions: conditions(&usage, std::time::Duration::ZERO) })
    }

    fn ran(&self, which: Which) -> Result<(Answer, Usage)> {
        self.cancel.check()?;
        let path = self.arms.path(which);
        let mut command = Command::new(path, &self.env, &self.dir);
        command.args(self.options.args.iter().cloned());
        let at = |name| self.temporary.path().join(name);
        let (stdout, stderr) = (at("stdout"), at("stderr"));
        let mut child = Child::spawn_to_files(&self.launcher, &command, &stdout, &stderr)?;
        let Ended { status, usage, .. } = child.wait(self.cancel, None)?;
        if !matches!(status, Status::Code(code) if self.options.exit_codes.contains(&code)) {
            return Err(self.failed(which, status, &stderr, &stdout));
        }
        Ok((Answer { program: which, path: path.to_owned(), status, file: stdout }, usage))
    }

    fn failed(&self, which: Which, status: Status, stderr: &Path, stdout: &Path) -> Error {
        let path = match which {
            Which::Optimized => self.options.b.as_ref().unwrap_or(&self.options.a),
            Which::Baseline | Which::Copy => &self.options.a,
        };
        let said = [stderr, stdout].map(|stream| files::tail(stream, 10));
        let said = said.into_iter().find(|said| !said.is_empty());
        let error = Error::new(ExitCode::Workload, format!("{} ended with {status}", path.display()));
        error.with_hint(match said {
            Some(said) => format!("it printed:\n{said}"),
            None => {
                "it printed nothing. It ran as a copy in a temporary folder, so it cannot find files beside \
                     itself; --exit-codes says which codes mean success"
                    .into()
            }
        })
    }
}

/// Says what to do about answers that differ.
fn differs(error: Error) -> Error {
    let hint = match error.hint() {
        Some(_) => {
            "it is the workload, and not the other program: threads that print in another order each time, \
             or a time in the output; compare without it: --ignore-output"
        }
        None => {
            "programs that answer differently cannot be compared; where the output is meant to differ, \
             --ignore-output"
        }
    };
    error.with_hint(hint)
}

/// Where a program is: a path, or a name to be looked up.
fn program(given: &Path) -> Result<PathBuf> {
    let found = if given.components().count() > 1 || given.is_file() {
        Some(given.to_owned()).filter(|path| path.is_file())
    } else {
        let env: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        crate::io::programs::on_path(given.as_os_str(), &env)
    };
    found.ok_or_else(|| {
        Error::usage(format!("there is no program {}", given.display()))
            .with_hint("--a and --b are paths of programs, or names on PATH; what follows -- goes to both")
    })
}
