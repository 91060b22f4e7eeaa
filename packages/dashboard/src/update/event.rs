//! How the events of a run change the state.

use honing_core::{
    ExitCode,
    event::{Event, Record, StageState},
};

use super::msg::Effect;
use crate::state::{Kind, Line, Notify, Question, Run, Standing, State, Tone};

impl State {
    pub(super) fn event(&mut self, record: Record) -> Option<Effect> {
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
            Event::Note { text } | Event::Answer { text } => self.say(Tone::Note, text.clone(), None),
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
