//! Runs the real `honing`.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;

use super::events;

/// The program, and what every run of it gets.
#[derive(Debug, Clone)]
pub(in crate::bench) struct Honing {
    program: PathBuf,
    /// No git repository above this folder is seen: ripgrep builds its commit into itself.
    ceiling: PathBuf,
}

/// A scratch workspace and its configuration.
#[derive(Debug, Clone)]
pub(in crate::bench) struct Place {
    /// The root of the workspace.
    pub(in crate::bench) root: PathBuf,
    /// pgo.toml, relative to it.
    pub(in crate::bench) config: PathBuf,
    /// Where everything is built.
    pub(in crate::bench) target_dir: PathBuf,
    /// Another compiler.
    pub(in crate::bench) rustc: Option<PathBuf>,
}

impl Honing {
    /// Builds this workspace's own, and keeps a copy in `dir`: the sources may change meanwhile.
    pub(in crate::bench) fn build(dir: &Path) -> Result<Self> {
        // The workspace, for its features: with them the rest of it is compiled already.
        let args = ["build", "--workspace", "--bin", "honing", "--message-format"];
        let output = duct::cmd(cargo(), args.iter().chain(&["json-render-diagnostics"]))
            .read()
            .context("cargo build --bin honing")?;
        let mut built = None;
        for message in Message::parse_stream(output.as_bytes()) {
            if let Message::CompilerArtifact(artifact) = message? {
                built = artifact.executable.or(built);
            }
        }
        let Some(built) = built else { bail!("cargo built no program `honing`") };
        let program = dir.join("honing");
        let same = program.exists() && std::fs::read(&program)? == std::fs::read(&built)?;
        if !same {
            // In its place, not into it: it may be running.
            let part = program.with_extension("part");
            std::fs::copy(&built, &part).with_context(|| part.display().to_string())?;
            std::fs::rename(&part, &program).with_context(|| program.display().to_string())?;
        }
        Ok(Self { program, ceiling: dir.to_owned() })
    }

    /// Where it is.
    pub(in crate::bench) fn program(&self) -> &Path {
        &self.program
    }

    /// Runs it with `--format json`, and gives its events.
    pub(in crate::bench) fn run(&self, place: &Place, args: &[&str]) -> Result<String> {
        let mut all: Vec<OsString> = args.iter().map(Into::into).collect();
        all.extend(["--format".into(), "json".into(), "--config".into(), place.config.clone().into()]);
        all.extend(["--target-dir".into(), place.target_dir.clone().into()]);
        let mut command = duct::cmd(&self.program, all)
            .dir(&place.root)
            .stdin_null()
            .stderr_capture()
            .stdout_capture()
            .unchecked()
            .env("GIT_CEILING_DIRECTORIES", &self.ceiling);
        if let Some(rustc) = &place.rustc {
            command = command.env("RUSTC", rustc);
        }
        let output =
            without_outer_build(command).run().with_context(|| self.program.display().to_string())?;
        let events = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(events);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let why = events::failure(&events).ok().flatten().unwrap_or_else(|| said.into_owned());
        bail!("honing {} in {}: {why}", args.join(" "), place.root.display())
    }
}

/// The cargo that runs this.
pub(in crate::bench) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A command that does not see how this workspace is built; what was set for it stays.
pub(in crate::bench) fn without_outer_build(command: duct::Expression) -> duct::Expression {
    let variables = std::env::vars_os().map(|(name, _)| name);
    let ours = variables.filter(|name| is_of_the_outer_build(&name.to_string_lossy()));
    ours.fold(command, |command, name| command.env_remove(name))
}

/// Whether a variable says how this workspace is built, rather than where tools are.
fn is_of_the_outer_build(name: &str) -> bool {
    let of_cargo = name.starts_with("CARGO_") && name != "CARGO_HOME" || name == "CARGO";
    of_cargo || name.starts_with("HONING_") || name.contains("RUSTFLAGS") || name.starts_with("RUSTC")
}

#[cfg(test)]
mod tests {
    use super::is_of_the_outer_build;

    #[test]
    fn the_outer_build_is_kept_out() {
        for name in ["CARGO", "CARGO_TARGET_DIR", "RUSTFLAGS", "RUSTC_WRAPPER", "HONING_FORMAT"] {
            assert!(is_of_the_outer_build(name), "{name}");
        }
        for name in ["CARGO_HOME", "RUSTUP_HOME", "PATH"] {
            assert!(!is_of_the_outer_build(name), "{name}");
        }
    }
}
