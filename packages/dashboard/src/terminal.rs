//! The rim: the terminal itself. Reads keys and signals, draws, does what the state asks
//! for, and gives the terminal back whichever way it ends.

#![allow(clippy::disallowed_methods, reason = "the rim has the clock")]

use std::{
    io::{self, Stdout, Write},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crossterm::{
    cursor,
    event::{self, KeyEventKind},
    execute,
    terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen},
};
use honing_core::{Error, Result};
use ratatui::{Terminal, backend::CrosstermBackend};

use crate::{
    inbox::{Inbox, Item},
    keys::Key,
    state::{Ask, Notify, State},
    update::{Effect, Msg},
    view,
};

/// Events are shown this often at most; keys are answered at once.
const FRAME: Duration = Duration::from_millis(200);
/// Times go on this often while something works.
const TICK: Duration = Duration::from_secs(1);

/// What works behind the dashboard: starts runs, and ends them.
pub trait Backend {
    /// Starts a run, whose events go to the inbox.
    fn start(&mut self, ask: &Ask);
    /// Asks the run to end; once more kills its children.
    fn cancel(&mut self);
    /// Stops the run's children.
    fn stop(&mut self);
    /// Lets them go on.
    fn go_on(&mut self);
    /// Reads the Cargo profiles, and proposes an edit of Cargo.toml; the inbox gets both.
    fn read_manifest(&mut self);
    /// Writes the edit that was proposed last; the inbox hears how that went.
    fn write_manifest(&mut self);
    /// Milliseconds since the run began.
    fn run_ms(&self) -> u64;
}

/// How the dashboard was left.
#[derive(Debug)]
pub struct Left {
    /// What was seen last.
    pub state: State,
    /// Whether a signal, or the loss of the terminal, ended it.
    pub ended: bool,
}

/// Shows the dashboard until a person quits or a signal comes. When it returns, the
/// terminal is as it was, and no run works any more.
///
/// # Errors
/// Internal, where the terminal cannot be used, or a thread has panicked.
pub fn run(state: State, inbox: &Inbox, backend: &mut dyn Backend) -> Result<Left> {
    let failed = |error: io::Error| Error::internal(format!("cannot use the terminal: {error}"));
    restore_on_panic(inbox);
    signals(inbox).map_err(failed)?;
    let tty = Tty::enter().map_err(failed)?;
    read_keys(inbox);
    let mut dashboard = Dashboard { state, inbox, backend, tty, drawn: Instant::now() - FRAME };
    let (columns, lines) = terminal::size().map_err(failed)?;
    dashboard.state.update(Msg::Resize(columns, lines));
    let ended = dashboard.show();
    dashboard.tty.leave();
    if ended? {
        dashboard.wait_for_the_run();
        return Ok(Left { state: dashboard.state, ended: true });
    }
    Ok(Left { state: dashboard.state, ended: false })
}

struct Dashboard<'a> {
    state: State,
    inbox: &'a Inbox,
    backend: &'a mut dyn Backend,
    tty: Tty,
    drawn: Instant,
}

/// What follows from an item.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Quit,
    End,
}

impl Dashboard<'_> {
    /// Until it is left; `true` where a signal ended it.
    fn show(&mut self) -> Result<bool> {
        loop {
            if self.tty.draw(&self.state).is_err() {
                // The terminal is gone.
                return Ok(true);
            }
            self.drawn = Instant::now();
            let tick = self.state.works().then(|| self.drawn + TICK);
            let items = self.inbox.wait(self.drawn + FRAME, tick);
            self.state.update(Msg::Tick(self.backend.run_ms()));
            for item in items {
                match self.take(item)? {
                    Next::GoOn => {}
                    Next::Quit => return Ok(false),
                    Next::End => return Ok(true),
                }
            }
        }
    }

    fn take(&mut self, item: Item) -> Result<Next> {
        match item {
            Item::Msg(msg) => {
                let effect = self.state.update(msg);
                return Ok(effect.map_or(Next::GoOn, |effect| self.act(effect)));
            }
            Item::Panicked => return Err(Error::internal("a thread has panicked; its message is above")),
            Item::Signal(signal) if signal == STOPS => self.suspend(),
            // After a stop that was not announced, as by `kill -STOP`.
            Item::Signal(signal) if signal == CONTINUES => self.tty.redraw(),
            Item::Signal(_) | Item::Gone => return Ok(Next::End),
        }
        Ok(Next::GoOn)
    }

    fn act(&mut self, effect: Effect) -> Next {
        match effect {
            Effect::Start(ask) => self.backend.start(&ask),
            Effect::Cancel => self.backend.cancel(),
            Effect::Quit => return Next::Quit,
            Effect::Suspend => ask_for_stop(),
            Effect::Redraw => self.tty.redraw(),
            Effect::Notify(text) => notify(self.state.notify(), &text, &mut io::stdout()),
            Effect::Open(file) => open(file, self.inbox),
            Effect::ReadManifest => self.backend.read_manifest(),
            Effect::WriteManifest => self.backend.write_manifest(),
        }
        Next::GoOn
    }

    /// Stops the children and this process, with the terminal given back meanwhile.
    fn suspend(&mut self) {
        self.backend.stop();
        self.tty.leave();
        stop_here();
        self.backend.go_on();
        let _ = self.tty.come_back();
        if let Ok((columns, lines)) = terminal::size() {
            self.state.update(Msg::Resize(columns, lines));
        }
    }

    /// Cancels what works, and waits until it has ended; a further signal kills it.
    fn wait_for_the_run(&mut self) {
        if self.state.works() {
            self.backend.cancel();
        }
        while self.state.works() {
            let now = Instant::now();
            for item in self.inbox.wait(now, Some(now + FRAME)) {
                match item {
                    Item::Msg(Msg::Event(record)) => drop(self.state.update(Msg::Event(record))),
                    Item::Signal(signal) if signal != STOPS && signal != CONTINUES => self.backend.cancel(),
                    Item::Panicked => return,
                    Item::Msg(_) | Item::Signal(_) | Item::Gone => {}
                }
            }
        }
    }
}

/// Whether the terminal is ours, for whoever panics.
static UP: AtomicBool = AtomicBool::new(false);

/// The terminal in raw mode, on its alternate screen.
struct Tty(Terminal<CrosstermBackend<Stdout>>);

impl Tty {
    fn enter() -> io::Result<Self> {
        let mut tty = Self(Terminal::new(CrosstermBackend::new(io::stdout()))?);
        tty.come_back()?;
        Ok(tty)
    }

    fn come_back(&mut self) -> io::Result<()> {
        UP.store(true, Ordering::SeqCst);
        terminal::enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, Clear(ClearType::All), cursor::Hide)?;
        // A new one has drawn nothing yet. Its own `clear` would ask the terminal where the
        // cursor is, and wait for an answer that the thread which reads keys gets.
        self.0 = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        Ok(())
    }

    /// Draws, but not on a terminal that a panic has given back.
    fn draw(&mut self, state: &State) -> io::Result<()> {
        let _whole_frame = io::stdout().lock();
        if UP.load(Ordering::SeqCst) {
            self.0.draw(|frame| view::view(state, frame))?;
        }
        Ok(())
    }

    fn redraw(&mut self) {
        let _ = self.come_back();
    }

    fn leave(&self) {
        give_back();
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once, and never amid another thread's frame: what is left of it
/// would cover the panic's message. The lock is reentrant, for a panic while drawing.
/// Where the terminal is gone there is nobody to tell.
fn give_back() {
    let _no_frame = io::stdout().lock();
    if UP.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), LeaveAlternateScreen, cursor::Show);
        let _ = terminal::disable_raw_mode();
    }
}

/// Before anybody panics onto the alternate screen, the terminal is given back.
fn restore_on_panic(inbox: &Inbox) {
    static ONCE: Once = Once::new();
    let inbox = inbox.clone();
    ONCE.call_once(move || {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
            inbox.urgent(Item::Panicked);
        }));
    });
}

/// Keys and sizes, from a thread that ends with the terminal or the process.
fn read_keys(inbox: &Inbox) {
    let inbox = inbox.clone();
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            match event {
                event::Event::Key(key) if key.kind != KeyEventKind::Release => {
                    inbox.send(Msg::Key(Key::new(key.code, key.modifiers)));
                }
                event::Event::Resize(columns, lines) => inbox.send(Msg::Resize(columns, lines)),
                _ => {}
            }
        }
        inbox.urgent(Item::Gone);
    });
}

fn notify(how: Notify, text: &str, out: &mut dyn Write) {
    let said = match how {
        Notify::Off => return,
        Notify::Bell => "\u{7}".to_owned(),
        Notify::Osc9 => format!("\u{1b}]9;Honing: {text}\u{7}"),
    };
    let _ = out.write_all(said.as_bytes()).and_then(|()| out.flush());
}

/// Tells a person who is elsewhere that a run has ended.
pub fn tell(how: Notify, text: &str) {
    notify(how, text, &mut io::stderr());
}

/// How long it is waited for a desktop's opener to fail.
const OPENS: Duration = Duration::from_secs(3);

/// Opens a file with what the desktop has for it: in a session of its own, so that nothing
/// reaches this terminal. Where that fails, as over ssh or in a container, the person is told.
fn open(file: String, inbox: &Inbox) {
    let inbox = inbox.clone();
    std::thread::spawn(move || {
        if open::that_detached_with_timeout(&file, OPENS).is_err() {
            // Short, so that the whole path fits into a line.
            inbox.send(Msg::Trouble(format!("nothing opens {file}"), None));
        }
    });
}

#[cfg(unix)]
mod stopping {
    use nix::{
        sys::signal::{Signal, killpg},
        unistd::{getpgrp, getsid},
    };
    use signal_hook::{
        consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP},
        iterator::Signals,
        low_level::emulate_default_handler,
    };

    use crate::inbox::{Inbox, Item};

    pub(super) const STOPS: i32 = SIGTSTP;
    pub(super) const CONTINUES: i32 = SIGCONT;

    pub(super) fn signals(inbox: &Inbox) -> std::io::Result<()> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT])?;
        let inbox = inbox.clone();
        std::thread::spawn(move || signals.forever().for_each(|signal| inbox.urgent(Item::Signal(signal))));
        Ok(())
    }

    /// Asks the whole job to stop, cargo in front of us included. Where no shell waits for
    /// the job, nobody could let it go on, and nothing happens.
    pub(super) fn ask_for_stop() {
        let group = getpgrp();
        if getsid(None).is_ok_and(|session| session != group) {
            let _ = killpg(group, Signal::SIGTSTP);
        }
    }

    pub(super) fn stop_here() {
        let _ = emulate_default_handler(SIGTSTP);
    }
}

#[cfg(not(unix))]
mod stopping {
    use crate::inbox::Inbox;

    pub(super) const STOPS: i32 = -1;
    pub(super) const CONTINUES: i32 = -2;

    /// Ctrl-C is a key here, and there are no other signals.
    pub(super) fn signals(_: &Inbox) -> std::io::Result<()> {
        Ok(())
    }

    pub(super) fn ask_for_stop() {}

    pub(super) fn stop_here() {}
}

use stopping::{CONTINUES, STOPS, ask_for_stop, signals, stop_here};
