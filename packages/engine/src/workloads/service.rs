//! A service: started, awaited, put under load, stopped in an orderly way.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use honing_core::{Error, ExitCode, Result, config::Service, event::Event};

use crate::{
    children::{Child, Command, Deadline, Ended, Status, When, signal_number},
    io::{files, plain},
    workloads::{
        beside::{Beside, Running},
        lost::Complaints,
        ready::Probe,
        run::{Attempt, Ran},
        said::quote,
    },
};

/// How often a service that starts is asked whether it is ready.
const POLL: Duration = Duration::from_millis(20);

impl Attempt<'_> {
    pub(super) fn service(&self, service: &Service) -> Result<Ran> {
        let runner = self.runner;
        let command = runner.command(self.workload, &service.start, &self.values)?;
        let command = Command { awaits: Some(self.awaits(When::Stopped)), ..self.profiled(command) };
        // Where the program is its own load, only the service is what users wait for.
        let load = self.not_profiled(runner.command(self.workload, &service.load, &self.values)?);
        let probe = Probe::new(&service.ready, &self.values)?;
        // What answers now is something else, and would be taken for the service.
        if probe.is_ready() {
            return Err(self
                .failed(&format!("before the service is started, something else already gives what `ready` waits for: {}", probe.describe()))
                .with_hint(
                    "end it (`ss -tulpn` lists it), or let a free port be chosen: {port:NAME} in place of the number",
                ));
        }
        let (listener, sink) = (probe.clone(), runner.session.sink.clone());
        let (program, stage) = (runner.subject.name.to_owned(), runner.step());
        let complaints = Arc::new(Mutex::new(Complaints::about(runner.collects)));
        let complains = Arc::clone(&complaints);
        let mut child = runner.session.spawn(runner.subject.name, stage, &command, move |_, line| {
            listener.line(line);
            if let Ok(mut complaints) = complains.lock() {
                complaints.line(line);
            }
            sink.emit(Event::Output { program: program.clone(), stage, line: plain(line).into_owned() });
            true
        })?;
        self.await_ready(service, &probe, &mut child, &command)?;
        let beside = Running::start(self.beside()?, &runner.session.cancel);
        let loaded = self.run_to_files(&load, "load.", || !child.is_running())?;
        if !child.is_running() {
            let ended = child.wait(&runner.session.cancel, None)?;
            return Err(self.died("under load", &command, &ended));
        }
        self.check_exit(&load, &loaded, "load.")?;
        beside.end().map_err(|error| error.at(format!("{}: workload `{}`", runner.stage, self.name)))?;
        child.signal(signal_number(&service.stop.signal));
        let ended = child.wait(&runner.session.cancel, Some(service.stop.grace.0))?;
        self.check_stop(service, &command, &ended)?;
        let ended = self.settle(&command, ended)?;
        let complaints = complaints.lock().map(|complaints| complaints.clone()).unwrap_or_default();
        self.check_written(&complaints)?;
        Ok(self.ran(ended.usage, loaded.usage.cpu(), loaded.status, "load."))
    }

    /// What the kind of profile does while the load runs.
    fn beside(&self) -> Result<Option<Beside>> {
        let Some(kind) = self.runner.collects else { return Ok(None) };
        kind.beside_load(self.runner.subject, &self.values, &self.dir.join("raw"))
    }

    fn await_ready(
        &self,
        service: &Service,
        probe: &Probe,
        child: &mut Child,
        command: &Command,
    ) -> Result<()> {
        let session = self.runner.session;
        let deadline = Deadline::new(session.suspend(), service.ready.timeout.0);
        let cancel = &session.cancel;
        while child.is_running() {
            cancel.check()?;
            if probe.is_ready() {
                return Ok(());
            }
            if deadline.is_over() {
                return Err(self
                    .failed(&format!(
                        "`{command}` was not ready within {}: waited for {}",
                        service.ready.timeout,
                        probe.describe()
                    ))
                    .with_hint(format!(
                        "raise `ready.timeout`, or mend the service; what it printed is in {}",
                        self.log().display()
                    )));
            }
            std::thread::sleep(POLL);
        }
        let ended = child.wait(cancel, None)?;
        Err(self.died("before it was ready", command, &ended))
    }

    fn died(&self, when: &str, command: &Command, ended: &Ended) -> Error {
        let failed = self.failed(&format!("the service ended {when}, with {}: `{command}`", ended.status));
        match ended.left.own.as_slice() {
            [] => failed.with_hint(self.said(ended.status)),
            left => failed.with_hint(format!(
                "it left {} running in the background: let it stay in the foreground, which most programs \
                 have an option for",
                left.join(", ")
            )),
        }
    }

    /// A service has to end by itself when it is asked to: an instrumented one writes
    /// its profile on the way out.
    fn check_stop(&self, service: &Service, command: &Command, ended: &Ended) -> Result<()> {
        let collects = self.runner.has_to_end_well();
        let survival = self.runner.collects.map(|kind| format!(", or {}", kind.survival()));
        let survival = survival.unwrap_or_default();
        let signal = &service.stop.signal;
        if ended.timed_out {
            let grace = service.stop.grace;
            let late = match ended.left.own.as_slice() {
                [] => format!("it did not stop within {grace} of {signal}"),
                left => format!("it left {} running, which did not stop within {grace}", left.join(", ")),
            };
            return Err(self
                .failed(&format!("the service was ended by SIGKILL: {late}"))
                .with_hint(format!("give it a larger `stop.grace` or another `stop.signal`{survival}")));
        }
        match ended.status {
            Status::Signal(number) if number == signal_number(signal) && !collects => Ok(()),
            Status::Signal(number) if number == signal_number(signal) => Err(self
                .failed(&format!("the service was ended by {signal} and wrote no profile"))
                .with_code(ExitCode::Profile)
                .with_hint(format!("handle the signal and return from main{survival}"))),
            Status::Code(code) if self.workload.exit_codes.contains(&code) => Ok(()),
            status => Err(self
                .failed(&format!("the service ended with {status} after {signal}: `{command}`"))
                .with_hint(self.said(status))),
        }
    }

    fn log(&self) -> PathBuf {
        self.runner.session.log_path(self.runner.subject.name, self.runner.stage)
    }

    /// The service's last lines, which are in the log after its command.
    fn said(&self, status: Status) -> String {
        let log = files::tail(&self.log(), 20);
        let said: Vec<&str> = log.lines().filter(|line| !line.starts_with("$ ")).collect();
        quote(&said[said.len().saturating_sub(10)..].join("\n"), status)
    }
}
