//! Bencoded answers, keys in order as bencode wants them.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{
    bencode,
    swarm::{PeerSink, V4, V6},
    tracker::Rules,
    types::{Counts, InfoHash, PeerId},
};

/// Where the peers of an answer are gathered: the counts stand before them, but are known after.
#[derive(Debug, Default)]
pub struct Peers {
    v4: Vec<u8>,
    v6: Vec<u8>,
    /// For lists of dictionaries: the names, in the order of `v4`, then of `v6`.
    ids: Option<(Vec<PeerId>, Vec<PeerId>)>,
}

impl Peers {
    /// Peers for a compact answer (BEP 23, 7).
    pub fn compact() -> Self {
        Self::default()
    }

    /// Peers for a list of dictionaries (BEP 3).
    pub fn dictionaries() -> Self {
        Self { ids: Some(Default::default()), ..Self::default() }
    }
}

impl PeerSink for Peers {
    fn v4(&mut self, compact: &[u8; V4], id: &PeerId) {
        self.v4.extend_from_slice(compact);
        if let Some((ids, _)) = &mut self.ids {
            ids.push(*id);
        }
    }
    fn v6(&mut self, compact: &[u8; V6], id: &PeerId) {
        self.v6.extend_from_slice(compact);
        if let Some((_, ids)) = &mut self.ids {
            ids.push(*id);
        }
    }
}

/// Writes the answer to an announce.
pub fn announce(rules: &Rules, counts: Counts, peers: &Peers, names: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(160 + peers.v4.len() + peers.v6.len());
    out.push(b'd');
    entries(&mut out, counts);
    bencode::integer_entry(&mut out, "interval", rules.interval.into());
    bencode::integer_entry(&mut out, "min interval", rules.min_interval.into());
    bencode::bytes(&mut out, b"peers");
    match &peers.ids {
        None => {
            bencode::bytes(&mut out, &peers.v4);
            // BEP 7: only there when there are some; old clients stumble over a key they do not know.
            if !peers.v6.is_empty() {
                bencode::bytes(&mut out, b"peers6");
                bencode::bytes(&mut out, &peers.v6);
            }
        }
        Some((ids4, ids6)) => {
            out.push(b'l');
            for (peer, id) in peers.v4.as_chunks::<V4>().0.iter().zip(ids4) {
                let [a, b, c, d, high, low] = *peer;
                let ip = Ipv4Addr::new(a, b, c, d).to_string();
                dictionary(&mut out, &ip, names.then_some(id), [high, low]);
            }
            for (peer, id) in peers.v6.as_chunks::<V6>().0.iter().zip(ids6) {
                let [ip @ .., high, low] = *peer;
                let ip = Ipv6Addr::from(ip).to_string();
                dictionary(&mut out, &ip, names.then_some(id), [high, low]);
            }
            out.push(b'e');
        }
    }
    out.push(b'e');
    out
}

/// Writes the answer to a scrape (BEP 48). The dictionary's keys have to be in order and to come
/// once, whatever the client asked.
pub fn scrape(mut swarms: Vec<(InfoHash, Counts)>) -> Vec<u8> {
    swarms.sort_unstable_by_key(|(info_hash, _)| info_hash.0);
    swarms.dedup_by_key(|(info_hash, _)| info_hash.0);
    let mut out = Vec::with_capacity(32 + swarms.len() * 80);
    out.push(b'd');
    bencode::bytes(&mut out, b"files");
    out.push(b'd');
    for (info_hash, counts) in swarms {
        bencode::bytes(&mut out, &info_hash.0);
        out.push(b'd');
        entries(&mut out, counts);
        out.push(b'e');
    }
    out.extend_from_slice(b"ee");
    out
}

fn entries(out: &mut Vec<u8>, counts: Counts) {
    bencode::integer_entry(out, "complete", counts.seeders.into());
    bencode::integer_entry(out, "downloaded", counts.downloaded.into());
    bencode::integer_entry(out, "incomplete", counts.leechers.into());
}

fn dictionary(out: &mut Vec<u8>, ip: &str, id: Option<&PeerId>, port: [u8; 2]) {
    out.push(b'd');
    bencode::bytes(out, b"ip");
    bencode::bytes(out, ip.as_bytes());
    if let Some(id) = id {
        bencode::bytes(out, b"peer id");
        bencode::bytes(out, &id.0);
    }
    bencode::integer_entry(out, "port", u16::from_be_bytes(port).into());
    out.push(b'e');
}
