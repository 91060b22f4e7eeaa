//! A panic while the dashboard is up, here or in another thread: the terminal is given
//! back first, so that the message can be read. In a real pseudo-terminal, by this very
//! test executable started again.

use std::{
    io::{Read, Write},
    num::NonZero,
    time::{Duration, Instant},
};

use honing_dashboard::{Ask, Backend, Inbox, Mode, State};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::scenes::state;

const WHERE: &str = "HONING_TEST_PANICS";

struct Panics;

impl Backend for Panics {
    fn start(&mut self, _: &Ask) {
        if std::env::var(WHERE).unwrap() == "here" {
            panic!("on purpose");
        }
        std::thread::spawn(|| panic!("on purpose"));
    }

    fn cancel(&mut self) {}

    fn stop(&mut self) {}

    fn go_on(&mut self) {}

    fn read_manifest(&mut self) {}

    fn write_manifest(&mut self) {}

    fn run_ms(&self) -> u64 {
        0
    }
}

#[test]
#[ignore = "only inside the pseudo-terminal of the other test"]
fn inside() {
    let state: State = state(Mode::Look);
    let error = honing_dashboard::run(state, &Inbox::default(), &mut Panics).unwrap_err();
    assert!(error.to_string().contains("panicked"), "{error}");
    println!("it came to its end: {error}");
}

#[test]
fn a_panic_gives_the_terminal_back() {
    for (place, ends) in [("here", "test panic::inside ... FAILED"), ("elsewhere", "it came to its end")] {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["panic::inside", "--exact", "--ignored", "--nocapture"]);
        command.env(WHERE, place);
        command.env("RUST_BACKTRACE", "0");
        command.env("TERM", "xterm-256color");
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut keys = pair.master.take_writer().unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        let (sender, drawn) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                let _ = sender.send(bytes[..read].to_vec());
            }
        });
        let cells = |count| NonZero::new(count).unwrap();
        let mut screen = vt100::Parser::new(cells(24), cells(80), 0);
        let (start, mut pressed) = (Instant::now(), false);
        while !(pressed && screen.screen().contents().contains(ends)) {
            assert!(start.elapsed() < Duration::from_secs(60), "{place}:\n{}", screen.screen().contents());
            if let Ok(bytes) = drawn.recv_timeout(Duration::from_millis(20)) {
                screen.process(&bytes);
            }
            if !pressed && screen.screen().contents().contains("nothing runs") {
                assert!(screen.screen().alternate_screen());
                keys.write_all(b"s").unwrap();
                keys.flush().unwrap();
                pressed = true;
            }
        }
        child.wait().unwrap();
        let (screen, text) = (screen.screen(), screen.screen().contents());
        assert!(text.contains("on purpose"), "{place}: the message is lost:\n{text}");
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "{place}");
        let modes = format!("{:?}", pair.master.get_termios().expect("a terminal").local_flags);
        assert!(modes.contains("ICANON") && modes.contains("ECHO"), "{place}: {modes}");
    }
}
