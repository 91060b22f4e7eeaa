//! What a training yields, and what becomes of it: what every kind of profile has to know, and a room for each.

pub mod llvm;

use std::{ffi::OsString, fmt::Debug, path::Path};

use honing_core::Fingerprint;

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
}
