//! Requests as bytes. Written apart from the tracker's own code on purpose: a mistake there must
//! not be repeated here.

use std::io::Write;

use crate::{
    judge::Expect,
    stream::{Announce, Ask, Event, Malformed, Peer, info_hash},
};

const PROTOCOL_ID: u64 = 0x0417_2710_1980;
pub(crate) const CONNECT: u32 = 0;
pub(crate) const ANNOUNCE: u32 = 1;
pub(crate) const SCRAPE: u32 = 2;
pub(crate) const ERROR: u32 = 3;

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
            Expect::Scrape { hashes: swarms.len() }
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
    Expect::Scrape { hashes: swarms.len() }
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
        "&port={}&uploaded=0&downloaded=0&left={}&corrupt=0&key={:08X}{event}",
        peer.port, peer.left, peer.name as u32
    );
    // Who does not care leaves it out (rTorrent): a number below 0 is one for UDP only, which
    // several trackers refuse here.
    if *want >= 0 {
        let _ = write!(out, "&numwant={want}");
    }
    out.extend_from_slice(b"&compact=1&no_peer_id=1&supportcrypto=1");
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

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
