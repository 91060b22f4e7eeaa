//! What a run would do with the steps of one program, by comparing what each would read with what it read.

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    builders::Flavour,
    chain::{
        built::{Built, trained_flavour},
        merge::{Merged, MergedProfile, given, import_fingerprint, merge_command, merge_fingerprint, spent},
        optimized::{Optimized, profile_path},
        others::Profiles,
        preflight::preflight_fingerprint,
        ready::Ready,
        rebase::rebased_before,
        session::{ProfileSource, Session},
        step::{Product, reasons, stored},
        subject::{Need, Subject},
        turns::is_done_here,
    },
    keep::{
        handed,
        record::{Findings, Recorded, record_fingerprint},
        store::Manifest,
    },
    measure::{
        bench::bench_fingerprint,
        measurements::{Candidate, Measurements, candidates, names},
        unfinished::Unfinished,
        verdicts::{growths, judge, wants_more},
    },
    workloads::{
        Runner,
        tools::known_tools,
        train::{RawProfiles, train_fingerprint, training, workloads},
    },
};
use honing_core::{
    Digest, Fingerprint, Flow, Planned, PlannedState, Result, Stage, Step, Training, config::Kind,
    outcome::Choice, recorded::Source,
};

/// Adds the steps of a turn to what is `planned`.
pub(crate) fn of(
    session: &Session,
    subject: &Subject<'_>,
    (selected, turn): (&[Step], &[Step]),
    planned: Vec<Planned>,
) -> Result<Vec<Planned>> {
    let subject = &session.with_needs(subject, Profiles::Named)?;
    let flow = subject.flow();
    let mut planner = Planner { session, subject, selected, turn, flow, planned, traces: true };
    planner.all()?;
    Ok(planner.planned)
}

struct Planner<'a> {
    session: &'a Session,
    /// The program, or the pass whose turn it is.
    subject: &'a Subject<'a>,
    selected: &'a [Step],
    /// The steps that are spoken of; of the others it is told in other turns.
    turn: &'a [Step],
    flow: Flow,
    /// What would become of all before.
    planned: Vec<Planned>,
    /// Whether the compiler lists its functions, as preflight saw.
    traces: bool,
}

impl Planner<'_> {
    fn all(&mut self) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        let ready = self.preflight()?;
        let baseline = Built::load(session, subject, Stage::Baseline).map(|done| done.output);
        self.build(Stage::Baseline, baseline.is_some(), None)?;
        if subject.is_plain() {
            return Ok(());
        }
        let (profile, optimized) = self.trained(ready, baseline.as_ref())?;
        let mut programs: Vec<Optimized> = optimized.into_iter().collect();
        for pass in subject.passes() {
            let before = programs.last().map(Optimized::built);
            let pass = pass.working_on(before.as_ref().map(Built::input));
            programs.extend(self.turn(&pass, before.as_ref())?);
        }
        let names = names(&self.flow);
        let candidates = candidates(&names, &programs);
        self.bench(baseline.as_ref(), &candidates)?;
        let of_these = |measurements: &Measurements| {
            baseline.as_ref().is_some_and(|baseline| measurements.are_of(baseline, &candidates))
        };
        let measurements = Measurements::load(session, subject).map(|done| done.output).filter(of_these);
        self.record(profile, baseline.as_ref(), &programs, measurements.as_ref())
    }

    /// The turn of a pass; what it made the last time.
    fn turn(&mut self, pass: &Subject<'_>, before: Option<&Built>) -> Result<Option<Optimized>> {
        let mut turn = Planner {
            session: self.session,
            subject: pass,
            selected: self.selected,
            turn: self.turn,
            flow: self.flow.clone(),
            planned: std::mem::take(&mut self.planned),
            traces: true,
        };
        let ready = turn.preflight()?;
        let (_, optimized) = turn.trained(ready, before)?;
        self.planned = turn.planned;
        // What it made of another program is none of this one's.
        let input = before.map(Built::digest);
        Ok(optimized.filter(|optimized| optimized.input() == input))
    }

    fn preflight(&mut self) -> Result<Option<Ready>> {
        let (session, subject) = (self.session, self.subject);
        let print = preflight_fingerprint(session, subject)?;
        let ready = stored::<Ready>(session, subject, Stage::Preflight);
        let reasons = reasons(session, ready.as_ref(), &print);
        self.traces = ready.as_ref().is_none_or(|ready| ready.output.traces);
        self.push(Stage::Preflight, reasons, Vec::new());
        Ok(ready.map(|ready| ready.output))
    }

    /// From the training to the program that was made better by it; what there is of both.
    fn trained(
        &mut self,
        ready: Option<Ready>,
        before: Option<&Built>,
    ) -> Result<(Option<MergedProfile>, Option<Optimized>)> {
        let (session, subject) = (self.session, self.subject);
        self.collect(ready, before)?;
        let trained = MergedProfile::load(session, subject).map(|done| done.output);
        // What the run would start from, too.
        let rebased = trained.as_ref().and_then(|profile| rebased_before(session, subject, profile));
        let profile = rebased.or(trained);
        let optimized = Optimized::load(session, subject).map(|done| done.output);
        let given = match self.elsewhere()? {
            Some(file) => Some(Digest::of(given(subject, &file)?.0.bytes())),
            None => None,
        };
        // What an earlier run took is not what this one takes.
        let is_taken = |profile: &MergedProfile| {
            let of_file = [Some(profile.digest()), profile.rebased().map(|from| &from.digest)];
            given.is_none() || of_file.contains(&given.as_ref())
        };
        let profile = profile.filter(is_taken);
        let digest = profile.as_ref().map(|profile| profile.digest().clone()).or(given);
        self.build(Stage::Optimize, optimized.is_some(), digest.as_ref())?;
        Ok((profile, optimized))
    }

    fn record(
        &mut self,
        profile: Option<MergedProfile>,
        baseline: Option<&Built>,
        programs: &[Optimized],
        measurements: Option<&Measurements>,
    ) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        // What is not to be measured is recorded as not measured.
        let settled = measurements.is_some() || !self.runs(Stage::Bench);
        let print = match profile.filter(|_| settled) {
            Some(profile) => {
                let judged = judge(session, subject, &growths(baseline, programs), measurements)?;
                let Choice { candidate, outcome, consequence, .. } = judged.choose(session, subject);
                let findings = Findings {
                    source: Source::Trained,
                    trained: None,
                    carried: None,
                    parts: &[],
                    applied: programs.first().map(Optimized::applied),
                    outcome: &outcome,
                    consequence: &consequence,
                    measured: judged.measured_of(candidate),
                    costs: &[],
                    size: None,
                };
                Some(record_fingerprint(session, subject, &profile, &findings)?)
            }
            None => None,
        };
        self.compare::<Recorded>(Stage::Record, print, Vec::new())
    }

    /// The profile that was given, where it is not made here.
    fn elsewhere(&self) -> Result<Option<PathBuf>> {
        let (session, subject) = (self.session, self.subject);
        match (&session.options.profile, subject.pass()) {
            (ProfileSource::File(file), None) => Ok(Some(file.clone())),
            _ => Ok(handed::given(session, subject)?.map(|handed| handed.file)),
        }
    }

    /// Instrument, train and merge; or an import.
    fn collect(&mut self, ready: Option<Ready>, before: Option<&Built>) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        if let Some(file) = self.elsewhere()? {
            if is_done_here(session, subject, Stage::Instrument)? {
                let built = Built::load(session, subject, Stage::Instrument).is_some();
                self.build(Stage::Instrument, built, None)?;
            }
            let print = import_fingerprint(&*given(subject, &file)?.0);
            let reasons = reasons(session, stored::<Merged>(session, subject, Stage::Merge).as_ref(), &print);
            // It is taken for what uses it, whether the stage was asked for or not.
            let merge = subject.step(Stage::Merge);
            let uses = self.selected.iter().any(|step| self.flow.reaches(*step, merge));
            self.push_as(Stage::Merge, uses || self.runs(Stage::Merge), reasons, Vec::new());
            return Ok(());
        }
        let own = subject.kind().training() == Training::Instrumented;
        let instrumented = Built::load(session, subject, Stage::Instrument).filter(|_| own);
        if own {
            self.build(Stage::Instrument, instrumented.is_some(), None)?;
        }
        let trainee = instrumented.map(|done| done.output).or(before.filter(|_| !own).cloned());
        self.train(trainee, ready.as_ref())?;
        let raw = RawProfiles::load(session, subject).map(|step| step.output);
        let print = match (&ready, &raw) {
            (Some(ready), Some(raw)) => Some(merge_fingerprint(session, subject, ready, raw)),
            _ => None,
        };
        let commands = ready.iter().map(|ready| merge_command(session, subject, ready)).collect();
        self.compare::<Merged>(Stage::Merge, print, commands)
    }

    fn build(&mut self, stage: Stage, built: bool, profile: Option<&Digest>) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        let path = profile_path(session, subject);
        let flavour = match stage {
            Stage::Instrument => Flavour::Instrumented,
            Stage::Optimize => Flavour::Optimized { profile: &path, digest: profile, traced: self.traces },
            _ => Flavour::Plain,
        };
        let print = subject.fingerprint(session, flavour)?;
        let old: Option<Manifest<serde_json::Value>> =
            session.store.load(subject.name, subject.step(stage)).filter(|_| built);
        let reasons = reasons(session, old.as_ref(), &print);
        let commands = subject.commands(session, flavour)?;
        let commands = commands.iter().map(|command| command.from(&session.root)).collect();
        self.push(stage, reasons, commands);
        Ok(())
    }

    fn train(&mut self, trainee: Option<Built>, ready: Option<&Ready>) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        let chosen = training(session, subject);
        let tools = known_tools(session, subject, Stage::Train, &chosen)?;
        let made_by = self.flow.trainee(subject.pass());
        let program = session.store.dir(subject.name, made_by).join(&subject.artifact);
        let raw = session.dir_of(subject, Stage::Train);
        let commands = self.workload_commands(Stage::Train, &chosen, &program, &tools, Some(&raw))?;
        let merges = self.runs(Stage::Merge);
        if let Some(why) = ready.filter(|_| merges).and_then(|ready| spent(session, subject, ready)) {
            self.push(Stage::Train, vec![why], commands);
            return Ok(());
        }
        let print = match &trainee {
            Some(built) => Some(train_fingerprint(session, subject, built.digest(), &tools)?),
            None => None,
        };
        self.compare::<RawProfiles>(Stage::Train, print, commands)
    }

    fn bench(&mut self, baseline: Option<&Built>, candidates: &[Candidate<'_>]) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        let chosen = workloads(session, subject, |workload| workload.role.evaluates());
        let tools = known_tools(session, subject, Stage::Bench, &chosen)?;
        let mut commands = Vec::new();
        let made = self.flow.each_pass().map(|pass| Step { pass, stage: Stage::Optimize });
        let steps: Vec<Step> = std::iter::once(Stage::Baseline.into()).chain(made).collect();
        for step in steps {
            let program = session.store.dir(subject.name, step).join(&subject.artifact);
            commands.extend(self.workload_commands(Stage::Bench, &chosen, &program, &tools, None)?);
        }
        let print = match baseline {
            Some(baseline) if !candidates.is_empty() => {
                Some(bench_fingerprint(session, subject, baseline, candidates, &tools)?)
            }
            _ => None,
        };
        if let Some(print) = &print
            && let Some(begun) = Unfinished::load(session, subject, print)
        {
            let why = format!("measuring goes on: {}", begun.there());
            self.push(Stage::Bench, vec![why], commands);
            return Ok(());
        }
        let old = stored::<Measurements>(session, subject, Stage::Bench);
        if let Some(old) = old.filter(|old| print.as_ref() == Some(&old.fingerprint))
            && wants_more(session, subject, &old.output)?
        {
            self.push(Stage::Bench, vec!["what was measured no longer settles the verdict".into()], commands);
            return Ok(());
        }
        self.compare::<Measurements>(Stage::Bench, print, commands)
    }

    fn workload_commands(
        &self,
        stage: Stage,
        chosen: &[(&str, &honing_core::config::Workload)],
        program: &std::path::Path,
        tools: &BTreeMap<String, String>,
        raw: Option<&std::path::Path>,
    ) -> Result<Vec<String>> {
        let (session, subject) = (self.session, self.subject);
        let harness = Some(trained_flavour(subject));
        let runner =
            Runner { session, subject, stage, program, tools, harness, collects: None, gathers: None };
        let mut lines = Vec::new();
        for (name, workload) in chosen {
            let values = runner.values(workload, &session.store.root().join("scratch"))?;
            let mut command = match workload.kind() {
                Some(Kind::Command(words)) => runner.command(workload, words, &values)?,
                Some(Kind::Service(service)) => runner.command(workload, &service.start, &values)?,
                Some(Kind::Own(own)) if !subject.builder().given(own).is_empty() => continue,
                Some(Kind::Own(own)) => runner.harness_command(workload, own, &values)?,
                None => continue,
            };
            if let Some(raw) = raw {
                let raw = raw.join(name).join("raw");
                for (name, value) in subject.kind().variables(subject, &raw) {
                    command.env(name, value);
                }
            }
            let service = workload.service.as_ref();
            lines.push(format!("{command}{}", if service.is_some() { " &" } else { "" }));
            if let Some(service) = service {
                lines.push(runner.command(workload, &service.load, &values)?.to_string());
                lines.push(format!("kill -{} %1", service.stop.signal.trim_start_matches("SIG")));
            }
        }
        Ok(lines)
    }

    fn compare<T: Product>(
        &mut self,
        stage: Stage,
        print: Option<Fingerprint>,
        commands: Vec<String>,
    ) -> Result<()> {
        let old = stored::<T>(self.session, self.subject, stage);
        let reasons = match &print {
            Some(print) => reasons(self.session, old.as_ref(), print),
            // What it would read is made anew first.
            None if old.is_some() && self.upstream(self.subject.step(stage)).is_some() => Vec::new(),
            None => vec!["first run".into()],
        };
        self.push(stage, reasons, commands);
        Ok(())
    }

    /// Whether a stage of this turn was asked for.
    fn runs(&self, stage: Stage) -> bool {
        self.selected.contains(&self.subject.step(stage))
    }

    /// What is planned of a step, where it comes before.
    fn planned(&self, program: &str, step: Step) -> Option<&Planned> {
        self.planned.iter().find(|one| one.program == program && one.stage == step)
    }

    /// The first step that would run and whose output `step` uses, be it by way of others: its place, and
    /// its name. What is left out hands on what it has.
    fn upstream(&self, step: Step) -> Option<(usize, String)> {
        let place = |step: &Step| self.flow.steps().position(|one| one == *step);
        let of = |used: &Step| match self.planned(self.subject.name, *used)?.state {
            PlannedState::Run => Some((place(used)?, used.to_string())),
            PlannedState::Depends => self.upstream(*used),
            _ => None,
        };
        let needed = self.needed(step).map(|need| format!("{} of `{}`", need.step, need.other.program));
        self.flow.uses(step).iter().filter_map(of).chain(needed.map(|name| (usize::MAX, name))).min()
    }

    /// What another program's step makes anew for a step of this one.
    fn needed(&self, step: Step) -> Option<&Need> {
        let anew = |one: &Planned| matches!(one.state, PlannedState::Run | PlannedState::Depends);
        let is_anew = |need: &&Need| self.planned(&need.other.program, need.step).is_some_and(anew);
        self.subject.needs().iter().filter(|need| need.is_for(step)).find(is_anew)
    }

    fn push(&mut self, stage: Stage, reasons: Vec<String>, commands: Vec<String>) {
        self.push_as(stage, self.runs(stage), reasons, commands);
    }

    fn push_as(&mut self, stage: Stage, asked: bool, mut reasons: Vec<String>, commands: Vec<String>) {
        let step = self.subject.step(stage);
        if !self.turn.contains(&step) {
            return;
        }
        let state = if !asked {
            reasons.clear();
            PlannedState::Skipped
        } else if !reasons.is_empty() {
            PlannedState::Run
        } else if let Some((_, upstream)) = self.upstream(step) {
            reasons.push(format!("depends on what {upstream} makes"));
            PlannedState::Depends
        } else {
            PlannedState::UpToDate
        };
        let program = self.subject.name.to_owned();
        self.planned.push(Planned { program, stage: step, state, reasons, commands });
    }
}
