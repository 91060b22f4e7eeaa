//! How each message changes the state. Pure: effects are returned, and the terminal's rim does them.

mod act;
mod event;
mod manifest;
mod msg;

use std::collections::BTreeMap;

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
        // Programs that need each other's steps take turns.
        let mut steps: BTreeMap<&str, Vec<Step>> = BTreeMap::new();
        for plan in &planned {
            steps.entry(&plan.program).or_default().push(plan.stage);
        }
        for plan in &planned {
            if let Some(steps) = steps.remove(plan.program.as_str()) {
                self.program_mut(&plan.program).1.has_steps(&steps);
            }
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

#[cfg(test)]
mod tests {
    use honing_core::Stage;

    use super::*;
    use crate::{Mode, Setup};

    #[test]
    fn steps_of_programs_that_take_turns_stay_in_order() {
        let (first, second) = ([Stage::Preflight, Stage::Baseline], [Stage::Instrument, Stage::Train]);
        let turns = [("app", first), ("lib", first), ("lib", second), ("app", second)];
        let planned = |(program, stages): (&str, [Stage; 2])| {
            let one = |stage: Stage| Planned {
                program: program.to_owned(),
                stage: stage.into(),
                state: PlannedState::Run,
                reasons: Vec::new(),
                commands: Vec::new(),
            };
            stages.map(one)
        };
        let mut state = State::new(Setup { mode: Mode::Look, ..Setup::default() });
        state.update(Msg::Planned(turns.into_iter().flat_map(planned).collect()));
        for program in ["app", "lib"] {
            let rows = &state.program_mut(program).1.rows;
            let order: Vec<Step> = rows.iter().map(|row| row.stage).collect();
            assert_eq!(order, [first, second].concat().into_iter().map(Step::from).collect::<Vec<_>>());
        }
    }
}
