//! `replay`: recorded events in the dashboard, or as lines.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use honing_core::{Error, Result};
use honing_dashboard::{Ask, Backend, Inbox, Mode, State};

use super::{closing::Closing, events::read, lines, watched};
use crate::cli::Shared;

/// Shows the events as they came, `speed` times as fast; all at once as lines where there
/// is no terminal.
pub(crate) fn replay(shared: &Shared, file: &Path, speed: f64) -> Result<()> {
    let speed = check(speed)?;
    let records = read(file)?;
    if !watched::is_watched(shared) {
        let mut listener = lines::listener(shared);
        records.iter().for_each(&mut listener);
        return Ok(());
    }
    let setup = watched::setup(shared, Mode::Replay)?;
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
    let mut kept = Closing::default();
    records.iter().for_each(|record| kept.record(record));
    kept.print();
    Ok(())
}

fn check(speed: f64) -> Result<f64> {
    if speed > 0.0 {
        return Ok(speed);
    }
    Err(Error::usage(format!("--speed {speed} is not above zero")).with_hint("10 is ten times as fast"))
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
