//! From the events of a run to its document.

use honing_core::{
    event::{Event, Record, StageCost, StageState, Summary, began},
    status::Status,
};

use super::{Document, End, Profile, Program, SCHEMA, Span, cost};
use crate::document::past::Past;

impl Document {
    /// What `records` tell, with what is known of earlier runs, the oldest first. A run that failed,
    /// was cancelled or never ended gives what there is.
    pub fn from_events(records: &[Record], history: Vec<Past>) -> Self {
        let mut reading = Reading::default();
        records.iter().for_each(|record| reading.take(record));
        reading.finish(history)
    }
}

#[derive(Default)]
struct Reading {
    version: Option<String>,
    run: Option<String>,
    stages: Vec<honing_core::Step>,
    last_ms: u64,
    builder_ms: Option<u64>,
    end: Option<End>,
    warnings: Vec<String>,
    programs: Vec<Program>,
    costs: Vec<(String, Vec<StageCost>)>,
}

impl Reading {
    fn take(&mut self, record: &Record) {
        let at = record.at_ms;
        if !matches!(record.event, Event::RunFinished { .. }) {
            self.last_ms = self.last_ms.max(at);
        }
        match &record.event {
            Event::RunStarted { version, run, programs, stages, .. } => {
                self.version = Some(version.clone());
                self.run = Some(run.clone());
                self.stages.clone_from(stages);
                for name in programs {
                    self.program(name);
                }
            }
            Event::StageStarted { program, stage, reasons, .. } => {
                let (stage, reasons) = (*stage, reasons.clone());
                let span = Span { stage, start_ms: at, end_ms: at, reasons, ..Span::default() };
                self.program(program).timeline.push(span);
            }
            Event::StageFinished { program, stage, state, detail, elapsed_ms, cpu_ms } => {
                let ended = Span {
                    stage: *stage,
                    state: Some(*state),
                    start_ms: at,
                    end_ms: at,
                    elapsed_ms: *elapsed_ms,
                    cpu_ms: *cpu_ms,
                    detail: detail.clone(),
                    reasons: Vec::new(),
                };
                self.program(program).ended(ended);
            }
            Event::Matched { program, applied } => {
                self.program(program).applied = Some(applied.clone());
            }
            Event::Hot { program, functions } => self.program(program).hot.clone_from(functions),
            Event::Stored { status } => self.program(&status.program).stored(status),
            Event::Measured { program, interim: false, measured } => {
                let all = &mut self.program(program).measured;
                all.retain(|old| !old.replaces(measured));
                all.push(measured.clone());
            }
            Event::Warning { text } => self.warnings.push(text.clone()),
            Event::ProgramFinished { summary } => {
                self.costs.push((summary.program.clone(), summary.costs.clone()));
                self.program(&summary.program).summed_up(summary);
            }
            Event::RunFinished { exit, code, error, hint, builder_ms, .. } => {
                self.builder_ms = Some(*builder_ms);
                self.end = Some(End { exit: *exit, code: *code, error: error.clone(), hint: hint.clone() });
            }
            _ => {}
        }
    }

    fn program(&mut self, name: &str) -> &mut Program {
        let at = self.programs.iter().position(|program| program.program == name);
        let at = at.unwrap_or_else(|| {
            self.programs.push(Program::called(name));
            self.programs.len() - 1
        });
        &mut self.programs[at]
    }

    fn finish(self, history: Vec<Past>) -> Document {
        let Self { version, run, stages, last_ms, builder_ms, end, warnings, mut programs, costs } = self;
        for program in &mut programs {
            // The run ended during it.
            for span in program.timeline.iter_mut().filter(|span| span.state.is_none()) {
                span.end_ms = last_ms.max(span.start_ms);
                span.elapsed_ms = span.end_ms - span.start_ms;
            }
            let own = costs.iter().find(|(name, _)| *name == program.program);
            program.refresh = own.and_then(|(_, costs)| cost::refresh(&program.timeline, costs));
            let earlier = history.iter().filter(|past| past.program == program.program);
            program.history = earlier.cloned().collect();
        }
        let mut document = Document {
            schema: SCHEMA,
            version,
            date: run.as_deref().and_then(began),
            run,
            verdict: String::new(),
            elapsed_ms: last_ms,
            builder_ms,
            end,
            warnings,
            stages,
            programs,
        };
        document.verdict = document.sentence();
        document
    }
}

impl Program {
    fn called(name: &str) -> Self {
        Self { program: name.to_owned(), ..Self::default() }
    }

    /// A stage that worked began so long before its end as it took, its tools included, which are
    /// built before it is announced; but not before the stage before it had ended.
    fn ended(&mut self, mut ended: Span) {
        let begun = self.timeline.pop_if(|span| span.state.is_none() && span.stage == ended.stage);
        let before = self.timeline.last().map_or(0, |span| span.end_ms);
        if let Some(begun) = begun {
            ended.start_ms = begun.start_ms;
            ended.reasons = begun.reasons;
        }
        if ended.state != Some(StageState::UpToDate) {
            let long_before = ended.end_ms.saturating_sub(ended.elapsed_ms);
            ended.start_ms = ended.start_ms.min(long_before).max(before).min(ended.end_ms);
        }
        self.timeline.push(ended);
    }

    fn stored(&mut self, status: &Status) {
        self.target = Some(status.target.clone());
        self.profile = status.manifest.as_ref().map(|manifest| Profile {
            folder: status.folder.clone(),
            digest: manifest.profile.digest.to_string(),
            indexed_digest: manifest.profile.indexed_digest.to_string(),
            bytes: manifest.profile.bytes,
            trained: manifest.trained.clone(),
            recorded: manifest.recorded.clone(),
            commit: manifest.commit.clone(),
            dirty: manifest.dirty,
            source: manifest.source,
            toolchain: manifest.account.toolchain.clone(),
            stale: status.stale.clone(),
        });
    }

    fn summed_up(&mut self, summary: &Summary) {
        self.target = Some(summary.target.clone());
        self.outcome.clone_from(&summary.outcome);
        self.wording.clone_from(&summary.wording);
        self.measured.clone_from(&summary.measured);
        self.trust.clone_from(&summary.trust);
        self.baseline.clone_from(&summary.baseline);
        self.optimized.clone_from(&summary.optimized);
        self.applied.clone_from(&summary.applied);
        self.recorded.clone_from(&summary.recorded);
        self.next.clone_from(&summary.next);
    }
}

impl Document {
    /// What the run came to, in one sentence: its error, or what was found for each program.
    fn sentence(&self) -> String {
        match &self.end {
            None => return "not finished: the run was ended from outside, or still goes on".into(),
            Some(End { code: 0, .. } | End { error: None, .. }) => {}
            Some(End { exit, code, .. }) => return format!("{} (exit code {code})", exit.meaning()),
        }
        let several = self.programs.len() > 1;
        let of = |program: &Program| {
            let found = program.wording.clone().or_else(|| {
                let applied = program.applied.as_ref()?;
                Some(format!("built, applying {}", applied.words()))
            });
            let found = found.unwrap_or_else(|| "done".into());
            if several { format!("{}: {found}", program.program) } else { found }
        };
        let found: Vec<String> = self.programs.iter().map(of).collect();
        if found.is_empty() { "done".into() } else { found.join("; ") }
    }
}
