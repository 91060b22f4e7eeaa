//! A craft, a builder, a kind of profile and children that only pretend.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use honing_core::{
    Digest, Error, ExitCode, Fingerprint, Result, Setting, Stage, Training,
    account::Account,
    applied::{Applied, Match, MatchedBy},
    config::{Form, Own, Program, Tables},
    release::Compiler,
    template::Values,
};
use honing_engine::{
    Options, Session, Subject,
    children::{Command, Double, Played, Status, Usage},
    plugs::{
        Around, Before, Beside, Builder, Craft, Flavour, Flaw, Folders, Input, Made, Matched, Merger, Opened,
        Pass, Profile, ProfileKind, Ready, Rebased, Traces, Weighed,
    },
};

use crate::world::{Shape, World, place};

/// A craft, by its tables.
#[derive(Debug)]
pub(crate) struct Fake(pub(crate) Arc<World>, pub(crate) &'static Tables);

pub(crate) static FAKE: Tables = Tables {
    name: "fake",
    top: None,
    program: Form::of::<BTreeMap<String, String>>(),
    tool: None,
    workload: None,
    with: &[],
    check: |_, _| Ok(()),
};

/// Another craft, which builds in the same way.
pub(crate) static OTHER: Tables = Tables { name: "other", ..FAKE };

impl Craft for Fake {
    fn tables(&self) -> &'static Tables {
        self.1
    }

    fn find(&self, around: &Around, options: &Options) -> Result<Option<Opened>> {
        if self.1.name == "other" || !self.0.is_found() {
            return Ok(None);
        }
        self.open(around, &self.0.root, options).map(Some)
    }

    fn open(&self, _: &Around, root: &Path, _: &Options) -> Result<Opened> {
        self.0.opens(self.1.name);
        let root = root.to_owned();
        Ok(Opened {
            target_dir: root.join("target"),
            builder: Arc::new(FakeBuilder(Arc::clone(&self.0))),
            passes: match self.0.shape {
                Shape::Passed => vec![Arc::new(After(Arc::clone(&self.0)))],
                _ => Vec::new(),
            },
            root,
        })
    }
}

/// A program is a text that says what it was built of.
#[derive(Debug)]
struct FakeBuilder(Arc<World>);

fn word(flavour: Flavour<'_>) -> String {
    match flavour {
        Flavour::Plain => "plain".into(),
        Flavour::Instrumented => "instrumented".into(),
        Flavour::Optimized { digest, .. } => {
            format!("optimized {}", digest.map(Digest::to_string).unwrap_or_default())
        }
    }
}

impl FakeBuilder {
    fn source(&self) -> String {
        fs::read_to_string(self.0.root.join("source")).unwrap()
    }
}

impl Builder for FakeBuilder {
    fn look_up(&self, _: &Session, program: &Program) -> Result<(String, String)> {
        let table: &BTreeMap<String, String> = program.own.get().unwrap();
        Ok((table["name"].clone(), "fake".into()))
    }

    fn settings(&self, _: &Session, _: &Subject<'_>) -> Result<Vec<Setting>> {
        Ok(Vec::new())
    }

    fn kind(&self, _: &Program) -> &'static dyn ProfileKind {
        match self.0.shape {
            Shape::Sampled | Shape::Served => &FakeKind(Training::Sampled),
            _ => &FakeKind(Training::Instrumented),
        }
    }

    fn check(&self, _: &Session, _: &Subject<'_>) -> Result<()> {
        Ok(())
    }

    fn check_toolchain(&self, _: &Session, _: &Subject<'_>) -> Result<()> {
        Ok(())
    }

    fn probe_fingerprint(&self, _: &Session, _: &Subject<'_>) -> Result<Fingerprint> {
        Ok(Fingerprint::new())
    }

    fn probe(&self, _: &Session, subject: &Subject<'_>, _: &Path) -> Result<(Ready, Usage)> {
        probe(&self.0, subject)
    }

    fn check_harness(&self, _: &Own) -> Result<()> {
        Ok(())
    }

    fn settle(&self, _: &Session, _: &Subject<'_>) -> Result<()> {
        Ok(())
    }

    fn fingerprint(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
    ) -> Result<Fingerprint> {
        let mut print = Fingerprint::new();
        print.value("source", self.source()).flags("flavour", word(flavour));
        if matches!(flavour, Flavour::Instrumented) {
            print.value("light", self.is_light(session, subject)?);
        }
        Ok(print)
    }

    fn commands(&self, session: &Session, _: &Subject<'_>, flavour: Flavour<'_>) -> Result<Vec<Command>> {
        Ok(vec![Command::new(format!("build {}", word(flavour)), &session.around.env, &session.root)])
    }

    fn build(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        stage: Stage,
        flavour: Flavour<'_>,
    ) -> Result<Made> {
        self.0.reach(&place(subject.name, stage))?;
        let light = matches!(flavour, Flavour::Instrumented) && self.is_light(session, subject)?;
        let needs = subject.needs().iter().filter(|need| need.is_for(stage.into()));
        let with: String = needs
            .map(|need| match (need.by, &need.made) {
                (None, _) => format!(" with {}", need.other.program),
                (_, Some(made)) => format!(" with ({})", fs::read_to_string(&made.path).unwrap()),
                _ => " with nothing".into(),
            })
            .collect();
        let light = if light { "light " } else { "" };
        let text = format!("{light}{} of {}{with}", word(flavour), self.source());
        let folder = self.folders(session, subject, flavour)?.all;
        Ok(made(&folder, subject, flavour, &text))
    }

    fn folders(&self, session: &Session, subject: &Subject<'_>, flavour: Flavour<'_>) -> Result<Folders> {
        let word = word(flavour);
        let word = word.split(' ').next().unwrap_or_default();
        let all = session.root.join("target/built").join(subject.name).join(word);
        Ok(Folders { libraries: vec![all.clone()], all })
    }

    fn is_light(&self, session: &Session, subject: &Subject<'_>) -> Result<bool> {
        Ok(self.0.light && !session.began_again(subject, Stage::Instrument))
    }

    fn account(&self, _: &Session, _: &Subject<'_>) -> Result<Account> {
        let entries = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
        let (toolchain, build) = (entries("fake", "1"), entries("thing", "p"));
        Ok(Account { symbols: "plain".into(), toolchain, build, ..Account::default() })
    }

    fn compiler(&self, _: &Session, _: &Subject<'_>) -> Result<Compiler> {
        let none = String::new;
        Ok(Compiler { name: "fake".into(), version: "1".into(), commit: none(), host: none() })
    }

    fn by_hand(&self, _: &Subject<'_>, profile: &Path) -> String {
        format!("fake {}", profile.display())
    }

    fn own_folders(&self, _: &Session, _: &str) -> Vec<PathBuf> {
        Vec::new()
    }

    fn locks(&self) -> &[&str] {
        &[]
    }

    fn package_file(&self) -> Option<&str> {
        None
    }

    fn version(&self, _: &Subject<'_>) -> String {
        "1".into()
    }

    fn local_packages(&self, session: &Session, _: &Subject<'_>) -> Vec<(String, PathBuf)> {
        vec![("p".into(), session.root.clone())]
    }

    fn own_code(&self) -> Vec<String> {
        Vec::new()
    }
}

fn probe(world: &World, subject: &Subject<'_>) -> Result<(Ready, Usage)> {
    world.reach(&place(subject.name, subject.step(Stage::Preflight)))?;
    let merger = Merger { tool: None, name: "fake 1".into() };
    Ok((Ready { merger, traces: true }, Usage::default()))
}

/// A program of this text.
fn made(folder: &Path, subject: &Subject<'_>, flavour: Flavour<'_>, text: &str) -> Made {
    fs::create_dir_all(folder).unwrap();
    let path = folder.join(&subject.artifact);
    let fresh = fs::read_to_string(&path).is_ok_and(|before| before == text);
    fs::write(&path, text).unwrap();
    let profile = match flavour {
        Flavour::Optimized { profile, .. } => Some(fs::read_to_string(profile).unwrap()),
        _ => None,
    };
    // A light program's profile applies to half of the functions.
    let traces = profile.map(|profile| if profile.contains(" light ") { "half" } else { "all" });
    Made {
        path,
        libraries: Vec::new(),
        debug_info: Vec::new(),
        digest: Digest::of(text.as_bytes()),
        fresh,
        full: !fresh,
        traces: traces.map(|traces| Traces(traces.into())),
        witness: Vec::new(),
        usage: Usage::default(),
    }
}

/// A pass: what it makes says what it was made of.
#[derive(Debug)]
struct After(Arc<World>);

impl Pass for After {
    fn name(&self) -> &'static str {
        "after"
    }

    fn is_for(&self, _: &Program) -> bool {
        true
    }

    fn kind(&self) -> &'static dyn ProfileKind {
        &FakeKind(Training::Instrumented)
    }

    fn probe_fingerprint(&self, _: &Session, _: &Subject<'_>) -> Result<Fingerprint> {
        Ok(Fingerprint::new())
    }

    fn probe(&self, _: &Session, subject: &Subject<'_>, _: &Path) -> Result<(Ready, Usage)> {
        probe(&self.0, subject)
    }

    fn fingerprint(&self, _: &Session, _: &Subject<'_>, flavour: Flavour<'_>) -> Result<Fingerprint> {
        let mut print = Fingerprint::new();
        print.flags("flavour", word(flavour));
        Ok(print)
    }

    fn command(&self, session: &Session, _: &Subject<'_>, _: Flavour<'_>, input: &Path) -> Result<Command> {
        Ok(Command::new(format!("rewrite {}", input.display()), &session.around.env, &session.root))
    }

    fn build(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
        input: &Before,
    ) -> Result<Made> {
        let stage =
            if matches!(flavour, Flavour::Instrumented) { Stage::Instrument } else { Stage::Optimize };
        self.0.reach(&place(subject.name, subject.step(stage)))?;
        let before = fs::read_to_string(&input.path).unwrap();
        let folder = session.root.join("target/built/after").join(stage.name());
        Ok(made(&folder, subject, flavour, &format!("{} after {before}", word(flavour))))
    }
}

/// A profile is text: a line for each process that left one.
#[derive(Debug)]
struct FakeKind(Training);

/// Where a played process writes its profile.
const VARIABLE: &str = "FAKE_PROFILE";

impl ProfileKind for FakeKind {
    fn training(&self) -> Training {
        self.0
    }

    fn fingerprint(&self, _: &Subject<'_>, _: &mut Fingerprint) {}

    fn variables(&self, _: &Subject<'_>, raw: &Path) -> Vec<(&'static str, OsString)> {
        vec![(VARIABLE, raw.join("1.raw").into())]
    }

    fn variables_aside(&self, scratch: &Path) -> Vec<(&'static str, OsString)> {
        vec![(VARIABLE, scratch.join("aside").into())]
    }

    fn beside_load(&self, _: &Subject<'_>, values: &Values, raw: &Path) -> Result<Option<Beside>> {
        let (raw, port) = (raw.join("1.raw"), values.ports["profile"]);
        Ok(Some(Box::new(move |over| {
            if raw.ancestors().any(|folder| folder.join("refuses").is_file()) {
                return Err(Error::new(ExitCode::Profile, "the service gives no profile"));
            }
            while !over.is() {
                std::thread::sleep(Duration::from_millis(10));
            }
            fs::write(raw, format!("pulled from {port}\n")).unwrap();
            Ok(())
        })))
    }

    fn survives(&self, _: &Subject<'_>) -> bool {
        false
    }

    fn survival(&self) -> &'static str {
        "do not kill it"
    }

    fn absence(&self) -> String {
        "let it end well".into()
    }

    fn complaint<'l>(&self, line: &'l str) -> Option<&'l str> {
        line.starts_with("cannot write").then_some(line)
    }

    fn merge(
        &self,
        _: &Session,
        _: &Subject<'_>,
        _: (Stage, &Ready),
        inputs: &[Input],
        output: &Path,
    ) -> Result<(Box<dyn Profile>, Usage)> {
        let text =
            |input: &Input| format!("{} of {}", input.weight, fs::read_to_string(&input.path).unwrap());
        let merged: String = inputs.iter().map(text).collect();
        if merged.contains("damaged") {
            return Err(Error::new(ExitCode::Profile, "merge: a profile is damaged"));
        }
        fs::write(output, &merged).unwrap();
        Ok((self.open(merged.into_bytes()), Usage::default()))
    }

    fn find(&self, places: &[PathBuf]) -> Result<Vec<PathBuf>> {
        Ok(places.to_vec())
    }

    fn shared(&self, _: &Path, _: &Path) -> Result<f64> {
        Ok(1.0)
    }

    fn open(&self, bytes: Vec<u8>) -> Box<dyn Profile> {
        ASKED.with_borrow_mut(|asked| asked.push("open"));
        Box::new(FakeProfile(bytes))
    }

    fn take(&self, given: Vec<u8>) -> Result<Box<dyn Profile>, Flaw> {
        Ok(self.open(given))
    }

    fn unpack(&self, stored: Vec<u8>) -> Result<Box<dyn Profile>, String> {
        Ok(self.open(stored))
    }

    fn stored_names(&self) -> &'static [&'static str] {
        &["profile.fake"]
    }

    fn extension(&self) -> &'static str {
        "fake"
    }

    fn declared(&self, _: &Path) -> Result<Traces> {
        Ok(Traces(b"all".to_vec()))
    }
}

thread_local! {
    /// What was asked of profiles, on this thread.
    pub(crate) static ASKED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

#[derive(Debug)]
struct FakeProfile(Vec<u8>);

impl Profile for FakeProfile {
    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn matched(
        &self,
        _: Vec<String>,
        built: Result<(Traces, MatchedBy), String>,
        _: Option<&Path>,
    ) -> Matched {
        ASKED.with_borrow_mut(|asked| asked.push("match"));
        let functions = self.0.len() as u64;
        let applied = |(traces, by): (Traces, MatchedBy)| {
            Applied::Measured(Match {
                share: if traces.0 == b"all" { 1.0 } else { 0.5 },
                kin: 1.0,
                carried: None,
                functions,
                matched: functions,
                origins: Vec::new(),
                lost: Vec::new(),
                by,
            })
        };
        let applied = built.map_or_else(|why| Applied::Unknown { why }, applied);
        Matched { applied, hottest: Vec::new(), did: Vec::new() }
    }

    fn rebase(&self, _: &Traces) -> Result<Rebased> {
        Ok(Rebased { profile: Some(Box::new(Self(self.0.clone()))), share: 1.0, words: Vec::new() })
    }

    fn weigh(&self) -> Option<Weighed> {
        let lines = self.0.split(|byte| *byte == b'\n').count() as u64;
        Some(Weighed { weight: lines.into(), functions: lines, functions_run: lines, hottest: Vec::new() })
    }

    fn pack(&self) -> Result<(&'static str, Vec<u8>)> {
        Ok(("profile.fake", self.0.clone()))
    }

    fn lacks(&self, _: &dyn Profile) -> Option<String> {
        None
    }
}

/// A program that runs leaves a profile where it was built to, and is quicker where it was optimized.
#[derive(Debug)]
pub(crate) struct FakeChildren(pub(crate) Arc<World>);

impl Double for FakeChildren {
    fn play(&self, command: &Command) -> Played {
        let usage = Usage::default();
        if self.0.shape == Shape::Served {
            // The load works for a moment, and may fail.
            let stays = command.args.iter().any(|arg| arg != "load");
            if !stays {
                std::thread::sleep(Duration::from_millis(20));
            }
            let status = if stays { Ok(()) } else { self.0.reach("p load") };
            let status = Status::Code(status.map_or(3, |()| 0));
            return Played { stays, status, usage, stdout: "ready\n".into(), stderr: String::new() };
        }
        let program = fs::read_to_string(&command.program).unwrap_or_default();
        let raw = command.env.get(std::ffi::OsStr::new(VARIABLE));
        // Programs run in the folder of a step: of what they are a part is in its name.
        let inside = raw.map_or(Path::new(&command.program), Path::new);
        let inside = inside.strip_prefix(self.0.root.join("target/honing")).unwrap();
        let inside: Vec<_> = inside.iter().map(|part| part.to_str().unwrap()).collect();
        let of_step = |stage: Stage| match inside[1] {
            "after" => format!("{} after.{stage}", inside[0]),
            _ => format!("{} {stage}", inside[0]),
        };
        let place = match (raw, inside[1]) {
            (Some(_), _) => of_step(Stage::Train),
            (None, "trial.partial") => format!("{} trial", inside[0]),
            (None, _) => of_step(Stage::Bench),
        };
        let status = match self.0.reach(&place) {
            Ok(()) => Status::Code(0),
            Err(_) => Status::Code(3),
        };
        if let Some(raw) = raw {
            let damaged = if self.0.reach(&of_step(Stage::Merge)).is_err() { "damaged" } else { "profile" };
            // What it was told of is part of what it did.
            let read = |path: &Path| path.is_absolute().then(|| fs::read_to_string(path).ok()).flatten();
            let told = command.args.iter().chain(command.env.get(std::ffi::OsStr::new("TOLD")));
            let told = told.filter_map(|word| read(Path::new(word)));
            let told: String = told.map(|text| format!(" and ({})", text.trim_end())).collect();
            fs::write(raw, format!("{damaged} of {program}{told}\n")).unwrap();
        }
        let passed = program.contains(" after optimized");
        let cpu = if passed {
            70
        } else if program.starts_with("optimized") {
            80
        } else {
            100
        };
        // Clocks are never the same twice.
        let noise = self.0.reached().len() as u64 * 7 % 11;
        let usage = Usage {
            user: Duration::from_micros(cpu * 1000 + noise),
            wall: Duration::from_micros(cpu * 1000 + noise),
            ..Usage::default()
        };
        Played { stays: false, status, usage, stdout: "the same\n".into(), stderr: String::new() }
    }
}
