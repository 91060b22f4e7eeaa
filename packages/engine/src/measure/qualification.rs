//! `bench --aa`: says what a machine can find, before anybody believes what it found.

use honing_core::{
    ExitCode, Result, Selection, Stage,
    event::{Event, Summary},
    units,
};

use crate::{
    chain::{built::baseline, pipeline::Finished, programs, session::Session},
    measure::aa::{self, Qualified, unfit},
};

/// Pairs that the sentence about a machine is told of.
const TOLD: u32 = 40;

/// Measures every selected program's baseline against a byte copy of itself, and keeps the noise
/// floor in the output directory.
///
/// # Errors
/// As for a run; preflight, where the machine is not fit to measure on.
pub fn qualify(session: &Session) -> Result<Finished> {
    programs::each_program(session, &|_| Selection::only(Stage::Bench), |mut chain, ready| {
        let subject = chain.subject;
        let baseline = chain.stage(
            Stage::Baseline,
            || baseline(session, subject, ready),
            |built| units::bytes(built.artifact().bytes),
        )?;
        let qualified = chain.stage(
            Stage::Bench,
            || aa::qualify(session, subject, &baseline),
            |qualified: &Vec<Qualified>| {
                let pairs = qualified.first().map_or(0, |one| one.pairs);
                format!("{pairs} pairs of the baseline and its copy")
            },
        )?;
        qualified.iter().for_each(|one| session.sink.emit(Event::Answer { text: sentence(one) }));
        if let Some(error) = unfit(&qualified) {
            return Err(error);
        }
        let summary = Summary {
            program: subject.name.to_owned(),
            target: subject.triple.clone(),
            trust: qualified.iter().map(|one| one.trust.clone()).collect(),
            costs: chain.costs.borrow().clone(),
            baseline: Some(baseline.artifact()),
            ..Summary::default()
        };
        Ok((summary, ExitCode::Success))
    })
}

/// What a machine can find, as a sentence.
fn sentence(qualified: &Qualified) -> String {
    let Qualified { workload, metric, .. } = qualified;
    let told = qualified.finds.iter().find(|(pairs, _)| *pairs == TOLD);
    match (told, qualified.noise) {
        (Some((pairs, finds)), Some(noise)) => format!(
            "{workload} ({metric}): on this machine {pairs} pairs detect an effect of {:.1} %; the noise is {:.1} % per pair",
            finds * 100.0,
            noise.per_pair * 100.0
        ),
        _ => format!("{workload} ({metric}): too few pairs to tell what this machine can find; --pairs 40"),
    }
}
