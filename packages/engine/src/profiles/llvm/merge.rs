//! Merging LLVM's profiles: by our own engine, or by LLVM's tool.

use std::path::Path;

use honing_core::{Error, ExitCode, Result, Stage, event::Event};
use honing_profdata::{Format, IndexedVersion};

use crate::{
    chain::{preflight::Ready, session::Session, subject::Subject},
    children::{Command, Status, Usage},
    io::files,
    profiles::{
        Flaw, Input,
        llvm::{indexed, merging},
    },
};

/// Merges `inputs` into the file `output`, for a stage.
pub(crate) fn merge_into(
    session: &Session,
    subject: &Subject<'_>,
    (stage, ready): (Stage, &Ready),
    inputs: &[Input],
    output: &Path,
) -> Result<Usage> {
    match &ready.merger.tool {
        None => {
            let outcome = merging::merge_files(inputs, session.config.merge.max_lost)?;
            for text in outcome.losses {
                session.sink.emit(Event::Warning { text: format!("{stage}: {text}") });
            }
            files::write_atomically(output, &outcome.bytes)?;
            Ok(Usage::default())
        }
        Some(path) => {
            let list = output.with_file_name("inputs.txt");
            write_list(inputs, &list)?;
            let usage = run(session, subject, stage, &llvm_command(session, path, &list, output))?;
            check_merged(output)?;
            Ok(usage)
        }
    }
}

/// LLVM's tool, as it is called.
pub(super) fn llvm_command(session: &Session, tool: &Path, list: &Path, output: &Path) -> Command {
    let mut command = Command::new(tool, &session.env, &session.root);
    command.args(["merge", "--failure-mode=any", "--input-files"]).args([list]);
    command.args(["--output"]).args([output]);
    command
}

/// A list of `weight,file`, as `llvm-profdata merge --input-files` reads it: raw
/// profiles may be too many for a command line.
fn write_list(inputs: &[Input], list: &Path) -> Result<()> {
    let line = |input: &Input| format!("{},{}\n", input.weight, input.path.display());
    files::write_atomically(list, inputs.iter().map(line).collect::<String>().as_bytes())
}

fn run(session: &Session, subject: &Subject<'_>, stage: Stage, command: &Command) -> Result<Usage> {
    let mut child = session.spawn(subject.name, subject.step(stage), command, |_, _| true)?;
    let ended = child.wait(&session.cancel, None)?;
    if ended.status == Status::Code(0) {
        return Ok(ended.usage);
    }
    let log = files::tail(&session.log_path(subject.name, subject.step(stage)), 10);
    // The log has the command, too.
    let said = log.lines().filter(|line| !line.starts_with("$ ")).collect::<Vec<_>>().join("\n");
    Err(Error::new(ExitCode::Profile, format!("merge: llvm-profdata ended with {}:\n{said}", ended.status))
        .with_hint("let Honing merge, which survives more: llvm.merge = \"builtin\"; or train again: --from train --force"))
}

/// A tool that ends with 0 need not have written a profile.
fn check_merged(path: &Path) -> Result<()> {
    let refused = |why: String| {
        let message = format!("merge: llvm-profdata ended with exit code 0, and {why}");
        Err(Error::new(ExitCode::Profile, message).with_hint("name another tool with --llvm-profdata"))
    };
    match std::fs::read(path) {
        Err(error) => refused(format!("left no {}: {error}", path.display())),
        Ok(bytes) => match indexed::check(&bytes) {
            Ok(()) => Ok(()),
            Err(flaw) => refused(format!("{} {}", path.display(), flaw.words())),
        },
    }
}

/// What was given, as the compiler reads it.
pub(super) fn take(bytes: &[u8]) -> Result<Vec<u8>, Flaw> {
    if Format::detect(bytes) == Some(Format::Packed) {
        let refused = |error: honing_profdata::Error| Flaw {
            words: format!("cannot be used: {error}"),
            hint: "restore it from version control, or train anew".into(),
        };
        return honing_profdata::read(bytes)
            .and_then(|read| read.profile.to_indexed(IndexedVersion::Lowest))
            .map_err(refused);
    }
    indexed::check(bytes).map(|()| bytes.to_vec()).map_err(Flaw::from)
}
