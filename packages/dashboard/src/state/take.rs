//! How each message changes the state.

use honing_core::{
    ExitCode, Step,
    event::{Event, Record, StageState},
};

use super::{
    Effect, Kind, Line, MOST_MESSAGES, Message, Msg, Notify, Planned, Question, Run, Standing, State, Tone,
};
use crate::past::Past;

impl State {
    /// Takes a message; what comes back is to be done.
    pub fn update(&mut self, msg: Msg) -> Option<Effect> {
        match msg {
            Msg::Event(record) => return self.event(*record),
            Msg::Key(key) => return self.key(key),
            Msg::Resize(columns, lines) => self.size = (columns, lines),
            Msg::Tick(now_ms) if self.works() => self.now_ms = now_ms,
            Msg::Tick(_) => {}
            Msg::Past(past) => self.look_back(past),
            Msg::Status(all) => {
                for status in all {
                    let name = status.program.clone();
                    self.program_mut(&name).1.status = Some(status);
                }
            }
            Msg::Planned(planned) => self.plan(planned),
            Msg::LeftOut(lines) => {
                let text = format!("[{lines} lines are only in the log on disk]");
                self.log.push(Line { of: None, kind: Kind::Note, text });
            }
            Msg::ManifestRead(read) => self.manifest_read(read),
            Msg::ManifestWritten(written) => self.manifest_written(written),
            Msg::Report(file) => self.report = Some(file),
            Msg::Trouble(text, hint) => self.say(Tone::Warning, text, hint),
        }
        None
    }

    fn event(&mut self, record: Record) -> Option<Effect> {
        let Record { at_ms, event } = record;
        self.now_ms = at_ms;
        match &event {
            Event::RunStarted { run, programs, stages, steps, .. } => {
                self.begin(run, programs);
                for name in programs {
                    let all = steps.get(name).map_or(&[][..], Vec::as_slice);
                    self.program_mut(name).1.begin(all, stages);
                }
            }
            Event::Output { program, stage, line } => {
                let at = self.program_mut(program).0;
                self.log.push(Line { of: Some((at, *stage)), kind: Kind::Output, text: line.clone() });
            }
            Event::Command { program, stage, line, .. } => {
                let at = self.program_mut(program).0;
                let text = format!("$ {line}");
                self.log.push(Line { of: Some((at, *stage)), kind: Kind::Command, text });
            }
            Event::StageStarted { program, stage, .. } if self.goes_along => {
                self.current = self.program_mut(program).0;
                self.selected = *stage;
            }
            Event::Note { text } => self.say(Tone::Note, text.clone(), None),
            Event::Warning { text } => self.say(Tone::Warning, text.clone(), None),
            Event::RunFinished { exit, error, hint, .. } => {
                return self.end(*exit, error.clone(), hint.clone());
            }
            _ => {}
        }
        if let Some(name) = program_of(&event) {
            self.program_mut(name).1.event(at_ms, &event);
        }
        None
    }

    fn begin(&mut self, run: &str, programs: &[String]) {
        self.run_name = run.to_owned();
        if !matches!(self.run, Run::Cancelling) {
            self.run = Run::Running;
        }
        self.goes_along = true;
        self.report = None;
        if let Some(first) = programs.first() {
            self.current = self.program_mut(first).0;
        }
    }

    fn end(&mut self, exit: ExitCode, error: Option<String>, hint: Option<String>) -> Option<Effect> {
        let ended = if exit == ExitCode::Interrupted { StageState::Cancelled } else { StageState::Failed };
        let running = self.programs.iter_mut().flat_map(|program| &mut program.rows);
        for row in running.filter(|row| row.standing == Standing::Running) {
            row.standing = Standing::Ended(ended);
        }
        if let Some(error) = &error {
            self.say(Tone::Error, error.clone(), hint.clone());
        }
        // Whoever wanted to quit was only asked because of the work, and that has ended.
        self.quits |= self.question.take() == Some(Question::Quit);
        self.run = Run::Ended { exit, error, hint };
        if self.quits {
            return Some(Effect::Quit);
        }
        let words = self.headline();
        (self.setup.notify != Notify::Off).then_some(Effect::Notify(words))
    }

    pub(super) fn say(&mut self, tone: Tone, text: String, hint: Option<String>) {
        if self.messages.len() == MOST_MESSAGES {
            self.messages.remove(0);
            self.said_before = self.said_before.saturating_sub(1);
        }
        self.messages.push(Message { tone, text, hint });
    }

    /// Each program gets its own; one that pgo.toml no longer has is not shown.
    fn look_back(&mut self, past: Vec<Past>) {
        self.past = past;
        for program in &mut self.programs {
            program.look_back(&self.past);
        }
    }

    fn plan(&mut self, planned: Vec<Planned>) {
        // A run that has begun meanwhile knows better.
        if self.run != Run::None {
            return;
        }
        for of_one in planned.chunk_by(|one, next| one.program == next.program) {
            let steps: Vec<Step> = of_one.iter().map(|plan| plan.stage).collect();
            self.program_mut(&of_one[0].program).1.has_steps(&steps);
        }
        for plan in planned {
            let row = self.program_mut(&plan.program).1.row_mut(plan.stage);
            row.reasons = plan.reasons;
            row.commands = plan.commands;
            let up_to_date = Standing::Ended(StageState::UpToDate);
            row.standing = if plan.up_to_date { up_to_date } else { Standing::Waiting };
        }
    }
}

fn program_of(event: &Event) -> Option<&str> {
    match event {
        Event::StageStarted { program, .. }
        | Event::Progress { program, .. }
        | Event::Command { program, .. }
        | Event::StageFinished { program, .. }
        | Event::Matched { program, .. }
        | Event::Hot { program, .. }
        | Event::Measured { program, .. } => Some(program),
        Event::Stored { status } => Some(&status.program),
        Event::ProgramFinished { summary } => Some(&summary.program),
        _ => None,
    }
}
