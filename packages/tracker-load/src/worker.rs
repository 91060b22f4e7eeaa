//! A worker and its request under way: how requests go out.

use std::{
    io,
    time::{Duration, Instant},
};

use crate::{
    engine::Engine,
    findings::{Example, Finding},
    http::Connection,
    judge::Expect,
    stats::Kind,
    stream::{Ask, Malformed, Request, Stream},
    wire, words,
};

/// A UDP request is sent again after this, then after twice and four times this.
pub(crate) const RETRANSMIT: Duration = Duration::from_millis(500);
/// An HTTP request is given up after this.
pub(crate) const HTTP_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection id is renewed after this: half of what the tracker grants (BEP 15).
const RENEW: Duration = Duration::from_secs(60);
/// Low bits of a transaction id that name the worker; the others count.
pub(crate) const WORKER_BITS: u32 = 10;

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Udp,
    Http,
}

/// A request that waits for its answer.
pub(crate) struct Flight {
    pub(crate) kind: Kind,
    pub(crate) ask: Ask,
    pub(crate) expect: Expect,
    pub(crate) over: Over,
    pub(crate) family: usize,
    pub(crate) transaction: u32,
    /// Latency counts from here.
    pub(crate) due: Instant,
    pub(crate) deadline: Instant,
    pub(crate) tries: u32,
    /// What to send once this connect has been answered.
    pub(crate) then: Option<Request>,
}

impl Flight {
    /// How often it is sent at most.
    pub(crate) fn most_tries(&self) -> u32 {
        match (self.over, self.expect) {
            (Over::Http, _) => 1,
            // Silence is a fair answer to it; trackers that drop it are not waited for in vain.
            (Over::Udp, Expect::Refusal) => 2,
            (Over::Udp, _) => 3,
        }
    }

    pub(crate) fn example(&self, answer: &str) -> Example {
        example(self.over, &self.ask, answer)
    }
}

fn example(over: Over, ask: &Ask, answer: &str) -> Example {
    Example { request: words::request(over, ask), answer: answer.to_owned() }
}

pub(crate) struct Worker {
    pub(crate) stream: Stream,
    /// Connection ids by family, and since when.
    pub(crate) ids: [Option<(u64, Instant)>; 2],
    pub(crate) connections: [Option<Connection>; 2],
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
            Over::Http => self.launch_http(at, family, request.ask, due),
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
        self.serial = next_serial(self.serial);
        let transaction = self.serial << WORKER_BITS | at as u32;
        let id = id.map_or(0, |(id, _)| id);
        let expect = wire::udp_request(&mut worker.packet, &ask, id, transaction);
        let kind = match ask {
            Ask::Connect => Kind::UdpConnect,
            Ask::Announce(_) => Kind::UdpAnnounce,
            Ask::Scrape(_) => Kind::UdpScrape,
            Ask::Malformed(_) => Kind::Malformed,
        };
        self.stats.of(kind).sent += 1;
        self.send_udp(at, family);
        if let Ask::Malformed(malformed) = ask {
            let mut notes = vec![];
            if self.unanswered.contains(&malformed) {
                notes.push(Finding::SilentOnWrong.came("nothing, as before; not waited for"));
            }
            if expect == Expect::Silence || !notes.is_empty() {
                self.stats.settle(kind, &Ok(notes), || example(Over::Udp, &ask, ""));
                return false;
            }
        }
        let (over, deadline, tries) = (Over::Udp, Instant::now() + RETRANSMIT, 1);
        self.workers[at].flight =
            Some(Flight { kind, ask, expect, over, family, transaction, due, deadline, tries, then });
        self.flying += 1;
        true
    }

    pub(crate) fn send_udp(&self, at: usize, family: usize) {
        if let Some(socket) = &self.udp[family] {
            // A datagram that cannot be sent is one that is lost; retransmission is for both.
            let _ = socket.send(&self.workers[at].packet);
        }
    }

    fn launch_http(&mut self, at: usize, family: usize, ask: Ask, due: Instant) -> bool {
        let worker = &mut self.workers[at];
        let expect = wire::http_request(&mut worker.packet, &ask);
        let kind = match ask {
            Ask::Announce(_) => Kind::HttpAnnounce,
            Ask::Connect | Ask::Scrape(_) => Kind::HttpScrape,
            Ask::Malformed(_) => Kind::Malformed,
        };
        self.stats.of(kind).sent += 1;
        if let Err(error) = self.send_http(at, family) {
            self.strikes += 1;
            let judged = Err(Finding::Connection.came(error.to_string()));
            self.stats.settle(kind, &judged, || example(Over::Http, &ask, ""));
            return false;
        }
        let deadline = Instant::now() + HTTP_TIMEOUT;
        let (over, transaction, tries, then) = (Over::Http, 0, 1, None);
        self.workers[at].flight =
            Some(Flight { kind, ask, expect, over, family, transaction, due, deadline, tries, then });
        self.flying += 1;
        true
    }

    /// Sends over the connection that is there, or else a new one.
    pub(crate) fn send_http(&mut self, at: usize, family: usize) -> io::Result<()> {
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
}

/// Counts on; none gives the transaction id 0, which some trackers write into errors.
fn next_serial(serial: u32) -> u32 {
    let next = serial.wrapping_add(1) & (u32::MAX >> WORKER_BITS);
    next.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_transaction_id_is_0() {
        let last = u32::MAX >> WORKER_BITS;
        for (serial, next) in [(0, 1), (1, 2), (last - 1, last), (last, 1), (u32::MAX, 1)] {
            assert_eq!(next_serial(serial), next);
            assert_ne!(next_serial(serial) << WORKER_BITS, 0);
        }
    }
}
