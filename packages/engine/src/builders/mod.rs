//! How the flavours of a program are built: what every craft has to know, and a room for each.

pub(crate) mod beside;
pub mod cargo;
pub mod command;
pub mod go;
mod pass;
mod short;
pub(crate) mod stand_in;

use std::{
    any::Any,
    collections::BTreeMap,
    ffi::OsString,
    fmt::Debug,
    path::{Path, PathBuf},
    sync::Arc,
};

use honing_core::{
    Digest, Error, Fingerprint, Result, Setting, Stage,
    account::Account,
    config::{Own, Program, Tables, Tool},
    release::Compiler,
};

pub use pass::Pass;

use crate::{
    chain::{
        ready::Ready,
        session::{Options, Session},
        subject::Subject,
    },
    children::{Command, Double, Usage},
    profiles::{ProfileKind, Traces},
};

/// What a program is built for.
#[derive(Debug, Clone, Copy)]
pub enum Flavour<'a> {
    /// As it ships without PGO.
    Plain,
    /// To leave a profile.
    Instrumented,
    /// With a profile.
    Optimized {
        /// Where the profile is. The path is not part of what is built.
        profile: &'a Path,
        /// Its digest, where it is known yet.
        digest: Option<&'a Digest>,
        /// Whether the compiler lists the functions that it builds.
        traced: bool,
    },
}

/// What a builder made.
#[derive(Debug)]
pub struct Made {
    /// The binary, where the builder left it.
    pub path: PathBuf,
    /// Shared libraries that it needs, by file name.
    pub libraries: Vec<PathBuf>,
    /// Its debug information, where that is in files of its own.
    pub debug_info: Vec<PathBuf>,
    /// Of the binary, and of its libraries where it has some.
    pub digest: Digest,
    /// Whether there was nothing to build.
    pub fresh: bool,
    /// Whether everything was built, so that this is what a build from nothing costs.
    pub full: bool,
    /// What the compiler said about the functions that it built, if it was asked to.
    pub traces: Option<Traces>,
    /// How it was built, for [`Builder::difference`].
    pub witness: Vec<u8>,
    /// What it cost.
    pub usage: Usage,
}

/// Where a flavour is built.
#[derive(Debug)]
pub struct Folders {
    /// All of it.
    pub all: PathBuf,
    /// Where shared libraries of the program may be.
    pub libraries: Vec<PathBuf>,
}

/// A way to make programs.
pub trait Craft: Debug + Send + Sync {
    /// What it reads of pgo.toml.
    fn tables(&self) -> &'static Tables;

    /// Looks for what it could build around the folder that the person is in; `None` where there is nothing
    /// of the kind.
    fn find(&self, around: &Around, options: &Options) -> Result<Option<Opened>>;

    /// Looks at what is there to build in `root`.
    fn open(&self, around: &Around, root: &Path, options: &Options) -> Result<Opened>;
}

/// Where a person is, and what children get of that.
#[derive(Debug, Clone)]
pub struct Around {
    /// The folder that the person is in.
    pub dir: PathBuf,
    /// This executable.
    pub exe: PathBuf,
    /// The environment for children.
    pub env: BTreeMap<OsString, OsString>,
    /// Who plays children instead of starting them, in tests.
    pub double: Option<Arc<dyn Double>>,
}

/// Where a craft found something to build.
#[derive(Debug)]
pub struct Opened {
    /// The root of the workspace.
    pub root: PathBuf,
    /// Where output goes, unless somewhere else is asked for.
    pub target_dir: PathBuf,
    /// Who builds there.
    pub builder: Arc<dyn Builder>,
    /// What programs may go through after their build, in order.
    pub passes: Vec<Arc<dyn Pass>>,
}

/// Builds the flavours of a program.
pub trait Builder: Any + Debug + Send + Sync {
    /// Why nothing can be built here at all, such as a compiler that is not installed.
    fn absent(&self) -> Option<String> {
        None
    }

    /// The name of what is built, and the target triple that it is built for.
    fn look_up(&self, session: &Session, program: &Program) -> Result<(String, String)>;

    /// What was looked up about a program, for `show-config`.
    fn settings(&self, session: &Session, subject: &Subject<'_>) -> Result<Vec<Setting>>;

    /// What training of a program yields.
    fn kind(&self, program: &Program) -> &'static dyn ProfileKind;

    /// Checks what can be told by looking.
    fn check(&self, session: &Session, subject: &Subject<'_>) -> Result<()>;

    /// Checks that what builds is what was looked at. It may have to be asked, and leaves something on the disk.
    fn check_toolchain(&self, session: &Session, subject: &Subject<'_>) -> Result<()>;

    /// What a probe depends on.
    fn probe_fingerprint(&self, session: &Session, subject: &Subject<'_>) -> Result<Fingerprint>;

    /// Builds and runs something tiny, to see that the tools that are there work together.
    fn probe(&self, session: &Session, subject: &Subject<'_>, dir: &Path) -> Result<(Ready, Usage)>;

    /// Checks what is to be a workload that the builder runs itself, such as tests.
    fn check_harness(&self, _: &Own) -> Result<()> {
        Err(none("runs workloads of its own"))
    }

    /// What has to be done before anything is looked at, such as bringing a lockfile up to date.
    fn settle(&self, _: &Session, _: &Subject<'_>) -> Result<()> {
        Ok(())
    }

    /// What a flavour's build reads, as far as it can be told before it begins.
    fn fingerprint(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
    ) -> Result<Fingerprint>;

    /// The commands that build it, for display.
    fn commands(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
    ) -> Result<Vec<Command>>;

    /// Whether the commands of a build name what other programs' steps made.
    fn names_others(&self) -> bool {
        false
    }

    /// Whether [`Builder::fingerprint`] knows before the first build what it will read: then a difference after it
    /// is a change meanwhile. Others have to look for that themselves.
    fn knows_its_inputs(&self) -> bool {
        false
    }

    /// Builds it, on behalf of `stage`.
    fn build(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        stage: Stage,
        flavour: Flavour<'_>,
    ) -> Result<Made>;

    /// What one build was told and another was not, beside what PGO adds; from their witnesses.
    fn difference(&self, _: &[u8], _: &[u8]) -> Option<String> {
        None
    }

    /// Where it is built.
    fn folders(&self, session: &Session, subject: &Subject<'_>, flavour: Flavour<'_>) -> Result<Folders>;

    /// Whether the instrumented program is built without what does not change its profile.
    fn is_light(&self, _: &Session, _: &Subject<'_>) -> Result<bool> {
        Ok(false)
    }

    /// Files, folders, patterns and URLs of profiles that are a workload, instead of something to run.
    fn given<'o>(&self, _: &'o Own) -> &'o [String] {
        &[]
    }

    /// The command that runs such a workload in a flavour, and words to add to it once their placeholders
    /// are filled in.
    fn harness(
        &self,
        _: &Session,
        _: &Subject<'_>,
        _: Flavour<'_>,
        _: &Own,
    ) -> Result<(Command, Vec<String>)> {
        Err(none("runs workloads of its own"))
    }

    /// Builds a program that workloads use, for the stage of a program.
    fn tool(&self, _: &Session, _: &str, _: Stage, _: &Tool) -> Result<(PathBuf, Usage)> {
        Err(none("builds tools"))
    }

    /// Where that is going to be.
    fn tool_path(&self, _: &Session, _: &Tool) -> Result<PathBuf> {
        Err(none("builds tools"))
    }

    /// How it builds without PGO: for manifests, provenance and reports.
    fn account(&self, session: &Session, subject: &Subject<'_>) -> Result<Account>;

    /// What compiles, for a provenance.
    fn compiler(&self, session: &Session, subject: &Subject<'_>) -> Result<Compiler>;

    /// How to build with a profile without Honing, as a command line.
    fn by_hand(&self, subject: &Subject<'_>, profile: &Path) -> String;

    /// Files beside the sources that decide what is built, relative to the root.
    fn locks(&self) -> &[&str] {
        &[]
    }

    /// The name of the file by which a folder is a package of its own.
    fn package_file(&self) -> Option<&str> {
        None
    }

    /// The folders that only builds of `program` are in.
    fn own_folders(&self, session: &Session, program: &str) -> Vec<PathBuf>;

    /// The program's version.
    fn version(&self, subject: &Subject<'_>) -> String;

    /// Names and folders of the program's package and of all in folders that it is built of.
    fn local_packages(&self, session: &Session, subject: &Subject<'_>) -> Vec<(String, PathBuf)>;

    /// Whether functions get other names while their code stays, which is what a rebase mends.
    fn renames(&self) -> bool {
        true
    }

    /// Names of the workspace's own code, as symbols have them; an empty one for code without paths, as C's.
    fn own_code(&self) -> Vec<String>;
}

/// The answer of a builder to what it has not.
fn none(does: &str) -> Error {
    Error::usage(format!("nothing that builds this {does}"))
}
