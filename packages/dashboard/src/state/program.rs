//! What is known of one program: its chain of stages, its profile, and what was measured.

use honing_core::{
    Stage, Step,
    applied::{Applied, HotFunction},
    event::{Event, StageState, Summary},
    outcome::Measured,
    status::Status,
};

use crate::past::{self, Past};

/// How a stage stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// It has not begun.
    #[default]
    Waiting,
    /// It works.
    Running,
    /// It ended.
    Ended(StageState),
}

impl Standing {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Ended(state) => state.words(),
        }
    }

    /// The symbol for it.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Waiting => "○",
            Self::Running => "●",
            Self::Ended(StageState::Done) => "✓",
            Self::Ended(StageState::UpToDate) => "=",
            Self::Ended(StageState::Skipped) => "-",
            Self::Ended(StageState::Failed) => "✗",
            Self::Ended(StageState::Cancelled) => "■",
        }
    }
}

/// Something countable inside a stage.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Progress {
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
    pub(crate) unit: String,
    pub(crate) at: String,
    /// When it came so far, in milliseconds of the run.
    pub(crate) since_ms: u64,
    /// How long it can take from then on.
    pub(crate) left_ms: Option<u64>,
}

/// A stage of a program.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Row {
    pub(crate) stage: Step,
    pub(crate) standing: Standing,
    /// Why it runs, or would.
    pub(crate) reasons: Vec<String>,
    /// What it says about its result.
    pub(crate) detail: String,
    /// When it began, in milliseconds of the run.
    pub(crate) started_ms: u64,
    /// What it took.
    pub(crate) elapsed_ms: Option<u64>,
    /// What it took the last time.
    pub(crate) expected_ms: Option<u64>,
    pub(crate) progress: Option<Progress>,
    /// Its commands: those that ran, or would.
    pub(crate) commands: Vec<String>,
    pub(crate) log: Option<String>,
}

/// Commands of a stage that are kept.
const MOST_COMMANDS: usize = 20;

impl Row {
    fn new(stage: Step) -> Self {
        Self { stage, ..Self::default() }
    }

    fn again(&mut self, standing: Standing) {
        *self = Self { standing, expected_ms: self.expected_ms, ..Self::new(self.stage) };
    }

    /// Milliseconds of wall time so far, or in all.
    pub(crate) fn elapsed(&self, now_ms: u64) -> Option<u64> {
        match self.standing {
            Standing::Running => Some(now_ms.saturating_sub(self.started_ms)),
            _ => self.elapsed_ms,
        }
    }
}

/// A program.
#[derive(Debug, Clone, Default)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) status: Option<Status>,
    pub(crate) applied: Option<Applied>,
    pub(crate) hot: Vec<HotFunction>,
    pub(crate) measured: Vec<Measured>,
    pub(crate) summary: Option<Summary>,
    /// The run that the numbers are from, where that is a past one.
    pub(crate) from_run: Option<String>,
    /// Past runs, the newest first.
    pub(crate) past: Vec<Past>,
}

impl Program {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            rows: Stage::ALL.into_iter().map(|stage| Row::new(stage.into())).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn row(&self, stage: Step) -> Option<&Row> {
        self.rows.iter().find(|row| row.stage == stage)
    }

    /// The row of a step, which comes to stand before what is about all passes if it is new.
    pub(crate) fn row_mut(&mut self, stage: Step) -> &mut Row {
        let known = self.rows.iter().position(|row| row.stage == stage);
        let at = known.unwrap_or_else(|| {
            let before =
                self.rows.iter().position(|row| row.stage == Stage::Bench).unwrap_or(self.rows.len());
            self.rows.insert(before, Row::new(stage));
            before
        });
        &mut self.rows[at]
    }

    /// Has a row for each of `steps`, and for no other, where it is known which there are.
    pub(crate) fn has_steps(&mut self, steps: &[Step]) {
        if steps.is_empty() || self.rows.iter().map(|row| row.stage).eq(steps.iter().copied()) {
            return;
        }
        let mut old = std::mem::take(&mut self.rows);
        for step in steps {
            let known = old.iter().position(|row| row.stage == *step);
            self.rows.push(known.map_or_else(|| Row::new(*step), |at| old.swap_remove(at)));
        }
    }

    /// Whether the workload of a metric is being measured now.
    pub(crate) fn measures(&self, metric: &Measured) -> bool {
        let bench = self.row(Stage::Bench.into()).filter(|row| row.standing == Standing::Running);
        let at = bench.and_then(|row| row.progress.as_ref()).map(|progress| progress.at.as_str());
        at == Some(metric.workload.as_str())
    }

    /// A run begins in which `stages` take part, of all `steps`. What an earlier one measured stays until
    /// there is something newer.
    pub(crate) fn begin(&mut self, steps: &[Step], stages: &[Step]) {
        self.has_steps(steps);
        for row in &mut self.rows {
            let takes_part = stages.contains(&row.stage);
            row.again(if takes_part { Standing::Waiting } else { Standing::Ended(StageState::Skipped) });
        }
        if self.has_numbers() && self.from_run.is_none() {
            self.from_run = Some("the run before".into());
        }
    }

    fn has_numbers(&self) -> bool {
        self.applied.is_some() || !self.measured.is_empty()
    }

    /// Forgets the numbers of an earlier run, now that there are newer ones.
    fn renew(&mut self) {
        if self.from_run.take().is_some() {
            (self.applied, self.summary) = (None, None);
            self.hot.clear();
            self.measured.clear();
        }
    }

    /// Takes what an event says about this program.
    pub(crate) fn event(&mut self, at_ms: u64, event: &Event) {
        match event {
            Event::StageStarted { stage, reasons, last_ms, .. } => {
                self.start(at_ms, *stage, reasons);
                let row = self.row_mut(*stage);
                row.expected_ms = row.expected_ms.or(*last_ms);
            }
            Event::Progress { stage, done, total, unit, at, left_ms, .. } => {
                let progress = Progress {
                    done: *done,
                    total: *total,
                    unit: unit.clone(),
                    at: at.clone(),
                    since_ms: at_ms,
                    left_ms: *left_ms,
                };
                self.row_mut(*stage).progress = Some(progress);
            }
            Event::Command { stage, line, log, .. } => {
                let row = self.row_mut(*stage);
                row.log = Some(log.clone());
                row.commands.retain(|command| command != line);
                row.commands.truncate(MOST_COMMANDS - 1);
                row.commands.push(line.clone());
            }
            Event::StageFinished { stage, state, detail, elapsed_ms, .. } => {
                let row = self.row_mut(*stage);
                row.standing = Standing::Ended(*state);
                row.detail.clone_from(detail);
                row.elapsed_ms = Some(*elapsed_ms);
                row.progress = None;
            }
            Event::Matched { applied, .. } => {
                self.renew();
                self.applied = Some(applied.clone());
            }
            Event::Hot { functions, .. } => self.hot.clone_from(functions),
            Event::Stored { status } => self.stored(status),
            Event::Measured { measured, .. } => {
                self.renew();
                past::replace(&mut self.measured, measured.clone());
            }
            Event::ProgramFinished { summary } => {
                self.renew();
                self.measured.clone_from(&summary.measured);
                self.applied = summary.applied.clone().or(self.applied.take());
                self.summary = Some((**summary).clone());
            }
            _ => {}
        }
    }

    /// What no earlier run here tells of the stages' times, the manifest does.
    fn stored(&mut self, status: &Status) {
        if let Some(manifest) = &status.manifest {
            for row in &mut self.rows {
                row.expected_ms = row.expected_ms.or_else(|| manifest.took_ms(row.stage));
            }
        }
        self.status = Some(status.clone());
    }

    fn start(&mut self, at_ms: u64, stage: Step, reasons: &[String]) {
        let row = self.row_mut(stage);
        row.again(Standing::Running);
        row.started_ms = at_ms;
        row.reasons = reasons.to_vec();
    }

    /// Past runs of this program, the newest first; the newest gives the numbers where
    /// there are no newer ones.
    pub(crate) fn look_back(&mut self, all: &[Past]) {
        let past: Vec<Past> = all.iter().filter(|past| past.program == self.name).cloned().collect();
        for row in &mut self.rows {
            let took = |past: &Past| {
                let mut ended = past.stages.iter().rev();
                ended.find(|ended| (ended.0, ended.1) == (row.stage, StageState::Done)).map(|ended| ended.2)
            };
            row.expected_ms = past.iter().find_map(took).or(row.expected_ms);
        }
        let told = past.iter().find(|past| past.summary.is_some() || past.applied.is_some());
        if let (Some(newest), false) = (told, self.has_numbers()) {
            self.applied.clone_from(&newest.applied);
            self.hot.clone_from(&newest.hot);
            self.measured.clone_from(&newest.measured);
            self.summary.clone_from(&newest.summary);
            self.from_run = Some(newest.when());
        }
        self.past = past;
    }
}
