//! What a training yields, and what becomes of it: what every kind of profile has to know, and a room for each.

pub mod gcc;
mod given;
pub mod llvm;
pub mod pprof;

pub(crate) use given::given_part;
pub use given::{Given, Input};

use std::{
    any::Any,
    borrow::Cow,
    ffi::OsString,
    fmt::Debug,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use honing_core::{
    Fingerprint, Result, Stage, Training,
    applied::{Applied, HotFunction, MatchedBy},
    template::Values,
};

use crate::{
    chain::{ready::Ready, session::Session, subject::Subject},
    children::{Command, Usage},
    workloads::beside::Beside,
};

/// A kind of profile.
pub trait ProfileKind: Debug + Send + Sync {
    /// What is trained for it: a program of its own, or one that is there.
    fn training(&self) -> Training;

    /// Adds what decides how a training leaves its profiles.
    fn fingerprint(&self, _: &Subject<'_>, _: &mut Fingerprint) {}

    /// Variables for a process that is trained; what it leaves goes into `raw`.
    fn variables(&self, subject: &Subject<'_>, raw: &Path) -> Vec<(&'static str, OsString)>;

    /// The same for one that is run on the side, such as to prepare: its profile teaches nothing, and must
    /// not lie about in the workspace.
    fn variables_aside(&self, scratch: &Path) -> Vec<(&'static str, OsString)>;

    /// What is done while the load of a service runs, such as to ask it for its profile, which goes into `raw`.
    /// `values` are what placeholders stand for in this run.
    ///
    /// # Errors
    /// Usage, where what pgo.toml says of it cannot be filled in.
    fn beside_load(&self, _: &Subject<'_>, _values: &Values, _raw: &Path) -> Result<Option<Beside>> {
        Ok(None)
    }

    /// What merges raw profiles while a workload runs, so that they need not all be kept; `None` where they
    /// are few, or something else merges them. The `sorter` tells the program's own.
    fn gather(&self, _: &Session, _sorter: Option<Box<dyn Sorter>>) -> Option<Box<dyn Gather>> {
        None
    }

    /// Takes profiles that a program was told to write into the folder of its run, `{dir}`, into `raw`.
    ///
    /// # Errors
    /// Where a file cannot be moved.
    fn take_from(&self, _scratch: &Path, _raw: &Path) -> Result<()> {
        Ok(())
    }

    /// Why a workload can have left no profile, and what to do about it, for a hint.
    fn absence(&self) -> String;

    /// Whether a process leaves its profile however it ends.
    fn survives(&self, subject: &Subject<'_>) -> bool;

    /// What makes it so, for a hint.
    fn survival(&self) -> &'static str;

    /// What a process says of a profile that it could not write, where a line is about that.
    fn complaint<'l>(&self, _: &'l str) -> Option<&'l str> {
        None
    }

    /// Tells profiles of the trained program from others'; `folders` have its shared libraries.
    fn sorter(&self, _program: &Path, _folders: Vec<PathBuf>) -> Box<dyn Sorter> {
        Box::new(NoStrangers)
    }

    /// Adds what decides how profiles are merged here, before that was tried.
    fn tools(&self, _: &Session, _: &mut Fingerprint) {}

    /// Merges `inputs` into the file `output`, on behalf of a stage.
    fn merge(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        stage: (Stage, &Ready),
        inputs: &[Input],
        output: &Path,
    ) -> Result<(Box<dyn Profile>, Usage)>;

    /// The command that does it with a tool, for display.
    fn merge_command(&self, session: &Session, tool: &Path, list: &Path, output: &Path) -> Command {
        let mut command = Command::new(tool, &session.around.env, &session.root);
        command.args([list, output]);
        command
    }

    /// Fetches a profile from where it is told while a program runs, such as a URL, into the folder `to`; `None`
    /// where that is no such place.
    fn fetch(&self, _session: &Session, _place: &Path, _to: &Path) -> Option<Result<PathBuf>> {
        None
    }

    /// When the profile in a file was recorded, and for how long, where it says so.
    fn recorded(&self, _file: &Path) -> Option<(SystemTime, Duration)> {
        None
    }

    /// The profiles in `places`: files as they are, and in folders what is called as one, sorted.
    fn find(&self, places: &[PathBuf]) -> Result<Vec<PathBuf>>;

    /// The share of `other`'s weight that is in functions which `base` has, too.
    fn shared(&self, base: &Path, other: &Path) -> Result<f64>;

    /// A merged profile, from its bytes as the compiler reads it.
    fn open(&self, bytes: Vec<u8>) -> Box<dyn Profile>;

    /// One that a person gave, once it is seen to be whole.
    fn take(&self, given: Vec<u8>) -> Result<Box<dyn Profile>, Flaw>;

    /// One in the form for version control; or why it cannot be read.
    fn unpack(&self, stored: Vec<u8>) -> Result<Box<dyn Profile>, String>;

    /// Every name that such a file has or had.
    fn stored_names(&self) -> &'static [&'static str];

    /// How names of merged profiles end.
    fn extension(&self) -> &'static str;

    /// Whether a program that ships tells its own functions, so that no compiler has to.
    fn is_read_from_programs(&self) -> bool {
        false
    }

    /// What a program says of its own functions: one that leaves profiles, or any that was built.
    fn declared(&self, program: &Path) -> Result<Traces>;
}

/// A merged profile: read once, however much is asked of it.
pub trait Profile: Any + Debug + Send + Sync {
    /// In the form that compilers and tools read.
    fn bytes(&self) -> &[u8];

    /// What a build reads: the same, or more than that where names may have changed since.
    fn for_build(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.bytes())
    }

    /// How much of it a build applied, and what became of its heaviest functions; or where nobody knows
    /// what was built, why. `own` are the names of the workspace's own code, `before` is the program without it.
    fn matched(
        &self,
        own: Vec<String>,
        built: Result<(Traces, MatchedBy), String>,
        before: Option<&Path>,
    ) -> Matched;

    /// Carries it over to the functions of a build whose symbols have other names.
    fn rebase(&self, traces: &Traces) -> Result<Rebased>;

    /// What it holds; `None` where a newer tool wrote it, and nobody here can read it.
    fn weigh(&self) -> Option<Weighed>;

    /// In the form for version control, and the name of its file.
    fn pack(&self) -> Result<(&'static str, Vec<u8>)>;

    /// What it clearly lacks of `old`, one of the same kind, in words; `None` where that is little, or cannot
    /// be told.
    fn lacks(&self, old: &dyn Profile) -> Option<String>;
}

/// Merges raw profiles while a workload runs.
pub trait Gather: Send {
    /// Adds finished `files` to the sum, and gives those that are in it as the merge would add them. The others
    /// are left to that.
    fn add(&mut self, files: &[PathBuf]) -> Vec<PathBuf>;

    /// Writes the sum into the folder `raw`; nothing where no file was added.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn finish(self: Box<Self>, raw: &Path) -> Result<Option<Sum>>;
}

/// A sum of raw profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The file that has it.
    pub path: PathBuf,
    /// What the files lacked beside their counts, in words.
    pub words: Vec<String>,
}

/// Tells profiles of the trained program from others'.
pub trait Sorter: Send {
    /// Those of `files`, out of `all` that there were, which another program wrote, and words about them; `None`
    /// where they are the program's.
    fn strangers(&self, files: &[PathBuf], all: usize) -> Option<(Vec<PathBuf>, String)>;
}

/// For profiles that do not say which program wrote them.
struct NoStrangers;

impl Sorter for NoStrangers {
    fn strangers(&self, _: &[PathBuf], _: usize) -> Option<(Vec<PathBuf>, String)> {
        None
    }
}

/// What is wrong with a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// After the file's name.
    pub words: String,
    /// What to do next.
    pub hint: String,
}

/// What a build made of a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Matched {
    /// How much of it was applied.
    pub applied: Applied,
    /// Its heaviest functions, and what became of each.
    pub hottest: Vec<HotFunction>,
    /// What the build did with it, in words, where the programs without and with it tell.
    pub did: Vec<String>,
}

impl Matched {
    /// Where it is unknown how much was applied.
    pub(crate) fn unknown(why: String, hottest: Vec<HotFunction>) -> Self {
        Self { applied: Applied::Unknown { why }, hottest, did: Vec::new() }
    }
}

/// A profile, carried over to other names.
#[derive(Debug)]
pub struct Rebased {
    /// What it became; `None` where nothing is left.
    pub profile: Option<Box<dyn Profile>>,
    /// Share of the weight that was carried over, 0 to 1.
    pub share: f64,
    /// What was carried over by which rule, and what was left behind.
    pub words: Vec<String>,
}

/// What tells the functions of a build: what its compiler said of them, or the program itself. The kind of
/// profile reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traces(pub Vec<u8>);

/// What a merged profile holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weighed {
    /// Sum of all counts.
    pub weight: u128,
    /// Functions in it.
    pub functions: u64,
    /// Functions that ran.
    pub functions_run: u64,
    /// The heaviest functions with their share of the weight.
    pub hottest: Vec<(String, f64)>,
}
