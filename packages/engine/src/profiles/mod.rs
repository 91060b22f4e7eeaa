//! What a training yields, and what becomes of it: what every kind of profile has to know, and a room for each.

pub mod llvm;

use std::{ffi::OsString, fmt::Debug, path::Path};

use honing_core::{
    Fingerprint, Result,
    applied::{Applied, HotFunction, MatchedBy},
};

use crate::chain::session::Subject;

/// A kind of profile.
pub(crate) trait ProfileKind: Debug + Send + Sync {
    /// Adds what decides how a training leaves its profiles.
    fn fingerprint(&self, subject: &Subject<'_>, print: &mut Fingerprint);

    /// Variables for a process that is trained; what it leaves goes into `raw`.
    fn variables(&self, subject: &Subject<'_>, raw: &Path) -> Vec<(&'static str, OsString)>;

    /// The same for one that is run on the side, such as to prepare: its profile teaches nothing, and must
    /// not lie about in the workspace.
    fn variables_aside(&self, scratch: &Path) -> Vec<(&'static str, OsString)>;

    /// Whether a process leaves its profile however it ends.
    fn survives(&self, subject: &Subject<'_>) -> bool;

    /// What makes it so, for a hint.
    fn survival(&self) -> &'static str;

    /// What a process says of a profile that it could not write, where a line is about that.
    fn complaint<'l>(&self, line: &'l str) -> Option<&'l str>;

    /// What a merged profile holds; `None` where a newer tool wrote it, and nobody here can read it.
    fn weigh(&self, profile: &[u8]) -> Option<Weighed>;

    /// A merged profile in the form for version control, and the name of its file.
    fn pack(&self, profile: &[u8]) -> Result<(&'static str, Vec<u8>)>;

    /// Back from there, as the compiler reads it; or why not.
    fn unpack(&self, stored: &[u8]) -> Result<Vec<u8>, String>;

    /// Every name that such a file has or had.
    fn stored_names(&self) -> &'static [&'static str];

    /// What `new` clearly lacks of `old`, in words; `None` where that is little, or cannot be told.
    fn poorer(&self, old: &[u8], new: &[u8]) -> Option<String>;

    /// What a program that leaves profiles says of its own functions, where its compiler cannot list them.
    fn declared(&self, program: &Path) -> Result<Traces>;

    /// How much of `profile` a build applied. `own` are the names of the workspace's own code.
    fn applied(&self, own: Vec<String>, profile: &[u8], traces: &Traces, by: MatchedBy) -> Applied;

    /// The heaviest functions of `profile`, and what became of each in a build.
    fn hottest(&self, own: Vec<String>, profile: &[u8], traces: Option<&Traces>) -> Vec<HotFunction>;
}

/// What a compiler said of the functions that it built: the kind of profile reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Traces(pub(crate) String);

/// What a merged profile holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Weighed {
    /// Sum of all counts.
    pub(crate) weight: u128,
    pub(crate) functions: u64,
    pub(crate) functions_run: u64,
    /// The heaviest functions with their share of the weight.
    pub(crate) hottest: Vec<(String, f64)>,
}
