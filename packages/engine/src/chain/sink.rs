//! Where events go: stamped with the time, one after the other, to every listener.

use std::{
    fmt,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use honing_core::{
    Step,
    event::{Event, Record},
};

use crate::io::clock;

/// Silence after which a heartbeat is due.
const SILENCE: Duration = Duration::from_secs(20);

/// Hears every event.
pub type Listener = Box<dyn FnMut(&Record) + Send>;

struct State {
    listeners: Vec<Listener>,
    last: Instant,
    /// The stage that works, and since when.
    working: Option<(String, Step, Instant)>,
}

/// Takes events from any thread.
#[derive(Clone)]
pub struct Sink {
    start: Instant,
    state: Arc<Mutex<State>>,
    /// The heart beats until the last clone is gone.
    _heart: Arc<mpsc::Sender<()>>,
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").finish_non_exhaustive()
    }
}

impl Sink {
    /// A sink whose time begins now.
    pub fn new(listeners: Vec<Listener>) -> Self {
        let start = Instant::now();
        let state = Arc::new(Mutex::new(State { listeners, last: start, working: None }));
        let (heart, stopped) = mpsc::channel();
        let watched = Arc::downgrade(&state);
        thread::spawn(move || {
            while stopped.recv_timeout(Duration::from_secs(1)) == Err(mpsc::RecvTimeoutError::Timeout) {
                let Some(state) = watched.upgrade() else { return };
                beat(&state, start);
            }
        });
        Self { start, state, _heart: Arc::new(heart) }
    }

    /// Adds a listener, which hears what comes from now on.
    pub fn listen(&self, listener: Listener) {
        if let Ok(mut state) = self.state.lock() {
            state.listeners.push(listener);
        }
    }

    /// Sends an event to every listener.
    pub fn emit(&self, event: Event) {
        let Ok(mut state) = self.state.lock() else { return };
        match &event {
            Event::StageStarted { program, stage, .. } => {
                state.working = Some((program.clone(), *stage, Instant::now()));
            }
            Event::StageFinished { .. } => state.working = None,
            _ => {}
        }
        state.last = Instant::now();
        send(&mut state, self.start, event);
    }

    /// Since the run began.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

fn send(state: &mut State, start: Instant, event: Event) {
    let record = Record { at_ms: clock::millis_since(start), event };
    for listener in &mut state.listeners {
        listener(&record);
    }
}

fn beat(state: &Mutex<State>, start: Instant) {
    let Ok(mut state) = state.lock() else { return };
    if state.last.elapsed() < SILENCE {
        return;
    }
    if let Some((program, stage, since)) = state.working.clone() {
        state.last = Instant::now();
        let elapsed_ms = clock::millis_since(since);
        send(&mut state, start, Event::Heartbeat { program, stage, elapsed_ms });
    }
}
