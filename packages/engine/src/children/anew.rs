//! Processes of a program that put another program, or themselves anew, in their own place (`exec`).
//!
//! LLVM's runtime writes counters when a process ends, and an exec is no end: what was counted until
//! then is lost, and the files that are left show nothing. The kernel tells no one who is not root or a
//! debugger about an exec, but each gives the process a stack at another random address, which
//! `/proc/PID/stat` has. The launcher looks again and again; a program that ran for so short a time that
//! it was not seen has lost as little.
//!
//! While it looks, it also sees who has another root folder (`chroot`): LLVM's runtime then makes the
//! path of the profile anew below that one, and nobody finds it there.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

use crate::children::left::{Left, descendants, maps, names, shown};

/// A process: its number, which may come again, and when it was started.
type Process = (i32, u64);

/// What the processes below this one run.
#[derive(Debug)]
pub(super) struct Images {
    module: PathBuf,
    /// Where the stack of each process is, and what it is called where it runs the program.
    seen: HashMap<Process, (u64, Option<String>)>,
    /// Who was seen first with a stack there. A process that was just forked has its parent's.
    owners: HashMap<u64, Process>,
    lost: Vec<String>,
    /// Those with another root folder.
    elsewhere: BTreeMap<Process, String>,
}

impl Images {
    /// Of the program, or library, at `module`.
    pub(super) fn of(module: &Path) -> Self {
        let module = module.to_owned();
        Self {
            module,
            seen: HashMap::new(),
            owners: HashMap::new(),
            lost: Vec::new(),
            elsewhere: BTreeMap::new(),
        }
    }

    /// Looks once.
    pub(super) fn look(&mut self) {
        let mut alive = HashSet::new();
        for number in descendants() {
            let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
            let Some((started, stack)) = started_and_stack(&stat) else { continue };
            let process = (number, started);
            alive.insert(process);
            if self.seen.get(&process).is_none_or(|(before, _)| *before != stack) {
                let own = maps(number).is_some_and(|maps| names(&maps, &self.module));
                self.see(process, stack, own, shown(number));
            }
            // Shared or not, a forked process of the program writes a profile, too.
            let root = fs::read_link(format!("/proc/{number}/root"));
            if root.is_ok_and(|root| root != Path::new("/")) && !self.elsewhere.contains_key(&process) {
                let own = maps(number).is_some_and(|maps| names(&maps, &self.module));
                own.then(|| self.elsewhere.insert(process, shown(number)));
            }
        }
        self.seen.retain(|process, _| alive.contains(process));
    }

    fn see(&mut self, process: Process, stack: u64, own: bool, shown: String) {
        let owner = *self.owners.entry(stack).or_insert(process);
        // What a forked process still shares with its parent is not its own to lose.
        let own = own && owner == process;
        // Now it has another name.
        if let Some((before, Some(name))) = self.seen.insert(process, (stack, own.then_some(shown)))
            && before != stack
        {
            self.lost.push(name);
        }
    }

    /// Adds what was seen to what was left.
    pub(super) fn add_to(self, left: &mut Left) {
        left.anew = self.lost;
        left.elsewhere = self.elsewhere.into_values().collect();
    }
}

/// Fields 22 and 28 of `/proc/PID/stat`; `None` for a process that has ended, and for one of another
/// user.
fn started_and_stack(stat: &str) -> Option<(u64, u64)> {
    // The second field, the name, is in parentheses and may have any characters.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let field = |number: usize| fields.get(number - 3)?.parse().ok();
    let (started, stack) = (field(22)?, field(28)?);
    (stack > 0).then_some((started, stack))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_any_name() {
        let rest = (3..=52).map(|field| if field == 3 { "S".into() } else { (field * 10).to_string() });
        let rest = rest.collect::<Vec<String>>().join(" ");
        assert_eq!(started_and_stack(&format!("7 (a b) c) ) {rest}")), Some((220, 280)));
        assert_eq!(started_and_stack(""), None);
        assert_eq!(started_and_stack(&format!("7 (x) {}", rest.replace("280", "0"))), None);
    }

    #[test]
    fn an_exec_is_told_and_a_fork_is_not() {
        let see = |sights: &[(Process, u64, bool)]| {
            let mut images = Images::of(Path::new("/p"));
            for (process, stack, own) in sights {
                let name = if *own { "p" } else { "other" };
                images.see(*process, *stack, *own, format!("{name} (pid {})", process.0));
            }
            images.lost
        };
        let (one, two) = ((1, 10), (2, 20));
        assert_eq!(see(&[(one, 100, true), (one, 200, true)]), ["p (pid 1)"]);
        assert_eq!(see(&[(one, 100, true), (one, 200, false)]), ["p (pid 1)"], "another program");
        assert!(see(&[(one, 100, false), (one, 200, true)]).is_empty(), "a shell's last command");
        assert!(see(&[(one, 100, true), (two, 100, true), (two, 200, true)]).is_empty(), "fork and exec");
        let again = see(&[(one, 100, true), (two, 100, true), (two, 200, true), (two, 300, true)]);
        assert_eq!(again, ["p (pid 2)"]);
        assert!(see(&[(one, 100, true), ((1, 11), 200, true)]).is_empty(), "a number that came again");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_real_exec_is_seen() {
        use std::{process::Command, thread::sleep, time::Duration};
        let mut child = Command::new("bash")
            .args(["-c", "read line; exec bash -c 'read line'"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let bash = fs::read_link(format!("/proc/{}/exe", child.id()));
        let mut images = Images::of(Path::new("/"));
        let mut input = child.stdin.take().unwrap();
        let mine = format!("(pid {})", child.id());
        // Once the shell itself is there, it is told to go on.
        for _ in 0..10 {
            images.look();
            sleep(Duration::from_millis(20));
        }
        std::io::Write::write_all(&mut input, b"\n").unwrap();
        let found = (0..250).any(|_| {
            images.look();
            sleep(Duration::from_millis(20));
            images.lost.iter().any(|one| one.ends_with(&mine))
        });
        drop(input);
        child.wait().unwrap();
        assert!(found, "{bash:?}: {images:?}");
    }
}
