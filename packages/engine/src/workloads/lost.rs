//! What a run of a workload would lose without failing: processes that it left running, and profiles
//! that could not be written.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
};

use honing_core::{Error, ExitCode, Result, event::Event};

use crate::{
    children::{Command, Ended},
    profiles::ProfileKind,
    workloads::run::Attempt,
};

/// The longest line that is quoted, in bytes.
const LONGEST: usize = 500;

/// What processes said about profiles that they could not write.
#[derive(Debug, Clone, Default)]
pub(super) struct Complaints {
    kind: Option<&'static dyn ProfileKind>,
    first: Option<String>,
    count: usize,
}

impl Complaints {
    /// None yet.
    pub(super) fn about(kind: Option<&'static dyn ProfileKind>) -> Self {
        Self { kind, first: None, count: 0 }
    }

    /// Takes note of a line that a process printed.
    pub(super) fn line(&mut self, line: &str) {
        if let Some(complaint) = self.kind.and_then(|kind| kind.complaint(line)) {
            self.count += 1;
            self.first.get_or_insert_with(|| complaint.chars().take(LONGEST).collect());
        }
    }

    /// Takes note of what a process printed into a file.
    pub(super) fn file(&mut self, path: &Path) {
        let Ok(file) = fs::File::open(path) else { return };
        let lines = BufReader::new(file).split(b'\n').map_while(std::result::Result::ok);
        lines.for_each(|line| self.line(String::from_utf8_lossy(&line).trim_end()));
    }

    /// In their own words.
    fn words(&self) -> Option<String> {
        let first = self.first.as_ref()?;
        Some(match self.count {
            1 => first.clone(),
            count => format!("{first} (and {} more like it)", count - 1),
        })
    }
}

impl Attempt<'_> {
    /// Judges what a command left running; [`Ended::timed_out`] then is about the command alone.
    pub(super) fn settle(&self, command: &Command, mut ended: Ended) -> Result<Ended> {
        let collects = self.runner.collects;
        let survival = collects.map(ProfileKind::survival).unwrap_or_default();
        if !ended.left.own.is_empty() {
            let left = ended.left.own.join(", ");
            let survives = collects.is_some_and(|kind| kind.survives(self.runner.subject));
            match ended.timed_out {
                true if survives => {
                    ended.timed_out = false;
                    self.warn(&format!(
                        "`{command}` ended and left {left} running. It did not end within {} and was ended; \
                         what it counted until then is in the profile",
                        self.workload.timeout
                    ));
                }
                true => return Err(self.left_running(command, &left)),
                false if survives => {
                    self.warn(&format!("`{command}` left {left} running, which was ended then"));
                }
                false if collects.is_some() => self.warn(&format!(
                    "`{command}` left {left} running, which was ended before it wrote a profile"
                )),
                false => {}
            }
        }
        if collects.is_some() && !ended.left.others.is_empty() {
            let others = ended.left.others.join(", ");
            self.warn(&format!("`{command}` left other programs running, which were ended: {others}"));
        }
        if !ended.left.anew.is_empty() {
            self.warn(&format!(
                "{} put another program, or itself anew, in its own place (exec): what it had counted until \
                 then is lost. To keep it, {survival}",
                ended.left.anew.join(", ")
            ));
        }
        if !ended.left.elsewhere.is_empty() {
            self.warn(&format!(
                "{} changed its root folder (chroot): its profile is written below that one, or not at all. To \
                 keep it, {survival}, which opens the file before",
                ended.left.elsewhere.join(", ")
            ));
        }
        Ok(ended)
    }

    fn left_running(&self, command: &Command, left: &str) -> Error {
        let lost = match self.runner.collects {
            Some(_) => "it was ended before it wrote a profile",
            None => "it was ended before its work was done",
        };
        let timeout = self.workload.timeout;
        self.failed(&format!(
            "`{command}` ended and left {left} running, which did not end within {timeout}: {lost}"
        ))
        .with_hint(
            "let the program run in the foreground; or describe one that stays as a `service`, which is put \
             under load and stopped; or raise `timeout` where it only needs more time",
        )
    }

    /// Says once that a command has ended and what it left running is waited for.
    pub(super) fn tell_waiting(&self, waits_for: &Path, told: &std::cell::Cell<bool>) {
        if self.runner.collects.is_none() || told.get() {
            return;
        }
        // Between being made and being written it is empty.
        let left = fs::read_to_string(waits_for).unwrap_or_default();
        if left.is_empty() {
            return;
        }
        told.set(true);
        let text = format!(
            "{}: workload `{}`: its command has ended and left {left} running; waiting for it, up to {} in all",
            self.runner.stage, self.name, self.workload.timeout
        );
        self.runner.session.sink.emit(Event::Note { text });
    }

    /// Whether every profile that was to be written could be.
    pub(super) fn check_written(&self, complaints: &Complaints) -> Result<()> {
        let (Some(kind), Some(words)) = (self.runner.collects, complaints.words()) else { return Ok(()) };
        Err(self
            .failed(&format!("a process could not write its profile, and what it counted is lost: {words}"))
            .with_code(ExitCode::Profile)
            .with_hint(format!(
                "a profile is written when its process ends: by then a process that has changed its user, \
                 umask or root folder may not be allowed to. Let it keep the right to write there, or {}, which \
                 opens the file when the process starts",
                kind.survival()
            )))
    }

    fn warn(&self, what: &str) {
        let text = format!("{}: workload `{}`: {what}", self.runner.stage, self.name);
        self.runner.session.sink.emit(Event::Warning { text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn llvms_own_words_are_kept() {
        let none = Complaints::about(Some(&crate::profiles::llvm::Counters));
        let mut complaints = none.clone();
        complaints.line("LLVM Profile Warning: Unable to track new values");
        complaints.line("error: LLVM is not to blame");
        assert_eq!(complaints.words(), None);
        complaints
            .line("serving... LLVM Profile Error: Failed to write file \"/r/7.profraw\": Permission denied");
        let words = "LLVM Profile Error: Failed to write file \"/r/7.profraw\": Permission denied";
        assert_eq!(complaints.words().as_deref(), Some(words));
        complaints.line("LLVM Profile Error: another");
        assert_eq!(complaints.words(), Some(format!("{words} (and 1 more like it)")));
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), b"\xff\nLLVM Profile Error: x\r\nno end").unwrap();
        let mut of_file = none;
        of_file.file(file.path());
        assert_eq!(of_file.words().as_deref(), Some("LLVM Profile Error: x"));
    }
}
