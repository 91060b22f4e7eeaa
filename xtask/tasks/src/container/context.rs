//! The build context: the files of this workspace, in a folder where they can be edited.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use duct::cmd;

pub(super) struct Context {
    pub(super) root: PathBuf,
}

impl Context {
    /// Copies what git knows, and what it would know once added.
    pub(super) fn copy(workspace: &Path, to: &Path) -> Result<Self> {
        if to.exists() {
            fs::remove_dir_all(to).with_context(|| to.display().to_string())?;
        }
        let listed = cmd!("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard");
        let listed = listed.dir(workspace).read().context("git ls-files")?;
        // A file that was deleted and not committed yet is listed, too.
        for file in listed.split('\0').filter(|file| workspace.join(file).is_file()) {
            let target = to.join(file);
            let folder = target.parent().unwrap_or(to);
            fs::create_dir_all(folder)
                .and_then(|()| fs::copy(workspace.join(file), &target))
                .with_context(|| target.display().to_string())?;
        }
        Ok(Self { root: to.to_owned() })
    }

    /// Adds a line to the tracker that changes nothing of the program.
    pub(super) fn edit_the_tracker(&self) -> Result<()> {
        let path = self.root.join("packages/tracker/src/main.rs");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        fs::write(&path, text + "// edited\n").with_context(|| path.display().to_string())
    }
}
