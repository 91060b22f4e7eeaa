//! A program in a pseudo-terminal: its screen, its keys, and how it leaves the terminal.

use std::{
    io::{Read, Write},
    num::NonZero,
    process::Command,
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::support::{Fixture, HONING};

/// How long anything may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
const SIZE: (u16, u16) = (120, 40);

/// A program in a pseudo-terminal, and what its screen shows.
pub(super) struct Seen {
    master: Box<dyn MasterPty + Send>,
    pub(super) child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    pub(super) screen: Arc<Mutex<vt100::Parser>>,
    /// Ends with the output, which is with the last program that has the terminal open.
    drawing: JoinHandle<()>,
}

impl Seen {
    pub(super) fn start(fixture: &Fixture, program: &str, args: &[&str]) -> Self {
        let size = PtySize { rows: SIZE.1, cols: SIZE.0, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(&fixture.root);
        // What the fixture's environment has, and a terminal's.
        command.env_clear();
        let clean = fixture.honing(&[]);
        let removed: Vec<_> =
            clean.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        for (name, value) in std::env::vars_os().filter(|(name, _)| !removed.contains(&name.as_os_str())) {
            command.env(name, value);
        }
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        command.env("XDG_CONFIG_HOME", fixture.path("config"));
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(cells(SIZE.1), cells(SIZE.0), 1000)));
        let (mut output, drawn) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&screen));
        let drawing = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                drawn.lock().unwrap().process(&bytes[..read]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { master: pair.master, child, keys, screen, drawing }
    }

    pub(super) fn honing(fixture: &Fixture, args: &[&str]) -> Self {
        Self::start(fixture, HONING, args)
    }

    pub(super) fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    pub(super) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until the screen shows what `there` looks for.
    pub(super) fn until(&self, what: &str, there: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let text = self.text();
            if there(&text) {
                return text;
            }
            assert!(start.elapsed() < PATIENCE, "no {what}:\n{text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn shows(&self, what: &str) -> String {
        self.until(what, |text| text.contains(what))
    }

    /// The line of a stage, once it shows `word`.
    pub(super) fn stage(&self, stage: &str, word: &str) {
        let has = |line: &str| line.get(..70).unwrap_or(line).contains(stage) && line.contains(word);
        self.until(&format!("{stage} {word}"), |text| text.lines().any(has));
    }

    /// Waits until the header says that the run has come to its end.
    pub(super) fn finished(&self) {
        let header = |text: &str| text.lines().next().is_some_and(|header| header.contains("  finished "));
        self.until("end of the run", header);
    }

    pub(super) fn is_up(&self) -> bool {
        self.screen.lock().unwrap().screen().alternate_screen()
    }

    pub(super) fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    pub(super) fn resize(&self, columns: u16, lines: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(cells(lines), cells(columns));
        let size = PtySize { rows: lines, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).unwrap();
    }

    /// Waits for the end. The terminal is as it was: no alternate screen, a cursor, lines
    /// that are edited and echoed.
    pub(super) fn ends_with(&mut self, code: u32) -> String {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "it goes on:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        };
        self.until("end of the output", |_| self.drawing.is_finished());
        assert_eq!(status.exit_code(), code, "{}", self.text());
        assert!(!self.is_up(), "the alternate screen is left on");
        assert!(!self.screen.lock().unwrap().screen().hide_cursor(), "the cursor is hidden");
        let modes = self.master.get_termios().expect("a terminal").local_flags;
        for flag in ["ICANON", "ECHO", "ISIG"] {
            assert!(format!("{modes:?}").contains(flag), "raw mode is on: {modes:?}");
        }
        self.text()
    }
}

/// The emulated terminal has at least one cell.
fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap_or(NonZero::<u16>::MIN)
}
