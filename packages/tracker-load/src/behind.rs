//! `--behind`: a program that the target needs, such as the tracker behind an HTTP edge. It is
//! started before the load and ended after it, and does not outlive it.

use std::{
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use honing_tracker_load::udp;

/// How long it may take to answer.
const START: Duration = Duration::from_secs(10);
/// How long it may take to end before it is killed.
const GRACE: Duration = Duration::from_secs(10);
/// Between two looks at it.
const LOOK: Duration = Duration::from_millis(10);

/// The program, as long as the load needs it.
#[derive(Debug)]
pub(crate) struct Behind {
    program: String,
    child: Child,
}

impl Behind {
    /// Starts a program and waits until it answers on `udp` as a tracker does.
    ///
    /// # Errors
    /// What keeps it from that, in words.
    pub(crate) fn start(words: &[String], udp: SocketAddr) -> Result<Self, String> {
        let (program, args) = words.split_first().ok_or("--behind names no program")?;
        let mut command = Command::new(program);
        // Standard output is for the result.
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null());
        die_with_parent(&mut command);
        let child = command.spawn().map_err(|error| format!("--behind: {program}: {error}"))?;
        let mut behind = Self { program: program.clone(), child };
        let until = Instant::now() + START;
        loop {
            behind.runs()?;
            match udp::open(udp) {
                // Another program may hold the port, and this one may be about to end for that.
                Ok(_) => return behind.runs().map(|()| behind),
                Err(error) if Instant::now() > until => {
                    return Err(format!("--behind: {program} does not answer on udp {udp}: {error}"));
                }
                Err(_) => thread::sleep(LOOK),
            }
        }
    }

    /// Makes sure that it has not ended.
    ///
    /// # Errors
    /// How it ended.
    pub(crate) fn runs(&mut self) -> Result<(), String> {
        let program = &self.program;
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("--behind: {program} ended before the load did ({status})")),
            Err(error) => Err(format!("--behind: {program}: {error}")),
        }
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        end(&mut self.child, GRACE);
    }
}

/// Asks a program to end, and kills it if it does not.
fn end(child: &mut Child, grace: Duration) -> Option<ExitStatus> {
    terminate(child);
    let until = Instant::now() + grace;
    while Instant::now() < until {
        match child.try_wait() {
            Ok(None) => thread::sleep(LOOK),
            Ok(status) => return status,
            Err(_) => break,
        }
    }
    // It may have ended just now.
    let _ = child.kill();
    child.wait().ok()
}

#[cfg(unix)]
fn terminate(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process};
    // Until it has been waited for, its number belongs to nobody else.
    if matches!(child.try_wait(), Ok(None)) {
        let _ = kill_process(Pid::from_child(child), Signal::TERM);
    }
}

#[cfg(not(unix))]
fn terminate(child: &mut Child) {
    let _ = child.kill();
}

/// Where the load itself is killed, the program goes, too.
#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};
    use std::os::unix::process::CommandExt;
    let parent = Some(getpid());
    let hook = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The load may be gone already.
        if getppid() == parent { Ok(()) } else { Err(std::io::ErrorKind::Interrupted.into()) }
    };
    // SAFETY: these are plain system calls: they allocate nothing and take no lock.
    unsafe {
        command.pre_exec(hook);
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}

#[cfg(all(test, unix))]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        os::unix::process::ExitStatusExt,
    };

    use super::*;

    #[test]
    fn who_does_not_end_when_asked_is_killed() {
        for (on_signal, killed) in [("''", true), ("'exit 3'", false)] {
            let script = format!("trap {on_signal} TERM; echo ready; while :; do sleep 0.01; done");
            let mut command = Command::new("sh");
            let mut child = command.args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            let status = end(&mut child, Duration::from_millis(if killed { 100 } else { 10_000 })).unwrap();
            assert_eq!(
                (status.signal(), status.code()),
                if killed { (Some(9), None) } else { (None, Some(3)) }
            );
        }
    }
}
