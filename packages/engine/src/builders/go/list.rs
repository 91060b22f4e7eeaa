//! The packages that a program is built of, as `go list` tells them.

use std::path::{Path, PathBuf};

use honing_core::{Error, Result};
use serde::Deserialize;

use crate::builders::go::ask::{Go, parse};

/// What is asked of each package.
const FIELDS: &str = "-json=ImportPath,Name,Dir,Standard,DepOnly,Module,GoFiles,CgoFiles,CFiles,CXXFiles,HFiles,\
                      SFiles,SysoFiles,EmbedFiles,Error";

const ONE: &str = "`package` in [program.NAME.go] is one main package, such as ./cmd/server";

/// What a program is built of.
#[derive(Debug, Clone, Default)]
pub(super) struct Packages {
    /// Import path of the main package.
    pub(super) main: String,
    /// Its folder.
    pub(super) dir: PathBuf,
    /// Its name: `main`, or it is no program.
    name: String,
    /// How many packages were named; a program is one.
    named: u64,
    /// How many packages are compiled, Go's own among them.
    pub(super) count: u64,
    /// Packages in folders that people edit: import path and folder.
    pub(super) local: Vec<(String, PathBuf)>,
    /// The files of those, sorted.
    pub(super) files: Vec<PathBuf>,
    /// Modules from elsewhere, with their versions, sorted.
    pub(super) modules: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Package {
    import_path: String,
    name: String,
    dir: PathBuf,
    standard: bool,
    dep_only: bool,
    module: Option<Module>,
    go_files: Vec<PathBuf>,
    cgo_files: Vec<PathBuf>,
    c_files: Vec<PathBuf>,
    #[serde(rename = "CXXFiles")]
    cxx_files: Vec<PathBuf>,
    h_files: Vec<PathBuf>,
    s_files: Vec<PathBuf>,
    syso_files: Vec<PathBuf>,
    embed_files: Vec<PathBuf>,
    error: Option<Failure>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Failure {
    err: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Module {
    path: String,
    version: String,
    replace: Option<Box<Module>>,
}

impl Module {
    /// Its version, where it is what somebody published.
    fn published(&self) -> Option<String> {
        let at = self.replace.as_deref().unwrap_or(self);
        (!at.version.is_empty()).then(|| format!("{}@{}", at.path, at.version))
    }
}

impl Packages {
    /// Asks for them. What a person's own command makes on the way, such as files to embed, may be missing
    /// still, and is none of the files.
    pub(super) fn of(
        go: &Go<'_>,
        (flags, package): (&[String], &str),
        is_driven: bool,
        cache: &Path,
    ) -> Result<Self> {
        let mut args = vec!["list", "-deps", FIELDS];
        if is_driven {
            args.push("-e");
        }
        args.extend(flags.iter().map(String::as_str));
        args.extend(["--", package]);
        let said = go.ask(&args)?;
        let mut found = Self::default();
        for read in parse::<Package>(&said, "go list")? {
            if let Some(error) = read.error.as_ref().filter(|_| read.name.is_empty() && !read.dep_only) {
                return Err(Error::usage(format!("go list failed: {}", error.err)).with_hint(ONE));
            }
            found.add(read, is_driven, cache);
        }
        found.files.sort();
        found.modules.sort();
        found.modules.dedup();
        Ok(found)
    }

    /// What is in the `cache` of modules stays as it is; what was vendored may be edited.
    fn add(&mut self, package: Package, is_driven: bool, cache: &Path) {
        self.count += 1;
        if !package.dep_only {
            self.named += 1;
            (self.main, self.name) = (package.import_path.clone(), package.name.clone());
            self.dir.clone_from(&package.dir);
        }
        let is_cached = package.dir.starts_with(cache);
        match package.module.as_ref().and_then(Module::published).filter(|_| is_cached) {
            _ if package.standard => {}
            Some(module) => self.modules.push(module),
            None => {
                let all = [
                    &package.go_files,
                    &package.cgo_files,
                    &package.c_files,
                    &package.cxx_files,
                    &package.h_files,
                    &package.s_files,
                    &package.syso_files,
                ];
                let embedded = (!is_driven).then_some(&package.embed_files);
                self.files
                    .extend(all.into_iter().chain(embedded).flatten().map(|file| package.dir.join(file)));
                self.local.push((package.import_path, package.dir));
            }
        }
    }

    /// Refuses what is no program.
    pub(super) fn check(&self, package: &str) -> Result<()> {
        let what = match (self.named, self.name.as_str()) {
            (1, "main") => return Ok(()),
            (0, _) | (1, "") => "names no package".to_owned(),
            (1, name) => format!("is package {name}, and no program"),
            (several, _) => format!("names {several} packages"),
        };
        Err(Error::usage(format!("`{package}` {what}")).with_hint(ONE))
    }

    /// What a profile that was never used costs, in words: each of them is compiled for it, Go's own too, and the cache
    /// has none.
    pub(super) fn with_a_new_profile(&self) -> String {
        // `unsafe` has no code.
        let all = self.count.saturating_sub(1);
        let is_vendored = |dir: &Path| dir.components().any(|part| part.as_os_str() == "vendor");
        let own = self.local.iter().filter(|(_, dir)| !is_vendored(dir)).count();
        format!("a new profile compiles {all} packages again, {own} of them your own")
    }

    /// What `go build` calls the executable: the last element of the path that is no major version.
    pub(super) fn executable(&self) -> String {
        let is_version = |word: &str| {
            let digits = word.strip_prefix('v').unwrap_or_default();
            !digits.is_empty() && digits != "1" && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        let mut elements = self.main.rsplit('/');
        let last = elements.next().unwrap_or_default();
        let named = if is_version(last) { elements.next().unwrap_or(last) } else { last };
        // Files that were named are the package `command-line-arguments`.
        let file = Path::new(named).file_name().unwrap_or_default();
        file.to_string_lossy().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_profile_compiles_everything() {
        let local = |name: &str| (name.to_owned(), PathBuf::from("/w").join(name));
        let packages =
            Packages { count: 62, local: vec![local("a"), local("vendor/b")], ..Packages::default() };
        assert_eq!(
            packages.with_a_new_profile(),
            "a new profile compiles 61 packages again, 1 of them your own"
        );
    }

    #[test]
    fn the_executable_is_called_as_go_calls_it() {
        let name = |path: &str| Packages { main: path.into(), ..Packages::default() }.executable();
        assert_eq!(name("edge"), "edge");
        assert_eq!(name("example.org/a/cmd/server"), "server");
        assert_eq!(name("example.org/caddy/v2"), "caddy");
        assert_eq!(name("example.org/tool/v1"), "v1");
        assert_eq!(name("gopkg.in/yaml.v3"), "yaml.v3");
    }
}
