//! A run on a CI system: its log in groups, what went wrong as annotations, and what a job
//! reads of it afterwards.
//!
//! Everything here is text in, text out. [`Log`] writes what [`Plain`] does, in a group for each
//! stage; what a child printed cannot command the system ([`github::guard`], [`gitlab::guard`]).

pub mod github;
pub mod gitlab;
mod outputs;
mod summary;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use honing_core::{
    Error, ExitCode, Place,
    applied::Applied,
    event::{Event, Record, Summary},
};

use crate::plain::{Plain, Verbosity};

pub use outputs::Outputs;
pub use summary::{fallback, step_summary};

/// What runs the job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum System {
    /// GitHub Actions, or what understands its workflow commands.
    Github,
    /// GitLab CI.
    Gitlab,
    /// Another one: plain lines.
    #[default]
    None,
}

impl System {
    /// What the environment says.
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is = |name: &str| variable(name).is_some_and(|value| value == "true");
        match (is("GITHUB_ACTIONS"), is("GITLAB_CI")) {
            (true, _) => Self::Github,
            (_, true) => Self::Gitlab,
            _ => Self::None,
        }
    }
}

/// How serious an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Notice,
    /// Something that a person should look at.
    Warning,
    /// What ended the run.
    Error,
}

/// Something that the system shows outside of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How serious it is.
    pub level: Level,
    /// A few words.
    pub title: String,
    /// What, and what to do next.
    pub message: String,
    /// The file that it is about, as the error names it.
    pub place: Option<Place>,
}

impl Annotation {
    /// What ended a run: the error, with what to do next.
    pub fn of(error: &Error) -> Self {
        let mut message = error.to_string();
        if let Some(hint) = error.hint() {
            message = format!("{message}\nhint: {hint}");
        }
        Self { level: Level::Error, title: title(error.code()), message, place: error.place().cloned() }
    }

    /// A run that ended badly without an error: the gates said no.
    fn gate(exit: ExitCode, programs: &[Summary]) -> Self {
        let told = programs
            .iter()
            .filter_map(|summary| Some(format!("{}: {}", summary.program, summary.wording.as_ref()?)));
        let mut message = told.collect::<Vec<_>>().join("\n");
        message.push_str(
            "\nhint: `bench --pairs N` measures longer; training that is like production, or [policy] of \
             pgo.toml, changes the outcome",
        );
        Self { level: Level::Error, title: title(exit), message, place: None }
    }
}

fn title(exit: ExitCode) -> String {
    format!("Honing: {} (exit code {})", exit.meaning(), exit.code())
}

/// Where the files of errors are in the repository.
#[derive(Debug, Clone, Default)]
pub struct Roots {
    /// The checkout, as the system names it.
    pub repository: Option<PathBuf>,
    /// The workspace, absolute: what errors name files relative to.
    pub workspace: Option<PathBuf>,
}

impl Roots {
    /// A file by its path in the repository, with slashes, where it is below it.
    pub fn shown(&self, file: &Path) -> String {
        let absolute = self.workspace.as_ref().map_or_else(|| file.to_owned(), |root| root.join(file));
        let inside = self.repository.as_ref().and_then(|root| absolute.strip_prefix(root).ok());
        let inside = inside.or_else(|| {
            // No checkout is known: the workspace stands for it.
            let root = self.workspace.as_ref().filter(|_| self.repository.is_none())?;
            absolute.strip_prefix(root).ok()
        });
        inside.unwrap_or(&absolute).to_string_lossy().replace('\\', "/")
    }
}

/// The log of a job.
#[derive(Debug, Default)]
pub struct Log {
    system: System,
    colour: bool,
    plain: Plain,
    /// Seconds of the Unix epoch at which the run began.
    began: u64,
    /// Where the files of errors are, once that is known.
    pub roots: Roots,
    groups: u32,
    /// The name of the group that is open.
    open: Option<String>,
    at_ms: u64,
    /// What programs came to.
    pub finished: Vec<Summary>,
    /// By program, how much of its profile was applied, whether it came to its end or not.
    pub matched: Vec<(String, Option<f64>)>,
    /// What was warned of, and what ended the run.
    pub annotations: Vec<Annotation>,
}

impl Log {
    /// The log of a run that begins now, `began` seconds after the Unix epoch.
    pub fn new(system: System, verbosity: Verbosity, colour: bool, began: u64) -> Self {
        Self { system, colour, plain: Plain::new(verbosity), began, ..Self::default() }
    }

    /// Writes what there is to say about an event, in its stage's group.
    ///
    /// # Errors
    /// Where `out` does not take it.
    pub fn event(&mut self, record: &Record, out: &mut dyn Write) -> io::Result<()> {
        self.at_ms = record.at_ms;
        match &record.event {
            Event::StageStarted { program, stage, .. } => {
                self.begin_group(&format!("{program}: {stage}"), out)?;
            }
            // How it ended is seen without opening the group.
            Event::StageFinished { .. } | Event::ProgramFinished { .. } | Event::RunFinished { .. } => {
                self.end_group(out)?;
            }
            _ => {}
        }
        let mut text = Vec::new();
        self.plain.event(record, &mut text)?;
        self.text(&text, out)?;
        self.beside_json(record, out)
    }

    /// Writes what there is to say about an event where standard output carries all of them: only
    /// annotations.
    ///
    /// # Errors
    /// Where `out` does not take it.
    pub fn beside_json(&mut self, record: &Record, out: &mut dyn Write) -> io::Result<()> {
        match &record.event {
            Event::Warning { text } => {
                let (title, message) = ("Honing".into(), text.clone());
                self.annotate(Annotation { level: Level::Warning, title, message, place: None }, out)
            }
            Event::Matched { program, applied } => {
                self.applied(program, applied);
                Ok(())
            }
            Event::ProgramFinished { summary } => {
                if let Some(applied) = &summary.applied {
                    self.applied(&summary.program, applied);
                }
                self.finished.push((**summary).clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// How the run ended, after its last event: the verdicts, or what ended it.
    ///
    /// # Errors
    /// Where `out` does not take it.
    pub fn ended(&mut self, exit: ExitCode, error: Option<&Error>, out: &mut dyn Write) -> io::Result<()> {
        self.end_group(out)?;
        if let Some(error) = error {
            let mut text = Vec::new();
            crate::error(error, &mut text)?;
            self.text(&text, out)?;
            return self.annotate(Annotation::of(error), out);
        }
        if exit != ExitCode::Success {
            return self.annotate(Annotation::gate(exit, &self.finished), out);
        }
        let notices: Vec<Annotation> = self.finished.iter().filter_map(verdict).collect();
        notices.into_iter().try_for_each(|notice| self.annotate(notice, out))
    }

    fn applied(&mut self, program: &str, applied: &Applied) {
        self.matched.retain(|(known, _)| known != program);
        self.matched.push((program.to_owned(), applied.share()));
    }

    fn text(&self, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(guarded(self.system, text, self.colour).as_bytes())
    }

    /// Shows an annotation where the system has a command for it. The lines for people are there
    /// beside it: a log is read elsewhere, too.
    fn annotate(&mut self, annotation: Annotation, out: &mut dyn Write) -> io::Result<()> {
        if self.system == System::Github {
            writeln!(out, "{}", github::annotation(&annotation, &self.roots))?;
        }
        self.annotations.push(annotation);
        Ok(())
    }

    fn begin_group(&mut self, title: &str, out: &mut dyn Write) -> io::Result<()> {
        self.end_group(out)?;
        self.groups += 1;
        let name = gitlab::section_name(self.groups, title);
        match self.system {
            System::Github => writeln!(out, "{}", github::group(title))?,
            System::Gitlab => writeln!(out, "{}", gitlab::section_start(self.now(), &name, title))?,
            System::None => {}
        }
        self.open = Some(name);
        Ok(())
    }

    fn end_group(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let Some(name) = self.open.take() else { return Ok(()) };
        match self.system {
            System::Github => writeln!(out, "{}", github::END_GROUP),
            System::Gitlab => write!(out, "{}", gitlab::section_end(self.now(), &name)),
            System::None => Ok(()),
        }
    }

    fn now(&self) -> u64 {
        self.began + self.at_ms / 1000
    }
}

/// Text that may be another's, so that nothing in it commands the system; without its colours where
/// they are not wanted.
pub fn guarded(system: System, text: &[u8], colour: bool) -> String {
    let text = String::from_utf8_lossy(text);
    let text = if colour { text.into_owned() } else { anstream::adapter::strip_str(&text).to_string() };
    match system {
        System::Github => github::guard(&text).into_owned(),
        System::Gitlab => gitlab::guard(&text).into_owned(),
        System::None => text,
    }
}

/// What a program's run came to; where nothing was judged, how much of its profile applied.
fn verdict(summary: &Summary) -> Option<Annotation> {
    let Summary { program, target, .. } = summary;
    let (word, message) = match (&summary.outcome, &summary.wording, &summary.applied) {
        (Some(outcome), Some(wording), _) => (outcome.word().to_owned(), wording.clone()),
        (_, _, Some(applied)) => ("match".into(), applied.words()),
        _ => return None,
    };
    let title = format!("Honing: {program} ({target}): {word}");
    Some(Annotation { level: Level::Notice, title, message, place: None })
}

#[cfg(test)]
mod tests;
