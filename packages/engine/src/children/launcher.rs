//! The launcher's own side: runs one child, measures it, and leaves nothing behind.
//!
//! Protocol: each byte on standard input is the number of a signal for the child's process group (for
//! those that stop and continue: for everything below); end of file kills everything below. When the
//! child has ended, a JSON report is put into the file named by the first argument. The second one says whose processes
//! the child may leave running, see [`super::Awaits`]. The third one names the file that the child reads
//! on its standard input; empty, it reads nothing.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::children::{
    left::{Awaits, Left},
    machine::Machine,
};

/// First argument of an executable that is to act as launcher.
pub const LAUNCH: &str = "__honing-launch";

/// What the launcher reports of its child.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Why it could not be started.
    pub(crate) error: Option<String>,
    pub(crate) exit_code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) wall_us: u64,
    /// CPU time of the child and of those of its children that it waited for.
    pub(crate) user_us: u64,
    pub(crate) system_us: u64,
    /// Those of its children that it waited for: in user space, and in the kernel.
    pub(crate) children: Option<(Duration, Duration)>,
    /// Largest resident set of any of them.
    pub(crate) peak_rss_bytes: u64,
    /// Time that its threads were ready to run and had no CPU: those of the child itself, and of
    /// all threads that still ran when it was asked to stop.
    pub(crate) wait: Option<Duration>,
    /// What the machine was busy with meanwhile.
    pub(crate) machine: Machine,
    /// What was still running below it when it had ended by itself, and was ended here.
    pub(crate) left: Left,
}

/// Beside the report: what the child left running and is waited for now.
pub(super) fn waits_for(report: &Path) -> PathBuf {
    report.with_extension("left")
}

/// Acts as launcher: `REPORT AWAITS STDIN PROGRAM ARGS…`. Ends with 0 once the report is written.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args = args.into_iter();
    let mut next = || args.next();
    let (Some(report_path), Some(awaits), Some(stdin), Some(program)) = (next(), next(), next(), next())
    else {
        return ExitCode::from(2);
    };
    let (report_path, stdin) = (PathBuf::from(report_path), Some(stdin).filter(|path| !path.is_empty()));
    let left = waits_for(&report_path);
    let awaits = (Awaits::from_arg(&awaits), left.as_path());
    let report = platform::run(program, args.collect(), stdin.as_deref().map(Path::new), awaits);
    let _ = fs::remove_file(left);
    match write(&report_path, &report) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn write(path: &Path, report: &Report) -> std::io::Result<()> {
    fs::write(path, serde_json::to_vec(report)?)
}

#[cfg(unix)]
mod platform {
    use std::{
        ffi::OsString,
        io::Read,
        os::unix::process::{CommandExt, ExitStatusExt},
        path::Path,
        process::{Command, Stdio},
        sync::{
            atomic::{AtomicBool, AtomicU64, Ordering},
            mpsc,
        },
        thread,
        time::{Duration, Instant},
    };

    use nix::{
        sys::{
            resource::{UsageWho, getrusage},
            signal::{Signal, kill, killpg},
            wait::{Id, WaitPidFlag, waitid, waitpid},
        },
        unistd::Pid,
    };

    use crate::children::launcher::{Awaits, Left, Machine, Report};
    use crate::children::{
        anew::Images,
        halt,
        left::{When, children},
        machine::{of_children, waited},
    };

    /// Nanoseconds that the child's threads had waited when it was last sent a signal.
    static WAITED: AtomicU64 = AtomicU64::new(0);
    /// Whether the child was sent a signal that may end it.
    static STOPPED: AtomicBool = AtomicBool::new(false);
    /// Whether everything is to end at once.
    static KILLED: AtomicBool = AtomicBool::new(false);

    /// How often it is looked whether what was left running has ended.
    const LOOK: Duration = Duration::from_millis(10);
    /// How long another program that was left running may take to become the program: a shell that was
    /// forked, and has not come to its exec.
    const SETTLE: Duration = Duration::from_millis(500);
    /// How often it is looked what the program's processes run.
    const WATCH: Duration = Duration::from_millis(20);
    /// What takes longer to end than this is told.
    const TELL: Duration = Duration::from_secs(1);
    /// How long killed descendants may take to go.
    const REAP: Duration = Duration::from_secs(5);

    pub(super) fn run(
        program: OsString,
        args: Vec<OsString>,
        stdin: Option<&Path>,
        (awaits, told): (Option<Awaits>, &Path),
    ) -> Report {
        adopt_orphans();
        let stdin = match stdin.map(std::fs::File::open) {
            None => Stdio::null(),
            Some(Ok(file)) => file.into(),
            Some(Err(error)) => return Report { error: Some(error.to_string()), ..Report::default() },
        };
        let before = Machine::now();
        let start = Instant::now();
        let mut command = Command::new(&program);
        command.args(args).stdin(stdin).process_group(0);
        die_with_parent(&mut command);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return Report { error: Some(error.to_string()), ..Report::default() },
        };
        let group = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        thread::spawn(move || obey(group));
        let watch = awaits.as_ref().filter(|awaits| awaits.watched).map(Watch::begin);
        // Not reaped yet, so that the number of its group cannot be taken by another.
        let _ = waitid(Id::Pid(group), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
        let wall = start.elapsed();
        let machine = Machine::now().since(before);
        let wait =
            std::fs::read_to_string(format!("/proc/{group}/schedstat")).ok().as_deref().and_then(waited);
        let stat = std::fs::read_to_string(format!("/proc/{group}/stat")).ok();
        let children = stat.as_deref().and_then(of_children);
        let wait = wait.map(|wait| wait.max(Duration::from_nanos(WAITED.load(Ordering::SeqCst))));
        let mut left = awaits.map(|awaits| await_left(&awaits, told)).unwrap_or_default();
        if let Some(images) = watch.and_then(Watch::end) {
            images.add_to(&mut left);
        }
        let _ = killpg(group, Signal::SIGKILL);
        let status = child.wait();
        end_descendants();
        let mut report = Report { wall_us: micros(wall), children, wait, machine, left, ..Report::default() };
        match status {
            Ok(status) => (report.exit_code, report.signal) = (status.code(), status.signal()),
            Err(error) => report.error = Some(error.to_string()),
        }
        if let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) {
            report.user_us = time(usage.user_time());
            report.system_us = time(usage.system_time());
            // Linux counts in KiB, macOS in bytes.
            let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
            report.peak_rss_bytes = u64::try_from(usage.max_rss()).unwrap_or(0) * unit;
        }
        report
    }

    /// Looks for processes that exec, in a thread of its own.
    struct Watch {
        over: mpsc::Sender<()>,
        images: thread::JoinHandle<Images>,
    }

    impl Watch {
        fn begin(awaits: &Awaits) -> Self {
            let (over, is_over) = mpsc::channel();
            let mut images = Images::of(&awaits.module);
            let images = thread::spawn(move || {
                while is_over.recv_timeout(WATCH) == Err(mpsc::RecvTimeoutError::Timeout) {
                    images.look();
                }
                images
            });
            Self { over, images }
        }

        fn end(self) -> Option<Images> {
            let _ = self.over.send(());
            self.images.join().ok()
        }
    }

    /// Waits for the program's processes that the child left running, where that was asked for, until
    /// everything is to end; says what is to be ended after it.
    fn await_left(awaits: &Awaits, told: &Path) -> Left {
        // What is left of something that was killed is no news.
        if KILLED.load(Ordering::SeqCst) {
            return Left::default();
        }
        let mut left = awaits.look();
        let waits = match awaits.when {
            When::Ended => true,
            When::Stopped => STOPPED.load(Ordering::SeqCst),
            When::Never => false,
        };
        let start = Instant::now();
        let mut silent = true;
        let settles = |left: &Left| {
            let may = awaits.when != When::Never && !left.others.is_empty();
            may && left.own.is_empty() && start.elapsed() < SETTLE
        };
        while (waits && !left.own.is_empty()) || settles(&left) {
            if silent && !left.own.is_empty() && start.elapsed() > TELL {
                silent = false;
                let _ = std::fs::write(told, left.own.join(", "));
            }
            thread::sleep(LOOK);
            if KILLED.load(Ordering::SeqCst) {
                break;
            }
            left = awaits.look();
        }
        left
    }

    /// Passes signals on; kills everything when the run is gone.
    fn obey(group: Pid) {
        let mut stdin = std::io::stdin();
        let mut byte = [0];
        while matches!(stdin.read(&mut byte), Ok(1)) {
            if let Ok(signal) = Signal::try_from(i32::from(byte[0])) {
                WAITED.fetch_max(waited_by_threads(group), Ordering::SeqCst);
                STOPPED.fetch_or(!matches!(signal, Signal::SIGSTOP | Signal::SIGCONT), Ordering::SeqCst);
                match signal {
                    Signal::SIGSTOP => halt::stop(group, "self"),
                    Signal::SIGCONT => halt::go_on(group, "self"),
                    signal => drop(killpg(group, signal)),
                }
            }
        }
        KILLED.store(true, Ordering::SeqCst);
        let _ = killpg(group, Signal::SIGKILL);
        kill_children();
    }

    /// A thread's waiting is forgotten when it ends, so it is read while a service still runs.
    fn waited_by_threads(process: Pid) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        let texts = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok());
        let sum: Duration = texts.filter_map(|text| waited(&text)).sum();
        u64::try_from(sum.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Ends what has left the child's process group; orphans come to the launcher.
    fn end_descendants() {
        let deadline = Instant::now() + REAP;
        while Instant::now() < deadline {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Err(nix::errno::Errno::ECHILD) => return,
                Ok(nix::sys::wait::WaitStatus::StillAlive) => {
                    kill_children();
                    thread::sleep(Duration::from_millis(2));
                }
                _ => {}
            }
        }
    }

    fn kill_children() {
        for process in children("self") {
            let _ = kill(Pid::from_raw(process), Signal::SIGKILL);
        }
    }

    #[cfg(target_os = "linux")]
    fn adopt_orphans() {
        let _ = nix::sys::prctl::set_child_subreaper(true);
    }

    #[cfg(not(target_os = "linux"))]
    fn adopt_orphans() {}

    /// Where the launcher itself is killed, the child goes too.
    #[cfg(target_os = "linux")]
    fn die_with_parent(command: &mut Command) {
        let hook = || Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?);
        // SAFETY: prctl is a plain system call: it allocates nothing and takes no lock.
        unsafe {
            command.pre_exec(hook);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn die_with_parent(_: &mut Command) {}

    fn micros(duration: Duration) -> u64 {
        u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
    }

    fn time(value: nix::sys::time::TimeVal) -> u64 {
        let part = |number| u64::try_from(number).unwrap_or(0);
        part(value.tv_sec()) * 1_000_000 + u64::try_from(value.tv_usec()).unwrap_or(0)
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{ffi::OsString, io::Read, path::Path, sync::Arc, thread, time::Instant};

    use crate::children::launcher::{Awaits, Machine, Report};

    /// Without process groups: the child itself is killed, CPU time is unknown.
    pub(super) fn run(
        program: OsString,
        args: Vec<OsString>,
        stdin: Option<&Path>,
        _: (Option<Awaits>, &Path),
    ) -> Report {
        let before = Machine::now();
        let start = Instant::now();
        let command = duct::cmd(program, args);
        let command = match stdin {
            Some(path) => command.stdin_path(path),
            None => command.stdin_null(),
        };
        let handle = match command.unchecked().start() {
            Ok(handle) => Arc::new(handle),
            Err(error) => return Report { error: Some(error.to_string()), ..Report::default() },
        };
        let killer = Arc::clone(&handle);
        thread::spawn(move || {
            // Windows has no signals to pass on: any request ends the child.
            let _ = std::io::stdin().read(&mut [0]);
            let _ = killer.kill();
        });
        let mut report = Report::default();
        match handle.wait() {
            Ok(output) => report.exit_code = output.status.code(),
            Err(error) => report.error = Some(error.to_string()),
        }
        report.machine = Machine::now().since(before);
        report.wall_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        report
    }
}
