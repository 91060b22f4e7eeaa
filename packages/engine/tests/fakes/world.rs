//! What the plugs do when they are called, and what they were called for.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use honing_core::{Error, ExitCode, Flow, Result, Selection, Stage, event::Event};
use honing_engine::{Finished, Options, Session, Sink, children::Cancel};

use crate::plugs::Fake;

/// What happens at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It fails.
    Fails,
    /// A person cancels the run meanwhile.
    IsCancelled,
    /// It takes longer than there is time.
    TakesLong,
}

/// Time that the runs out of time have: nobody waits for it.
pub(crate) const BUDGET: Duration = Duration::from_secs(3600);

/// A workspace, and what is to go wrong in it.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) root: PathBuf,
    /// Whether the program that ships is trained, and none is instrumented.
    pub(crate) sampled: bool,
    /// Where something happens, and what.
    mishap: Mutex<Option<(String, Mishap)>>,
    /// The places that were reached, in order.
    reached: Mutex<Vec<String>>,
    cancel: Mutex<Cancel>,
}

const CONFIG: &str = r#"
[bench]
pairs = 12
warmup = 1

[program.p.fake]

[program.p.workload.train]
role = "train"
command = ["{program}", "train"]

[program.p.workload.eval]
role = "eval"
command = ["{program}", "eval"]
"#;

impl World {
    /// A workspace with one program, in a folder that is there.
    pub(crate) fn new(root: &Path, sampled: bool) -> Arc<Self> {
        fs::create_dir_all(root.join("pgo")).unwrap();
        fs::write(root.join("pgo/pgo.toml"), CONFIG).unwrap();
        fs::write(root.join("source"), "1").unwrap();
        Arc::new(Self { root: root.to_owned(), sampled, ..Self::default() })
    }

    /// From now on something goes wrong at a place, or nothing any more.
    pub(crate) fn at(&self, mishap: Option<(&str, Mishap)>) {
        *self.mishap.lock().unwrap() = mishap.map(|(place, what)| (place.to_owned(), what));
        self.reached.lock().unwrap().clear();
    }

    /// The places that were reached since.
    pub(crate) fn reached(&self) -> Vec<String> {
        self.reached.lock().unwrap().clone()
    }

    /// A plug is at a place.
    pub(crate) fn reach(&self, place: &str) -> Result<()> {
        self.reached.lock().unwrap().push(place.to_owned());
        let mishap = self.mishap.lock().unwrap().clone();
        match mishap.filter(|(at, _)| at == place) {
            None => Ok(()),
            Some((_, Mishap::Fails)) => Err(Error::new(ExitCode::Build, format!("{place} fails"))),
            Some((_, Mishap::IsCancelled)) => {
                self.cancel.lock().unwrap().request();
                Err(Error::interrupted())
            }
            Some((_, Mishap::TakesLong)) => {
                // The time that the chain has set for it is over now.
                let cancel = self.cancel.lock().unwrap();
                cancel.expire();
                cancel.check()
            }
        }
    }

    /// A run, and all that it told.
    pub(crate) fn run(
        self: &Arc<Self>,
        options: Options,
        selection: &Selection,
    ) -> (Result<Finished>, Vec<Event>) {
        let session = self.open(options);
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        session.sink.listen(Box::new(move |record| heard.lock().unwrap().push(record.event.clone())));
        let ended = honing_engine::run(&session, selection);
        let events = events.lock().unwrap().clone();
        (ended, events)
    }

    /// A session with the plugs.
    pub(crate) fn open(self: &Arc<Self>, options: Options) -> Session {
        let cancel = Cancel::default();
        *self.cancel.lock().unwrap() = cancel.clone();
        Session::open(Arc::new(Fake(Arc::clone(self))), options, Sink::new(Vec::new()), cancel).unwrap()
    }

    /// Its steps.
    pub(crate) fn steps(&self) -> Vec<Stage> {
        if self.sampled { Flow::sampled() } else { Flow::instrumented() }.steps().collect()
    }

    /// What is stored in the repository.
    pub(crate) fn recorded(&self) -> Option<String> {
        fs::read_to_string(self.root.join("pgo/profiles/p/fake/profile.fake")).ok()
    }
}
