//! What children print, in bounded memory: the newest lines, where a person is in them,
//! and what is looked for. The whole of it is on disk.

use std::collections::VecDeque;

use honing_core::Step;

/// Lines that are kept.
pub(crate) const MOST_LINES: usize = 20_000;
/// Bytes of text that are kept.
pub(crate) const MOST_BYTES: usize = 4 << 20;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A child printed it.
    Output,
    /// A command that begins.
    Command,
    /// Something that the dashboard says of the log itself.
    Note,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The program's place in the state, and the stage; `None` for what is said of the log itself.
    pub(crate) of: Option<(usize, Step)>,
    pub(crate) kind: Kind,
    /// As it was printed; [`plain`](crate::text::plain) makes it fit to be shown.
    pub(crate) text: String,
}

/// The newest lines.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: VecDeque<Line>,
    bytes: usize,
    /// How many lines were dropped: the number of the first that is kept.
    dropped: u64,
    /// The number of the line at the top, where a person holds it still.
    held: Option<u64>,
    /// Whether long lines are wrapped.
    pub(crate) wraps: bool,
    /// The only stage to be shown.
    pub(crate) only: Option<(usize, Step)>,
    /// What is looked for.
    pub(crate) search: String,
}

impl Log {
    pub(crate) fn push(&mut self, line: Line) {
        self.bytes += line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > MOST_LINES || self.bytes > MOST_BYTES {
            let Some(old) = self.lines.pop_front() else { break };
            self.bytes -= old.text.len();
            self.dropped += 1;
        }
    }

    /// Lines that are kept.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Lines that are no longer kept.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether the newest line is shown as it comes.
    pub(crate) fn follows(&self) -> bool {
        self.held.is_none()
    }

    /// Follows, or holds still what a page of `height` lines shows now.
    pub(crate) fn follow(&mut self, follows: bool, height: usize) {
        self.held = if follows { None } else { self.top(height) };
    }

    fn shows(&self, line: &Line) -> bool {
        self.only.is_none_or(|only| line.of == Some(only))
    }

    /// The lines that are shown, with their numbers, from number `from` on.
    fn starting(&self, from: u64) -> impl Iterator<Item = (u64, &Line)> {
        let skipped = usize::try_from(from.saturating_sub(self.dropped)).unwrap_or(usize::MAX);
        let first = skipped.min(self.lines.len());
        let numbers = self.dropped + first as u64..;
        numbers.zip(self.lines.range(first..)).filter(|(_, line)| self.shows(line))
    }

    /// The same backwards from the newest.
    fn newest(&self) -> impl Iterator<Item = (u64, &Line)> {
        let last = self.dropped + self.lines.len() as u64;
        let back = self.lines.iter().rev().enumerate();
        back.map(move |(at, line)| (last - 1 - at as u64, line)).filter(|(_, line)| self.shows(line))
    }

    /// The number of the first line of a page of `height`.
    fn top(&self, height: usize) -> Option<u64> {
        match self.held {
            Some(held) => Some(held.max(self.dropped)),
            None => self.newest().take(height.max(1)).last().map(|(number, _)| number),
        }
    }

    /// At most `height` lines from where the person is; more than fit where lines wrap.
    pub(crate) fn page(&self, height: usize) -> Vec<&Line> {
        match self.held {
            Some(held) => self.starting(held).take(height).map(|(_, line)| line).collect(),
            None => {
                let mut page: Vec<&Line> = self.newest().take(height).map(|(_, line)| line).collect();
                page.reverse();
                page
            }
        }
    }

    /// Goes `by` lines up or down; at the end it follows again.
    pub(crate) fn scroll(&mut self, by: i64, height: usize) {
        let Some(top) = self.top(height) else { return };
        let steps = usize::try_from(by.unsigned_abs()).unwrap_or(usize::MAX);
        if by < 0 {
            let before = self.newest().skip_while(|(number, _)| *number >= top);
            let found = before.take(steps).last().map_or(top, |(number, _)| number);
            self.held = Some(found);
        } else {
            let found = self.starting(top).nth(steps).map(|(number, _)| number);
            let end = self.newest().take(height.max(1)).last().map(|(number, _)| number);
            self.held = found.filter(|_| found < end);
        }
    }

    /// To the first line that is kept.
    pub(crate) fn go_to_top(&mut self) {
        self.held = Some(self.dropped);
    }

    /// Whether a line has what is looked for.
    pub(crate) fn finds(&self, line: &Line) -> bool {
        !self.search.is_empty() && line.text.to_lowercase().contains(&self.search.to_lowercase())
    }

    /// Holds still where the newest line with what is looked for is seen.
    pub(crate) fn find_newest(&mut self, height: usize) {
        let found = self.newest().find(|(_, line)| self.finds(line)).map(|(number, _)| number);
        if let (Some(found), Some(top)) = (found, self.top(height)) {
            self.held = Some(found.min(top));
        }
    }

    /// Holds still at the next line with what is looked for, forwards or backwards. Where
    /// there is none, nothing moves.
    pub(crate) fn find(&mut self, forwards: bool, height: usize) {
        let Some(top) = self.top(height) else { return };
        let found = if forwards {
            self.starting(top + 1).find(|(_, line)| self.finds(line)).map(|(number, _)| number)
        } else {
            self.newest().find(|(number, line)| *number < top && self.finds(line)).map(|(number, _)| number)
        };
        if found.is_some() {
            self.held = found;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: String) -> Line {
        Line { of: Some((0, honing_core::Stage::Train.into())), kind: Kind::Output, text }
    }

    fn log(count: usize) -> Log {
        let mut log = Log::default();
        (0..count).for_each(|number| log.push(line(format!("line {number}"))));
        log
    }

    fn shown(log: &Log) -> Vec<&str> {
        log.page(3).into_iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn follows_until_it_is_held_and_holds_still() {
        let mut log = log(10);
        assert_eq!(shown(&log), ["line 7", "line 8", "line 9"]);
        log.scroll(-2, 3);
        assert!(!log.follows());
        log.push(line("new".into()));
        assert_eq!(shown(&log), ["line 5", "line 6", "line 7"]);
        log.scroll(1, 3);
        assert_eq!(shown(&log)[0], "line 6");
        log.scroll(100, 3);
        assert!(log.follows());
        assert_eq!(shown(&log), ["line 8", "line 9", "new"]);
    }

    #[test]
    fn memory_is_bounded_by_lines_and_by_bytes() {
        let full = log(MOST_LINES + 5);
        assert_eq!((full.lines.len(), full.dropped()), (MOST_LINES, 5));
        let mut wide = Log::default();
        (0..100).for_each(|_| wide.push(line("x".repeat(64 << 10))));
        assert!(wide.bytes <= MOST_BYTES && wide.dropped() > 0);
    }

    #[test]
    fn what_is_held_may_be_dropped() {
        let mut log = log(10);
        log.go_to_top();
        (0..MOST_LINES).for_each(|number| log.push(line(format!("later {number}"))));
        assert_eq!(shown(&log), ["later 0", "later 1", "later 2"]);
        log.scroll(-1, 3);
        assert_eq!(shown(&log)[0], "later 0");
    }

    #[test]
    fn searches_both_ways_and_one_stage_alone() {
        let mut log = log(30);
        log.push(Line {
            of: Some((0, honing_core::Stage::Bench.into())),
            kind: Kind::Output,
            text: "Pair 1".into(),
        });
        log.search = "LINE 2".into();
        log.find(false, 3);
        assert_eq!(shown(&log)[0], "line 27");
        log.find(false, 3);
        assert_eq!(shown(&log)[0], "line 26");
        log.find(true, 3);
        assert_eq!(shown(&log)[0], "line 27");
        log.only = Some((0, honing_core::Stage::Bench.into()));
        log.follow(true, 3);
        assert_eq!(shown(&log), ["Pair 1"]);
    }
}
