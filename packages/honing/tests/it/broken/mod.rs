//! Broken configurations and environments, as tables: each gives one error that says
//! what, where and what to do, ends with the documented code, and loses nothing.
//!
//! A group shares one workspace that has been through a whole run. Each row breaks it,
//! runs, is judged and mended; after the last one a run has to succeed.

mod config;
mod disk;
mod ends;
mod profiles;
mod repository;
mod services;
mod tools;
mod usage;
mod workloads;
mod workspace;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::{Fixture, Ran, finish, processes_of};

/// What a broken thing has to lead to.
pub(crate) struct Row {
    /// What is broken.
    pub(crate) name: &'static str,
    pub(crate) breaks: fn(&mut Case<'_>),
    /// Command line, to which `breaks` may add.
    pub(crate) args: &'static [&'static str],
    /// What the process ends with.
    pub(crate) code: i32,
    /// What the error names: what, and where.
    pub(crate) says: &'static [&'static str],
    /// What the hint tells to do.
    pub(crate) hint: &'static str,
}

/// A workspace that is being broken.
pub(crate) struct Case<'a> {
    pub(crate) at: &'a Fixture,
    /// Further arguments.
    pub(crate) args: Vec<String>,
    /// Where it runs, instead of the workspace's root.
    pub(crate) dir: Option<PathBuf>,
    env: Vec<(&'static str, Option<OsString>)>,
    /// Words before the program's own: another program that starts it.
    within: Vec<String>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(at: &'a Fixture) -> Self {
        Self { at, args: Vec::new(), dir: None, env: Vec::new(), within: Vec::new() }
    }

    pub(crate) fn arg(&mut self, arg: impl AsRef<Path>) -> &mut Self {
        self.args.push(arg.as_ref().to_str().unwrap().to_owned());
        self
    }

    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<OsString>) {
        self.env.push((name, Some(value.into())));
    }

    pub(crate) fn unset(&mut self, name: &'static str) {
        self.env.push((name, None));
    }

    /// Replaces a text in pgo.toml.
    pub(crate) fn config(&self, from: &str, to: &str) {
        self.at.replace("pgo/pgo.toml", from, to);
    }

    /// Adds to pgo.toml.
    pub(crate) fn config_also(&self, text: &str) {
        self.at.write("pgo/pgo.toml", &format!("{}\n{text}", self.at.read("pgo/pgo.toml")));
    }

    /// The training workload is this command instead.
    pub(crate) fn train_on(&self, words: &[&str]) {
        self.config(r#"["{program}", "2000"]"#, &format!("{words:?}"));
    }

    /// Starts the program inside a mount namespace of its own, after `script`.
    pub(crate) fn mounted(&mut self, script: &str) {
        let script = format!("{script} && exec \"$@\"");
        self.within = ["unshare", "-rm", "sh", "-c", &script, "sh"].map(str::to_owned).into();
    }

    /// Makes file permissions count even for root.
    pub(crate) fn without_privileges(&mut self) {
        let drop = "--bounding-set=-dac_override,-dac_read_search";
        if is_root() {
            self.within = ["setpriv", drop, "--inh-caps=-all"].map(str::to_owned).into();
        }
    }

    /// A folder outside the workspace, for what must not count as its source.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        let path = self.at.root.parent().unwrap().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// An executable shell script.
    pub(crate) fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.outside(&format!("scripts/{name}"));
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A `PATH` with the toolchain and these programs, and nothing else.
    pub(crate) fn only_on_path(&mut self, names: &[&str]) -> PathBuf {
        let dir = self.outside("path");
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        for name in ["cargo", "rustc"] {
            symlink(sysroot().join("bin").join(name), dir.join(name)).unwrap();
        }
        for name in names {
            symlink(which(name).unwrap(), dir.join(name)).unwrap();
        }
        self.set("PATH", &dir);
        dir
    }

    /// The command, with everything that was changed about it.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let more: Vec<&str> = self.args.iter().map(String::as_str).collect();
        let plain = self.at.honing(&[args, &more].concat());
        let mut command = match self.within.split_first() {
            None => plain,
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(plain.get_program()).args(plain.get_args());
                command.current_dir(&self.at.root).stdin(Stdio::null());
                for (name, _) in plain.get_envs() {
                    command.env_remove(name);
                }
                command
            }
        };
        command.current_dir(self.dir.as_ref().unwrap_or(&self.at.root));
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        finish(self.command(args).output().unwrap())
    }
}

/// Goes through a table on one workspace, and reports all rows that fail.
pub(crate) fn table(fixture: &Fixture, rows: &[Row]) {
    fixture.succeeds(&[]);
    let failures: Vec<String> = rows.iter().filter_map(|row| check(fixture, row).err()).collect();
    assert!(failures.is_empty(), "{} of {} rows:\n\n{}", failures.len(), rows.len(), failures.join("\n\n"));
    let mended = fixture.succeeds(&[]);
    assert!(!mended.stderr.contains("warning: record"), "{}", mended.stderr);
    fixture.is_up_to_date(&[]);
}

/// Breaks, runs, judges, mends.
fn check(fixture: &Fixture, row: &Row) -> Result<(), String> {
    let (sources, kept) = (sources(&fixture.root), finished(&fixture.root));
    let mut case = Case::new(fixture);
    (row.breaks)(&mut case);
    let ran = case.run(row.args);
    let judged = judge(row, &ran).and_then(|()| {
        let left = processes_of(fixture.root.parent().unwrap());
        if !left.is_empty() {
            return Err(format!("processes are left: {left:?}"));
        }
        match lost(&kept, &finished(&fixture.root)) {
            lost if lost.is_empty() => Ok(()),
            lost => Err(format!("lost or changed: {lost:?}")),
        }
    });
    mend(&fixture.root, &sources);
    judged.map_err(|why| format!("== {}: {why}\n{}{}", row.name, ran.stdout, ran.stderr))
}

fn judge(row: &Row, ran: &Ran) -> Result<(), String> {
    let errors: Vec<usize> = ran
        .stderr
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with("error"))
        .map(|(at, _)| at)
        .collect();
    let [at] = errors[..] else { return Err(format!("{} errors", errors.len())) };
    if ran.code != row.code {
        return Err(format!("ended with {} and not with {}", ran.code, row.code));
    }
    // A child's panic is quoted, and so indented.
    if ran.stderr.lines().any(|line| line.starts_with("thread '")) {
        return Err("panicked".into());
    }
    let text: Vec<&str> = ran.stderr.lines().skip(at).collect();
    // Honing's own hint, or what clap adds to its errors.
    let is_hint = |line: &&str| {
        line.starts_with(" hint: ")
            || line.starts_with("  tip: ")
            || line.starts_with("Usage: ")
            || line.starts_with("For more")
    };
    let hint_at = text.iter().position(is_hint).ok_or("there is no hint")?;
    let (error, hint) = (text[..hint_at].join("\n"), text[hint_at..].join("\n"));
    if let Some(part) = row.says.iter().find(|part| !error.contains(**part)) {
        return Err(format!("the error does not say {part:?}"));
    }
    if !hint.contains(row.hint) {
        return Err(format!("the hint does not say {:?}", row.hint));
    }
    Ok(())
}

/// Files of finished stages and recorded profiles, with their contents. Preflight's
/// answer is about the environment, which a row changes, and a trial about the workload.
pub(crate) fn finished(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(&root.join("pgo/profiles"), &|_| false, &mut found);
    let made = root.join("target/honing/tiny");
    let skipped = |path: &Path| {
        path.extension().is_some_and(|ext| ext == "partial" || ext == "replaced")
            || path.ends_with("preflight")
            || path.ends_with("tried.json")
    };
    collect(&made, &skipped, &mut found);
    found
}

fn lost(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<PathBuf> {
    before
        .iter()
        .filter(|(path, bytes)| after.get(*path) != Some(bytes))
        .map(|(path, _)| path.clone())
        .collect()
}

/// Everything that a person or `git` would keep.
fn sources(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let skipped = |path: &Path| path == root.join("target") || path == root.join("pgo/profiles");
    collect(root, &skipped, &mut found);
    found
}

fn collect(dir: &Path, skipped: &dyn Fn(&Path) -> bool, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if skipped(&path) {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            collect(&path, skipped, found);
        } else if path.is_file() || path.is_symlink() {
            // A FIFO would be waited for.
            found.insert(path.clone(), fs::read(&path).unwrap_or_default());
        }
    }
}

/// Puts the sources back. What did not change keeps its time, which cargo looks at.
fn mend(root: &Path, wanted: &BTreeMap<PathBuf, Vec<u8>>) {
    let now = sources(root);
    for path in now.keys().filter(|path| !wanted.contains_key(*path)) {
        fs::remove_file(path).unwrap();
        // Folders that were made for it go too.
        for dir in path.ancestors().skip(1).take_while(|dir| *dir != root) {
            let _ = fs::remove_dir(dir);
        }
    }
    for (path, bytes) in wanted {
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        }
        if now.get(path) != Some(bytes) || path.is_symlink() {
            let _ = fs::remove_file(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// Whether this machine lets a test mount inside a namespace of its own.
pub(crate) fn can_mount() -> bool {
    let tried = Command::new("unshare").args(["-rm", "sh", "-c", "mount -t tmpfs none /mnt"]).output();
    tried.is_ok_and(|output| output.status.success())
}

pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// Where the toolchain is, past rustup's proxies.
pub(crate) fn sysroot() -> PathBuf {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}
