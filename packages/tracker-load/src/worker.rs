//! A worker and its request under way: sending, judging the answer, trying again.

use std::{
    fmt::Display,
    io,
    time::{Duration, Instant},
};

use crate::{
    engine::Engine,
    http::Connection,
    stats::Kind,
    stream::{Ask, Malformed, Request, Stream},
    wire::{self, BadAnswer, Expect},
};

/// A UDP request is sent again after this, then after twice and four times this.
const RETRANSMIT: Duration = Duration::from_millis(500);
/// How often a UDP request is sent at most.
const TRIES: u32 = 3;
/// An HTTP request is given up after this.
const HTTP_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection id is renewed after this: half of what the tracker grants (BEP 15).
const RENEW: Duration = Duration::from_secs(60);
/// Low bits of a transaction id that name the worker; the others count.
const WORKER_BITS: u32 = 10;

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Udp,
    Http,
}

/// A request that waits for its answer.
pub(crate) struct Flight {
    kind: Kind,
    expect: Expect,
    over: Over,
    family: usize,
    transaction: u32,
    /// Latency counts from here.
    due: Instant,
    pub(crate) deadline: Instant,
    tries: u32,
    /// What to send once this connect has been answered.
    then: Option<Request>,
}

pub(crate) struct Worker {
    pub(crate) stream: Stream,
    /// Connection ids by family, and since when.
    ids: [Option<(u64, Instant)>; 2],
    connections: [Option<Connection>; 2],
    /// The request under way, to send it again.
    packet: Vec<u8>,
    pub(crate) flight: Option<Flight>,
}

impl Worker {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, ids: [None; 2], connections: [None, None], packet: Vec::new(), flight: None }
    }

    /// The connection on which an answer is awaited.
    pub(crate) fn awaited_connection(&self) -> Option<&Connection> {
        let flight = self.flight.as_ref().filter(|flight| flight.over == Over::Http)?;
        self.connections[flight.family].as_ref()
    }
}

impl Engine {
    /// Sends a request; false if there is no answer to wait for.
    pub(crate) fn launch(&mut self, at: usize, request: Request, due: Instant) -> bool {
        let (over, family) = self.route(&request);
        match over {
            Over::Http => self.launch_http(at, family, &request.ask, due),
            Over::Udp => self.launch_udp(at, family, request, due),
        }
    }

    fn launch_udp(&mut self, at: usize, family: usize, request: Request, due: Instant) -> bool {
        let worker = &mut self.workers[at];
        let id = worker.ids[family].filter(|(_, since)| since.elapsed() < RENEW);
        let (ask, then) = match (&request.ask, id) {
            (Ask::Connect, _) | (Ask::Malformed(Malformed::Short(_)), _) | (_, Some(_)) => {
                (request.ask, None)
            }
            // As clients do: first a connection id, then what they are after.
            (_, None) => (Ask::Connect, Some(request)),
        };
        self.serial = self.serial.wrapping_add(1);
        let transaction = self.serial << WORKER_BITS | at as u32;
        let id = id.map_or(0, |(id, _)| id);
        let expect = wire::udp_request(&mut worker.packet, &ask, id, transaction);
        let kind = match ask {
            Ask::Connect => Kind::UdpConnect,
            Ask::Announce(_) => Kind::UdpAnnounce,
            Ask::Scrape(_) => Kind::UdpScrape,
            Ask::Malformed(_) => Kind::Malformed,
        };
        let tally = self.stats.of(kind);
        tally.sent += 1;
        if expect == Expect::Silence {
            tally.completed += 1;
        } else {
            let deadline = Instant::now() + RETRANSMIT;
            let over = Over::Udp;
            worker.flight =
                Some(Flight { kind, expect, over, family, transaction, due, deadline, tries: 1, then });
            self.flying += 1;
        }
        self.send_udp(at, family);
        expect != Expect::Silence
    }

    fn send_udp(&self, at: usize, family: usize) {
        if let Some(socket) = &self.udp[family] {
            // A datagram that cannot be sent is one that is lost; retransmission is for both.
            let _ = socket.send(&self.workers[at].packet);
        }
    }

    /// Takes a datagram to the request that it answers.
    pub(crate) fn udp_answer(&mut self, answer: &[u8], family: usize, idle: &mut Vec<usize>) {
        let transaction = wire::transaction(answer);
        let at = transaction.map_or(usize::MAX, |id| (id & ((1 << WORKER_BITS) - 1)) as usize);
        let flight = self.workers.get(at).and_then(|worker| worker.flight.as_ref());
        let Some(flight) = flight.filter(|flight| {
            Some(flight.transaction) == transaction && (flight.over, flight.family) == (Over::Udp, family)
        }) else {
            self.stats.strays += 1;
            return;
        };
        let judged = wire::udp_answer(answer, flight.expect, family == 1);
        match (judged, flight.expect) {
            (Ok(()), Expect::Connect) => {
                let id = wire::connection_id(answer);
                self.workers[at].ids[family] = id.map(|id| (id, Instant::now()));
            }
            // The id may be what was wrong.
            (Err(BadAnswer::Refused), _) => self.workers[at].ids[family] = None,
            _ => (),
        }
        self.land(at, judged, idle);
    }

    fn launch_http(&mut self, at: usize, family: usize, ask: &Ask, due: Instant) -> bool {
        let worker = &mut self.workers[at];
        let expect = wire::http_request(&mut worker.packet, ask);
        let kind = match ask {
            Ask::Announce(_) => Kind::HttpAnnounce,
            Ask::Connect | Ask::Scrape(_) => Kind::HttpScrape,
            Ask::Malformed(_) => Kind::Malformed,
        };
        self.stats.of(kind).sent += 1;
        if let Err(error) = self.send_http(at, family) {
            self.strike(kind, &error);
            return false;
        }
        let deadline = Instant::now() + HTTP_TIMEOUT;
        let (over, transaction, tries, then) = (Over::Http, 0, 1, None);
        self.workers[at].flight =
            Some(Flight { kind, expect, over, family, transaction, due, deadline, tries, then });
        self.flying += 1;
        true
    }

    /// Sends over the connection that is there, or else a new one.
    fn send_http(&mut self, at: usize, family: usize) -> io::Result<()> {
        let worker = &mut self.workers[at];
        if let Some(connection) = &mut worker.connections[family] {
            if connection.send(&worker.packet).is_ok() {
                return Ok(());
            }
            self.stats.reconnects += 1;
            worker.connections[family] = None;
        }
        let target = self.http[family].ok_or(io::ErrorKind::AddrNotAvailable)?;
        let mut connection = Connection::open(target)?;
        connection.send(&worker.packet)?;
        worker.connections[family] = Some(connection);
        Ok(())
    }

    /// Reads from the connection on which a worker waits.
    pub(crate) fn receive_http(&mut self, at: usize, idle: &mut Vec<usize>) {
        let worker = &mut self.workers[at];
        let Some(flight) = worker.flight.as_mut().filter(|flight| flight.over == Over::Http) else {
            return;
        };
        let (family, expect, kind) = (flight.family, flight.expect, flight.kind);
        let Some(connection) = &mut worker.connections[family] else {
            return;
        };
        let error = match connection.receive() {
            Ok(None) => return,
            Ok(Some(answer)) => {
                let judged = wire::http_answer(answer.status, answer.body, expect);
                return self.land(at, judged, idle);
            }
            Err(error) => error,
        };
        // The tracker may close an idle connection just when the next request is on its way: that
        // is no failure, but twice in a row is.
        let again = connection.used && flight.tries == 1;
        flight.tries += 1;
        worker.connections[family] = None;
        if again {
            self.stats.reconnects += 1;
            if self.send_http(at, family).is_ok() {
                return;
            }
        }
        self.strike(kind, &error);
        self.free(at, idle);
    }

    /// A request has waited for too long: send it again, or give it up.
    pub(crate) fn late(&mut self, at: usize, now: Instant, idle: &mut Vec<usize>) {
        let worker = &mut self.workers[at];
        let Some(flight) = &mut worker.flight else {
            return;
        };
        let (kind, family) = (flight.kind, flight.family);
        if flight.over == Over::Udp && flight.tries < TRIES {
            flight.deadline = now + RETRANSMIT * 2_u32.pow(flight.tries);
            flight.tries += 1;
            self.stats.retransmits += 1;
            self.send_udp(at, family);
            return;
        }
        if flight.over == Over::Http {
            worker.connections[family] = None;
        }
        self.stats.of(kind).timeouts += 1;
        self.stats.first_error.get_or_insert_with(|| format!("{kind:?}: no answer in time"));
        self.strikes += 1;
        self.free(at, idle);
    }

    /// Records an answer. A worker that has only got its connection id goes on with its request.
    fn land(&mut self, at: usize, judged: Result<(), BadAnswer>, idle: &mut Vec<usize>) {
        let Some(mut flight) = self.workers[at].flight.take() else {
            return;
        };
        self.flying -= 1;
        match judged {
            Ok(()) => {
                self.strikes = 0;
                self.stats.completed(flight.kind, flight.due.elapsed());
            }
            Err(error) => self.strike(flight.kind, &error),
        }
        let waits = match flight.then.take() {
            Some(request) if judged.is_ok() => self.launch(at, request, flight.due),
            _ => false,
        };
        if !waits {
            idle.push(at);
        }
    }

    fn strike(&mut self, kind: Kind, error: &dyn Display) {
        self.stats.failed(kind, error);
        self.strikes += 1;
    }

    fn free(&mut self, at: usize, idle: &mut Vec<usize>) {
        if self.workers[at].flight.take().is_some() {
            self.flying -= 1;
        }
        idle.push(at);
    }
}
