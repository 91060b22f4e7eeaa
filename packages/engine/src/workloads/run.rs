//! One run of a workload, tried again where that is allowed.

use std::{
    cell::Cell,
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use honing_core::{
    Error, ExitCode, Result, Stage, Step,
    config::{Kind, Own, Workload},
    event::Event,
    recorded::PartEntry,
    template::{self, Placeholder, Values},
};

use crate::{
    builders::{Flavour, beside},
    chain::{full_disk, session::Session, subject::Subject},
    children::{Awaits, Child, Command, Ended, Status, Usage, When},
    io::files,
    profiles::ProfileKind,
    workloads::{
        elsewhere,
        gathering::{Gathering, Room, Summed},
        lost::Complaints,
        ports,
        raw::Raw,
        room::Watch,
        said::{failures, quote},
        sorting::Sorting,
    },
};

/// Lines of each stream of a command that go into the log.
const LOGGED_LINES: usize = 1000;

/// Last lines of a stream that a hint quotes.
const SHOWN_LINES: usize = 10;

/// Runs workloads of a program in one flavour.
#[derive(Debug)]
pub(crate) struct Runner<'a> {
    pub(crate) session: &'a Session,
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) stage: Stage,
    /// The binary that `{program}` stands for.
    pub(crate) program: &'a Path,
    /// Paths of the tools, by name.
    pub(crate) tools: &'a BTreeMap<String, String>,
    /// The flavour of tests and benchmarks.
    pub(crate) harness: Option<Flavour<'a>>,
    /// What the program leaves, where that is to be collected.
    pub(crate) collects: Option<&'static dyn ProfileKind>,
    /// What tells the program's profiles from others', where they are merged while it runs.
    pub(crate) gathers: Option<&'a Sorting<'a>>,
}

/// A workload that has run.
#[derive(Debug)]
pub(crate) struct Ran {
    /// What the program used: the command, or the service without its load.
    pub(crate) usage: Usage,
    /// CPU time of what ran beside it: a service's load.
    pub(crate) others: Duration,
    /// How the command, or the load, ended.
    pub(crate) status: Status,
    /// What the command, or the load, printed.
    pub(crate) stdout: PathBuf,
    /// What is compared of it: all, or what the command in `answer` made of it.
    pub(crate) answer: PathBuf,
    /// Where raw profiles were written.
    pub(crate) raw: PathBuf,
    /// Those that were merged meanwhile, and their sum.
    pub(crate) gathered: Option<Summed>,
    /// The least room that the disk had meanwhile, in bytes, where profiles are collected.
    pub(crate) least: Option<u64>,
    /// What profiles from elsewhere were taken, where the workload is that.
    pub(crate) parts: Vec<PartEntry>,
}

/// One attempt: its folders and values.
pub(super) struct Attempt<'a> {
    pub(super) runner: &'a Runner<'a>,
    pub(super) name: &'a str,
    pub(super) workload: &'a Workload,
    pub(super) dir: PathBuf,
    pub(super) values: Values,
}

impl Runner<'_> {
    /// Runs a workload in a folder of its own, as often as its `retries` allow.
    ///
    /// # Errors
    /// Workload, with what it printed last.
    pub(crate) fn run(&self, name: &str, workload: &Workload, dir: &Path) -> Result<Ran> {
        let mut left = workload.retries;
        loop {
            files::remove_dir(dir)?;
            match self.attempt(name, workload, dir) {
                Err(error) if error.code() == ExitCode::Workload && left > 0 => {
                    left -= 1;
                    self.session.sink.emit(Event::Warning { text: format!("{error}; trying again") });
                }
                ended => return ended,
            }
        }
    }

    fn attempt(&self, name: &str, workload: &Workload, dir: &Path) -> Result<Ran> {
        // What the kernel cannot run, the C library gives to a shell, line by line.
        if cfg!(unix) && is_of_windows(self.program) {
            let program = self.program.display();
            return Err(Error::preflight(format!(
                "{program} is a program for Windows, which does not run here"
            ))
            .with_hint("build it alone with --to baseline, and optimize it with a profile from elsewhere"));
        }
        for part in ["scratch", "raw"] {
            files::make_dir(&dir.join(part))?;
        }
        let raw = Raw::open(dir.join("raw"), self.collects.is_some())?;
        let values = self.values(workload, &dir.join("scratch"))?;
        let gathering = self.gathering(workload, dir.join("raw"))?;
        let watch = self.collects.map(|_| Watch::begin(dir.to_owned(), &self.session.cancel));
        let attempt = Attempt { runner: self, name, workload, dir: dir.to_owned(), values };
        let ran = attempt.prepare().and_then(|()| attempt.main()).and_then(|ran| attempt.answer(ran));
        for command in &workload.cleanup {
            if let Err(error) = attempt.auxiliary("cleanup", command) {
                self.session.sink.emit(Event::Warning { text: error.to_string() });
            }
        }
        let gathered = gathering.map(|gathering| gathering.end(self.session, name)).transpose();
        drop(raw);
        let least = watch.and_then(Watch::end);
        let place = format!("{}: workload `{name}`", self.stage);
        let explain = |error| full_disk::explain_meanwhile(self.session, &place, least, error);
        let ran = ran.map_err(explain)?;
        Ok(Ran { gathered: gathered.map_err(explain)?.flatten(), least, ..ran })
    }

    /// Begins to merge what the workload's processes leave in `raw`.
    fn gathering(&self, workload: &Workload, raw: PathBuf) -> Result<Option<Gathering>> {
        let (Some(kind), Some(sorting)) = (self.collects, self.gathers) else { return Ok(None) };
        let sorter = sorting.of(workload)?;
        let outlasting = kind.survives(self.subject);
        let gather = kind.gather(self.session, sorter);
        let room = Room::new(self.session.suspend());
        Ok(gather.map(|gather| Gathering::start(gather, raw, outlasting, room, &self.session.cancel)))
    }

    /// What placeholders stand for; hands out free ports.
    pub(crate) fn values(&self, workload: &Workload, scratch: &Path) -> Result<Values> {
        let mut ports = BTreeMap::new();
        let ready = workload.service.as_ref().map(|service| &service.ready);
        let ready = ready.into_iter().flat_map(|ready| ready.tcp.iter().chain(&ready.http));
        let env = self.subject.program.env.values().chain(workload.env.values());
        let texts = workload.words().into_iter().chain(env.chain(ready).map(String::as_str));
        for placeholder in template::placeholders(texts).map_err(|error| Error::usage(error.to_string()))? {
            if let Placeholder::Port(name) = placeholder {
                let taken: Vec<u16> = ports.values().copied().collect();
                ports.insert(name, ports::free_port(&taken)?);
            }
        }
        Ok(Values {
            program: self.program.to_string_lossy().into_owned(),
            tools: self.tools.clone(),
            ports,
            seed: workload.seed,
            dir: scratch.to_string_lossy().into_owned(),
            workspace: self.session.root.to_string_lossy().into_owned(),
        })
    }

    /// A command of a workload, with the environment that it runs in.
    pub(crate) fn command(&self, workload: &Workload, words: &[String], values: &Values) -> Result<Command> {
        let (program, args) = words.split_first().ok_or_else(|| Error::usage("a command is empty"))?;
        let mut command = Command::new(fill(program, values)?, &self.session.around.env, &self.session.root);
        command.args(expand_all(args, values)?);
        self.set_env(&mut command, workload, values)?;
        self.find_libraries(&mut command, workload, words)?;
        Ok(command)
    }

    /// What a command line names is found by the loader as it was built.
    fn find_libraries(&self, command: &mut Command, workload: &Workload, words: &[String]) -> Result<()> {
        // The command's own first: a tool and the program may have libraries of one name.
        let texts = words.iter().chain(workload.env.values()).chain(self.subject.program.env.values());
        let mut programs: Vec<&Path> = Vec::new();
        for text in texts {
            let named = template::placeholders([text]).map_err(|error| Error::usage(error.to_string()))?;
            for placeholder in named {
                let program = match placeholder {
                    Placeholder::Program => Some(self.program),
                    Placeholder::Tool(name) => self.tools.get(&name).map(Path::new),
                    Placeholder::Other(other) => self.tools.get(&other.to_string()).map(Path::new),
                    _ => None,
                };
                programs.extend(program.filter(|program| !programs.contains(program)));
            }
        }
        beside::find_first(command, &programs);
        Ok(())
    }

    fn set_env(&self, command: &mut Command, workload: &Workload, values: &Values) -> Result<()> {
        for (name, value) in self.subject.program.env.iter().chain(&workload.env) {
            command.env(name, fill(value, values)?);
        }
        Ok(())
    }

    /// The step that it is run for.
    pub(super) fn step(&self) -> Step {
        self.subject.step(self.stage)
    }

    /// Whether a process that does not come to its end leaves nothing.
    pub(super) fn has_to_end_well(&self) -> bool {
        self.collects.is_some_and(|kind| !kind.survives(self.subject))
    }

    /// Tests or benchmarks in the flavour that is trained.
    pub(crate) fn harness_command(&self, workload: &Workload, own: &Own, values: &Values) -> Result<Command> {
        let (session, subject) = (self.session, self.subject);
        let flavour = self.harness_flavour()?;
        let (mut command, words) = subject.builder().harness(session, subject, flavour, own)?;
        command.args(expand_all(&words, values)?);
        self.set_env(&mut command, workload, values)?;
        Ok(command)
    }

    fn harness_flavour(&self) -> Result<Flavour<'_>> {
        self.harness.ok_or_else(|| Error::internal(format!("tests have no flavour in {}", self.stage)))
    }
}

fn is_of_windows(program: &Path) -> bool {
    let mut beginning = [0; 2];
    let read = std::fs::File::open(program).and_then(|mut file| file.read_exact(&mut beginning));
    read.is_ok() && beginning == *b"MZ"
}

fn fill(text: &str, values: &Values) -> Result<String> {
    template::expand(text, values).map_err(|error| Error::usage(error.to_string()))
}

fn expand_all(words: &[String], values: &Values) -> Result<Vec<String>> {
    words.iter().map(|word| fill(word, values)).collect()
}

impl Attempt<'_> {
    fn prepare(&self) -> Result<()> {
        self.workload.prepare.iter().try_for_each(|command| self.auxiliary("prepare", command))
    }

    fn main(&self) -> Result<Ran> {
        let runner = self.runner;
        match self.workload.kind() {
            Some(Kind::Command(words)) => {
                let command = runner.command(self.workload, words, &self.values)?;
                self.to_end(command, self.awaits(When::Ended))
            }
            Some(Kind::Service(service)) => self.service(service),
            Some(Kind::Own(own)) => match &*elsewhere::places(runner.session, runner.subject, self.workload)?
            {
                [] => self.tests(own),
                places => self.take(places),
            },
            None => Err(Error::usage(format!("workload `{}` has nothing to run", self.name))),
        }
    }

    /// Tells an instrumented program where its raw profiles belong.
    pub(super) fn profiled(&self, mut command: Command) -> Command {
        if let Some(kind) = self.runner.collects {
            for (name, value) in kind.variables(self.runner.subject, &self.dir.join("raw")) {
                command.env(name, value);
            }
        }
        command
    }

    /// The same for one that is run on the side, such as to prepare: its profile teaches
    /// nothing, and must not lie about in the workspace.
    pub(super) fn not_profiled(&self, mut command: Command) -> Command {
        if let Some(kind) = self.runner.collects {
            for (name, value) in kind.variables_aside(&self.dir.join("scratch")) {
                command.env(name, value);
            }
        }
        command
    }

    /// Tests and benchmarks may leave what they started; only what it was has to be told.
    fn tests(&self, own: &Own) -> Result<Ran> {
        let (session, subject) = (self.runner.session, self.runner.subject);
        let flavour = self.runner.harness_flavour()?;
        let module = subject.builder().folders(session, subject, flavour)?.all;
        let awaits = Awaits { module, when: When::Never, watched: false };
        self.to_end(self.runner.harness_command(self.workload, own, &self.values)?, awaits)
    }

    /// The program's processes may be left running until `when`. Where counters are written at the
    /// end, a process that never comes to its end is worth a word.
    pub(super) fn awaits(&self, when: When) -> Awaits {
        let watched = self.runner.has_to_end_well();
        let through =
            self.workload.runs_through().and_then(|other| self.runner.tools.get(&other.to_string()));
        let module = through.map_or_else(|| self.runner.program.to_owned(), PathBuf::from);
        Awaits { module, when, watched }
    }

    fn to_end(&self, command: Command, awaits: Awaits) -> Result<Ran> {
        let command = Command { awaits: Some(awaits), ..self.profiled(command) };
        let ended = self.settle(&command, self.run_to_files(&command, "", || false)?)?;
        self.check_exit(&command, &ended, "")?;
        let mut complaints = Complaints::about(self.runner.collects);
        complaints.file(&self.stream("", "stderr"));
        self.check_written(&complaints)?;
        Ok(self.ran(ended.usage, Duration::ZERO, ended.status, ""))
    }

    pub(super) fn ran(&self, usage: Usage, others: Duration, status: Status, part: &str) -> Ran {
        let stdout = self.stream(part, "stdout");
        let raw = self.dir.join("raw");
        Ran {
            usage,
            others,
            status,
            answer: stdout.clone(),
            stdout,
            raw,
            gathered: None,
            least: None,
            parts: Vec::new(),
        }
    }

    /// Has what is compared made of what was printed, where the workload says how.
    fn answer(&self, ran: Ran) -> Result<Ran> {
        let Some(words) = self.workload.answer.as_ref().filter(|_| self.runner.stage == Stage::Bench) else {
            return Ok(ran);
        };
        let mut command = self.runner.command(self.workload, words, &self.values)?;
        command.stdin = Some(ran.stdout.clone());
        let ended = self.run_to_files(&command, "answer.", || false)?;
        self.check_part(&command, &ended, "answer.", &[0])?;
        Ok(Ran { answer: self.stream("answer.", "stdout"), ..ran })
    }

    /// Runs a command with its streams in files, so that nothing of ours works meanwhile;
    /// what it said goes into the log and to whoever listens afterwards.
    pub(super) fn run_to_files(
        &self,
        command: &Command,
        part: &str,
        stop: impl Fn() -> bool,
    ) -> Result<Ended> {
        let session = self.runner.session;
        let log = session.open_log(self.runner.subject.name, self.runner.step(), command)?;
        let (stdout, stderr) = (self.stream(part, "stdout"), self.stream(part, "stderr"));
        let mut child = Child::spawn_to_files(&session.launcher, command, &stdout, &stderr)?;
        let (waits_for, told) = (child.waits_for(), Cell::new(false));
        let ended = child.wait_unless(&session.cancel, Some(self.workload.timeout.0), || {
            self.tell_waiting(&waits_for, &told);
            stop()
        });
        // While measuring, only what failed is worth a line.
        if self.runner.stage == Stage::Bench && matches!(ended, Ok(Ended { status: Status::Code(0), .. })) {
            return ended;
        }
        for line in [stdout, stderr].iter().flat_map(|stream| files::last_lines(stream, LOGGED_LINES)) {
            if let Ok(mut log) = log.lock() {
                let _ = files::write_line(&mut log, &line);
            }
            self.output(&line);
        }
        ended
    }

    /// Passes on a line that a child printed.
    fn output(&self, line: &str) {
        let program = self.runner.subject.name.to_owned();
        self.runner.session.sink.emit(Event::Output {
            program,
            stage: self.runner.step(),
            line: line.to_owned(),
        });
    }

    fn stream(&self, part: &str, name: &str) -> PathBuf {
        self.dir.join(format!("{part}{name}"))
    }

    /// Whether the workload's own command ended as it may.
    pub(super) fn check_exit(&self, command: &Command, ended: &Ended, part: &str) -> Result<()> {
        self.check_part(command, ended, part, &self.workload.exit_codes)
    }

    fn check_part(&self, command: &Command, ended: &Ended, part: &str, allowed: &[i32]) -> Result<()> {
        let key = part.replace('.', ": ");
        if ended.timed_out {
            return Err(self
                .failed(&format!("{key}`{command}` did not end within {}", self.workload.timeout))
                .with_hint(format!("raise `timeout` of workload `{}`, or give it less to do", self.name)));
        }
        match ended.status {
            Status::Code(code) if allowed.contains(&code) => Ok(()),
            status => {
                let said = self.said_last(part);
                Err(self
                    .failed(&format!("{key}`{command}` ended with {status}"))
                    .with_hint(quote(&said, status)))
            }
        }
    }

    /// What a command that failed said about it: mostly on standard error. The tests' harness says on
    /// standard output which test failed, and who runs it on standard error that one did.
    fn said_last(&self, part: &str) -> String {
        let [stderr, stdout] =
            ["stderr", "stdout"].map(|name| files::tail(&self.stream(part, name), SHOWN_LINES));
        let harness = matches!(self.workload.kind(), Some(Kind::Own(_)));
        let all = files::last_lines(&self.stream(part, "stdout"), LOGGED_LINES);
        match failures(&all).filter(|_| harness && part.is_empty()) {
            Some(failures) => format!("{failures}\n{stderr}").trim_end().to_owned(),
            None if stderr.is_empty() => stdout,
            None => stderr,
        }
    }

    pub(super) fn failed(&self, what: &str) -> Error {
        Error::new(ExitCode::Workload, format!("{}: workload `{}`: {what}", self.runner.stage, self.name))
    }

    fn auxiliary(&self, key: &str, words: &[String]) -> Result<()> {
        let command = self.not_profiled(self.runner.command(self.workload, words, &self.values)?);
        let part = format!("{key}.");
        let ended = self.run_to_files(&command, &part, || false)?;
        self.check_part(&command, &ended, &part, &[0])
    }
}
