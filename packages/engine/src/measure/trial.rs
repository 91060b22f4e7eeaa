//! A trial: every eval workload runs once on the baseline before anything else is built, so that a mistake in it
//! does not cost the whole run.

use std::ffi::OsString;

use honing_core::{Error, Fingerprint, Result, Stage, event::Event};

use crate::{
    chain::{built::Built, session::Session, subject::Subject},
    children::Usage,
    io::files,
    measure::{arms::Arms, bench::add_runs, measuring::Benching, verdicts::gates},
    workloads::{tools::build_tools, train::workloads},
};

/// In a program's folder: what ran well.
const FILE: &str = "tried.json";

/// Runs every eval workload once, unless that went well before. Not under a budget, which measuring needs, and not
/// where a workload uses what another program's later step makes.
///
/// # Errors
/// As for a measurement.
pub(crate) fn try_workloads(session: &Session, subject: &Subject<'_>, baseline: &Built) -> Result<()> {
    let waits = subject.needs().iter().any(|need| need.is_for(Stage::Bench.into()));
    if waits || session.options.budget.is_some() {
        return Ok(());
    }
    let mut print = Fingerprint::new();
    print.content("baseline program", baseline.digest().clone());
    add_runs(session, subject, &mut print)?;
    let stamp = session.store.root().join(subject.name).join(FILE);
    let tried = std::fs::read(&stamp).ok().and_then(|text| serde_json::from_slice(&text).ok());
    if tried.as_ref() == Some(&print) && !session.options.force {
        return Ok(());
    }
    run_all(session, subject, baseline)
        .map_err(|error| error.at("a first try on the baseline, before the other builds"))?;
    let text =
        serde_json::to_vec_pretty(&print).map_err(|error| Error::internal(format!("{FILE}: {error}")))?;
    files::write_atomically(&stamp, &text)
}

fn run_all(session: &Session, subject: &Subject<'_>, baseline: &Built) -> Result<()> {
    let chosen = workloads(session, subject, |workload| workload.role.evaluates());
    let tools = &build_tools(session, subject, Stage::Bench, &chosen)?.paths;
    let dir = &session.store.root().join(subject.name).join("trial.partial");
    files::remove_dir(dir)?;
    let arms =
        &Arms::stage(dir, &OsString::from(&subject.artifact), baseline.path(), &[])?.with_libraries()?;
    for (at, one) in chosen.iter().enumerate() {
        session.sink.emit(Event::Progress {
            program: subject.name.to_owned(),
            stage: Stage::Baseline.into(),
            done: at as u64,
            total: Some(chosen.len() as u64),
            unit: "workloads".into(),
            at: format!("trying {}", one.0),
            left_ms: None,
        });
        let gates = &gates(&session.config, subject.program, [one.0].into_iter());
        let bench = Benching { session, subject, tools, arms, gates, controls: false, dir, until: None };
        bench.try_all(&[*one], &mut Usage::default())?;
    }
    files::remove_dir(dir)
}
