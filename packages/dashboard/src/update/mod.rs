//! How each message changes the state. Pure: effects are returned, and the terminal's rim does them.

mod act;
mod event;
mod manifest;
mod msg;

use honing_core::{Planned, PlannedState, Step, event::StageState};

pub use msg::{Effect, Msg};

use crate::{
    keys::Key,
    past::Past,
    state::{Kind, Line, Run, Standing, State, Tone},
};

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

    fn key(&mut self, key: Key) -> Option<Effect> {
        if self.typed.is_some() && self.type_key(key) {
            return None;
        }
        self.action(key).and_then(|action| self.act(action))
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
            let is_done = plan.state == PlannedState::UpToDate;
            row.standing = if is_done { up_to_date } else { Standing::Waiting };
        }
    }
}
