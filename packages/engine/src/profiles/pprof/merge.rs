//! Merging the samples of a training, or of files that were given.

use std::path::Path;

use honing_core::{Error, ExitCode, Result, Stage, event::Event, units};
use honing_pprof::{FileReport, Merger, Policy};

use crate::{
    chain::{session::Session, subject::Subject},
    io::files,
    profiles::{given::Input, pprof::edges::Edges},
};

/// Merges `inputs`, and says what of them cannot be used.
pub(super) fn merge(
    session: &Session,
    subject: &Subject<'_>,
    stage: Stage,
    inputs: &[Input],
) -> Result<Edges> {
    let allowed = session.config.merge.max_lost / 100.0;
    let mut merger = Merger::new(Policy::KEEP_ALL);
    let (mut reports, mut refused) = (Vec::new(), Vec::new());
    let at = |what: String| format!("{stage}: {what}");
    for Input { path, weight, .. } in inputs {
        let bytes = files::read(path)?;
        match merger.add(&bytes, *weight) {
            Ok(report) => {
                losses(path, &report).into_iter().for_each(|text| warn(session, at(text)));
                reports.push((path, report));
            }
            Err(error) => refused.push(format!("{} cannot be used: {error}", path.display())),
        }
    }
    if let Some(first) = refused.first().filter(|_| reports.is_empty()) {
        return Err(Error::new(ExitCode::Profile, at(first.clone())).with_hint(RECORD));
    }
    refused.into_iter().for_each(|text| warn(session, at(format!("{text}; it is left out"))));
    let failed =
        |error: honing_pprof::Error| Error::new(ExitCode::Profile, at(error.to_string())).with_hint(RECORD);
    let merged = merger.finish_anyway().map_err(failed)?;
    let lost = merged.summary.share_lost;
    if lost > allowed {
        let message = format!(
            "{stage}: {} of the weight cannot be used, more than merge.max_lost = {} %",
            units::share(lost),
            session.config.merge.max_lost
        );
        return Err(Error::new(ExitCode::Profile, message).with_hint(
            "what is wrong with each profile is told above; record them again, or raise merge.max_lost",
        ));
    }
    let sampled: u64 = reports.iter().map(|(_, report)| report.cpu_nanos).sum();
    // Of the stored form it is not known.
    if sampled > 0 && sampled < LEAST {
        let text = format!(
            "only {:.1} s of CPU time were sampled, at 100 samples a second: train for longer, such as {} s, or another \
             training gives another profile",
            sampled as f64 / 1e9,
            LEAST / 1_000_000_000
        );
        warn(session, at(text));
    }
    let preempted: u64 = reports.iter().map(|(_, report)| report.async_preempt).sum();
    let all: u64 = reports.iter().map(|(_, report)| report.weight).sum();
    if all > 0 && preempted as f64 / all as f64 > MUCH {
        let share = units::share(preempted as f64 / all as f64);
        let text = format!(
            "{share} of the weight of `{}` was sampled where the runtime stops goroutines, which helps no build",
            subject.name
        );
        warn(session, at(text));
    }
    Ok(Edges::parsed(merged.edges))
}

/// What to give instead of what cannot be used.
const RECORD: &str = "give CPU profiles of this program, recorded under load";

/// Less CPU time than this, in nanoseconds, is worth a word: a thousand samples.
const LEAST: u64 = 10_000_000_000;

/// More than this share of the weight without use is worth a word.
const MUCH: f64 = 0.2;

/// One profile, whatever of it can be used.
pub(super) fn read(path: &Path) -> Result<Edges> {
    let bytes = files::read(path)?;
    Edges::of_any(&bytes)
        .map_err(|error| Error::new(ExitCode::Profile, format!("{}: {error}", path.display())))
}

fn losses(path: &Path, report: &FileReport) -> Vec<String> {
    let worth = |loss: &&honing_pprof::Loss| report.share_of(loss) >= 0.001;
    let words = report.losses.iter().filter(worth).map(|loss| {
        let share = units::share(report.share_of(loss));
        format!(
            "{}: {share} of the weight is left out: {}. {}",
            path.display(),
            loss.kind,
            loss.kind.advice()
        )
    });
    words.collect()
}

fn warn(session: &Session, text: String) {
    session.sink.emit(Event::Warning { text });
}
