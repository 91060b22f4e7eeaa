//! Whether a workload leaves its inputs alone. One that rewrites them gives every later run other work
//! to do than the first one had, and a training or a measurement of that says nothing.

use std::path::PathBuf;

use honing_core::{Error, ExitCode, Result, Stage, config::Workload};

use crate::{chain::session::Session, io::tree::Tree};

/// The inputs of a workload as they were before it ran.
#[derive(Debug)]
pub(crate) struct Inputs<'a> {
    session: &'a Session,
    stage: Stage,
    name: &'a str,
    before: Vec<(PathBuf, Tree)>,
}

impl<'a> Inputs<'a> {
    /// Reads them.
    ///
    /// # Errors
    /// Preflight, where one cannot be read.
    pub(crate) fn before(
        session: &'a Session,
        stage: Stage,
        (name, workload): (&'a str, &Workload),
    ) -> Result<Self> {
        let read = |input: &String| {
            let path = session.root.join(input);
            let tree = Tree::read(&path, Some(&session.cancel))?;
            Ok((path, tree))
        };
        let before = workload.inputs.iter().map(read).collect::<Result<_>>()?;
        Ok(Self { session, stage, name, before })
    }

    /// Reads them again.
    ///
    /// # Errors
    /// Workload, with the first file that is not as it was.
    pub(crate) fn are_unchanged(&self) -> Result<()> {
        for (path, before) in &self.before {
            let now = Tree::read(path, Some(&self.session.cancel)).map_err(|error| match error.code() {
                ExitCode::Interrupted => error,
                _ => self.changed(&error.to_string()),
            })?;
            if let Some((path, what)) = now.change_since(before) {
                let root = &self.session.root;
                let shown = path.strip_prefix(root).unwrap_or(&path).display();
                return Err(self.changed(&format!("{shown} {what}")));
            }
        }
        Ok(())
    }

    fn changed(&self, what: &str) -> Error {
        let message = format!(
            "{}: workload `{}` does not leave its inputs as they are: {what} while it ran",
            self.stage, self.name
        );
        Error::new(ExitCode::Workload, message).with_hint(
            "restore what was changed, and let the workload work on a copy, which `prepare` makes in {dir}: \
             prepare = [[\"cp\", \"-r\", \"corpus\", \"{dir}/corpus\"]]",
        )
    }
}
