//! Git as people have it: configured, traced, in a hook of another repository.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::keep::history::{
    code,
    git::{Git, Silent},
    since_in,
    tree::{Tree, real},
};

struct Repository {
    _dir: tempfile::TempDir,
    root: PathBuf,
    env: BTreeMap<OsString, OsString>,
}

impl Repository {
    /// A repository with `src/a.rs` and `notes/b.txt` in one commit.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let env = std::env::vars_os().filter(|(name, _)| !name.to_string_lossy().starts_with("GIT_"));
        let repository = Self { _dir: dir, root, env: env.collect() };
        repository.run(&["init", "--quiet"]);
        repository.write("src/a.rs", "1\n2\n3\n");
        repository.write("notes/b.txt", "1\n");
        repository.commit();
        repository
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, args: &[&str]) -> String {
        let own = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "protocol.file.allow=always"];
        let mut command = Command::new("git");
        let plain = self.env.iter().filter(|(name, _)| !name.to_string_lossy().starts_with("GIT_"));
        command.args(own).args(args).current_dir(&self.root).env_clear().envs(plain);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self) {
        self.run(&["add", "--all"]);
        self.run(&["commit", "--quiet", "-m", "some"]);
    }

    fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.env.insert(name.into(), value.into());
    }

    fn tree_in<'a>(&'a self, dir: &'a Path) -> Result<Tree<'a>, Silent> {
        Tree::find(Git { env: &self.env, dir })
    }

    fn tree(&self) -> Tree<'_> {
        self.tree_in(&self.root).unwrap()
    }

    fn changes(&self) -> Vec<String> {
        let tree = self.tree();
        tree.changes(&tree.without(&[])).unwrap()
    }
}

#[test]
fn neither_a_hook_nor_configuration_nor_tracing_changes_the_answer() {
    let mut repository = Repository::new();
    let (commit, first) = (repository.run(&["rev-parse", "HEAD"]), repository.root.clone());
    // What git sets for a hook of another repository, and what people set for themselves.
    let other = Repository::new();
    other.write("src/a.rs", "other\n");
    let dir = other.root.join(".git");
    for (name, value) in [
        ("GIT_DIR", dir.clone()),
        ("GIT_WORK_TREE", other.root.clone()),
        ("GIT_INDEX_FILE", dir.join("index")),
        ("GIT_OBJECT_DIRECTORY", dir.join("objects")),
        ("GIT_COMMON_DIR", dir.clone()),
        ("GIT_PREFIX", "src/".into()),
        ("GIT_LITERAL_PATHSPECS", "1".into()),
        ("GIT_TRACE", "1".into()),
        ("GIT_EXTERNAL_DIFF", "false".into()),
        ("LC_ALL", "de_DE.UTF-8".into()),
        ("LANGUAGE", "de".into()),
    ] {
        repository.set(name, value);
    }
    for (name, value) in [
        ("color.ui", "always"),
        ("status.showUntrackedFiles", "no"),
        ("status.relativePaths", "true"),
        ("status.branch", "true"),
        ("core.quotePath", "true"),
        ("core.fsmonitor", "exit 1; #"),
        ("diff.noprefix", "true"),
        ("diff.relative", "true"),
        ("diff.external", "false"),
        ("diff.upper.textconv", "false"),
    ] {
        repository.run(&["config", name, value]);
    }
    repository.write(".git/info/attributes", "*.rs diff=upper\n");
    let tree = repository.tree_in(&first).unwrap();
    assert_eq!((tree.commit.clone(), tree.top.clone()), (commit.clone(), first.clone()));
    assert!(repository.changes().is_empty(), "{:?}", repository.changes());

    repository.write("src/a.rs", "1\n2\nthree\nfour\n");
    repository.write("src/ü \"x\".rs", "");
    fs::rename(first.join("notes/b.txt"), first.join("notes/c.txt")).unwrap();
    repository.run(&["add", "notes"]);
    let changes = repository.changes();
    assert_eq!(changes, ["R  notes/c.txt", " M src/a.rs", "?? src/ü \"x\".rs"]);
    let within = first.join("src");
    let spec = |magic: &str, path: &str| tree.spec(magic, &first.join(path)).unwrap();
    let tree_within = repository.tree_in(&within).unwrap();
    let since = since_in(&tree_within, &commit, &[spec("", "src"), spec("exclude,", "src/x")]).unwrap();
    assert_eq!((since.commits, since.lines), (0, 3));
    assert_eq!(tree_within.changes_in(&[first.join("src/a.rs")]).unwrap(), [" M src/a.rs"]);
}

#[test]
fn the_code_of_a_package_is_not_the_xtask_in_its_folder() {
    let repository = Repository::new();
    let files = ["Cargo.toml", "src/main.rs", "lib/Cargo.toml", "lib/src/lib.rs", "build.rs"];
    let others =
        ["xtask/Cargo.toml", "xtask/src/main.rs", ".cargo/config.toml", ".github/w.yml", ".gitignore"];
    for file in files.iter().chain(&others) {
        repository.write(file, "1\n");
    }
    repository.commit();
    let commit = repository.run(&["rev-parse", "HEAD"]);
    let folders = [repository.root.clone(), repository.root.join("lib")];
    let lines = || {
        let tree = repository.tree();
        since_in(&tree, &commit, &code(&tree, &folders, Some("Cargo.toml"))).unwrap().lines
    };
    others.iter().for_each(|file| repository.write(file, "1\n2\n"));
    assert_eq!(lines(), 0);
    repository.commit();
    assert_eq!(lines(), 0);
    for (file, expected) in files.iter().zip(1..) {
        repository.write(file, "1\n2\n");
        assert_eq!(lines(), expected, "{file}");
    }
}

#[test]
fn what_is_not_in_the_tree_is_no_error() {
    let repository = Repository::new();
    let tree = repository.tree();
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(tree.spec("", elsewhere.path()), None);
    assert_eq!(tree.spec("", &repository.root).unwrap(), ":(top)");
    assert!(!tree.has(&elsewhere.path().join("a")) && tree.has(&repository.root.join("src")));
    assert!(!tree.has(&repository.root.join("src/none")));
    assert!(tree.changes_in(&[elsewhere.path().to_owned()]).unwrap().is_empty());
    // A name is no pattern, and a link is no other place.
    repository.write("src/[ab].rs", "");
    assert!(!tree.has(&repository.root.join("src/[ab].rs")));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&repository.root, elsewhere.path().join("link")).unwrap();
        assert!(tree.has(&elsewhere.path().join("link/src/a.rs")));
        assert_eq!(real(&elsewhere.path().join("link/none/x")), repository.root.join("none/x"));
    }
}

#[test]
fn kinds_of_checkouts() {
    let mut repository = Repository::new();
    let head = |repository: &Repository| repository.run(&["rev-parse", "HEAD"]);
    // Another worktree, with a hook's variables of the first.
    let places = tempfile::tempdir().unwrap();
    let place = |name: &str| places.path().canonicalize().unwrap().join(name);
    repository.run(&["worktree", "add", "--quiet", place("worktree").to_str().unwrap()]);
    repository.set("GIT_DIR", repository.root.join(".git"));
    fs::write(place("worktree").join("src/a.rs"), "changed").unwrap();
    let worktree = place("worktree");
    let tree = repository.tree_in(&worktree).unwrap();
    assert_eq!(tree.changes(&tree.without(&[])).unwrap(), [" M src/a.rs"]);
    assert!(repository.changes().is_empty());

    // A submodule whose changes are configured to be hidden.
    let module = Repository::new();
    repository.run(&["submodule", "--quiet", "add", module.root.to_str().unwrap(), "module"]);
    repository.run(&["config", "-f", ".gitmodules", "submodule.module.ignore", "all"]);
    repository.commit();
    assert!(repository.changes().is_empty(), "{:?}", repository.changes());
    repository.write("module/src/a.rs", "changed");
    assert_eq!(repository.changes(), [" M module"]);
    repository.run(&["-C", "module", "checkout", "--quiet", "."]);

    // Sparse, and shallow: history ends before the commit that is asked for.
    let first = repository.run(&["rev-parse", "HEAD~1"]);
    repository.run(&["sparse-checkout", "set", "src"]);
    assert!(!repository.root.join("notes").exists());
    assert!(repository.changes().is_empty(), "{:?}", repository.changes());
    let shallow = place("shallow");
    let url = format!("file://{}", repository.root.display());
    repository.run(&["clone", "--quiet", "--depth", "1", &url, shallow.to_str().unwrap()]);
    let tree = repository.tree_in(&shallow).unwrap();
    assert_eq!(tree.commit, head(&repository));
    assert!(since_in(&tree, &first, &tree.without(&[])).is_none());
    let all = repository.tree();
    assert!(since_in(&all, &first, &all.without(&[])).is_some_and(|since| since.commits == 1));
}

#[test]
fn why_git_does_not_tell() {
    let mut repository = Repository::new();
    let words = |repository: &Repository, dir: &Path| match repository.tree_in(dir) {
        Ok(tree) => tree.commit,
        Err(silent) => format!("{} {}", silent.failure().is_some(), silent.words()),
    };
    let empty = tempfile::tempdir().unwrap();
    repository.set("GIT_CEILING_DIRECTORIES", empty.path().parent().unwrap());
    assert_eq!(words(&repository, empty.path()), "false this is no git repository");
    repository.run(&["init", "--quiet", empty.path().to_str().unwrap()]);
    assert_eq!(words(&repository, empty.path()), "false nothing is committed yet");

    let root = repository.root.clone();
    repository.set("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let owner = words(&repository, &root);
    assert!(owner.starts_with("true git: detected dubious ownership in repository at '"), "{owner}");
    assert!(
        owner.contains("(if you trust that folder: `git config --global --add safe.directory"),
        "{owner}"
    );
    // As a job sets it.
    repository.set("GIT_CONFIG_COUNT", "1");
    repository.set("GIT_CONFIG_KEY_0", "safe.directory");
    repository.set("GIT_CONFIG_VALUE_0", "*");
    assert_eq!(words(&repository, &root).len(), 40);

    repository.write(".git/HEAD", "ref: refs/heads/broken\n");
    repository.write(".git/refs/heads/broken", "no hash\n");
    assert!(words(&repository, &root).starts_with("true git: "), "{}", words(&repository, &root));
    repository.set("PATH", "");
    assert_eq!(words(&repository, &root), "false there is no git");
}
