//! What every stage of a run works with: the configuration, the workspace, the
//! toolchain, where things go, and who listens.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Once, atomic::AtomicU64},
    time::Duration,
};

use honing_core::{
    Error, Result, Setting, Stage,
    config::{Config, Tables},
    shard::Shard,
};

use crate::{
    builders::{Around, Craft, Opened},
    chain::{crafts::Crafts, lock::RunLock, sink::Sink, subject::Subject},
    children::{Cancel, Launcher, Suspend},
    io::{clock, files, programs::on_path},
    keep::store::{Attempt, Store},
    profiles::Given,
};

/// The events of a run, in its folder.
const EVENTS: &str = "events.jsonl";
/// Runs whose logs are kept.
const KEPT_RUNS: usize = 20;

/// What a person asked for, beyond `pgo.toml`.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The command that a person gave, by its name.
    pub command: String,
    /// Another `pgo.toml`.
    pub config: Option<PathBuf>,
    /// The workspace's `Cargo.toml`.
    pub manifest_path: Option<PathBuf>,
    /// Programs to work on; all of them where empty.
    pub programs: Vec<String>,
    /// Workloads to run; a role that none of them has keeps all of its own.
    pub workloads: Vec<String>,
    /// The target triple.
    pub target: Option<String>,
    /// cargo's target directory.
    pub target_dir: Option<PathBuf>,
    /// Further features.
    pub features: Vec<String>,
    /// As for cargo.
    pub locked: bool,
    /// As for cargo.
    pub offline: bool,
    /// As for cargo.
    pub frozen: bool,
    /// As for cargo.
    pub jobs: Option<String>,
    /// As for cargo.
    pub verbose: bool,
    /// Passed to what builds as they are.
    pub arguments: Vec<String>,
    /// Pairs per workload, instead of `bench.pairs`.
    pub pairs: Option<u32>,
    /// Time that the whole run may take.
    pub budget: Option<Duration>,
    /// Where the profile comes from.
    pub profile: ProfileSource,
    /// Whether what is below policy is an error instead of a warning: nobody watches, or
    /// somebody asked for exactly that.
    pub strict: bool,
    /// Whether the build is to be shipped: what is below policy is refused then, watched or not.
    pub ships: bool,
    /// Replace a stored profile also by a clearly poorer one.
    pub accept_poorer: bool,
    /// What merges, by the name that its kind of profile knows, instead of what pgo.toml says.
    pub merge_tool: Option<String>,
    /// The executable to merge with.
    pub merger: Option<PathBuf>,
    /// Leave symbols as cargo names them, whatever pgo.toml says.
    pub unpinned: bool,
    /// Run stages even where they are up to date.
    pub force: bool,
    /// Merge raw profiles while the training runs.
    pub gather: bool,
    /// Keep what the training left after the merge.
    pub keep_raw: bool,
    /// The part of the training that this machine does; all of it without.
    pub shard: Option<Shard>,
    /// Train by hand: start the program and let the person use it.
    pub manual: Option<Vec<String>>,
}

impl Options {
    /// How many jobs a build has, for tools that know nothing but numbers.
    pub(crate) fn jobs_at_once(&self) -> usize {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        honing_core::jobs::number(self.jobs.as_deref(), processors)
    }
}

/// Where the profile of a run comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ProfileSource {
    /// It is trained here.
    #[default]
    Training,
    /// A merged profile that was made elsewhere.
    File(PathBuf),
    /// A folder with the merged profiles of all programs and passes.
    Folder(PathBuf),
    /// What other machines trained, and profiles from elsewhere, to be merged here.
    Parts(Vec<Given>),
    /// The one that is stored in the repository.
    Stored,
}

/// Everything that a run's stages share. They keep nothing in it.
#[derive(Debug)]
pub struct Session {
    /// `pgo.toml`.
    pub config: Config,
    /// Where that is.
    pub config_path: PathBuf,
    /// Its text.
    pub config_text: String,
    /// What was asked for.
    pub options: Options,
    /// The root of the workspace.
    pub root: PathBuf,
    crafts: Crafts,
    /// Where the person is, and the environment for children.
    pub around: Around,
    /// Where stages leave their output.
    pub store: Store,
    /// Who listens.
    pub sink: Sink,
    /// Whether the run is to end.
    pub cancel: Cancel,
    pub(crate) launcher: Launcher,
    /// Logs, events and reports of this run.
    pub run_dir: PathBuf,
    /// Whether another session began the run that this one is a part of, and says when programs are
    /// done.
    pub(crate) continues: bool,
    pub(super) builders_us: Arc<AtomicU64>,
    /// Whether it was told which programs are left out.
    pub(super) told_absent: Once,
}

impl Session {
    /// Finds the workspace that the person is in, and reads its configuration.
    ///
    /// # Errors
    /// Usage or preflight, where something is missing or wrong.
    pub fn open(
        crafts: &[Arc<dyn Craft>],
        around: Around,
        options: Options,
        sink: Sink,
        cancel: Cancel,
    ) -> Result<Self> {
        let started = sink.elapsed();
        let (crafts, root) = Crafts::find(crafts, &around, &options)?;
        let builders_us = Arc::new(AtomicU64::new(clock::micros(sink.elapsed().saturating_sub(started))));
        let (config, config_path, config_text) =
            read_config(&root, options.config.as_deref(), &crafts.tables())?;
        let target_dir = match &options.target_dir {
            Some(path) => around.dir.join(path),
            // Where output goes is the same for all programs, whichever is asked for.
            None => {
                let craft = config.program.values().next().map_or("", |program| program.own.craft());
                crafts.opened(craft, &around, &root, &options)?.target_dir.clone()
            }
        };
        let store = Store::of_workspace(&target_dir, &root);
        let run_dir = store.root().join("runs").join(clock::run_name());
        let launcher = Launcher::new(around.exe.clone(), run_dir.clone()).played_by(around.double.clone());
        Ok(Self {
            config,
            config_path,
            config_text,
            options,
            root,
            crafts,
            around,
            store,
            sink,
            cancel,
            launcher,
            run_dir,
            continues: false,
            builders_us,
            told_absent: Once::new(),
        })
    }

    /// What a craft found here, once it is asked for.
    pub(crate) fn opened(&self, craft: &str) -> Result<&Opened> {
        self.crafts.opened(craft, &self.around, &self.root, &self.options)
    }

    /// A part of this session's run with other options: what it reads is read again, and what it
    /// says goes where this one's does.
    ///
    /// # Errors
    /// As for [`Session::open`].
    pub(crate) fn part(&self, options: Options) -> Result<Self> {
        let (sink, cancel) = (self.sink.clone(), self.cancel.clone());
        let mut part = Self::open(&self.crafts.all(), self.around.clone(), options, sink, cancel)?;
        part.run_dir.clone_from(&self.run_dir);
        part.launcher = self.launcher.clone();
        part.builders_us = Arc::clone(&self.builders_us);
        part.continues = true;
        Ok(part)
    }

    /// The same session, whose children `suspend` can stop.
    #[must_use]
    pub fn stopped_by(mut self, suspend: Suspend) -> Self {
        self.launcher.suspend = suspend;
        self
    }

    /// Whether children are stopped, and how often they were: a measurement during which
    /// [`Suspend::resumed`] changes is worth nothing.
    pub fn suspend(&self) -> &Suspend {
        &self.launcher.suspend
    }

    /// What was looked up about a program, for `show-config`.
    ///
    /// # Errors
    /// Preflight, where who builds it cannot be asked.
    pub fn settings(&self, subject: &Subject<'_>) -> Result<Vec<Setting>> {
        subject.builder().settings(self, subject)
    }

    /// What is kept of a program beside its stages, or of the pass that is spoken of.
    pub(crate) fn folder_of(&self, subject: &Subject<'_>) -> PathBuf {
        let program = self.store.root().join(subject.name);
        subject.pass().map_or(program.clone(), |pass| program.join(pass.name()))
    }

    /// Where a stage's output is, once it is finished.
    pub(crate) fn dir_of(&self, subject: &Subject<'_>, stage: Stage) -> PathBuf {
        self.store.dir(subject.name, subject.step(stage))
    }

    /// Begins an attempt at a stage, in an empty folder.
    pub(crate) fn begin(&self, subject: &Subject<'_>, stage: Stage) -> Result<Attempt> {
        self.store.begin(subject.name, subject.step(stage))
    }

    /// Where builders work.
    pub(crate) fn builds(&self) -> PathBuf {
        self.store.root().join("build")
    }

    /// Waits until no other run uses the target directory.
    pub(crate) fn lock(&self) -> Result<RunLock> {
        let lock = RunLock::take(self.store.root(), &self.sink, &self.cancel)?;
        self.store.claim(&self.root)?;
        Ok(lock)
    }

    /// Where this run's logs go, made and with old runs' cleared away.
    pub(crate) fn prepare_run_dir(&self) -> Result<()> {
        files::make_dir(&self.run_dir)?;
        self.runs().iter().skip(KEPT_RUNS).try_for_each(|old| files::remove_dir(old))
    }

    /// Writes every event from now on into `events.jsonl` of the run's folder.
    pub(crate) fn keep_events(&self) -> Result<()> {
        let path = self.run_dir.join(EVENTS);
        let mut file = fs::File::create(&path).map_err(|error| files::error("write", &path, &error))?;
        self.sink.listen(Box::new(move |record| {
            if let Ok(line) = record.to_line() {
                let _ = file.write_all(line.as_bytes());
            }
        }));
        Ok(())
    }

    /// The events that runs left, this one too once it has begun: the file of each, the
    /// newest first.
    pub fn past_events(&self) -> Vec<PathBuf> {
        self.runs().into_iter().map(|dir| dir.join(EVENTS)).filter(|file| file.is_file()).collect()
    }

    /// The folders of runs, the newest first.
    fn runs(&self) -> Vec<PathBuf> {
        let runs = fs::read_dir(self.store.root().join("runs"));
        let mut dirs: Vec<PathBuf> = runs.into_iter().flatten().flatten().map(|run| run.path()).collect();
        dirs.sort_by(|one, other| other.cmp(one));
        dirs
    }
}

fn read_config(
    root: &Path,
    given: Option<&Path>,
    crafts: &[&'static Tables],
) -> Result<(Config, PathBuf, String)> {
    let path = given.map_or_else(|| root.join("pgo/pgo.toml"), Path::to_owned);
    // Errors name the file as a person in the workspace would.
    let shown = path.strip_prefix(root).unwrap_or(&path).to_owned();
    // Reading a FIFO would wait for a writer; one that is given, as a shell's `<(…)`, has one.
    if given.is_none() && fs::metadata(&path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let message = format!("cannot read {}: it is no file", shown.display());
        return Err(Error::usage(message).in_file(&shown, None).with_hint("move what is there away"));
    }
    let text = fs::read_to_string(&path).map_err(|error| {
        let failure = Error::usage(format!("cannot read {}: {error}", shown.display())).in_file(&shown, None);
        match error.kind() {
            std::io::ErrorKind::NotFound if given.is_some() => failure
                .with_hint("--config is relative to the current folder; without it, pgo/pgo.toml is read"),
            std::io::ErrorKind::NotFound if path.is_symlink() => {
                failure.with_hint("it is a link that leads nowhere: mend or remove it")
            }
            std::io::ErrorKind::NotFound => {
                failure.with_hint(honing_core::advise!("`{pgo} init` writes one to start from"))
            }
            std::io::ErrorKind::InvalidData => failure.with_hint("save the file as UTF-8"),
            _ => failure.with_hint("it has to be a file that is readable for this user"),
        }
    })?;
    Ok((Config::parse(&text, &shown, crafts)?, shown, text))
}

/// Whether a program can be found, from the folder that children run in.
pub(crate) fn find_program(session: &Session, name: &str) -> Option<PathBuf> {
    let name = std::ffi::OsStr::new(name);
    if Path::new(name).components().count() > 1 {
        let path = session.root.join(name);
        return path.is_file().then_some(path);
    }
    on_path(name, &session.around.env)
}
