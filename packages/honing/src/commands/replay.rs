//! `replay`: recorded events in the dashboard, as lines, or as a picture.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use honing_core::{
    Error, ExitCode, Result,
    event::{Event, Record, SCHEMA},
};
use honing_dashboard::{Ask, Backend, Inbox, Mode, Msg, Screen, Setup, State};

use super::{closing::Closing, dash, run};
use crate::cli::Shared;

/// Columns and lines of a picture.
const PICTURE: (u16, u16) = (120, 40);

/// Shows the events as they came, `speed` times as fast; all at once as lines where there
/// is no terminal.
pub(crate) fn replay(shared: &Shared, file: &Path, speed: f64) -> Result<()> {
    let speed = check(speed)?;
    let records = read(file)?;
    if !dash::is_watched(shared) {
        let mut listener = run::listener(shared);
        records.iter().for_each(&mut listener);
        return Ok(());
    }
    let setup = dash::setup(shared, Mode::Replay)?;
    let inbox = Inbox::default();
    let start = Instant::now();
    let (feed, fed) = (inbox.clone(), records.clone());
    std::thread::spawn(move || {
        for record in fed {
            let due = Duration::from_secs_f64(record.at_ms as f64 / 1000.0 / speed);
            std::thread::sleep(due.saturating_sub(start.elapsed()));
            feed.record(&record);
        }
    });
    honing_dashboard::run(State::new(setup), &inbox, &mut Recorded { start, speed })?;
    let mut kept = Closing::new();
    records.iter().for_each(|record| kept.record(record));
    kept.print();
    Ok(())
}

/// Writes the end of the events as an SVG document.
pub(crate) fn picture(file: &Path, svg: &Path) -> Result<()> {
    let screen = Screen::default();
    let mut state = State::new(Setup { mode: Mode::Replay, screen, ..Setup::default() });
    for record in read(file)? {
        state.update(Msg::Event(Box::new(record)));
    }
    let picture = honing_dashboard::svg(&mut state, PICTURE.0, PICTURE.1);
    std::fs::write(svg, picture)
        .map_err(|error| Error::usage(format!("cannot write {}: {error}", svg.display())))
}

fn check(speed: f64) -> Result<f64> {
    if speed > 0.0 {
        return Ok(speed);
    }
    Err(Error::usage(format!("--speed {speed} is not above zero")).with_hint("10 is ten times as fast"))
}

/// The events of a file. A last line that was cut off, as by a kill, is left out.
pub(super) fn read(file: &Path) -> Result<Vec<Record>> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Error::usage(format!("cannot read {}: {error}", file.display()))
            .with_hint("runs leave their events in target/honing/runs/<run>/events.jsonl")
    })?;
    let whole = text.ends_with('\n');
    let lines: Vec<&str> = text.lines().collect();
    let mut records = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match serde_json::from_str(line) {
            Ok(Record { event: Event::RunStarted { schema, .. }, .. }) if schema != SCHEMA => {
                let file = file.display();
                let why = format!("{file}: events of version {schema}; this Honing reads version {SCHEMA}");
                return Err(Error::usage(why).with_hint(honing_core::advise!(
                    "the Honing that wrote them shows them; a new run leaves new ones: {pgo}"
                )));
            }
            Ok(record) => records.push(record),
            Err(_) if at + 1 == lines.len() && !whole => {}
            Err(error) => {
                let place = format!("{}: line {}", file.display(), at + 1);
                return Err(Error::usage(format!("{place}: no event of this version: {error}"))
                    .with_hint("it has to be what `--format json` prints (docs/events.md)"));
            }
        }
    }
    if records.is_empty() {
        return Err(Error::new(ExitCode::Usage, format!("{}: there is no event in it", file.display())));
    }
    Ok(records)
}

/// Nothing can be started in what is over.
struct Recorded {
    start: Instant,
    speed: f64,
}

impl Backend for Recorded {
    fn start(&mut self, _: &Ask) {}

    fn cancel(&mut self) {}

    fn stop(&mut self) {}

    fn go_on(&mut self) {}

    fn read_manifest(&mut self) {}

    fn write_manifest(&mut self) {}

    fn run_ms(&self) -> u64 {
        (self.start.elapsed().as_secs_f64() * 1000.0 * self.speed) as u64
    }
}
