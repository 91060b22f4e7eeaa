//! Lines as cargo prints them: what is going on, one line at a time, for logs and for
//! terminals that nobody watches.

use std::{
    collections::VecDeque,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};
use honing_core::{
    Step, because,
    event::{Event, Record, StageState},
    units,
};

/// Progress is told at most this often.
const PROGRESS_EVERY_MS: u64 = 5_000;
/// Lines of a failed stage's output that are shown.
const SHOWN_ON_FAILURE: usize = 30;
/// Reasons for which a stage runs that are named.
pub const REASONS: usize = 3;

/// How much is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors and the result.
    Quiet,
    /// Stages and their progress.
    #[default]
    Normal,
    /// Commands and the output of every child as well.
    Verbose,
}

/// Writes events as lines.
#[derive(Debug, Default)]
pub struct Plain {
    verbosity: Verbosity,
    /// Whether lines have to say which program they are about.
    several: bool,
    last_progress_ms: u64,
    /// What the stage that runs took the last time.
    last_ms: Option<u64>,
    last_lines: VecDeque<String>,
    /// The log of the command that runs.
    log: Option<String>,
}

impl Plain {
    /// A reporter that tells as much as `verbosity` says.
    pub fn new(verbosity: Verbosity) -> Self {
        Self { verbosity, ..Self::default() }
    }

    /// Writes what there is to say about an event.
    ///
    /// # Errors
    /// Where `out` does not take it.
    pub fn event(&mut self, record: &Record, out: &mut dyn Write) -> io::Result<()> {
        let green = AnsiColor::Green.on_default().bold();
        match &record.event {
            Event::RunStarted { programs, .. } => self.several = programs.len() > 1,
            Event::StageStarted { program, stage, reasons, last_ms } => {
                self.last_progress_ms = record.at_ms;
                self.last_lines.clear();
                self.log = None;
                self.last_ms = *last_ms;
                if !reasons.is_empty() {
                    let text = format!("running: {}{}", because(reasons, REASONS), self.last_time());
                    self.line(out, *stage, green, program, &text)?;
                }
            }
            Event::Progress { program, stage, done, total, unit, at, left_ms } => {
                let due = record.at_ms >= self.last_progress_ms + PROGRESS_EVERY_MS;
                if due || unit == "workloads" || (*done == 0 && unit == "pairs") {
                    self.last_progress_ms = record.at_ms;
                    let total = total.map(|total| format!("/{total}")).unwrap_or_default();
                    let left =
                        left_ms.map(|left| format!(", {} at most", units::millis(left))).unwrap_or_default();
                    self.line(out, *stage, green, program, &format!("{done}{total} {unit}, {at}{left}"))?;
                }
            }
            Event::Command { line, log, .. } => {
                self.log = Some(log.clone());
                if self.verbosity == Verbosity::Verbose {
                    let bold = Style::new().bold();
                    writeln!(out, "     {bold}Running{bold:#} {line}")?;
                }
            }
            Event::Output { line, .. } => self.output(line, out)?,
            Event::Heartbeat { program, stage, elapsed_ms } => {
                let elapsed = units::millis(*elapsed_ms);
                let text = format!("still working after {elapsed}{}", self.last_time());
                self.line(out, *stage, green, program, &text)?;
            }
            Event::Note { text } => self.note(out, text)?,
            Event::Warning { text } => {
                let yellow = AnsiColor::Yellow.on_default().bold();
                writeln!(out, "{yellow}warning{yellow:#}: {text}")?;
            }
            Event::StageFinished { program, stage, state, detail, elapsed_ms, .. } => {
                self.finished(out, (program, *stage), *state, detail, *elapsed_ms)?;
                self.log = None;
            }
            Event::Matched { applied, .. } => {
                if self.verbosity > Verbosity::Quiet {
                    crate::applied::applied(applied, out)?;
                }
            }
            // A result: it goes to standard output.
            Event::Answer { .. }
            | Event::Hot { .. }
            | Event::Stored { .. }
            | Event::Measured { .. }
            | Event::Built { .. }
            | Event::ProgramFinished { .. }
            | Event::RunFinished { .. } => {}
        }
        Ok(())
    }

    fn last_time(&self) -> String {
        self.last_ms.map(|last| format!("; it took {} last time", units::millis(last))).unwrap_or_default()
    }

    fn finished(
        &mut self,
        out: &mut dyn Write,
        (program, stage): (&str, Step),
        state: StageState,
        detail: &str,
        elapsed_ms: u64,
    ) -> io::Result<()> {
        let took = units::millis(elapsed_ms);
        let detail = if detail.is_empty() { String::new() } else { format!(", {detail}") };
        let green = AnsiColor::Green.on_default().bold();
        match state {
            StageState::Done => self.line(out, stage, green, program, &format!("done in {took}{detail}")),
            StageState::UpToDate => self.line(out, stage, green, program, &format!("up to date{detail}")),
            StageState::Skipped => self.line(
                out,
                stage,
                AnsiColor::Yellow.on_default().bold(),
                program,
                &format!("skipped{detail}"),
            ),
            StageState::Failed => {
                if self.verbosity < Verbosity::Verbose {
                    // Indented: a quotation, so that the run's own error stands out.
                    self.last_lines.iter().try_for_each(|line| writeln!(out, "    {line}"))?;
                }
                let red = AnsiColor::Red.on_default().bold();
                let log = self.log.as_ref().map(|log| format!("; log: {log}")).unwrap_or_default();
                self.line(out, stage, red, program, &format!("failed after {took}{log}"))
            }
            StageState::Cancelled => {
                self.line(out, stage, AnsiColor::Yellow.on_default().bold(), program, "cancelled")
            }
        }
    }

    fn output(&mut self, line: &str, out: &mut dyn Write) -> io::Result<()> {
        let line = units::shown(line);
        if self.verbosity == Verbosity::Verbose {
            return writeln!(out, "{line}");
        }
        if self.last_lines.len() == SHOWN_ON_FAILURE {
            self.last_lines.pop_front();
        }
        self.last_lines.push_back(line.into_owned());
        Ok(())
    }

    fn note(&self, out: &mut dyn Write, text: &str) -> io::Result<()> {
        if self.verbosity == Verbosity::Quiet {
            return Ok(());
        }
        let cyan = AnsiColor::Cyan.on_default().bold();
        writeln!(out, "{cyan}{:>12}{cyan:#} {text}", "Note")
    }

    /// The stage's name right-aligned in twelve columns, as cargo does with its verbs.
    fn line(
        &self,
        out: &mut dyn Write,
        stage: Step,
        style: Style,
        program: &str,
        text: &str,
    ) -> io::Result<()> {
        if self.verbosity == Verbosity::Quiet {
            return Ok(());
        }
        let mut name = stage.to_string();
        name[..1].make_ascii_uppercase();
        let program = if self.several { format!("{program}: ") } else { String::new() };
        writeln!(out, "{style}{name:>12}{style:#} {program}{text}")
    }
}
