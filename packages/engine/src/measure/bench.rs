//! Bench: the optimized program, or several candidates, against the baseline, interleaved in blocks.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::Path,
    time::{Duration, Instant},
};

use honing_core::{
    Error, Fingerprint, Result, Stage,
    config::{Reader, Workload},
    event::{Event, StageState},
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
        Recording, Run, Which,
        answers::{Answer, Answers},
        arms::Arms,
        conditions,
        experiment::{At, Design, measure},
        judge::Judging,
        measurements::{Candidate, Measured, Measurements},
        readings::Readings,
        verdicts::judgings,
    },
    workloads::{
        Inputs, Ran, Runner,
        tools::build_tools,
        train::{add_workload, input_digests, workloads},
    },
};

/// How often it is told how the metrics stand while they are measured.
const TOLD_EVERY: Duration = Duration::from_millis(200);

/// The most pairs for each workload.
pub(crate) fn pairs(session: &Session) -> u32 {
    session.options.pairs.unwrap_or(session.config.bench.pairs)
}

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
    for (name, value) in &subject.program.env {
        print.value(format!("env {name}"), value);
    }
    for (name, workload) in workloads(session, subject, |workload| workload.role.evaluates()) {
        let inputs = input_digests(session, workload)?;
        add_workload(&mut print, (name, workload), Reader::Measurement, &inputs)?;
    }
    for (name, path) in tools {
        if let Ok(digest) = files::digest(Path::new(path)) {
            print.content(format!("tool `{name}`"), digest);
        }
    }
    // A longer plan than pgo.toml asks for is as good, unless a number was asked for. Under a budget
    // any is: what was measured once is not paid for again.
    let measured = stored::<Measurements>(session, subject, Stage::Bench);
    if let (None, Some(old)) = (session.options.pairs, measured) {
        let most_then = old.output.looks.last().copied().unwrap_or(0);
        let mut same = print.clone();
        same.value("pairs", most_then);
        let suffices = most_then >= pairs(session) || session.options.budget.is_some();
        if suffices && same == old.fingerprint {
            return Ok(same);
        }
    }
    print.value("pairs", pairs(session));
    Ok(print)
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
    if time.is_none() {
        forget_unsettled(session, subject, &print)?;
    }
    let old = stored::<Measurements>(session, subject, Stage::Bench);
    let reasons = reasons(session, old.as_ref(), &print);
    if let (Some(manifest), true) = (old, reasons.is_empty()) {
        return Ok(Done::of(manifest, StageState::UpToDate));
    }
    started(session, subject, Stage::Bench, reasons);
    let attempt = session.begin(subject, Stage::Bench)?;
    let dir = attempt.dir();
    let mut usage = tools.cost;
    let mut output = Measurements::of(baseline, candidates, Plan::looks_up_to(pairs(session)));
    if !output.are_identical() {
        let name = OsString::from(&subject.artifact);
        let paths: Vec<&Path> = candidates.iter().map(|candidate| candidate.path).collect();
        let arms = Arms::stage(dir, &name, baseline.path(), &paths)?.with_libraries()?;
        let until = time.map(|time| start + time);
        let bench =
            Benching { session, subject, tools: &tools.paths, arms: &arms, controls: true, dir, until };
        let Some(most) = bench.affordable(&chosen, pairs(session), &mut usage)? else {
            output.out_of_budget = true;
            files::remove_dir(dir)?;
            let (elapsed_ms, cpu_ms) = (clock::millis_since(start), clock::millis(usage.cpu()));
            return Ok(Done { output, state: StageState::Skipped, elapsed_ms, cpu_ms, full: None });
        };
        if most < pairs(session) {
            print.value("pairs", most);
            output.looks = Plan::looks_up_to(most);
        }
        output.workloads = bench.all(&chosen, &output.looks, &output.names(), &mut usage)?;
        arms.remove()?;
    }
    finish(attempt, print, start, usage, None, output)
}

/// Where settings of judging have changed so that the runs of an earlier time no longer settle
/// everything, though their plan goes on, they are measured again.
fn forget_unsettled(session: &Session, subject: &Subject<'_>, print: &Fingerprint) -> Result<()> {
    let Some(old) = stored::<Measurements>(session, subject, Stage::Bench) else { return Ok(()) };
    if old.fingerprint != *print || !crate::measure::verdicts::wants_more(session, subject, &old.output)? {
        return Ok(());
    }
    let text = "bench: what was measured does not settle the verdict under the present settings, though \
                the plan of looks goes on: measuring again";
    session.sink.emit(Event::Note { text: text.into() });
    files::remove_dir(&session.dir_of(subject, Stage::Bench))
}

/// Measures workloads with staged programs.
pub(crate) struct Benching<'a> {
    pub(crate) session: &'a Session,
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) tools: &'a BTreeMap<String, String>,
    pub(crate) arms: &'a Arms,
    /// Whether the baseline is measured against its copy as well.
    pub(crate) controls: bool,
    pub(crate) dir: &'a Path,
    /// When measuring has to end, at the next look.
    pub(crate) until: Option<Instant>,
}

impl Benching<'_> {
    /// What a workload reads, before it runs.
    pub(crate) fn inputs<'a>(&'a self, name: &'a str, workload: &Workload) -> Result<Inputs<'a>> {
        Inputs::before(self.session, Stage::Bench, (name, workload))
    }

    /// One workload after the other, each until its gated metrics are settled or the plan ends.
    pub(crate) fn all(
        &self,
        chosen: &[(&str, &Workload)],
        looks: &[u32],
        candidates: &[Option<&str>],
        usage: &mut Usage,
    ) -> Result<Vec<Measured>> {
        let names: Vec<&str> = chosen.iter().map(|(name, _)| *name).collect();
        let gates = crate::measure::verdicts::gates(&self.session.config, self.subject.program, &names);
        let judgings = judgings(self.session, self.subject, looks, &gates, candidates)?;
        let (seed, controls) = (self.session.config.bench.seed, self.controls);
        let design = Design { looks: looks.to_vec(), candidates: candidates.len(), seed, controls };
        let mut measured = Vec::new();
        for (((name, workload), (_, gated)), judgings) in chosen.iter().zip(&gates).zip(&judgings) {
            let readings = Readings::new(name, workload, gated)?;
            let measuring = Measuring { bench: self, name, workload, readings };
            let recording = measuring.measure(&design, judgings, usage)?;
            measured.push(Measured { workload: (*name).to_owned(), recording });
        }
        Ok(measured)
    }
}

pub(crate) struct Measuring<'a> {
    pub(crate) bench: &'a Benching<'a>,
    pub(crate) name: &'a str,
    pub(crate) workload: &'a Workload,
    pub(crate) readings: Readings<'a>,
}

impl Measuring<'_> {
    fn measure(&self, design: &Design, judgings: &[Judging<'_>], usage: &mut Usage) -> Result<Recording> {
        let session = self.bench.session;
        let most = design.looks.last().copied().unwrap_or(0);
        let mut answers =
            self.workload.compares_output().then(|| Answers::new(self.bench.dir, design.candidates));
        let mut recording = Recording::default();
        self.progress(0, most);
        let inputs = self.bench.inputs(self.name, self.workload)?;
        // At least once, to compare the answers before anything is timed.
        for _ in 0..session.config.bench.warmup.max(1) {
            for which in self.bench.arms.compared() {
                let (metrics, ..) = self.once(which, answers.as_mut())?;
                recording.metrics = metrics;
            }
        }
        // Mostly the first run is the one that changes something.
        inputs.are_unchanged()?;
        let mut told = Instant::now();
        let recording = measure(
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
                let settled = || judgings.iter().all(|judging| judging.settled(recording));
                let done = at == At::Look && (settled() || self.is_late(recording, most));
                self.progress(recording.pairs(), most);
                // The end of a workload is told at once: the others go on meanwhile.
                if done || recording.pairs() >= most || told.elapsed() >= TOLD_EVERY {
                    told = Instant::now();
                    self.tell(judgings, recording);
                }
                Ok(done)
            },
        )?;
        inputs.are_unchanged()?;
        Ok(recording)
    }

    /// Whether the time is up, and says so. Every look's interval holds, whatever the reason to stop.
    fn is_late(&self, recording: &Recording, most: u32) -> bool {
        let pairs = recording.pairs();
        let late = self.bench.until.is_some_and(|until| until <= Instant::now()) && pairs < most;
        if late {
            let text = format!("budget: {pairs} of {most} pairs of {}: the time is up", self.name);
            self.bench.session.sink.emit(Event::Note { text });
        }
        late
    }

    fn tell(&self, judgings: &[Judging<'_>], recording: &Recording) {
        for measured in judgings.iter().flat_map(|judging| judging.interim(recording)) {
            let program = self.bench.subject.name.to_owned();
            self.bench.session.sink.emit(Event::Measured { program, interim: true, measured });
        }
    }

    fn progress(&self, done: u32, most: u32) {
        self.bench.session.sink.emit(Event::Progress {
            program: self.bench.subject.name.to_owned(),
            stage: Stage::Bench.into(),
            done: u64::from(done),
            total: Some(u64::from(most)),
            unit: "pairs".into(),
            at: self.name.to_owned(),
        });
    }

    pub(crate) fn once(
        &self,
        which: Which,
        answers: Option<&mut Answers>,
    ) -> Result<(Vec<crate::measure::MetricKind>, Run, Usage)> {
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

    fn dir(&self) -> std::path::PathBuf {
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
