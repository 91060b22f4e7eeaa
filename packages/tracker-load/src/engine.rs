//! Runs a plan: one thread, all workers, one wait for all of their sockets.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::{
    http::Connection,
    limits::{Plan, PlanError},
    pace::Pace,
    report::Report,
    stats::Stats,
    stream::{Malformed, Request, Source},
    udp,
    worker::{Flight, Over, Worker},
};

/// Between two looks for requests that have waited for too long.
const TICK: Duration = Duration::from_millis(20);
/// Datagrams taken from a socket before workers that have become free send again.
const BATCH: usize = 8;
/// Failures in a row, per worker, after which a run gives up.
const STRIKES: usize = 2;

/// Why a run has no result.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The plan is not to be run.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Nobody is there.
    #[error("no tracker answers on {protocol} {addr}: {source}; is it running, on this port?")]
    Unreachable {
        /// `udp` or `http`.
        protocol: &'static str,
        /// The target.
        addr: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// The tracker was there, but answers no more, or with errors alone.
    #[error(
        "{failures} requests in a row failed, so the run was ended; the first that failed: {first}; \
         look into the tracker's log"
    )]
    Lost {
        /// In a row.
        failures: usize,
        /// The first failure of the run.
        first: String,
    },
    /// Waiting for sockets failed, or a constant of this crate is wrong.
    #[error("internal: {0}")]
    Internal(String),
}

/// Runs a plan and returns what was measured. Blocks until the end.
///
/// # Errors
/// [`LoadError`]; requests that fail one by one are counted instead.
pub fn run(plan: &Plan) -> Result<Report, LoadError> {
    plan.check()?;
    let mut engine = Engine::new(plan)?;
    if let Some(warmup) = plan.warmup {
        engine.phase(Pace::new(plan.mode, warmup))?;
        engine.stats = fresh_stats(plan)?;
    }
    let seconds = engine.phase(Pace::new(plan.mode, plan.until))?.as_secs_f64();
    Ok(Report::new(plan, &engine.stats, seconds))
}

fn fresh_stats(plan: &Plan) -> Result<Stats, LoadError> {
    Stats::new(plan.strict).ok_or_else(|| LoadError::Internal("bounds of a histogram".to_owned()))
}

/// What there is to read from.
#[derive(Clone, Copy)]
enum Ready {
    Udp(usize),
    Http(usize),
}

pub(crate) struct Engine {
    /// By family: IPv4, IPv6.
    pub(crate) udp: [Option<UdpSocket>; 2],
    /// By family.
    pub(crate) http: [Option<SocketAddr>; 2],
    pub(crate) workers: Vec<Worker>,
    pub(crate) stats: Stats,
    /// Requests under way.
    pub(crate) flying: usize,
    /// Failures in a row.
    pub(crate) strikes: usize,
    /// Counts UDP requests, for transaction ids.
    pub(crate) serial: u32,
    /// Wrong UDP requests that this tracker leaves without an answer.
    pub(crate) unanswered: Vec<Malformed>,
}

impl Engine {
    fn new(plan: &Plan) -> Result<Self, LoadError> {
        let mut udp = [None, None];
        for addr in &plan.udp {
            let unreachable = |source| LoadError::Unreachable { protocol: "udp", addr: *addr, source };
            udp[family(*addr)] = Some(udp::open(*addr).map_err(unreachable)?);
        }
        let mut http = [None, None];
        for addr in &plan.http {
            let unreachable = |source| LoadError::Unreachable { protocol: "http", addr: *addr, source };
            Connection::open(*addr).map_err(unreachable)?;
            http[family(*addr)] = Some(*addr);
        }
        let source = Source::new(plan.mix, plan.seed);
        let workers = (0..plan.concurrency).map(|at| Worker::new(source.stream(at))).collect();
        let stats = fresh_stats(plan)?;
        Ok(Self { udp, http, workers, stats, flying: 0, strikes: 0, serial: 0, unanswered: vec![] })
    }

    /// Sends at the given pace, waits for the last answers, and returns how long that took.
    fn phase(&mut self, mut pace: Pace) -> Result<Duration, LoadError> {
        let mut idle: Vec<usize> = (0..self.workers.len()).rev().collect();
        let mut ready = Vec::new();
        let most_strikes = STRIKES * self.workers.len().max(8);
        let start = Instant::now();
        pace.start(start);
        let mut check = start + TICK;
        loop {
            let now = Instant::now();
            while let Some(&worker) = idle.last().filter(|_| self.strikes <= most_strikes) {
                let Some(due) = pace.next(now) else { break };
                let request = self.workers[worker].stream.draw();
                if self.launch(worker, request, due) {
                    idle.pop();
                }
            }
            if self.flying == 0 && pace.is_over(now) {
                return Ok(start.elapsed());
            }
            if now >= check {
                self.look_for_late(now, &mut idle);
                check = now + TICK;
            }
            if self.strikes > most_strikes {
                let first = self.stats.first_error.take();
                let first = first.unwrap_or_else(|| "no answer".to_owned());
                return Err(LoadError::Lost { failures: self.strikes, first });
            }
            // Workers may be idle while the clock says no; then the clock is what to wait for.
            let wake = pace.wake(now).filter(|_| !idle.is_empty()).map_or(check, |at| at.min(check));
            self.wait(wake.saturating_duration_since(now), &mut ready)?;
            for source in &ready {
                match *source {
                    Ready::Udp(family) => self.receive_udp(family, &mut idle),
                    Ready::Http(worker) => self.receive_http(worker, &mut idle),
                }
            }
        }
    }

    /// Where a request goes, given the targets that there are.
    pub(crate) fn route(&self, request: &Request) -> (Over, usize) {
        let over_http = |there: &[bool; 2]| request.http && (there[0] || there[1]);
        let http = self.http.map(|target| target.is_some());
        let udp = [self.udp[0].is_some(), self.udp[1].is_some()];
        let pick = |there: [bool; 2]| usize::from((request.ipv6 && there[1]) || !there[0]);
        if over_http(&http) || !(udp[0] || udp[1]) {
            return (Over::Http, pick(http));
        }
        (Over::Udp, pick(udp))
    }

    /// Waits for at most `longest` and puts what can be read into `ready`.
    fn wait(&self, longest: Duration, ready: &mut Vec<Ready>) -> Result<(), LoadError> {
        ready.clear();
        let (mut sources, mut fds) = (Vec::new(), Vec::new());
        for (family, socket) in self.udp.iter().enumerate() {
            if let Some(socket) = socket {
                sources.push(Ready::Udp(family));
                fds.push(PollFd::new(socket, PollFlags::IN));
            }
        }
        for (at, worker) in self.workers.iter().enumerate() {
            if let Some(connection) = worker.awaited_connection() {
                sources.push(Ready::Http(at));
                fds.push(PollFd::new(connection.stream(), PollFlags::IN));
            }
        }
        let longest = Timespec {
            tv_sec: i64::try_from(longest.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: longest.subsec_nanos().into(),
        };
        match poll(&mut fds, Some(&longest)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(()),
            Ok(_) => (),
            Err(error) => return Err(LoadError::Internal(format!("poll: {error}"))),
        }
        let readable = fds.iter().zip(sources).filter(|(fd, _)| !fd.revents().is_empty());
        ready.extend(readable.map(|(_, source)| source));
        Ok(())
    }

    fn receive_udp(&mut self, family: usize, idle: &mut Vec<usize>) {
        let mut answer = [0; udp::RECEIVE];
        for _ in 0..BATCH {
            let Some(socket) = &self.udp[family] else {
                return;
            };
            match socket.recv(&mut answer) {
                Ok(length) => self.udp_answer(&answer[..length], family, idle),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The port is closed, which a datagram sent before has found out. The requests
                // under way run into their deadlines, and those are counted.
                Err(_) => return,
            }
        }
    }

    fn look_for_late(&mut self, now: Instant, idle: &mut Vec<usize>) {
        for at in 0..self.workers.len() {
            let late = |flight: &Flight| flight.deadline <= now;
            if self.workers[at].flight.as_ref().is_some_and(late) {
                self.late(at, now, idle);
            }
        }
    }
}

fn family(addr: SocketAddr) -> usize {
    usize::from(addr.is_ipv6())
}
