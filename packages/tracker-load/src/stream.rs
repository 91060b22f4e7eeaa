//! One worker's requests, drawn from a mix. The same seed, mix and worker give the same requests,
//! whatever the tracker answers and however fast.

use std::sync::Arc;

use crate::mix::{Mix, Zipf};

/// Peers that a worker remembers for re-announces; older ones fall silent, as real ones do.
const REMEMBERED: usize = 2048;

/// A request before it is written for a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Ask over HTTP, if there is such a target.
    pub http: bool,
    /// Ask over IPv6, if there is such a target.
    pub ipv6: bool,
    /// What to ask.
    pub ask: Ask,
}

/// What to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A fresh UDP connection id.
    Connect,
    /// An announce.
    Announce(Announce),
    /// A scrape of these swarms.
    Scrape(Vec<u32>),
    /// Something that is wrong.
    Malformed(Malformed),
}

/// An announce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announce {
    /// Who.
    pub peer: Peer,
    /// Why.
    pub event: Event,
    /// Peers wanted, −1 for the tracker's default.
    pub want: i32,
}

/// A peer in one swarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The swarm's number; [`info_hash`] makes a hash of it.
    pub swarm: u32,
    /// Tells peers apart; the end of the peer id.
    pub name: u64,
    /// Where it says that it listens; not 0.
    pub port: u16,
    /// Bytes to download still.
    pub left: u64,
}

/// Why a peer announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Regularly.
    None,
    /// Just finished.
    Completed,
    /// New.
    Started,
    /// Leaves.
    Stopped,
}

/// Ways to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Too short to be a request: UDP answers with silence, HTTP with a failure.
    Short(u8),
    /// A connection id (UDP) or an info hash (HTTP) that is not valid: answered with an error.
    Invalid,
    /// An action (UDP) or a port (HTTP) that is not known: answered with an error.
    Unknown,
}

/// The info hash of a swarm: looks like SHA-1, so that the tracker's shards fill evenly.
pub fn info_hash(swarm: u32) -> [u8; 20] {
    let mut rng = fastrand::Rng::with_seed(u64::from(swarm) ^ 0x0068_6f6e_696e_6721);
    let mut hash = [0; 20];
    rng.fill(&mut hash);
    hash
}

/// What all streams of a run share.
#[derive(Debug)]
pub struct Source {
    mix: &'static Mix,
    zipf: Zipf,
    seed: u64,
}

impl Source {
    /// Prepares a mix.
    pub fn new(mix: &'static Mix, seed: u64) -> Arc<Self> {
        Arc::new(Self { mix, zipf: Zipf::new(mix.swarms, mix.zipf), seed })
    }

    /// The stream of a worker.
    pub fn stream(self: &Arc<Self>, worker: u32) -> Stream {
        use std::hash::Hasher;
        // A hash, not a sum: neighbouring seeds and workers must not share streams.
        let mut hasher = siphasher::sip::SipHasher13::new_with_keys(self.seed, u64::from(worker));
        hasher.write(self.mix.name.as_bytes());
        Stream {
            rng: fastrand::Rng::with_seed(hasher.finish()),
            peers: Vec::new(),
            oldest: 0,
            source: Arc::clone(self),
        }
    }
}

/// One worker's requests, without end.
#[derive(Debug)]
pub struct Stream {
    source: Arc<Source>,
    rng: fastrand::Rng,
    peers: Vec<Peer>,
    /// Where the next new peer goes once all places are taken.
    oldest: usize,
}

impl Stream {
    /// The next request.
    pub fn draw(&mut self) -> Request {
        let mix = self.source.mix;
        let (http, ipv6) = (self.chance(mix.http), self.chance(mix.ipv6));
        let total = mix.connect + mix.announce + mix.scrape + mix.malformed;
        let at = self.rng.u32(..total);
        let ask = if at < mix.malformed {
            Ask::Malformed(self.malformed())
        } else if at < mix.malformed + mix.scrape {
            Ask::Scrape(self.scrape())
        } else if at < mix.malformed + mix.scrape + mix.connect && !http {
            Ask::Connect
        } else {
            Ask::Announce(self.announce())
        };
        Request { http, ipv6, ask }
    }

    /// Popular swarms come up again and again, but a client names each of its own once.
    fn scrape(&mut self) -> Vec<u32> {
        let mix = self.source.mix;
        let count = weighted(&mut self.rng, mix.scrape_hashes).min(mix.swarms);
        let mut swarms = Vec::with_capacity(count);
        while swarms.len() < count {
            let swarm = self.swarm();
            if !swarms.contains(&swarm) {
                swarms.push(swarm);
            }
        }
        swarms
    }

    fn announce(&mut self) -> Announce {
        let mix = self.source.mix;
        let want = weighted(&mut self.rng, mix.want);
        if self.peers.is_empty() || self.chance(mix.new_peers) {
            return Announce { peer: self.newcomer(), event: Event::Started, want };
        }
        let at = self.rng.usize(..self.peers.len());
        let draw = self.rng.f64();
        let peer = &mut self.peers[at];
        if draw < mix.stopped {
            // 0 as libtorrent and Transmission do, over both protocols; no client asks for 0 before.
            return Announce { peer: self.peers.swap_remove(at), event: Event::Stopped, want: 0 };
        }
        if draw < mix.stopped + mix.completed && peer.left > 0 {
            peer.left = 0;
            return Announce { peer: *peer, event: Event::Completed, want };
        }
        Announce { peer: *peer, event: Event::None, want }
    }

    fn newcomer(&mut self) -> Peer {
        let seeds = self.chance(self.source.mix.seeders);
        let peer = Peer {
            swarm: self.swarm(),
            name: self.rng.u64(..),
            port: self.rng.u16(1024..),
            left: if seeds { 0 } else { self.rng.u64(1..1 << 32) },
        };
        if self.peers.len() < REMEMBERED {
            self.peers.push(peer);
        } else {
            self.oldest = (self.oldest + 1) % REMEMBERED;
            self.peers[self.oldest] = peer;
        }
        peer
    }

    fn malformed(&mut self) -> Malformed {
        match self.rng.u8(..3) {
            0 => Malformed::Short(self.rng.u8(1..16)),
            1 => Malformed::Invalid,
            _ => Malformed::Unknown,
        }
    }

    fn swarm(&mut self) -> u32 {
        u32::try_from(self.source.zipf.draw(&mut self.rng)).unwrap_or(0)
    }

    fn chance(&mut self, share: f64) -> bool {
        self.rng.f64() < share
    }
}

/// Draws one of `choices` by its weight.
fn weighted<T: Copy + Default>(rng: &mut fastrand::Rng, choices: &[(T, u32)]) -> T {
    let total = choices.iter().map(|(_, weight)| weight).sum::<u32>().max(1);
    let mut at = rng.u32(..total);
    for (choice, weight) in choices {
        match at.checked_sub(*weight) {
            Some(rest) => at = rest,
            None => return *choice,
        }
    }
    T::default()
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;
    use crate::mix::MIXES;

    fn draw(mix: &'static Mix, seed: u64, worker: u32, count: usize) -> Vec<Request> {
        let mut stream = Source::new(mix, seed).stream(worker);
        (0..count).map(|_| stream.draw()).collect()
    }

    #[test]
    fn shares_are_those_of_the_mix() {
        for mix in &MIXES {
            let requests = draw(mix, 1, 0, 100_000);
            let mut counts = HashMap::<_, f64>::new();
            for request in &requests {
                *counts.entry(std::mem::discriminant(&request.ask)).or_default() += 1e-5;
            }
            let share = |ask| counts.get(&std::mem::discriminant(&ask)).copied().unwrap_or(0.0);
            assert!((share(Ask::Scrape(vec![])) - f64::from(mix.scrape) / 100.0).abs() < 0.01);
            let connects = f64::from(mix.connect) / 100.0 * (1.0 - mix.http);
            assert!((share(Ask::Connect) - connects).abs() < 0.01, "{}", mix.name);
            let http = requests.iter().filter(|request| request.http).count() as f64 / 1e5;
            assert!((http - mix.http).abs() < 0.01);
        }
    }

    #[test]
    fn a_scrape_names_each_swarm_once() {
        for mix in &MIXES {
            let mut longest = 0;
            for request in draw(mix, 5, 0, 20_000) {
                let Ask::Scrape(swarms) = request.ask else { continue };
                let distinct: HashSet<_> = swarms.iter().collect();
                assert_eq!(distinct.len(), swarms.len(), "{swarms:?}");
                longest = longest.max(swarms.len());
            }
            let most = mix.scrape_hashes.iter().map(|(hashes, _)| *hashes).max();
            assert_eq!(Some(longest), most, "{}", mix.name);
        }
    }

    #[test]
    fn no_peers_are_wanted_only_by_those_who_leave() {
        for mix in &MIXES {
            for request in draw(mix, 5, 0, 20_000) {
                let Ask::Announce(Announce { event, want, .. }) = request.ask else { continue };
                assert_eq!(want == 0, event == Event::Stopped, "{}", mix.name);
            }
        }
    }

    #[test]
    fn peers_live_in_order() {
        let mut alive = HashMap::new();
        for request in draw(&MIXES[0], 3, 0, 5_000) {
            let Ask::Announce(Announce { peer, event, .. }) = request.ask else {
                continue;
            };
            let before = alive.get(&peer.name).copied();
            match event {
                Event::Started => assert_eq!(before, None),
                Event::None => assert_eq!(before, Some(peer.left)),
                Event::Completed => assert!(before > Some(0) && peer.left == 0),
                Event::Stopped => assert!(before.is_some()),
            }
            if event == Event::Stopped {
                alive.remove(&peer.name);
            } else {
                alive.insert(peer.name, peer.left);
            }
        }
        assert!(alive.len() > 100);
    }

    proptest! {
        #[test]
        fn same_seed_same_requests(seed: u64, worker in 0_u32..64, mix in 0..MIXES.len()) {
            let mix = &MIXES[mix];
            let requests = draw(mix, seed, worker, 200);
            prop_assert_eq!(&requests, &draw(mix, seed, worker, 200));
            prop_assert_ne!(&requests, &draw(mix, seed ^ 1, worker, 200));
            prop_assert_ne!(&requests, &draw(mix, seed, worker + 1, 200));
        }
    }
}
