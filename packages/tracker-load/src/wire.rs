//! Requests as bytes, and checks that an answer is really one to its request. Written apart from
//! the tracker's own code on purpose: a mistake there must not be repeated here.

use std::io::Write;

use crate::{
    bencode::{self, Entries, Value},
    stream::{Announce, Ask, Event, Malformed, Peer, info_hash},
};

const PROTOCOL_ID: u64 = 0x0417_2710_1980;
const CONNECT: u32 = 0;
const ANNOUNCE: u32 = 1;
const SCRAPE: u32 = 2;
const ERROR: u32 = 3;

/// What the answer to a request has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// A connection id.
    Connect,
    /// Peers, at most `want` of them unless that is negative.
    Announce {
        /// As asked.
        want: i32,
    },
    /// Counts of swarms.
    Scrape {
        /// As asked.
        hashes: usize,
        /// Without repetitions, which a bencoded dictionary cannot hold.
        distinct: usize,
    },
    /// An error, or a failure reason.
    Refusal,
    /// Nothing at all.
    Silence,
}

/// Why an answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// It tells of an error, though the request was right.
    #[error("the tracker refused a request that is right")]
    Refused,
    /// It is peers or counts, though the request was wrong.
    #[error("the tracker answered a request that is wrong")]
    NotRefused,
    /// It is of another kind, length or shape.
    #[error("the answer does not have the right shape: {0}")]
    Shape(&'static str),
}

/// Writes a request for UDP into `out`, which is cleared first, and tells what to expect.
pub fn udp_request(out: &mut Vec<u8>, ask: &Ask, connection: u64, transaction: u32) -> Expect {
    out.clear();
    let mut header = |id: u64, action: u32| {
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(&action.to_be_bytes());
        out.extend_from_slice(&transaction.to_be_bytes());
    };
    match ask {
        Ask::Connect => {
            header(PROTOCOL_ID, CONNECT);
            Expect::Connect
        }
        Ask::Announce(announce) => {
            header(connection, ANNOUNCE);
            udp_announce(out, announce);
            Expect::Announce { want: announce.want }
        }
        Ask::Scrape(swarms) => {
            header(connection, SCRAPE);
            for swarm in swarms {
                out.extend_from_slice(&info_hash(*swarm));
            }
            Expect::Scrape { hashes: swarms.len(), distinct: 0 }
        }
        Ask::Malformed(Malformed::Short(length)) => {
            header(connection, ANNOUNCE);
            out.truncate(usize::from(*length).min(15));
            Expect::Silence
        }
        Ask::Malformed(Malformed::Invalid) => {
            header(!connection, SCRAPE);
            out.extend_from_slice(&info_hash(0));
            Expect::Refusal
        }
        Ask::Malformed(Malformed::Unknown) => {
            header(connection, 9);
            Expect::Refusal
        }
    }
}

fn udp_announce(out: &mut Vec<u8>, announce: &Announce) {
    let Announce { peer, event, want } = announce;
    out.extend_from_slice(&info_hash(peer.swarm));
    out.extend_from_slice(&peer_id(peer));
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&peer.left.to_be_bytes());
    out.extend_from_slice(&[0; 8]);
    let event: u32 = match event {
        Event::None => 0,
        Event::Completed => 1,
        Event::Started => 2,
        Event::Stopped => 3,
    };
    out.extend_from_slice(&event.to_be_bytes());
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&want.to_be_bytes());
    out.extend_from_slice(&peer.port.to_be_bytes());
    // As common clients do (BEP 41): the path of the announce URL.
    out.extend_from_slice(b"\x02\x09/announce");
}

fn peer_id(peer: &Peer) -> [u8; 20] {
    let mut id = *b"-HN0100-000000000000";
    for (at, byte) in id[8..].iter_mut().enumerate() {
        *byte = b"0123456789abcdef"[((peer.name >> (4 * at)) & 15) as usize];
    }
    id
}

/// Checks a UDP answer whose transaction id has already been found right.
///
/// # Errors
/// [`BadAnswer`].
pub fn udp_answer(answer: &[u8], expect: Expect, ipv6: bool) -> Result<(), BadAnswer> {
    let (Some(action), length) = (number(answer, 0), answer.len()) else {
        return Err(BadAnswer::Shape("too short"));
    };
    match (action, expect) {
        (ERROR, Expect::Refusal) if length >= 8 => Ok(()),
        (ERROR, _) => Err(BadAnswer::Refused),
        (_, Expect::Refusal | Expect::Silence) => Err(BadAnswer::NotRefused),
        (CONNECT, Expect::Connect) if length == 16 => Ok(()),
        (SCRAPE, Expect::Scrape { hashes, .. }) if length == 8 + 12 * hashes => Ok(()),
        (ANNOUNCE, Expect::Announce { want }) => {
            let size = if ipv6 { 18 } else { 6 };
            let peers = length.checked_sub(20).ok_or(BadAnswer::Shape("announce is too short"))?;
            if peers % size != 0 {
                return Err(BadAnswer::Shape("peers are cut off"));
            }
            if number(answer, 8) == Some(0) {
                return Err(BadAnswer::Shape("interval is 0"));
            }
            not_more(peers / size, want)
        }
        _ => Err(BadAnswer::Shape("another action or length than asked for")),
    }
}

/// The connection id in a connect answer that has been checked.
pub fn connection_id(answer: &[u8]) -> Option<u64> {
    answer.get(8..16).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes)
}

/// The transaction id of an answer.
pub fn transaction(answer: &[u8]) -> Option<u32> {
    number(answer, 4)
}

fn number(answer: &[u8], at: usize) -> Option<u32> {
    answer.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes)
}

/// Writes a request for HTTP into `out`, which is cleared first, and tells what to expect.
/// A [`Ask::Connect`] has no counterpart there; it becomes a scrape of the most popular swarm.
pub fn http_request(out: &mut Vec<u8>, ask: &Ask) -> Expect {
    out.clear();
    out.extend_from_slice(b"GET ");
    let expect = match ask {
        Ask::Connect => http_scrape(out, &[0]),
        Ask::Scrape(swarms) => http_scrape(out, swarms),
        Ask::Announce(announce) => {
            http_announce(out, announce);
            Expect::Announce { want: announce.want }
        }
        Ask::Malformed(malformed) => {
            let target: &[u8] = match malformed {
                Malformed::Short(_) => b"/announce",
                Malformed::Invalid => b"/announce?info_hash=%zz%1&port=1",
                Malformed::Unknown => b"/announce?port=0",
            };
            out.extend_from_slice(target);
            Expect::Refusal
        }
    };
    out.extend_from_slice(
        b" HTTP/1.1\r\nHost: tracker\r\nUser-Agent: honing-tracker-load\r\n\
          Accept: */*\r\nAccept-Encoding: gzip\r\n\r\n",
    );
    expect
}

fn http_scrape(out: &mut Vec<u8>, swarms: &[u32]) -> Expect {
    out.extend_from_slice(b"/scrape");
    for (at, swarm) in swarms.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"?info_hash=" } else { b"&info_hash=" });
        percent(out, &info_hash(*swarm));
    }
    let mut distinct = swarms.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    Expect::Scrape { hashes: swarms.len(), distinct: distinct.len() }
}

fn http_announce(out: &mut Vec<u8>, announce: &Announce) {
    let Announce { peer, event, want } = announce;
    out.extend_from_slice(b"/announce?info_hash=");
    percent(out, &info_hash(peer.swarm));
    out.extend_from_slice(b"&peer_id=");
    percent(out, &peer_id(peer));
    let event = match event {
        Event::None => "",
        Event::Completed => "&event=completed",
        Event::Started => "&event=started",
        Event::Stopped => "&event=stopped",
    };
    // Writing to a Vec cannot fail.
    let _ = write!(
        out,
        "&port={}&uploaded=0&downloaded=0&left={}&corrupt=0&key={:08X}{event}&numwant={want}\
         &compact=1&no_peer_id=1&supportcrypto=1",
        peer.port, peer.left, peer.name as u32
    );
}

fn percent(out: &mut Vec<u8>, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(*byte);
        } else {
            out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

/// Checks the status and body of an HTTP answer.
///
/// # Errors
/// [`BadAnswer`].
pub fn http_answer(status: u16, body: &[u8], expect: Expect) -> Result<(), BadAnswer> {
    if status != 200 {
        return Err(BadAnswer::Shape("status is not 200"));
    }
    let Some(Value::Dictionary(entries)) = bencode::parse(body) else {
        return Err(BadAnswer::Shape("body is not a bencoded dictionary"));
    };
    let refused = matches!(entries.get("failure reason"), Some(Value::Bytes(_)));
    match expect {
        Expect::Refusal if refused => Ok(()),
        _ if refused => Err(BadAnswer::Refused),
        Expect::Refusal | Expect::Silence => Err(BadAnswer::NotRefused),
        Expect::Announce { want } => announce_body(entries, want),
        Expect::Scrape { distinct, .. } => match entries.get("files") {
            Some(Value::Dictionary(files)) if files.iter().count() == distinct => Ok(()),
            _ => Err(BadAnswer::Shape("files are not those asked for")),
        },
        Expect::Connect => Err(BadAnswer::Shape("HTTP knows no connect")),
    }
}

fn announce_body(entries: Entries<'_>, want: i32) -> Result<(), BadAnswer> {
    if !matches!(entries.get("interval"), Some(Value::Integer(1..))) {
        return Err(BadAnswer::Shape("no interval"));
    }
    let Some(Value::Bytes(v4)) = entries.get("peers") else {
        return Err(BadAnswer::Shape("no compact peers"));
    };
    let v6 = match entries.get("peers6") {
        None => &[][..],
        Some(Value::Bytes(v6)) => v6,
        Some(_) => return Err(BadAnswer::Shape("peers6 are not compact")),
    };
    if v4.len() % 6 != 0 || v6.len() % 18 != 0 {
        return Err(BadAnswer::Shape("peers are cut off"));
    }
    not_more(v4.len() / 6 + v6.len() / 18, want)
}

fn not_more(peers: usize, want: i32) -> Result<(), BadAnswer> {
    match usize::try_from(want) {
        Ok(want) if peers > want => Err(BadAnswer::Shape("more peers than asked for")),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
