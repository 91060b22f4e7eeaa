//! Stopping all children and letting them go on: for a person's Ctrl-Z, and while there is no room for what they write.

use std::{
    io::Write,
    sync::{Arc, Mutex, Weak},
    time::{Duration, Instant},
};

/// A child's control pipe: the launcher at its other end passes signals on.
pub(crate) type Control = Mutex<Option<os_pipe::PipeWriter>>;

/// Shared by whoever stops the run (a key, or who makes room) and whoever starts children or measures them.
#[derive(Debug, Clone, Default)]
pub struct Suspend(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    children: Vec<Weak<Control>>,
    /// Since when a person has stopped them.
    by_key: Option<Instant>,
    /// How long a person stopped them before.
    by_key_before: Duration,
    /// How many others hold them.
    holds: u32,
    since: Option<Instant>,
    stopped: Duration,
    resumed: u64,
}

impl Suspend {
    /// Stops every child with all below it, and what is started meanwhile.
    pub fn stop(&self) {
        self.change(|state| state.by_key = state.by_key.or_else(|| Some(Instant::now())));
    }

    /// Lets them go on, once nobody else holds them.
    pub fn go_on(&self) {
        self.change(|state| {
            state.by_key_before += state.by_key.take().map_or(Duration::ZERO, |since| since.elapsed());
        });
    }

    /// Stops them until what it gives is dropped.
    pub(crate) fn hold(&self) -> Hold {
        self.change(|state| state.holds += 1);
        Hold(self.clone())
    }

    fn change(&self, reason: impl FnOnce(&mut State)) {
        let Ok(mut state) = self.0.lock() else { return };
        reason(&mut state);
        match (state.by_key.is_some() || state.holds > 0, state.since) {
            (true, None) => {
                state.since = Some(Instant::now());
                state.send(STOP);
            }
            (false, Some(since)) => {
                state.since = None;
                state.stopped += since.elapsed();
                state.resumed += 1;
                state.send(CONTINUE);
            }
            _ => {}
        }
    }

    /// How often the run was stopped and went on. What was being measured while this
    /// changes is worth nothing: compare it before and after.
    pub fn resumed(&self) -> u64 {
        self.0.lock().map_or(0, |state| state.resumed)
    }

    /// How long a person has stopped them in all.
    pub(crate) fn stopped_by_key(&self) -> Duration {
        let now = |state: &State| {
            state.by_key_before + state.by_key.map_or(Duration::ZERO, |since| since.elapsed())
        };
        self.0.lock().map_or(Duration::ZERO, |state| now(&state))
    }

    fn stopped(&self) -> Duration {
        let now = |state: &State| state.stopped + state.since.map_or(Duration::ZERO, |at| at.elapsed());
        self.0.lock().map_or(Duration::ZERO, |state| now(&state))
    }

    pub(crate) fn register(&self, control: &Arc<Control>) {
        let Ok(mut state) = self.0.lock() else { return };
        state.children.retain(|child| child.strong_count() > 0);
        state.children.push(Arc::downgrade(control));
        if state.since.is_some() {
            send(control, STOP);
        }
    }
}

/// Children are stopped while this lives.
#[derive(Debug)]
pub(crate) struct Hold(Suspend);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.change(|state| state.holds -= 1);
    }
}

/// A moment that comes no nearer while the run is stopped.
#[derive(Debug)]
pub(crate) struct Deadline {
    suspend: Suspend,
    at: Instant,
    stopped: Duration,
}

impl Deadline {
    /// In `time` from now.
    pub(crate) fn new(suspend: &Suspend, time: Duration) -> Self {
        Self { suspend: suspend.clone(), at: Instant::now() + time, stopped: suspend.stopped() }
    }

    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.at + self.suspend.stopped().saturating_sub(self.stopped)
    }
}

impl State {
    fn send(&self, signal: u8) {
        self.children.iter().filter_map(Weak::upgrade).for_each(|child| send(&child, signal));
    }
}

fn send(child: &Control, signal: u8) {
    if let Ok(mut control) = child.lock()
        && let Some(pipe) = control.as_mut()
    {
        let _ = pipe.write_all(&[signal]);
    }
}

#[cfg(unix)]
const STOP: u8 = nix::libc::SIGSTOP as u8;
#[cfg(unix)]
const CONTINUE: u8 = nix::libc::SIGCONT as u8;

/// Elsewhere there is no Ctrl-Z, and a launcher takes any byte for a kill: nobody calls this.
#[cfg(not(unix))]
const STOP: u8 = 0;
#[cfg(not(unix))]
const CONTINUE: u8 = 0;

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_deadline_waits_while_the_run_is_stopped() {
        let suspend = Suspend::default();
        let deadline = Deadline::new(&suspend, Duration::from_millis(20));
        suspend.stop();
        std::thread::sleep(Duration::from_millis(40));
        assert!(!deadline.is_over());
        suspend.go_on();
        std::thread::sleep(Duration::from_millis(40));
        assert!(deadline.is_over());
    }

    #[test]
    fn who_stops_is_not_overruled() {
        let suspend = Suspend::default();
        let (first, second) = (suspend.hold(), suspend.hold());
        suspend.stop();
        drop(first);
        suspend.go_on();
        assert_eq!(suspend.resumed(), 0, "one holds them still");
        suspend.stop();
        drop(second);
        assert_eq!(suspend.resumed(), 0, "the person stopped them");
        suspend.go_on();
        assert_eq!(suspend.resumed(), 1);
    }

    #[test]
    fn children_are_told_and_times_are_counted() {
        let (mut reader, writer) = os_pipe::pipe().unwrap();
        let control: Arc<Control> = Arc::new(Mutex::new(Some(writer)));
        let suspend = Suspend::default();
        suspend.go_on();
        assert_eq!(suspend.resumed(), 0, "it was not stopped");
        suspend.stop();
        suspend.register(&control);
        std::thread::sleep(Duration::from_millis(5));
        assert!(suspend.stopped() >= Duration::from_millis(5));
        suspend.go_on();
        assert_eq!(suspend.resumed(), 1);
        drop(control);
        let mut told = Vec::new();
        reader.read_to_end(&mut told).unwrap();
        assert_eq!(told, [STOP, CONTINUE]);
        suspend.stop();
    }
}
