//! What keys do.

use crossterm::event::KeyCode;
use honing_core::Step;

use super::msg::Effect;
use crate::{
    keys::{Action, Key},
    pane::Pane,
    state::{Ask, Program, Question, Run, State, Text, Tone},
    view,
};

impl State {
    pub(super) fn act(&mut self, action: Action) -> Option<Effect> {
        match action {
            // Whoever has cancelled has answered already.
            Action::Quit if self.run == Run::Cancelling => self.quit_afterwards(),
            Action::Quit if self.can_cancel() => self.question = Some(Question::Quit),
            Action::Quit => return Some(Effect::Quit),
            Action::Interrupt => return self.interrupt(),
            Action::Suspend => return Some(Effect::Suspend),
            Action::Redraw => return Some(Effect::Redraw),
            Action::Start => return self.start(Ask::default()),
            Action::From => return self.ask(false),
            Action::Only => return self.ask(true),
            Action::Rerun => return self.rerun(),
            Action::Cancel if self.run == Run::Cancelling => return Some(Effect::Cancel),
            Action::Cancel => self.question = Some(Question::Cancel),
            Action::SkipBench => self.skips_bench = !self.skips_bench,
            Action::Program => self.next_program(),
            Action::Report => return self.report(),
            Action::Manifest => return self.look_at_manifest(),
            Action::Accept => return self.accept(),
            Action::Refuse => self.refuse(),
            Action::Details => self.read(Text::Details),
            Action::Command => self.read(Text::Command),
            Action::Messages => self.read(Text::Messages),
            Action::Help => self.read(Text::Help),
            Action::Show(pane) => self.focus(pane),
            Action::Next => self.step_pane(1),
            Action::Previous => self.step_pane(Pane::ALL.len() - 1),
            Action::Zoom => self.zoomed = !self.zoomed,
            Action::Up => self.scroll(-1),
            Action::Down => self.scroll(1),
            Action::PageUp => self.scroll(-self.page()),
            Action::PageDown => self.scroll(self.page()),
            Action::Top => self.scroll(i64::MIN),
            Action::Bottom => self.scroll(i64::MAX),
            Action::Search => self.typed = Some(String::new()),
            Action::NextMatch => self.log.find(true, self.height(Pane::Log)),
            Action::PreviousMatch => self.log.find(false, self.height(Pane::Log)),
            Action::Follow => {
                let height = self.height(Pane::Log);
                self.log.follow(!self.log.follows(), height);
            }
            Action::Wrap => self.log.wraps = !self.log.wraps,
            Action::OneStage => self.one_stage(),
            Action::Close => self.close(),
            Action::Yes => return self.confirm(),
            Action::No => self.question = None,
        }
        None
    }

    /// Ctrl-C: as `cancel`, then as `yes`, then kills; where nothing works, it quits.
    fn interrupt(&mut self) -> Option<Effect> {
        if !self.can_cancel() {
            return Some(Effect::Quit);
        }
        if self.run == Run::Cancelling {
            return Some(Effect::Cancel);
        }
        if self.asks() {
            return self.confirm();
        }
        self.question = Some(Question::Cancel);
        None
    }

    fn quit_afterwards(&mut self) {
        self.quits = true;
        self.say(Tone::Note, "it quits when the run has ended".to_owned(), None);
    }

    fn confirm(&mut self) -> Option<Effect> {
        let question = self.question.take()?;
        if !self.works() {
            return (question == Question::Quit).then_some(Effect::Quit);
        }
        self.quits |= question == Question::Quit;
        self.run = Run::Cancelling;
        Some(Effect::Cancel)
    }

    fn start(&mut self, ask: Ask) -> Option<Effect> {
        (self.run, self.now_ms) = (Run::Starting, 0);
        self.text = None;
        self.said_before = self.messages.len();
        Some(Effect::Start(Ask { skip_bench: self.skips_bench, ..ask }))
    }

    /// From the selected step on, or it alone, whether it is up to date or not.
    fn ask(&mut self, only: bool) -> Option<Effect> {
        let program = self.program().filter(|_| self.has_several()).map(|program| program.name.clone());
        let from = Some(self.selected);
        self.start(Ask { program, from, only, force: true, skip_bench: false })
    }

    fn rerun(&mut self) -> Option<Effect> {
        let (program, stage) = self.unfinished()?;
        let program = self.has_several().then(|| program.to_owned());
        self.start(Ask { program, from: Some(stage), ..Ask::default() })
    }

    fn report(&mut self) -> Option<Effect> {
        if let Some(report) = self.report.clone() {
            self.say(Tone::Note, format!("the report is {report}"), None);
            return Some(Effect::Open(report));
        }
        self.read(Text::Summary);
        None
    }

    fn next_program(&mut self) {
        self.current = (self.current + 1) % self.programs.len().max(1);
        self.goes_along = false;
        self.offsets = [0; 6];
    }

    fn read(&mut self, text: Text) {
        self.text = Some((text, 0));
    }

    fn close(&mut self) {
        if self.text.take().is_none() {
            self.log.search.clear();
            self.hot_search.clear();
        }
    }

    fn step_pane(&mut self, by: usize) {
        let at = Pane::ALL.iter().position(|pane| *pane == self.pane).unwrap_or(0);
        self.focus(Pane::ALL[(at + by) % Pane::ALL.len()]);
    }

    fn one_stage(&mut self) {
        self.log.only = match self.log.only {
            Some(_) => None,
            None => Some((self.current, self.selected)),
        };
        let height = self.height(Pane::Log);
        self.log.follow(true, height);
    }

    fn focus(&mut self, pane: Pane) {
        self.pane = pane;
        if pane.is_lower() {
            self.lower = pane;
        }
    }

    /// Lines of a pane's contents, as drawn.
    fn height(&self, pane: Pane) -> usize {
        view::height(self, pane)
    }

    fn page(&self) -> i64 {
        let height = if self.text.is_some() { view::text_height(self) } else { self.height(self.pane) };
        i64::try_from(height.saturating_sub(1).max(1)).unwrap_or(1)
    }

    fn scroll(&mut self, by: i64) {
        if let Some((text, offset)) = self.text {
            let most = view::text_lines(self).saturating_sub(view::text_height(self));
            self.text = Some((text, moved(offset, by, most)));
            return;
        }
        match self.pane {
            Pane::Stages => self.step_stage(by),
            Pane::Log if by == i64::MIN => self.log.go_to_top(),
            Pane::Log => {
                let height = self.height(Pane::Log);
                self.log.scroll(by, height);
            }
            pane => {
                let most = view::lines(self, pane).saturating_sub(self.height(pane));
                let offset = &mut self.offsets[pane as usize];
                *offset = moved(*offset, by, most);
            }
        }
    }

    /// The next stage, over the ends of programs.
    fn step_stage(&mut self, by: i64) {
        let rows = |(at, program): (usize, &Program)| -> Vec<(usize, Step)> {
            program.rows.iter().map(|row| (at, row.stage)).collect()
        };
        let all: Vec<(usize, Step)> = self.programs.iter().enumerate().flat_map(rows).collect();
        let at = all.iter().position(|one| *one == (self.current, self.selected)).unwrap_or(0);
        let at = moved(at, by, all.len().saturating_sub(1));
        self.goes_along = false;
        if let Some(one) = all.get(at) {
            (self.current, self.selected) = *one;
        }
    }

    /// Takes a key into what is being typed; `false` where it is for something else.
    pub(super) fn type_key(&mut self, key: Key) -> bool {
        let Some(typed) = &mut self.typed else { return false };
        match key.code {
            _ if key.ctrl => return false,
            KeyCode::Char(char) => typed.push(char),
            KeyCode::Backspace => drop(typed.pop()),
            KeyCode::Esc => self.typed = None,
            KeyCode::Enter => self.look_for(),
            _ => return false,
        }
        true
    }

    fn look_for(&mut self) {
        let text = self.typed.take().unwrap_or_default();
        match self.pane {
            Pane::Hot => {
                self.hot_search = text;
                self.offsets[Pane::Hot as usize] = 0;
            }
            _ => {
                self.log.search = text;
                // The newest line that has it, as a person looks from the end.
                let height = self.height(Pane::Log);
                self.log.find_newest(height);
            }
        }
    }
}

/// `at` moved by `by`, from 0 to `most`.
fn moved(at: usize, by: i64, most: usize) -> usize {
    let by = isize::try_from(by).unwrap_or(if by < 0 { isize::MIN } else { isize::MAX });
    at.saturating_add_signed(by).min(most)
}
