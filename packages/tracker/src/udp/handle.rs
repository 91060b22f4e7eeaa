//! One UDP request to one answer. No sockets here, so that tests and fuzzing reach all of it.

use std::net::{IpAddr, SocketAddr};

use zerocopy::{FromBytes, IntoBytes, byteorder::big_endian::U32};

use super::wire::{
    ANNOUNCE, AnnounceAnswer, AnnounceBody, AnswerHeader, CONNECT, ConnectAnswer, ERROR, Header,
    MAX_DATAGRAM_V4, MAX_DATAGRAM_V6, PROTOCOL_ID, SCRAPE, ScrapeEntry,
};
use crate::{
    swarm::{PeerSink, V4, V6},
    tracker::{MAX_SCRAPE, Tracker},
    types::{Announce, Event, Families, InfoHash, PeerId},
};

/// What became of a request; the bytes to send, if any, are in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Answered with a connection id.
    Connect,
    /// Answered with peers.
    Announce,
    /// Answered with counts.
    Scrape,
    /// Refused with a reason.
    Refused,
    /// Not a request at all: silence, so that nobody can use the tracker to make noise.
    Ignored,
}

/// Answers `packet` from `from` into `out`, which is cleared first and stays empty for silence.
///
/// An answer is only ever longer than its request after the connection id has proved that the
/// sender's address is not forged.
pub fn handle(
    tracker: &Tracker,
    from: SocketAddr,
    packet: &[u8],
    rng: &mut fastrand::Rng,
    out: &mut Vec<u8>,
) -> Answer {
    out.clear();
    // An IPv4 client on a dual-stack socket is an IPv4 client.
    let ip = from.ip().to_canonical();
    let Ok((header, body)) = Header::ref_from_prefix(packet) else {
        return Answer::Ignored;
    };
    let action = header.action.get();
    if action == CONNECT && header.connection_id.get() == PROTOCOL_ID {
        begin(out, CONNECT, header);
        let id = tracker.connections.issue(ip, tracker.clock.now());
        out.extend_from_slice(ConnectAnswer { connection_id: id.into() }.as_bytes());
        return Answer::Connect;
    }
    if !tracker.connections.verify(header.connection_id.get(), ip, tracker.clock.now()) {
        // Whoever has no id yet gets no more bytes back than it sent.
        let reason = "connection id is unknown or expired";
        let fits = size_of::<AnswerHeader>() + reason.len() <= packet.len();
        return refuse(out, header, if fits { reason } else { "bad id" });
    }
    match action {
        // What follows the fixed part are options (BEP 41), of which none is for this tracker.
        ANNOUNCE => match AnnounceBody::ref_from_prefix(body) {
            Ok((body, _options)) => announce(tracker, ip, header, body, rng, out),
            Err(_) => refuse(out, header, "announce is too short"),
        },
        SCRAPE => scrape(tracker, header, body, out),
        _ => refuse(out, header, "action is not known"),
    }
}

fn announce(
    tracker: &Tracker,
    ip: IpAddr,
    header: &Header,
    body: &AnnounceBody,
    rng: &mut fastrand::Rng,
    out: &mut Vec<u8>,
) -> Answer {
    let event = match body.event.get() {
        0 => Event::None,
        1 => Event::Completed,
        2 => Event::Started,
        3 => Event::Stopped,
        _ => return refuse(out, header, "event is not known"),
    };
    let port = body.port.get();
    if port == 0 {
        return refuse(out, header, "port is 0");
    }
    let room = match ip {
        IpAddr::V4(_) => (MAX_DATAGRAM_V4 - ANNOUNCE_FIXED) / V4,
        IpAddr::V6(_) => (MAX_DATAGRAM_V6 - ANNOUNCE_FIXED) / V6,
    };
    let announce = Announce {
        info_hash: body.info_hash,
        peer_id: body.peer_id,
        addr: SocketAddr::new(ip, port),
        seeder: body.left.get() == 0,
        event,
        // Any negative number stands for the default.
        want: tracker.want(u32::try_from(body.want.get()).ok()).min(room),
        families: Families::Own,
    };
    begin(out, ANNOUNCE, header);
    // The counts are known only after the peers have been written behind them.
    out.resize(ANNOUNCE_FIXED, 0);
    let counts = tracker.announce(&announce, rng, &mut Compact(out));
    let fixed = AnnounceAnswer {
        interval: tracker.rules.interval.into(),
        leechers: counts.leechers.into(),
        seeders: counts.seeders.into(),
    };
    out[size_of::<AnswerHeader>()..ANNOUNCE_FIXED].copy_from_slice(fixed.as_bytes());
    Answer::Announce
}

fn scrape(tracker: &Tracker, header: &Header, body: &[u8], out: &mut Vec<u8>) -> Answer {
    let (hashes, _rest) = body.as_chunks::<20>();
    if hashes.is_empty() {
        return refuse(out, header, "scrape names no info hash");
    }
    begin(out, SCRAPE, header);
    for hash in hashes.iter().take(MAX_SCRAPE) {
        let counts = tracker.store.scrape(&InfoHash(*hash));
        let entry = ScrapeEntry {
            seeders: counts.seeders.into(),
            completed: counts.downloaded.into(),
            leechers: counts.leechers.into(),
        };
        out.extend_from_slice(entry.as_bytes());
    }
    Answer::Scrape
}

fn refuse(out: &mut Vec<u8>, header: &Header, reason: &str) -> Answer {
    begin(out, ERROR, header);
    out.extend_from_slice(reason.as_bytes());
    Answer::Refused
}

fn begin(out: &mut Vec<u8>, action: u32, header: &Header) {
    let answer = AnswerHeader { action: U32::new(action), transaction_id: header.transaction_id };
    out.extend_from_slice(answer.as_bytes());
}

const ANNOUNCE_FIXED: usize = size_of::<AnswerHeader>() + size_of::<AnnounceAnswer>();

/// Writes peers as UDP answers hold them: one behind the other.
struct Compact<'a>(&'a mut Vec<u8>);

impl PeerSink for Compact<'_> {
    fn v4(&mut self, compact: &[u8; V4], _: &PeerId) {
        self.0.extend_from_slice(compact);
    }
    fn v6(&mut self, compact: &[u8; V6], _: &PeerId) {
        self.0.extend_from_slice(compact);
    }
}

#[cfg(test)]
#[path = "handle_tests.rs"]
mod tests;
