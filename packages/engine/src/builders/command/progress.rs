//! How far a build is that says nothing: by the calls of compilers that its wrappers note.

use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    path::Path,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use honing_core::{Stage, event::Event};

use crate::{
    builders::command::calls::{CALLS, Noted},
    chain::sink::Sink,
};

/// How often is looked.
const EVERY: Duration = Duration::from_millis(500);

/// Whose build it is.
pub(super) struct Told<'a> {
    pub(super) sink: &'a Sink,
    pub(super) program: &'a str,
    pub(super) stage: Stage,
    /// Compilations of the last build, where there was one.
    pub(super) total: Option<u64>,
}

/// Tells how far a build is while it is done.
pub(super) fn told<T>(told: &Told<'_>, notes: &Path, build: impl FnOnce() -> T) -> T {
    let (end, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut count = Count::default();
            while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                if count.read(&notes.join(CALLS)) {
                    told.sink.emit(count.event(told));
                }
            }
        });
        let built = build();
        drop(end);
        built
    })
}

/// Compilations so far.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    bytes: u64,
    done: u64,
    at: String,
}

impl Count {
    /// Reads what was added to a file; whether that was a compilation.
    fn read(&mut self, file: &Path) -> bool {
        let mut added = Vec::new();
        let read = fs::File::open(file).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.bytes))?;
            file.read_to_end(&mut added)
        });
        read.is_ok() && self.more(&String::from_utf8_lossy(&added))
    }

    /// Counts whole lines; of one that is being written, the rest comes later.
    fn more(&mut self, added: &str) -> bool {
        let before = self.done;
        for line in added.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            self.bytes += line.len() as u64;
            if let Some(call) = serde_json::from_str::<Noted>(line).ok().filter(|call| call.compiles) {
                self.done += 1;
                self.at = call.file.rsplit('/').next().unwrap_or_default().to_owned();
            }
        }
        self.done > before
    }

    fn event(&self, told: &Told<'_>) -> Event {
        Event::Progress {
            program: told.program.to_owned(),
            stage: told.stage.into(),
            done: self.done,
            // A build that does more than the last one has an unknown end.
            total: told.total.filter(|total| *total >= self.done),
            unit: "compilations".into(),
            at: self.at.clone(),
            left_ms: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilations_are_counted_as_they_come() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(CALLS);
        let mut count = Count::default();
        assert!(!count.read(&file));
        let line = |compiles: bool, name: &str| {
            format!("{{\"compiles\":{compiles},\"links\":false,\"marked\":true,\"file\":\"x/{name}\"}}\n")
        };
        let whole = line(true, "a.c") + "no json\n" + &line(false, "prog") + &line(true, "b.c");
        for (end, done, at) in [(10, 0, ""), (whole.len() - 3, 1, "a.c"), (whole.len(), 2, "b.c")] {
            fs::write(&file, &whole[..end]).unwrap();
            let before = count.done;
            assert_eq!(count.read(&file), done > before, "{end}");
            assert_eq!((count.done, &*count.at), (done, at), "{end}");
        }
        let (sink, stage) = (&Sink::new(Vec::new()), Stage::Baseline);
        for (total, shown) in [(None, None), (Some(2), Some(2)), (Some(1), None)] {
            let told = Told { sink, program: "p", stage, total };
            let Event::Progress { done: 2, total, .. } = count.event(&told) else { panic!() };
            assert_eq!(total, shown);
        }
    }
}
