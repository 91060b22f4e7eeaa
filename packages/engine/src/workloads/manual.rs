//! A manual session: a person uses the instrumented program on their terminal.

use std::path::Path;

use honing_core::{Error, Result, Stage, event::Event};

use crate::{
    builders::beside,
    chain::{
        built::Built,
        session::Session,
        step::{Done, finish, started, stored},
        subject::Subject,
    },
    children::{Command, Usage},
    io::files,
    keep::store::Manifest,
    workloads::{
        collected::collect,
        sorting::Sorting,
        train::{RawProfiles, train_fingerprint},
    },
};

/// Name of the workload that stands for a person at the keyboard.
pub(crate) const MANUAL: &str = "manual";

/// Starts the program, always: what a person will do with it is in no fingerprint. What was trained
/// before is replaced once the session has left a profile, and that is said before it begins.
pub(crate) fn train(
    session: &Session,
    subject: &Subject<'_>,
    trainee: &Built,
    args: &[String],
) -> Result<Done<RawProfiles>> {
    let start = std::time::Instant::now();
    let print = train_fingerprint(session, subject, trainee.digest(), &Default::default())?;
    started(session, subject, Stage::Train, vec!["a manual session always runs".into()]);
    if let Some(before) = stored::<RawProfiles>(session, subject, Stage::Train) {
        let text = format!("train: when it ends, this session replaces {}", earlier(&before));
        session.sink.emit(Event::Note { text });
    }
    let attempt = session.begin(subject, Stage::Train)?;
    let output = run(session, subject, trainee, args, attempt.dir())?;
    finish(attempt, print, start, Usage::default(), None, output)
}

/// What was trained before, in words.
fn earlier(before: &Manifest<RawProfiles>) -> String {
    let finished = &before.finished;
    match before.output.collected.as_slice() {
        [one] if one.workload == MANUAL => format!("the manual session that ended {finished}"),
        many => {
            let names: Vec<String> = many.iter().map(|one| format!("`{}`", one.workload)).collect();
            format!("the training of {finished} on {}", names.join(", "))
        }
    }
}

fn run(
    session: &Session,
    subject: &Subject<'_>,
    trainee: &Built,
    args: &[String],
    dir: &Path,
) -> Result<RawProfiles> {
    let raw = dir.join(MANUAL).join("raw");
    files::make_dir(&raw)?;
    let variables = subject.kind().variables(subject, &raw);
    session.sink.emit(Event::Note {
        text: format!(
            "use {} as your users would, then stop it; its profile is taken when it ends",
            subject.artifact
        ),
    });
    // The person's own terminal and Ctrl-C: no launcher, no process group, no log.
    let mut command = Command::new(trainee.path(), &session.around.env, &session.around.dir);
    for (name, value) in &subject.program.env {
        command.env(name, value);
    }
    beside::find_first(&mut command, &[trainee.path()]);
    let status = std::process::Command::new(trainee.path())
        .args(args)
        .env_clear()
        .envs(&command.env)
        .envs(variables)
        .status()
        .map_err(|error| Error::preflight(format!("cannot run {}: {error}", trainee.path().display())))?;
    session.cancel.forgive();
    let text = format!("{} ended: {status}; go on with --from merge", subject.artifact);
    session.sink.emit(if status.success() { Event::Note { text } } else { Event::Warning { text } });
    let sorting = Sorting { session, subject, trainee };
    let found = (None, Some(sorting.sorter()?));
    Ok(RawProfiles { collected: vec![collect((session, subject), MANUAL, (&raw, dir), found, None)?] })
}
