//! Merging LLVM's profiles: by our own engine, or by LLVM's tool.

use std::path::Path;

use honing_core::{Error, ExitCode, Result, Stage, event::Event};

use crate::{
    chain::{ready::Ready, session::Session, subject::Subject},
    children::{Command, Status, Usage},
    io::files,
    profiles::{
        Profile,
        given::Input,
        llvm::{counts::Counts, profile_files},
    },
};

/// Merges `inputs` into the file `output`, for a stage.
pub(crate) fn merge_into(
    session: &Session,
    subject: &Subject<'_>,
    (stage, ready): (Stage, &Ready),
    inputs: &[Input],
    output: &Path,
) -> Result<(Counts, Usage)> {
    match &ready.merger.tool {
        None => {
            let outcome = profile_files::merge_files(inputs, session.config.merge.max_lost)?;
            for text in outcome.losses {
                session.sink.emit(Event::Warning { text: format!("{stage}: {text}") });
            }
            files::write_atomically(output, outcome.counts.bytes())?;
            Ok((outcome.counts, Usage::default()))
        }
        Some(path) => {
            let list = output.with_file_name("inputs.txt");
            write_list(inputs, &list)?;
            let usage = run(session, subject, stage, &llvm_command(session, path, &list, output))?;
            Ok((read_merged(output)?, usage))
        }
    }
}

/// LLVM's tool, as it is called.
pub(super) fn llvm_command(session: &Session, tool: &Path, list: &Path, output: &Path) -> Command {
    let mut command = Command::new(tool, &session.around.env, &session.root);
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
fn read_merged(path: &Path) -> Result<Counts> {
    let refused = |why: String| {
        let message = format!("merge: llvm-profdata ended with exit code 0, and {why}");
        Err(Error::new(ExitCode::Profile, message).with_hint("name another tool with --llvm-profdata"))
    };
    match std::fs::read(path) {
        Err(error) => refused(format!("left no {}: {error}", path.display())),
        Ok(bytes) => {
            Counts::whole(bytes).or_else(|flaw| refused(format!("{} {}", path.display(), flaw.words())))
        }
    }
}
