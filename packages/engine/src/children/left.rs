//! What a command leaves running when it ends: a program that goes on in the background, workers that
//! outlive their master. The launcher looks for them in `/proc`, waits for those of the program where it
//! was asked to, and ends the rest. Where there is no `/proc`, nothing is found.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// Whose processes a command may leave running, and until when it counts as running itself.
#[derive(Debug, Clone)]
pub struct Awaits {
    /// The program or library whose processes are meant, or a folder of such.
    pub(crate) module: PathBuf,
    /// When they are waited for.
    pub(crate) when: When,
    /// Whether it is watched for those that exec.
    pub(crate) watched: bool,
}

/// When processes that were left running are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// As soon as the command has ended.
    Ended,
    /// Once the command was sent a signal: a service has to stay until it is stopped.
    Stopped,
    /// Never: they are only told.
    Never,
}

/// Processes that were ended by the launcher, or would lose their profile, each as `name (pid 7)`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Those of the program.
    pub(crate) own: Vec<String>,
    /// Any others.
    pub(crate) others: Vec<String>,
    /// Not left: those of the program that did an exec on the way.
    pub(crate) anew: Vec<String>,
    /// Not left: those of the program that changed their root folder.
    pub(crate) elsewhere: Vec<String>,
}

impl Awaits {
    /// As a launcher's argument.
    pub(super) fn to_arg(awaits: Option<&Self>) -> OsString {
        let Some(Self { module, when, watched }) = awaits else { return NONE.into() };
        let mut arg = OsString::from(match when {
            When::Ended => "ended:",
            When::Stopped => "stopped:",
            When::Never => "never:",
        });
        arg.push(if *watched { "watched:" } else { "" });
        // The kernel names files by their real paths.
        arg.push(module.canonicalize().as_deref().unwrap_or(module));
        arg
    }

    /// Back from there.
    pub(super) fn from_arg(arg: &OsStr) -> Option<Self> {
        let arg = arg.to_str()?;
        let (when, module) = arg.split_once(':')?;
        let when = match when {
            "ended" => When::Ended,
            "stopped" => When::Stopped,
            "never" => When::Never,
            _ => return None,
        };
        let (watched, module) =
            module.strip_prefix("watched:").map_or((false, module), |module| (true, module));
        Some(Self { module: module.into(), when, watched })
    }

    /// What runs below this process now.
    pub(super) fn look(&self) -> Left {
        let mut left = Left::default();
        for process in descendants() {
            let Some(maps) = maps(process) else { continue };
            let shown = shown(process);
            if names(&maps, &self.module) { left.own.push(shown) } else { left.others.push(shown) }
        }
        left
    }
}

/// A process for people.
pub(super) fn shown(process: i32) -> String {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    format!("{} (pid {process})", name.trim_end())
}

/// The argument where nobody is waited for.
const NONE: &str = "-";

/// All processes below this one.
pub(super) fn descendants() -> Vec<i32> {
    let mut found = children("self");
    let mut at = 0;
    while let Some(process) = found.get(at) {
        found.extend(children(&process.to_string()));
        at += 1;
    }
    found
}

/// The processes whose parent is `process`.
pub(super) fn children(process: &str) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let texts = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let pids = |text: String| text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>();
    texts.flat_map(pids).collect()
}

/// The files that a process has in its memory; `None` where it runs no longer, but has not been waited
/// for.
pub(super) fn maps(process: i32) -> Option<String> {
    let maps = fs::read(format!("/proc/{process}/maps"));
    // One of another user cannot be read.
    let Ok(maps) = maps else { return is_running(process).then(String::new) };
    (!maps.is_empty()).then(|| String::from_utf8_lossy(&maps).into_owned())
}

fn is_running(process: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name before the state is in parentheses, and may have some itself.
    stat.rsplit_once(") ").is_some_and(|(_, after)| !after.starts_with(['Z', 'X']))
}

/// Whether one of the files in `maps` is `module`, or is in it.
pub(super) fn names(maps: &str, module: &Path) -> bool {
    let file = |line: &str| line.find('/').map(|at| PathBuf::from(&line[at..]));
    maps.lines().filter_map(file).any(|file| file.starts_with(module))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_the_files_in_its_memory() {
        let maps = "55d0-55d1 r-xp 00000000 08:01 12   /w/instrument/tool\n\
                    7f00-7f01 r--p 00000000 08:01 13   /usr/lib/a b.so\n\
                    7ffd-7ffe rw-p 00000000 00:00 0    [stack]\n";
        for module in ["/w/instrument/tool", "/w/instrument", "/usr/lib/a b.so"] {
            assert!(names(maps, Path::new(module)), "{module}");
        }
        for module in ["/w/instrument/too", "/w/instrument/tool2", "/other", "stack"] {
            assert!(!names(maps, Path::new(module)), "{module}");
        }
    }

    #[test]
    fn what_is_awaited_reaches_the_launcher() {
        let module = PathBuf::from("/w/a:b");
        for (when, watched) in [(When::Ended, true), (When::Stopped, false), (When::Never, false)] {
            let awaits = Awaits { module: module.clone(), when, watched };
            let back = Awaits::from_arg(&Awaits::to_arg(Some(&awaits))).unwrap();
            assert_eq!((back.module, back.when, back.watched), (module.clone(), when, watched));
        }
        assert!(Awaits::from_arg(&Awaits::to_arg(None)).is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_child_is_found_and_a_dead_one_is_not() {
        let mut child = std::process::Command::new("sleep").arg("20").spawn().unwrap();
        let shown = format!("(pid {})", child.id());
        let named = |left: Left| left.others.iter().any(|one| one.ends_with(&shown));
        let awaits = Awaits { module: "/nowhere".into(), when: When::Never, watched: false };
        assert!(named(awaits.look()));
        child.kill().unwrap();
        let gone = (0..500).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            !named(awaits.look())
        });
        child.wait().unwrap();
        assert!(gone, "a zombie is not left running");
    }
}
