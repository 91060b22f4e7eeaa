//! An xtask outside of the workspace: with a lockfile of its own, so that the workspace's stays as it is.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use honing_core::{Error, Result};
use honing_manifest::{Value, set_apart, with_value};
use honing_report::diff;

use super::files::{failed, read, write};
use crate::console;

/// Its folder.
const FOLDER: &str = "xtask";
/// What `cargo xtask` stands for, in the workspace's root.
const ALIAS: &str = "run --manifest-path xtask/Cargo.toml --target-dir target/xtask --";
const MAIN: &str = "fn main() -> std::process::ExitCode {\n    honing::xtask()\n}\n";

/// What is to be written.
pub(super) struct Outside {
    root: PathBuf,
    files: Vec<File>,
    /// Honing's own lockfile: the versions that it is tested with.
    lock: Option<PathBuf>,
    /// Whether Honing is named by a path, which others do not have.
    by_path: bool,
}

struct File {
    /// Relative to the root.
    name: &'static str,
    /// `None` where there is none.
    old: Option<String>,
    new: String,
}

impl Outside {
    /// Looks at what is there. `config` is whether pgo.toml is in its usual place.
    ///
    /// # Errors
    /// Usage, where something is there already, or Honing is not where `from` says.
    pub(super) fn plan(root: &Path, from: Option<&str>, config: bool) -> Result<Self> {
        let taken = |what: String| {
            Err(Error::usage(format!("{what} is there already")).with_hint(
                "use the installed `honing`, or an xtask under another name: docs/adopting.md, \"Where there is an xtask\"",
            ))
        };
        if root.join(FOLDER).exists() {
            return taken(format!("{}/", root.join(FOLDER).display()));
        }
        // Cargo takes the one without an ending where both are there.
        let plain = root.join(".cargo/config").is_file();
        let name = if plain { ".cargo/config" } else { ".cargo/config.toml" };
        let old = read(&root.join(name))?;
        let alias = ["alias", FOLDER];
        let config_of_cargo = match with_value(old.as_deref().unwrap_or_default(), &alias, ALIAS.into()) {
            Ok(new) => File { name, old, new },
            Err(honing_manifest::Error::Exists { line, .. }) => {
                return taken(format!("{name}:{line}: the alias `xtask`"));
            }
            Err(error) => return Err(Error::usage(format!("{name}: {error}"))),
        };
        let mut unpublished = Vec::new();
        unpublished.extend(config.then_some("/pgo"));
        unpublished.extend(config_of_cargo.old.is_none().then_some("/.cargo"));
        let old = read(&root.join("Cargo.toml"))?.unwrap_or_default();
        let new = set_apart(&old, FOLDER, &unpublished).map_err(|error| {
            Error::usage(format!("Cargo.toml: {error}"))
                .with_hint("docs/adopting.md has the same steps, to be done by hand")
        })?;
        let honing = Honing::find(from)?;
        let created = |name, new| File { name, old: None, new };
        let files = vec![
            created("xtask/Cargo.toml", manifest(&honing.dependency)),
            created("xtask/src/main.rs", MAIN.to_owned()),
            config_of_cargo,
            File { name: "Cargo.toml", old: Some(old), new },
        ];
        Ok(Self { root: root.to_owned(), files, lock: honing.lock, by_path: honing.by_path })
    }

    /// Shows it, and writes it where that is wanted; whether it did.
    pub(super) fn finish(&self, yes: bool, ci: bool) -> Result<bool> {
        let mut out = console::out();
        for file in &self.files {
            diff(file.name, file.old.as_deref().unwrap_or_default(), &file.new, &mut out)
                .map_err(console::broken)?;
        }
        if self.by_path {
            console::line(
                "        Note xtask/Cargo.toml will say where Honing is on this machine; for a team: --xtask=URL",
            );
        }
        if !yes {
            if ci || !console::is_interactive() {
                console::line("        Next add the xtask: the same command with --yes");
                return Ok(false);
            }
            if !console::confirm("Add the xtask? [y/N] ").map_err(console::broken)? {
                console::line("       Xtask not added");
                return Ok(false);
            }
        }
        self.files.iter().try_for_each(|file| file.write(&self.root))?;
        console::line("     Created xtask/, outside of the workspace and with a lockfile of its own");
        console::line("        Undo delete the new files, and take the added lines out of the others");
        let changed = self.files.iter().filter(|file| !file.name.starts_with(FOLDER));
        let changed = changed.filter(|file| file.old.as_deref() != Some(&file.new)).map(|file| file.name);
        let all = ["pgo/", "xtask/"].into_iter().chain(changed).collect::<Vec<_>>().join(", ");
        let when = if self.lock()? {
            ""
        } else {
            " after the first `cargo xtask`, which completes xtask/Cargo.lock"
        };
        console::line(&format!("      Commit {all}{when}"));
        Ok(true)
    }

    /// Writes the xtask's lockfile; whether it is whole. Cargo adds where Honing itself comes from, if it knows
    /// that without a network.
    fn lock(&self) -> Result<bool> {
        if let Some(lock) = &self.lock {
            let to = self.root.join("xtask/Cargo.lock");
            fs::copy(lock, &to).map_err(|error| failed("write", &to, &error))?;
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["metadata", "--offline", "--format-version", "1"]).current_dir(self.root.join(FOLDER));
        let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        Ok(ended.is_ok_and(|status| status.success()))
    }
}

impl File {
    fn write(&self, root: &Path) -> Result<()> {
        let path = root.join(self.name);
        if self.old.as_deref() == Some(&self.new) {
            return Ok(());
        }
        if read(&path)? != self.old {
            return Err(Error::preflight(format!("{} has changed since it was read", path.display()))
                .with_hint("look at what was written with `git status`, and try again"));
        }
        write(&path, &self.new)
    }
}

/// Where Honing is.
struct Honing {
    /// As the value of a dependency in Cargo.toml.
    dependency: String,
    lock: Option<PathBuf>,
    by_path: bool,
}

impl Honing {
    fn find(from: Option<&str>) -> Result<Self> {
        let own = env!("CARGO_MANIFEST_DIR");
        let from = from.unwrap_or(own);
        if from.contains("://") || from.starts_with("git@") {
            let url = Value::from(from);
            let lock = lock_above(Path::new(own));
            return Ok(Self { dependency: format!("{{ git = {url} }}"), lock, by_path: false });
        }
        let none = || {
            let error = Error::usage(format!("Honing is not in {from}"));
            error.with_hint("say where it is: --xtask=FOLDER, or --xtask=URL of its git repository")
        };
        let given = Path::new(from).canonicalize().map_err(|_| none())?;
        let is_honing =
            |folder: &PathBuf| folder.ends_with("packages/honing") && folder.join("Cargo.toml").is_file();
        let found = [given.join("packages/honing"), given].into_iter().find(is_honing).ok_or_else(none)?;
        let path = found.to_str().ok_or_else(none)?;
        let dependency = format!("{{ path = {} }}", Value::from(path));
        Ok(Self { dependency, lock: lock_above(&found), by_path: true })
    }
}

/// The lockfile of the repository with this `packages/honing`, where it is still there.
fn lock_above(honing: &Path) -> Option<PathBuf> {
    honing.ancestors().nth(2).map(|top| top.join("Cargo.lock")).filter(|lock| lock.is_file())
}

/// How it is compiled: once, by everybody. The levels are those of Honing's own workspace, and make merging
/// faster than LLVM's tool is.
const PROFILE: &str = r#"[profile.dev]
codegen-units = 1
debug = false
incremental = false

[profile.dev.build-override]
codegen-units = 1
debug-assertions = false
overflow-checks = false

[profile.dev.package."*"]
debug-assertions = false
overflow-checks = false

[profile.dev.package]
blake3.opt-level = 3
honing-paired.opt-level = 2
honing-profdata.debug-assertions = false
honing-profdata.opt-level = "s"
serde_json.opt-level = 1
statrs.opt-level = 2
"#;

/// The xtask's own manifest.
fn manifest(honing: &str) -> String {
    format!(
        "# Not a part of the workspace around it, whose lockfile stays as it is.\n\
         [workspace]\n\n\
         [package]\n\
         name = \"xtask\"\n\
         version = \"0.1.0\"\n\
         edition = \"2024\"\n\
         publish = false\n\n\
         [dependencies]\n\
         honing = {honing}\n\n\
         # Honing is compiled once, and has to merge fast.\n\
         {PROFILE}"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use toml::{Table, Value};

    /// The levels of a manifest's dev profile, by package.
    fn levels(manifest: &str) -> BTreeMap<String, Value> {
        let table: Table = manifest.parse().unwrap();
        let packages = table["profile"]["dev"]["package"].as_table().unwrap();
        packages.clone().into_iter().filter(|(name, _)| name != "*").collect()
    }

    #[test]
    fn the_levels_are_those_of_honing_s_own_workspace() {
        let own = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml")).unwrap();
        assert_eq!(levels(&super::manifest("\"1\"")), levels(&own));
    }
}
