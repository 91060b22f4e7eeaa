//! What the plugs do when they are called, and what they were called for.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use honing_core::{Error, ExitCode, Flow, Pass, Result, Selection, Step, Training, event::Event};
use honing_engine::{
    Finished, Options, Session, Sink,
    children::Cancel,
    plugs::{Around, Craft},
};

use crate::plugs::{FAKE, Fake, FakeChildren, OTHER};

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

/// What the programs of a workspace go through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One of its own is trained.
    #[default]
    Instrumented,
    /// The program that ships is trained.
    Sampled,
    /// After the build, a pass.
    Passed,
    /// Two programs, and `p` needs what is made of `q`.
    Component,
    /// A service that runs, and is asked for its profile.
    Served,
}

impl Shape {
    pub(crate) const ALL: [Self; 4] = [Self::Instrumented, Self::Sampled, Self::Passed, Self::Component];

    /// The steps of each of its programs.
    pub(crate) fn flow(self) -> Flow {
        let pass = (Pass::named("after"), Training::Instrumented);
        match self {
            Self::Instrumented | Self::Component => Flow::new(Training::Instrumented, &[]),
            Self::Sampled | Self::Served => Flow::new(Training::Sampled, &[]),
            Self::Passed => Flow::new(Training::Instrumented, &[pass]),
        }
    }

    /// Every step of every program, in the order of a run.
    pub(crate) fn steps(self) -> Vec<At> {
        let programs: &[&str] = if self == Self::Component { &["q", "p"] } else { &["p"] };
        let of = |name: &&'static str| self.flow().steps().map(|step| (*name, step)).collect::<Vec<_>>();
        let all: Vec<At> = programs.iter().flat_map(of).collect();
        // What all need is looked at first.
        let (mut first, rest): (Vec<At>, Vec<At>) =
            all.into_iter().partition(|(_, step)| step.stage == honing_core::Stage::Preflight);
        first.extend(rest);
        first
    }
}

/// A step of a program.
pub(crate) type At = (&'static str, Step);

/// The name of a place.
pub(crate) fn place(program: &str, step: impl Into<Step>) -> String {
    format!("{program} {}", step.into())
}

/// A workspace, and what is to go wrong in it.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) root: PathBuf,
    pub(crate) shape: Shape,
    /// Whether what is trained is light, and its profile does not fit.
    pub(crate) light: bool,
    /// Where something happens, and what.
    mishap: Mutex<Option<(String, Mishap)>>,
    /// Whether a craft finds no workspace by itself.
    unseen: AtomicBool,
    /// The crafts that looked at what is there, in order.
    opened: Mutex<Vec<&'static str>>,
    /// The places that were reached, in order.
    reached: Mutex<Vec<String>>,
    cancel: Mutex<Cancel>,
}

const CONFIG: &str = r#"
[bench]
pairs = 12
warmup = 1

[program.p.fake]
name = "p"

[program.p.workload.train]
role = "train"
command = ["{program}", "train"]

[program.p.workload.eval]
role = "eval"
command = ["{program}", "eval"]
"#;

const SERVICE: &str = r#"
[program.p.fake]
name = "p"

[program.p.workload.train]
role = "train"
service = { start = ["{program}", "{port:profile}"], load = ["{program}", "load"], ready.log = "ready" }
"#;

const COMPONENT: &str = r#"
[program.q.fake]
name = "q"

[program.q.workload.train]
role = "train"
command = ["{program}", "train"]

[program.q.workload.eval]
role = "eval"
command = ["{program}", "eval"]
"#;

impl World {
    /// A workspace in a folder that is there.
    pub(crate) fn new(root: &Path, shape: Shape) -> Arc<Self> {
        Self::with(Self { root: root.to_owned(), shape, ..Self::default() })
    }

    /// One whose instrumented program is light.
    pub(crate) fn light(root: &Path) -> Arc<Self> {
        Self::with(Self { root: root.to_owned(), light: true, ..Self::default() })
    }

    fn with(world: Self) -> Arc<Self> {
        fs::create_dir_all(world.root.join("pgo")).unwrap();
        let two = format!(
            "{}{}",
            CONFIG.replace("[program.p.fake]\n", "[program.p]\nneeds = [\"q.optimize\"]\n[program.p.fake]\n"),
            COMPONENT
        );
        let config = match world.shape {
            Shape::Component => two.as_str(),
            Shape::Served => SERVICE,
            _ => CONFIG,
        };
        fs::write(world.root.join("pgo/pgo.toml"), config).unwrap();
        fs::write(world.root.join("source"), "1").unwrap();
        Arc::new(world)
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

    /// Whether a craft finds the workspace by itself.
    pub(crate) fn finds(&self, finds: bool) {
        self.unseen.store(!finds, Ordering::Relaxed);
    }

    pub(crate) fn is_found(&self) -> bool {
        !self.unseen.load(Ordering::Relaxed)
    }

    /// A craft looks at what is there.
    pub(crate) fn opens(&self, craft: &'static str) {
        self.opened.lock().unwrap().push(craft);
    }

    /// The crafts that did.
    pub(crate) fn opened(&self) -> Vec<&'static str> {
        self.opened.lock().unwrap().clone()
    }

    /// A session with the plugs.
    pub(crate) fn open(self: &Arc<Self>, options: Options) -> Session {
        self.open_in(&self.root, options).unwrap()
    }

    /// The same, from another folder.
    pub(crate) fn open_in(self: &Arc<Self>, dir: &Path, options: Options) -> Result<Session> {
        let cancel = Cancel::default();
        *self.cancel.lock().unwrap() = cancel.clone();
        let around = Around {
            dir: dir.to_owned(),
            exe: self.root.join("nobody"),
            env: BTreeMap::new(),
            double: Some(Arc::new(FakeChildren(Arc::clone(self)))),
        };
        let craft = |tables| Arc::new(Fake(Arc::clone(self), tables)) as Arc<dyn Craft>;
        Session::open(&[craft(&FAKE), craft(&OTHER)], around, options, Sink::new(Vec::new()), cancel)
    }

    /// Its steps.
    pub(crate) fn steps(&self) -> Vec<At> {
        self.shape.steps()
    }

    /// What is stored in the repository.
    pub(crate) fn recorded(&self) -> Option<String> {
        self.recorded_of("p")
    }

    /// What is stored of a program.
    pub(crate) fn recorded_of(&self, program: &str) -> Option<String> {
        fs::read_to_string(self.root.join("pgo/profiles").join(program).join("fake/profile.fake")).ok()
    }

    /// Whether a step left something in the store.
    pub(crate) fn has_left(&self, (program, step): At) -> bool {
        let program = self.root.join("target/honing").join(program);
        let turn = step.pass.map_or(program.clone(), |pass| program.join(pass.name()));
        turn.join(step.stage.name()).join("manifest.json").is_file()
    }
}
