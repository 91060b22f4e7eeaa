//! What a run would do, without doing it: for `plan`.

use std::collections::BTreeMap;

use honing_core::{
    Digest, Fingerprint, Flow, Result, Selection, Stage, config::Kind, outcome::Outcome, recorded::Source,
};
use serde::Serialize;

use crate::{
    builders::Flavour,
    chain::{
        built::{Built, Optimized, profile_path, trained_flavour},
        merge::{Merged, MergedProfile, import_fingerprint, merge_command, merge_fingerprint, spent},
        preflight::{Ready, check, preflight_fingerprint},
        rebase::rebased_before,
        selected::check_selected,
        session::{ProfileSource, Session, Subject},
        step::{Product, reasons, stored},
    },
    keep::{
        record::{Findings, Recorded, record_fingerprint},
        store::Manifest,
    },
    measure::{
        bench::{Measurements, bench_fingerprint},
        verdicts::{Judged, growth, judge, wants_more},
    },
    workloads::{
        Runner,
        tools::known_tools,
        train::{RawProfiles, train_fingerprint, training, workloads},
    },
};

/// What would become of a stage.
#[derive(Debug, Clone, Serialize)]
pub struct Planned {
    /// The program.
    pub program: String,
    /// The stage.
    pub stage: Stage,
    /// What would become of it.
    pub state: PlannedState,
    /// Why, a line for each reason.
    pub reasons: Vec<String>,
    /// The commands, to be pasted into a shell. Ports in them are free now.
    pub commands: Vec<String>,
}

/// What would become of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedState {
    /// It would run.
    Run,
    /// There is nothing to do.
    UpToDate,
    /// It depends on what an earlier stage makes of its new inputs.
    Depends,
    /// It was not asked for.
    Skipped,
}

impl PlannedState {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::UpToDate => "up to date",
            Self::Depends => "depends",
            Self::Skipped => "skip",
        }
    }
}

/// What a run of `selection` would do. Compiles nothing, runs no workload.
///
/// # Errors
/// What preflight finds by looking.
pub fn plan(session: &Session, selection: &Selection) -> Result<Vec<Planned>> {
    let mut planned = Vec::new();
    for subject in &session.subjects()? {
        check(session, subject)?;
        check_selected(session, subject, selection)?;
        planned.append(&mut of(session, subject, selection)?);
    }
    Ok(planned)
}

fn of(session: &Session, subject: &Subject<'_>, selection: &Selection) -> Result<Vec<Planned>> {
    let flow = session.flow();
    let mut planner = Planner { session, subject, selection, flow, planned: Vec::new(), traces: true };
    planner.all()?;
    Ok(planner.planned)
}

/// The stages of a program that have something to do: all that were selected, where that cannot be
/// told.
pub(crate) fn to_run(session: &Session, subject: &Subject<'_>, selection: &Selection) -> Vec<Stage> {
    let Ok(planned) = of(session, subject, selection) else {
        return selection.of(&session.flow());
    };
    let works = |planned: &Planned| matches!(planned.state, PlannedState::Run | PlannedState::Depends);
    planned.into_iter().filter(works).map(|planned| planned.stage).collect()
}

struct Planner<'a> {
    session: &'a Session,
    subject: &'a Subject<'a>,
    selection: &'a Selection,
    flow: Flow,
    planned: Vec<Planned>,
    /// Whether the compiler lists its functions, as preflight saw.
    traces: bool,
}

impl Planner<'_> {
    fn all(&mut self) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        let print = preflight_fingerprint(session, subject)?;
        let ready = stored::<Ready>(session, subject, Stage::Preflight);
        let reasons = reasons(session, ready.as_ref(), &print);
        self.traces = ready.as_ref().is_none_or(|ready| ready.output.traces);
        self.push(Stage::Preflight, reasons, Vec::new());
        self.build(Stage::Baseline, Built::load(session, subject, Stage::Baseline).is_some(), None)?;
        self.collect(ready.map(|ready| ready.output))?;
        let trained = MergedProfile::load(session, subject).map(|step| step.output);
        // What the run would start from, too.
        let rebased = trained.as_ref().and_then(|profile| rebased_before(session, subject, profile));
        let profile = rebased.or(trained);
        let optimized = Optimized::load(session, subject).map(|step| step.output);
        let digest = profile.as_ref().map(|profile| profile.digest().clone());
        self.build(Stage::Optimize, optimized.is_some(), digest.as_ref())?;
        self.bench()?;
        self.record(profile, optimized)
    }

    fn record(&mut self, profile: Option<MergedProfile>, optimized: Option<Optimized>) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        let baseline = Built::load(session, subject, Stage::Baseline).map(|step| step.output);
        let of_these = |measurements: &Measurements| {
            let both = baseline.as_ref().zip(optimized.as_ref());
            both.is_some_and(|(before, after)| measurements.are_of(before, after))
        };
        let measurements = Measurements::load(session, subject).map(|step| step.output).filter(of_these);
        // What is not to be measured is recorded as not measured.
        let settled = measurements.is_some() || !self.selection.contains(Stage::Bench);
        let print = match profile.filter(|_| settled) {
            Some(profile) => {
                let growth =
                    baseline.as_ref().zip(optimized.as_ref()).map(|(before, after)| growth(before, after));
                let judged = match &measurements {
                    Some(measurements) => judge(session, subject, measurements)?,
                    None => Judged::default(),
                };
                let judged = Judged { growth, ..judged };
                let outcome = Outcome::of(&judged.evidence());
                let consequence =
                    outcome.consequence(&session.config.policy, subject.program, &judged.evidence());
                let findings = Findings {
                    source: Source::Trained,
                    trained: None,
                    carried: None,
                    parts: &[],
                    applied: optimized.as_ref().map(Optimized::applied),
                    outcome: &outcome,
                    consequence: &consequence,
                    measured: &judged.measured,
                    costs: &[],
                    size: None,
                };
                Some(record_fingerprint(session, subject, &profile, &findings)?)
            }
            None => None,
        };
        self.compare::<Recorded>(Stage::Record, print, Vec::new())
    }

    /// Instrument, train and merge; or an import.
    fn collect(&mut self, ready: Option<Ready>) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        if let ProfileSource::File(file) = &session.options.profile {
            let print = import_fingerprint(session, file)?;
            return self.compare::<Merged>(Stage::Merge, Some(print), Vec::new());
        }
        if self.flow.has(Stage::Instrument) {
            self.build(Stage::Instrument, Built::load(session, subject, Stage::Instrument).is_some(), None)?;
        }
        self.train(
            Built::load(session, subject, self.flow.trainee()).map(|step| step.output),
            ready.as_ref(),
        )?;
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
        let builder = session.builder();
        let print = builder.fingerprint(session, subject, flavour)?;
        let old: Option<Manifest<serde_json::Value>> =
            session.store.load(subject.name, stage).filter(|_| built);
        let reasons = reasons(session, old.as_ref(), &print);
        self.push(stage, reasons, vec![builder.command(session, subject, flavour)?.to_string()]);
        Ok(())
    }

    fn train(&mut self, trainee: Option<Built>, ready: Option<&Ready>) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        let chosen = training(session, subject);
        let tools = known_tools(session, &chosen)?;
        let program = session.store.dir(subject.name, self.flow.trainee()).join(&subject.artifact);
        let raw = session.store.dir(subject.name, Stage::Train);
        let commands = self.workload_commands(Stage::Train, &chosen, &program, &tools, Some(&raw))?;
        let merges = self.selection.contains(Stage::Merge);
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

    fn bench(&mut self) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        let chosen = workloads(session, subject, |workload| workload.role.evaluates());
        let tools = known_tools(session, &chosen)?;
        let mut commands = Vec::new();
        for stage in [Stage::Baseline, Stage::Optimize] {
            let program = session.store.dir(subject.name, stage).join(&subject.artifact);
            commands.extend(self.workload_commands(Stage::Bench, &chosen, &program, &tools, None)?);
        }
        let built = (Built::load(session, subject, Stage::Baseline), Optimized::load(session, subject));
        let print = match &built {
            (Some(baseline), Some(optimized)) => {
                let digests = (baseline.output.digest(), optimized.output.digest());
                Some(bench_fingerprint(session, subject, digests, &tools)?)
            }
            _ => None,
        };
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
        let harness = Some(trained_flavour(session));
        let runner = Runner { session, subject, stage, program, tools, harness, collects: None };
        let mut lines = Vec::new();
        for (name, workload) in chosen {
            let values = runner.values(workload, &session.store.root().join("scratch"))?;
            let mut command = match workload.kind() {
                Some(Kind::Command(words)) => runner.command(workload, words, &values)?,
                Some(Kind::Service(service)) => runner.command(workload, &service.start, &values)?,
                Some(Kind::Own(own)) => runner.harness_command(workload, own, &values)?,
                None => continue,
            };
            if let Some(raw) = raw {
                let raw = raw.join(name).join("raw");
                for (name, value) in session.builder().kind().variables(subject, &raw) {
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
            None if old.is_some() && self.upstream(stage).is_some() => Vec::new(),
            None => vec!["never finished".into()],
        };
        self.push(stage, reasons, commands);
        Ok(())
    }

    /// The first step that would run and whose output `stage` uses, be it by way of others; what is left
    /// out hands on what it has.
    fn upstream(&self, stage: Stage) -> Option<Stage> {
        let state = |step| self.planned.iter().find(|one| one.stage == step).map(|one| one.state);
        let of = |used: Stage| match state(used) {
            Some(PlannedState::Run) => Some(used),
            Some(PlannedState::Depends) => self.upstream(used),
            _ => None,
        };
        let runs: Vec<Stage> = self.flow.uses(stage).iter().filter_map(|used| of(*used)).collect();
        self.flow.steps().find(|step| runs.contains(step))
    }

    fn push(&mut self, stage: Stage, mut reasons: Vec<String>, commands: Vec<String>) {
        let state = if !self.selection.contains(stage) {
            reasons.clear();
            PlannedState::Skipped
        } else if !reasons.is_empty() {
            PlannedState::Run
        } else if let Some(upstream) = self.upstream(stage) {
            reasons.push(format!("depends on what {upstream} makes"));
            PlannedState::Depends
        } else {
            PlannedState::UpToDate
        };
        self.planned.push(Planned { program: self.subject.name.to_owned(), stage, state, reasons, commands });
    }
}
