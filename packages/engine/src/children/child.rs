//! The run's side of a child: start, stream, signal, wait.

use std::{
    cell::Cell,
    ffi::OsString,
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use honing_core::{Error, Result};

use crate::{
    children::{
        command::Command,
        double::{Double, Played},
        ended::{Ended, Status, Usage},
        launcher::{Report, waits_for},
        left::{Awaits, Left},
        lines,
        refused::cannot_run,
        suspend::{Control, Deadline, Suspend},
    },
    io::{cancel::Cancel, files},
};

/// How long a child that was asked to stop by a cancelled run may take.
const CANCEL_GRACE: Duration = Duration::from_secs(5);
/// Between two looks whether a run that waits was cancelled: the longer it waits, the longer. That a child has ended
/// is not waited for in this way.
const POLLS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(200));

/// What acts as launcher.
#[derive(Debug, Clone)]
pub struct Launcher {
    exe: PathBuf,
    /// Folder for the launchers' reports.
    reports: PathBuf,
    started: Arc<AtomicU64>,
    /// Stops and continues what it started.
    pub(crate) suspend: Suspend,
    /// Who plays children instead.
    double: Option<Arc<dyn Double>>,
}

impl Launcher {
    /// A launcher: an executable which has to call [`super::launcher::main`] when its
    /// first argument is [`super::LAUNCH`], and an existing folder for its reports.
    pub fn new(exe: PathBuf, reports: PathBuf) -> Self {
        Self { exe, reports, started: Arc::default(), suspend: Suspend::default(), double: None }
    }

    /// The same, whose children are played by `double`.
    #[must_use]
    pub(crate) fn played_by(self, double: Option<Arc<dyn Double>>) -> Self {
        Self { double, ..self }
    }

    /// The executable.
    pub(crate) fn exe(&self) -> &Path {
        &self.exe
    }

    fn next_report(&self) -> PathBuf {
        self.reports.join(format!("{}.report.json", self.started.fetch_add(1, Ordering::Relaxed)))
    }
}

/// One of the two streams of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StdStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A child that runs. Dropping it kills it and everything below it.
pub struct Child {
    running: Running,
    shown: String,
}

/// How a child runs.
enum Running {
    /// As a process.
    Process(Box<Process>),
    /// It was played.
    Played { ended: Box<Ended>, stays: Cell<bool> },
}

struct Process {
    handle: duct::Handle,
    /// The launcher's standard input; closing it kills.
    control: Arc<Control>,
    suspend: Suspend,
    report: PathBuf,
    readers: Vec<JoinHandle<()>>,
    /// Where it is, if it was named by a path.
    program: PathBuf,
}

impl Child {
    /// Starts `command`. Its streams go to `each_line`, line by line, from a thread
    /// for each of them.
    ///
    /// # Errors
    /// Internal, where the launcher cannot be started. That the command itself cannot
    /// be started shows in [`Child::wait`].
    pub fn spawn(
        launcher: &Launcher,
        command: &Command,
        each_line: impl Fn(StdStream, &str) + Clone + Send + 'static,
    ) -> Result<Self> {
        if let Some(double) = &launcher.double {
            let played = double.play(command);
            played.stdout.lines().for_each(|line| each_line(StdStream::Stdout, line));
            played.stderr.lines().for_each(|line| each_line(StdStream::Stderr, line));
            return Ok(Self::played(command, &played));
        }
        let failed = |error: std::io::Error| cannot_start(command, &error);
        let (stdout, stdout_writer) = os_pipe::pipe().map_err(failed)?;
        let (stderr, stderr_writer) = os_pipe::pipe().map_err(failed)?;
        let stderr_lines = each_line.clone();
        let mut process = Process::start(launcher, command, |expression| {
            expression.stdout_file(stdout_writer).stderr_file(stderr_writer)
        })?;
        process.readers = vec![
            std::thread::spawn(move || lines::for_each(stdout, |line| each_line(StdStream::Stdout, line))),
            std::thread::spawn(move || lines::for_each(stderr, |line| stderr_lines(StdStream::Stderr, line))),
        ];
        Ok(Self::of(command, Running::Process(Box::new(process))))
    }

    /// Starts `command` with its streams going to files: nothing of ours runs while it
    /// does, which is what a measurement wants.
    ///
    /// # Errors
    /// As [`Child::spawn`].
    pub fn spawn_to_files(
        launcher: &Launcher,
        command: &Command,
        stdout: &Path,
        stderr: &Path,
    ) -> Result<Self> {
        if let Some(double) = &launcher.double {
            let played = double.play(command);
            files::write_atomically(stdout, played.stdout.as_bytes())?;
            files::write_atomically(stderr, played.stderr.as_bytes())?;
            return Ok(Self::played(command, &played));
        }
        let streams = |expression: duct::Expression| expression.stdout_path(stdout).stderr_path(stderr);
        let process = Process::start(launcher, command, streams)?;
        Ok(Self::of(command, Running::Process(Box::new(process))))
    }

    fn of(command: &Command, running: Running) -> Self {
        Self { running, shown: command.to_string() }
    }

    fn played(command: &Command, played: &Played) -> Self {
        let (status, usage) = (played.status, played.usage);
        let ended = Ended { status, usage, timed_out: false, left: Left::default() };
        let stays = Cell::new(played.stays);
        Self::of(command, Running::Played { ended: Box::new(ended), stays })
    }

    /// Sends a signal to the child's process group.
    pub fn signal(&self, signal: i32) {
        match &self.running {
            Running::Process(process) => process.signal(signal),
            Running::Played { stays, .. } => stays.set(false),
        }
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        match &self.running {
            Running::Process(process) => matches!(process.handle.try_wait(), Ok(None)),
            Running::Played { stays, .. } => stays.get(),
        }
    }

    /// The file that names what it left running, while that is waited for.
    pub(crate) fn waits_for(&self) -> PathBuf {
        match &self.running {
            Running::Process(process) => waits_for(&process.report),
            Running::Played { .. } => PathBuf::new(),
        }
    }

    /// Waits until the child has ended, at most until `timeout` after now; then kills
    /// it and says so in [`Ended::timed_out`].
    ///
    /// # Errors
    /// Interrupted, once the child has been stopped because the run was cancelled;
    /// preflight, where it could not be started.
    pub fn wait(&mut self, cancel: &Cancel, timeout: Option<Duration>) -> Result<Ended> {
        self.wait_unless(cancel, timeout, || false)
    }

    /// Like [`Child::wait`], and kills the child as soon as `stop` says so.
    ///
    /// # Errors
    /// As [`Child::wait`].
    pub fn wait_unless(
        &mut self,
        cancel: &Cancel,
        timeout: Option<Duration>,
        stop: impl Fn() -> bool,
    ) -> Result<Ended> {
        match &mut self.running {
            Running::Process(process) => process.wait_unless(cancel, timeout, stop, &self.shown),
            Running::Played { ended, .. } => cancel.check().map(|()| ended.as_ref().clone()),
        }
    }
}

impl Process {
    fn start(
        launcher: &Launcher,
        command: &Command,
        streams: impl FnOnce(duct::Expression) -> duct::Expression,
    ) -> Result<Self> {
        let failed = |error: std::io::Error| cannot_start(command, &error);
        let report = launcher.next_report();
        let (control_reader, control) = os_pipe::pipe().map_err(failed)?;
        let stdin = command.stdin.clone().unwrap_or_default();
        let mut args: Vec<OsString> = vec![
            crate::children::LAUNCH.into(),
            report.clone().into(),
            Awaits::to_arg(command.awaits.as_ref()),
            stdin.into(),
            command.program.clone(),
        ];
        args.extend(command.args.iter().cloned());
        let expression = streams(duct::cmd(&launcher.exe, args))
            .stdin_file(control_reader)
            .full_env(&command.env)
            .dir(&command.dir)
            .before_spawn(own_group)
            .unchecked();
        let handle = expression.start().map_err(failed)?;
        let control = Arc::new(Mutex::new(Some(control)));
        launcher.suspend.register(&control);
        Ok(Self {
            handle,
            control,
            suspend: launcher.suspend.clone(),
            report,
            readers: Vec::new(),
            program: command.dir.join(&command.program),
        })
    }

    fn signal(&self, signal: i32) {
        if let (Ok(mut control), Ok(byte)) = (self.control.lock(), u8::try_from(signal))
            && let Some(pipe) = control.as_mut()
        {
            let _ = pipe.write_all(&[byte]);
        }
    }

    fn kill(&self) {
        if let Ok(mut control) = self.control.lock() {
            control.take();
        }
    }

    fn wait_unless(
        &mut self,
        cancel: &Cancel,
        timeout: Option<Duration>,
        stop: impl Fn() -> bool,
        shown: &str,
    ) -> Result<Ended> {
        let deadline = timeout.map(|timeout| Deadline::new(&self.suspend, timeout));
        let mut cancelled_at: Option<Instant> = None;
        let mut timed_out = false;
        let (mut poll, longest) = POLLS;
        loop {
            let waited = self.handle.wait_timeout(poll).map_err(|error| lost(shown, &error.to_string()))?;
            if waited.is_some() {
                break;
            }
            poll = (poll * 2).min(longest);
            if cancel.requested() && cancelled_at.is_none() {
                cancelled_at = Some(Instant::now());
                self.signal(TERMINATE);
            }
            if stop() || cancel.urgent() || cancelled_at.is_some_and(|at| at.elapsed() > CANCEL_GRACE) {
                self.kill();
            }
            if !timed_out && deadline.as_ref().is_some_and(Deadline::is_over) {
                timed_out = true;
                self.kill();
            }
        }
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        cancel.check()?;
        self.ended(timed_out, shown)
    }

    fn ended(&self, timed_out: bool, shown: &str) -> Result<Ended> {
        let text = fs::read(&self.report).map_err(|error| lost(shown, &error.to_string()))?;
        let report: Report =
            serde_json::from_slice(&text).map_err(|error| lost(shown, &error.to_string()))?;
        let _ = fs::remove_file(&self.report);
        if let Some(error) = report.error {
            return Err(cannot_run(&self.program, shown, &error));
        }
        let status = match (report.exit_code, report.signal) {
            (Some(code), _) => Status::Code(code),
            (None, signal) => Status::Signal(signal.unwrap_or_default()),
        };
        let usage = Usage {
            wall: Duration::from_micros(report.wall_us),
            user: Duration::from_micros(report.user_us),
            system: Duration::from_micros(report.system_us),
            children: report.children,
            peak_rss: report.peak_rss_bytes,
            wait: report.wait,
            machine: report.machine,
        };
        Ok(Ended { status, usage, timed_out, left: report.left })
    }
}

fn lost(shown: &str, why: &str) -> Error {
    Error::internal(format!("lost sight of `{shown}`: {why}"))
        .with_hint("its launcher was killed from outside; run again")
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        let _ = self.handle.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

#[cfg(unix)]
const TERMINATE: i32 = nix::libc::SIGTERM;
#[cfg(not(unix))]
const TERMINATE: i32 = 15;

/// The number of a signal by its name; on other systems than Unix any stop is a kill.
#[cfg(unix)]
pub(crate) fn signal_number(name: &str) -> i32 {
    name.parse::<nix::sys::signal::Signal>().map_or(TERMINATE, |signal| signal as i32)
}

#[cfg(not(unix))]
pub(crate) fn signal_number(_: &str) -> i32 {
    TERMINATE
}

/// A terminal's Ctrl-C goes to the run alone, which passes on what it wants to.
#[cfg(unix)]
fn own_group(command: &mut std::process::Command) -> std::io::Result<()> {
    std::os::unix::process::CommandExt::process_group(command, 0);
    Ok(())
}

#[cfg(not(unix))]
fn own_group(_: &mut std::process::Command) -> std::io::Result<()> {
    Ok(())
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Error {
    Error::internal(format!("cannot start `{command}`: {error}"))
}
