//! `compare`: a program and any number of others, measured as `bench` measures, outside of any workspace.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use honing_core::{Error, ExitCode, Result, config::Bench, outcome::Measured};
use honing_paired::Plan;

use crate::{
    children::{Cancel, Child, Command, Ended, Launcher, Status, Usage},
    io::{clock, files},
    measure::{
        MetricKind, Recording, Run, Which,
        answers::{Answer, Answers},
        arms::Arms,
        compare_report::{CompareReport, Compared, Found, SCHEMA, judgings, names},
        conditions,
        experiment::{At, Design, measure},
        host::Host,
        judge::plan,
        pairs::{Limit, with_controls},
    },
};

/// The most programs beside A: their folders have names of equal length, with two digits.
const MOST: usize = 99;

/// What is to be compared, and how.
#[derive(Debug, Clone)]
pub struct CompareOptions {
    /// The program to compare against.
    pub a: PathBuf,
    /// The others; without any `a` against a byte copy of itself.
    pub b: Vec<PathBuf>,
    /// Arguments of all.
    pub args: Vec<OsString>,
    /// The most pairs; else as many as fit into the time of [`Bench`].
    pub pairs: Option<u32>,
    /// Confidence of the interval, as a share.
    pub confidence: f64,
    /// Margin in percent: an interval that lies within it means no change.
    pub margin: f64,
    /// Seed of the order of the runs.
    pub seed: u64,
    /// The metric that decides: `cpu` or `wall`.
    pub metric: String,
    /// Exit codes that count as success.
    pub exit_codes: Vec<i32>,
    /// Whether all have to print the same.
    pub same_output: bool,
}

/// How a comparison goes on.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The plan, in a sentence.
    Planned(String),
    /// After a block.
    Block {
        /// Pairs so far.
        done: u32,
        /// The most that there can be.
        most: u32,
        /// How long that can take.
        left: Duration,
        /// How the metrics stand.
        measured: &'a [Measured],
    },
}

/// Compares programs. Where it is cancelled after the first look, there is a report of what was measured
/// by then, and the error beside it.
///
/// # Errors
/// Usage, preflight or workload: what is wrong with a program, or that they answer differently.
pub fn compare(
    options: &CompareOptions,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(CompareReport, Option<Error>)> {
    let comparing = Comparing::prepare(options, cancel)?;
    let [a, others @ ..] = &comparing.programs[..] else { return Err(Error::internal("nothing to compare")) };
    let members = u32::try_from(others.len()).unwrap_or(u32::MAX);
    let controls = others.iter().any(|other| other.digest != a.digest);
    let (started, environment) = (clock::utc_now(), Host::now());
    let kept = comparing.temporary.path().join("first-answer");
    let mut answers = options.same_output.then(|| Answers::new(kept, others.len()));
    // Warms up, compares the answers before anything is timed, and shows what a pair takes.
    let begun = Instant::now();
    for program in comparing.arms.compared() {
        comparing.once(program, answers.as_mut())?;
    }
    let pair = begun.elapsed();
    let pair = if controls { with_controls(pair, others.len()) } else { pair };
    let limit = Limit::new(options.pairs, Bench::default().time.0, None);
    let most =
        limit.pairs(limit.time().unwrap_or_default(), &[pair]).and_then(|pairs| pairs.first().copied());
    let most = most.ok_or_else(|| Error::internal("nothing is planned"))?;
    progress(Progress::Planned(limit.words(&[("", most, pair)])));
    let looks = Plan::looks_up_to(most);
    let plan = plan(&looks, options.confidence, members)?;
    let design = Design { looks, candidates: others.len(), seed: options.seed, controls };
    let gated = [options.metric.clone()];
    let names = names(others);
    let judgings = judgings(&names, &gated, &plan, options.margin);
    let mut recording = Recording { metrics: metrics(), ..Recording::default() };
    let ended = measure(
        &design,
        &mut recording,
        // Ctrl-Z stops this process alone: the run of the moment goes on below its launcher.
        &|| 0,
        &mut |program| comparing.once(program, answers.as_mut()),
        &mut |recording, at| {
            let interim: Vec<Measured> =
                judgings.iter().flat_map(|judging| judging.interim(recording)).collect();
            let done = recording.pairs();
            progress(Progress::Block { done, most, left: pair * (most - done), measured: &interim });
            Ok(at == At::Look && judgings.iter().all(|judging| judging.is_enough(recording)))
        },
    );
    let ended = match ended.err() {
        Some(error) if error.code() == ExitCode::Interrupted && plan.reached(recording.pairs()).is_some() => {
            let hint = format!("{} of at most {most} pairs were measured, and are judged", recording.pairs());
            Some(error.with_hint(hint))
        }
        Some(error) => return Err(error),
        None => None,
    };
    let mut found =
        judgings.iter().zip(others).map(|(judging, other)| Found::of(judging, other, a, &recording));
    let first = found.next().ok_or_else(|| Error::internal("nothing to compare"))?;
    let others = found.collect();
    let report = CompareReport {
        schema: SCHEMA,
        first,
        others,
        confidence: options.confidence,
        pairs: recording.pairs(),
        metric: options.metric.clone(),
        a: a.clone(),
        args: options.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect(),
        started,
        environment,
        margin: options.margin,
        seed: options.seed,
        plan,
        recording,
    };
    Ok((report, ended))
}

fn metrics() -> Vec<MetricKind> {
    let time = |name| MetricKind::cost(name, "s");
    vec![time("cpu"), time("wall"), time("user"), time("system"), MetricKind::cost("peak memory", "MiB")]
}

/// The programs, ready to run.
struct Comparing<'a> {
    options: &'a CompareOptions,
    cancel: &'a Cancel,
    arms: Arms,
    /// A, then the others.
    programs: Vec<Compared>,
    launcher: Launcher,
    env: BTreeMap<OsString, OsString>,
    dir: PathBuf,
    /// Holds the copies, and what the programs print.
    temporary: tempfile::TempDir,
}

impl<'a> Comparing<'a> {
    fn prepare(options: &'a CompareOptions, cancel: &'a Cancel) -> Result<Self> {
        // Without any other, a byte copy of A stands for it.
        let others = if options.b.is_empty() { std::slice::from_ref(&options.a) } else { &options.b };
        if others.len() > MOST {
            return Err(Error::usage(format!(
                "{} programs are more than compare takes beside A",
                others.len()
            ))
            .with_hint(format!("give --b at most {MOST} times")));
        }
        let given: Vec<&PathBuf> = std::iter::once(&options.a).chain(others).collect();
        let paths = given.iter().map(|path| program(path)).collect::<Result<Vec<PathBuf>>>()?;
        let failed =
            |error: std::io::Error| Error::preflight(format!("cannot make a temporary folder: {error}"));
        let temporary = tempfile::Builder::new().prefix("honing-").tempdir().map_err(failed)?;
        let name = paths[0].file_name().unwrap_or(OsStr::new("program"));
        let candidates: Vec<&Path> = paths[1..].iter().map(PathBuf::as_path).collect();
        let arms = Arms::stage(temporary.path(), name, &paths[0], &candidates)?;
        let compared = |(path, staged): (&&PathBuf, Which)| {
            let staged = arms.path(staged);
            let (bytes, digest) = (files::size(staged), files::digest(staged)?);
            Ok(Compared { path: path.display().to_string(), bytes, digest })
        };
        let programs = given.iter().zip(arms.compared()).map(compared).collect::<Result<Vec<_>>>()?;
        let lost = |error: std::io::Error| Error::preflight(format!("cannot tell where I am: {error}"));
        let launcher = Launcher::new(std::env::current_exe().map_err(lost)?, temporary.path().to_owned());
        Ok(Self {
            options,
            cancel,
            arms,
            programs,
            launcher,
            env: std::env::vars_os().collect(),
            dir: std::env::current_dir().map_err(lost)?,
            temporary,
        })
    }

    fn once(&self, which: Which, answers: Option<&mut Answers>) -> Result<Run> {
        let (answer, usage) = self.ran(which)?;
        if let Some(answers) = answers
            && let Some(error) = answers.check(&answer, &mut || Ok(self.ran(Which::Reference)?.0))?
        {
            return Err(differs(error));
        }
        let seconds = |time: Duration| time.as_secs_f64();
        let memory = usage.peak_rss as f64 / f64::from(1 << 20);
        let values = vec![
            seconds(usage.cpu()),
            seconds(usage.wall),
            seconds(usage.user),
            seconds(usage.system),
            memory,
        ];
        Ok(Run { program: which, values, conditions: conditions(&usage, Duration::ZERO) })
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
            Which::Candidate(index) => &self.programs[index + 1].path,
            Which::Reference | Which::Copy => &self.programs[0].path,
        };
        let said = [stderr, stdout].map(|stream| files::tail(stream, 10));
        let said = said.into_iter().find(|said| !said.is_empty());
        let error = Error::new(ExitCode::Workload, format!("{path} ended with {status}"));
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
        Error::usage(format!("there is no program {}", given.display())).with_hint(
            "--a and --b are paths of programs, or names on PATH; what follows -- goes to all of them",
        )
    })
}
