//! The children of a run: each adds to the log of its stage, and the time of those that build is counted.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use honing_core::{Result, Step, event::Event};

use crate::{
    chain::session::Session,
    children::{Child, Command, Ended, StdStream},
    io::{clock, files},
};

impl Session {
    /// The log of a stage.
    pub fn log_path(&self, program: &str, step: impl Into<Step>) -> PathBuf {
        self.run_dir.join(format!("{program}.{}.log", step.into()))
    }

    /// Starts a child whose lines go to `each_line`, and to the log where that says so.
    pub(crate) fn spawn(
        &self,
        program: &str,
        step: impl Into<Step>,
        command: &Command,
        each_line: impl Fn(StdStream, &str) -> bool + Clone + Send + 'static,
    ) -> Result<Child> {
        let log = self.open_log(program, step, command)?;
        Child::spawn(&self.launcher, command, move |stream, line| {
            if each_line(stream, line)
                && let Ok(mut log) = log.lock()
            {
                let _ = files::write_line(&mut log, line);
            }
        })
    }

    /// Adds a line to the log of a stage.
    pub(crate) fn log(&self, program: &str, step: impl Into<Step>, line: &str) -> Result<()> {
        let path = self.log_path(program, step);
        let file = fs::OpenOptions::new().create(true).append(true).open(&path);
        let written = file.and_then(|mut file| files::write_line(&mut file, line));
        written.map_err(|error| files::error("write", &path, &error))
    }

    /// Announces a command and opens the log that it adds to.
    pub(crate) fn open_log(
        &self,
        program: &str,
        step: impl Into<Step>,
        command: &Command,
    ) -> Result<Arc<Mutex<fs::File>>> {
        let step = step.into();
        let path = self.log_path(program, step);
        let failed = |error: std::io::Error| files::error("write", &path, &error);
        let mut log = fs::OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        files::write_line(&mut log, &format!("$ {command}")).map_err(failed)?;
        self.sink.emit(Event::Command {
            program: program.to_owned(),
            stage: step,
            line: command.to_string(),
            log: path.display().to_string(),
        });
        Ok(Arc::new(Mutex::new(log)))
    }

    /// Runs a builder to its end, and keeps count of the time that it takes.
    pub(crate) fn run_builder(
        &self,
        program: &str,
        step: impl Into<Step>,
        command: &Command,
        each_line: impl Fn(StdStream, &str) -> bool + Clone + Send + 'static,
    ) -> Result<Ended> {
        self.while_builder(|| self.spawn(program, step, command, each_line)?.wait(&self.cancel, None))
    }

    /// Counts the time of `work`, which a builder does.
    pub(crate) fn while_builder<T>(&self, work: impl FnOnce() -> T) -> T {
        let started = self.sink.elapsed();
        let done = work();
        self.builders_us
            .fetch_add(clock::micros(self.sink.elapsed().saturating_sub(started)), Ordering::Relaxed);
        done
    }

    /// Time that builders took in this run so far.
    pub fn builders_time(&self) -> Duration {
        Duration::from_micros(self.builders_us.load(Ordering::Relaxed))
    }
}
