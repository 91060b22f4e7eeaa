//! The runs of a program's workloads: tried once, then planned, then measured in pairs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use honing_core::{Error, Result, Stage, config::Workload, event::Event, units};
use honing_paired::Plan;

use crate::{
    chain::{session::Session, subject::Subject},
    children::Usage,
    io::{clock, files},
    measure::{
        MetricKind, Recording, Run, Which,
        answers::{Answer, Answers},
        arms::Arms,
        conditions,
        experiment::{At, Design, measure},
        judge::Judging,
        measurements::{Measured, Measurements, there},
        pairs::{Limit, Pace, with_controls},
        readings::Readings,
        verdicts::judgings,
    },
    workloads::{Inputs, Ran, Runner},
};

/// How often it is told how the metrics stand while they are measured.
const TOLD_EVERY: Duration = Duration::from_millis(200);
/// How often it is kept what was measured.
const KEPT_EVERY: Duration = Duration::from_secs(5);

/// Measures workloads with staged programs.
pub(crate) struct Benching<'a> {
    pub(crate) session: &'a Session,
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) tools: &'a BTreeMap<String, String>,
    pub(crate) arms: &'a Arms,
    /// Each eval workload with the metrics that decide.
    pub(crate) gates: &'a [(String, Vec<String>)],
    /// Whether the baseline is measured against its copy as well.
    pub(crate) controls: bool,
    pub(crate) dir: &'a Path,
    /// When measuring has to end, at the next look.
    pub(crate) until: Option<Instant>,
}

/// Keeps what was measured of all workloads, should measuring be ended.
pub(crate) type Keep<'a> = &'a dyn Fn(Vec<Measured>) -> Result<()>;

impl Benching<'_> {
    /// The first run of each program in every workload, which is not measured: answers are compared
    /// before anything is timed, and it shows what a pair takes. `None` where the time is up before.
    pub(crate) fn try_all<'a>(
        &'a self,
        chosen: &[(&'a str, &'a Workload)],
        usage: &mut Usage,
    ) -> Result<Option<Vec<Measuring<'a>>>> {
        let mut tried = Vec::new();
        for ((name, workload), (_, gated)) in chosen.iter().zip(self.gates) {
            if self.is_late() {
                self.warn_of_no_time("there is no time left");
                return Ok(None);
            }
            tried.push(Measuring::begin(self, name, workload, gated, usage)?);
        }
        Ok(Some(tried))
    }

    /// The plan of every workload, which is told; `None` where there is no time for one.
    pub(crate) fn plan(
        &self,
        limit: Limit,
        tried: &mut [Measuring<'_>],
        usage: &mut Usage,
    ) -> Result<Option<Vec<Measured>>> {
        let fits = |tried: &[Measuring<'_>]| {
            let each: Vec<Duration> = tried.iter().map(|workload| workload.pair).collect();
            limit.pairs(self.left(), &each)
        };
        let first = fits(tried);
        for (at, one) in tried.iter_mut().enumerate() {
            let pairs = first.as_ref().and_then(|pairs| pairs.get(at)).copied().unwrap_or_default();
            // What makes the plan shorter is looked at twice: nothing was in memory the first time.
            if pairs < limit.most() && one.pair < self.left() {
                one.run_again(usage)?;
            }
        }
        let Some(pairs) = fits(tried) else {
            let pair = units::elapsed(tried.iter().map(|workload| workload.pair).sum());
            let left = units::elapsed(self.left());
            self.warn_of_no_time(&format!("{left} are left to measure, and a pair takes {pair}"));
            return Ok(None);
        };
        let planned = tried.iter().zip(&pairs).map(|(one, pairs)| (one.name, *pairs, one.pair));
        let planned: Vec<_> = planned.collect();
        if !planned.is_empty() {
            self.note(limit.words(&planned));
        }
        let measured = tried.iter().zip(pairs).map(|(one, pairs)| Measured {
            workload: one.name.to_owned(),
            looks: Plan::looks_up_to(pairs),
            recording: Recording::default(),
        });
        Ok(Some(measured.collect()))
    }

    /// The time that is left.
    fn left(&self) -> Duration {
        self.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    /// What an earlier run began, which is told.
    pub(crate) fn going_on(&self, begun: Measurements) -> Vec<Measured> {
        let of = |measured: &Measured| Measured { looks: begun.looks(measured).to_vec(), ..measured.clone() };
        let workloads: Vec<Measured> = begun.workloads.iter().map(of).collect();
        let there = there(&workloads).unwrap_or_default();
        self.note(format!("measuring goes on: {there}"));
        workloads
    }

    /// One workload after the other, each until its metrics are known well enough or its plan ends.
    pub(crate) fn all(
        &self,
        tried: &mut [Measuring<'_>],
        candidates: &[Option<&str>],
        workloads: &mut [Measured],
        usage: &mut Usage,
        keep: Keep<'_>,
    ) -> Result<()> {
        let looks: Vec<Vec<u32>> = workloads.iter().map(|measured| measured.looks.clone()).collect();
        let judgings = judgings(self.session, self.subject, &looks, self.gates, candidates)?;
        for (index, (one, judgings)) in tried.iter_mut().zip(&judgings).enumerate() {
            let design = Design {
                looks: looks[index].clone(),
                candidates: candidates.len(),
                seed: self.session.config.bench.seed,
                controls: self.controls,
            };
            let (before, rest) = workloads.split_at_mut(index);
            let Some((measured, after)) = rest.split_first_mut() else { break };
            let all = |recording: &Recording| {
                let now = Measured { recording: recording.clone(), ..measured.clone() };
                before.iter().chain([&now]).chain(after.iter()).cloned().collect::<Vec<_>>()
            };
            let mut recording = measured.recording.clone();
            let result = one.measure(&design, judgings, &mut recording, usage, &|now| keep(all(now)));
            if result.is_err() {
                let now = all(&recording);
                if let Some(there) = there(&now) {
                    keep(now)?;
                    self.note(format!("{there}, and are kept: the same command goes on"));
                }
            }
            result?;
            measured.recording = recording;
        }
        Ok(())
    }

    /// Whether the time is up. Every look's interval holds, whatever the reason to stop.
    fn is_late(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    fn note(&self, text: String) {
        self.session.sink.emit(Event::Note { text });
    }

    fn warn_of_no_time(&self, why: &str) {
        let budget = self.session.options.budget.map(units::elapsed).unwrap_or_default();
        let name = self.subject.name;
        let text = format!(
            "{name}: not measured (out of budget): of {budget}, {why}; the profile counts as built, not as judged"
        );
        self.session.sink.emit(Event::Warning { text });
    }
}

/// A workload that was run once.
pub(crate) struct Measuring<'a> {
    bench: &'a Benching<'a>,
    name: &'a str,
    workload: &'a Workload,
    readings: Readings<'a>,
    inputs: Inputs<'a>,
    answers: Option<Answers>,
    metrics: Vec<MetricKind>,
    /// What a pair takes, with its share of a control.
    pair: Duration,
}

impl<'a> Measuring<'a> {
    fn begin(
        bench: &'a Benching<'a>,
        name: &'a str,
        workload: &'a Workload,
        gated: &'a [String],
        usage: &mut Usage,
    ) -> Result<Self> {
        let candidates = bench.arms.compared().count() - 1;
        let kept = bench.dir.join(format!("answer-{name}"));
        let mut begun = Self {
            bench,
            name,
            workload,
            readings: Readings::new(name, workload, gated)?,
            inputs: Inputs::before(bench.session, Stage::Bench, (name, workload))?,
            answers: workload.compares_output().then(|| Answers::new(kept, candidates)),
            metrics: Vec::new(),
            pair: Duration::ZERO,
        };
        begun.pair = begun.timed(usage)?;
        Ok(begun)
    }

    /// What a pair takes, by running every program once.
    fn timed(&mut self, usage: &mut Usage) -> Result<Duration> {
        let start = Instant::now();
        self.warm_up(usage)?;
        let (pair, bench) = (start.elapsed(), self.bench);
        let candidates = bench.arms.compared().count() - 1;
        Ok(if bench.controls { with_controls(pair, candidates) } else { pair })
    }

    /// Runs every program once more: a pair takes what the faster one took.
    fn run_again(&mut self, usage: &mut Usage) -> Result<()> {
        self.pair = self.pair.min(self.timed(usage)?);
        Ok(())
    }

    /// Runs every program once.
    fn warm_up(&mut self, usage: &mut Usage) -> Result<()> {
        let mut answers = self.answers.take();
        for which in self.bench.arms.compared() {
            let (metrics, _, used) = self.once(which, answers.as_mut())?;
            self.metrics = metrics;
            usage.user += used.user;
            usage.system += used.system;
        }
        self.answers = answers;
        // Mostly the first run is the one that changes something.
        self.inputs.are_unchanged()
    }

    fn measure(
        &mut self,
        design: &Design,
        judgings: &[Judging<'_>],
        recording: &mut Recording,
        usage: &mut Usage,
        keep: &dyn Fn(&Recording) -> Result<()>,
    ) -> Result<()> {
        let session = self.bench.session;
        let most = design.looks.last().copied().unwrap_or(0);
        let is_known = || judgings.iter().all(|judging| judging.is_enough(recording));
        if recording.pairs() == most || (design.looks.contains(&recording.pairs()) && is_known()) {
            return Ok(());
        }
        for _ in 1..session.config.bench.warmup {
            self.warm_up(usage)?;
        }
        recording.metrics.clone_from(&self.metrics);
        let mut pace = Pace::new(recording.pairs(), self.pair);
        self.progress(recording.pairs(), most, &pace);
        let mut answers = self.answers.take();
        let (mut told, mut kept) = (Instant::now(), Instant::now());
        measure(
            design,
            recording,
            &|| session.suspend().resumed(),
            &mut |which| {
                let (_, run, used) = self.once(which, answers.as_mut())?;
                usage.user += used.user;
                usage.system += used.system;
                Ok(run)
            },
            &mut |recording, at| {
                let known = || judgings.iter().all(|judging| judging.is_enough(recording));
                let done = at == At::Look && (known() || self.ends_early(recording, most));
                if let Some(slower) = pace.is_now(recording.pairs(), most).filter(|_| !done) {
                    self.bench.note(format!("{}: {slower}", self.name));
                }
                self.progress(recording.pairs(), most, &pace);
                if !done && kept.elapsed() >= KEPT_EVERY {
                    kept = Instant::now();
                    keep(recording)?;
                }
                // The end of a workload is told at once: the others go on meanwhile.
                if done || recording.pairs() >= most || told.elapsed() >= TOLD_EVERY {
                    told = Instant::now();
                    self.tell(judgings, recording);
                }
                Ok(done)
            },
        )?;
        self.inputs.are_unchanged()
    }

    /// Whether the time is up before the plan has ended, which is told.
    fn ends_early(&self, recording: &Recording, most: u32) -> bool {
        let pairs = recording.pairs();
        let late = self.bench.is_late() && pairs < most;
        if late {
            self.bench.note(format!("{pairs} of {most} pairs of {}: the time is up", self.name));
        }
        late
    }

    fn tell(&self, judgings: &[Judging<'_>], recording: &Recording) {
        for measured in judgings.iter().flat_map(|judging| judging.interim(recording)) {
            let program = self.bench.subject.name.to_owned();
            self.bench.session.sink.emit(Event::Measured { program, interim: true, measured });
        }
    }

    fn progress(&self, done: u32, most: u32, pace: &Pace) {
        let left = pace.pair * most.saturating_sub(done);
        self.bench.session.sink.emit(Event::Progress {
            program: self.bench.subject.name.to_owned(),
            stage: Stage::Bench.into(),
            done: u64::from(done),
            total: Some(u64::from(most)),
            unit: "pairs".into(),
            at: self.name.to_owned(),
            left_ms: Some(clock::millis(left)),
        });
    }

    fn once(&self, which: Which, answers: Option<&mut Answers>) -> Result<(Vec<MetricKind>, Run, Usage)> {
        let ran = self.ran(which)?;
        let (metrics, values) = self.readings.of(&ran)?.into_iter().unzip();
        if let Some(answers) = answers {
            let again = &mut || Ok(self.answer(Which::Reference, &self.ran(Which::Reference)?));
            if let Some(error) = answers.check(&self.answer(which, &ran), again)? {
                return Err(self.differs(&error));
            }
        }
        files::remove_dir(&self.dir())?;
        let mut conditions = conditions(&ran.usage, ran.others);
        // Of a script, the program is one of the children.
        conditions.cpu_time = conditions.cpu_time.filter(|_| self.workload.starts_program());
        Ok((metrics, Run { program: which, values, conditions }, ran.usage))
    }

    fn dir(&self) -> PathBuf {
        self.bench.dir.join("run")
    }

    fn ran(&self, which: Which) -> Result<Ran> {
        let Benching { session, subject, tools, arms, .. } = self.bench;
        session.cancel.check()?;
        let runner = Runner {
            session,
            subject,
            stage: Stage::Bench,
            program: arms.path(which),
            tools,
            harness: None,
            collects: None,
            gathers: None,
        };
        runner.run(self.name, self.workload, &self.dir())
    }

    fn answer(&self, program: Which, ran: &Ran) -> Answer {
        let path = self.bench.arms.path(program).to_owned();
        Answer { program, path, status: ran.status, file: ran.answer.clone() }
    }

    fn differs(&self, error: &Error) -> Error {
        let hint = error.hint().unwrap_or(
            "programs that answer differently cannot be compared; where the output differs by design, say \
             with `answer` what of it is compared, or set compare_output = false for the workload",
        );
        Error::new(error.code(), format!("bench: workload `{}`: {error}", self.name)).with_hint(hint)
    }
}
