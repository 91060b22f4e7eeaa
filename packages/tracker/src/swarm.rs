//! One swarm: its peers, who among them is a seeder, and a fair choice of some of them.
//!
//! Peers are keyed by the very bytes that compact answers hold (address and port, big-endian), so
//! that answering is copying keys. `IndexMap` keeps them in one dense array, which makes a random
//! choice a walk over neighbouring memory and removal a swap with the last.

use std::net::{IpAddr, SocketAddr};

use ahash::RandomState;
use indexmap::{IndexMap, map::Entry};

use crate::{
    clock::Seconds,
    types::{Announce, Counts, Event, Families, PeerId},
};

/// Bytes of a compact IPv4 peer.
pub const V4: usize = 6;
/// Bytes of a compact IPv6 peer.
pub const V6: usize = 18;

/// Looks at most at this many peers per wanted one when a seeder asks for leechers only.
const SCAN_PER_WANTED: usize = 4;

/// Takes the chosen peers, one by one, while the swarm is locked: write them and return.
pub trait PeerSink {
    /// An IPv4 peer: four bytes address, two bytes port.
    fn v4(&mut self, compact: &[u8; V4], id: &PeerId);
    /// An IPv6 peer: sixteen bytes address, two bytes port.
    fn v6(&mut self, compact: &[u8; V6], id: &PeerId);
}

/// What is kept of a peer besides its address.
#[derive(Clone, Copy, Debug)]
struct Peer {
    id: PeerId,
    seeder: bool,
    expires: Seconds,
}

/// The peers of one address family.
#[derive(Debug)]
struct PeerList<const N: usize> {
    peers: IndexMap<[u8; N], Peer, RandomState>,
    seeders: u32,
}

impl<const N: usize> PeerList<N> {
    fn new(hasher: RandomState) -> Self {
        Self { peers: IndexMap::with_hasher(hasher), seeders: 0 }
    }

    /// Adds or renews a peer; true if it was there before and had already been a seeder.
    fn put(&mut self, key: [u8; N], peer: Peer) -> bool {
        self.seeders += u32::from(peer.seeder);
        match self.peers.entry(key) {
            Entry::Occupied(mut entry) => {
                let before = entry.insert(peer);
                self.seeders -= u32::from(before.seeder);
                before.seeder
            }
            Entry::Vacant(entry) => {
                entry.insert(peer);
                false
            }
        }
    }

    fn remove(&mut self, key: &[u8; N]) {
        if let Some(peer) = self.peers.swap_remove(key) {
            self.seeders -= u32::from(peer.seeder);
        }
    }

    /// Drops the peers that have not announced in time.
    fn expire(&mut self, now: Seconds) {
        let seeders = &mut self.seeders;
        self.peers.retain(|_, peer| {
            let stays = peer.expires > now;
            *seeders -= u32::from(!stays && peer.seeder);
            stays
        });
        // A swarm that was popular once should not hold its memory for ever.
        if self.peers.capacity() > 64 && self.peers.len() < self.peers.capacity() / 4 {
            self.peers.shrink_to(self.peers.len() * 2);
        }
    }

    /// Gives `take` up to `want` peers other than `own` (which is in the list), each of them with
    /// the same chance, and returns how many.
    ///
    /// The list is walked in two windows, one in each half and each from a random place: cheaper
    /// than one draw per peer, and less clannish than one window, in which neighbours would always
    /// be handed out together.
    fn choose(
        &self,
        own: Option<&[u8; N]>,
        leechers_only: bool,
        want: usize,
        rng: &mut fastrand::Rng,
        mut take: impl FnMut(&[u8; N], &PeerId),
    ) -> usize {
        let Some(peers) = self.peers.get_range(..) else {
            return 0;
        };
        let mut taken = 0;
        let mut offer = |key: &[u8; N], peer: &Peer| {
            let fits = Some(key) != own && !(leechers_only && peer.seeder);
            if fits {
                take(key, &peer.id);
            }
            usize::from(fits)
        };
        if peers.len() - usize::from(own.is_some()) <= want {
            for (key, peer) in peers {
                taken += offer(key, peer);
            }
            return taken;
        }
        let middle = peers.len() / 2;
        let scan = want.saturating_mul(if leechers_only { SCAN_PER_WANTED } else { 1 });
        for (start, end, until) in [(0, middle, want / 2), (middle, peers.len(), want)] {
            let span = end - start;
            if span == 0 {
                continue;
            }
            let first = rng.usize(..span);
            // One more look than wanted peers: one may be the asker itself.
            for step in 0..span.min(scan + 1) {
                if taken >= until {
                    break;
                }
                let at = first + step;
                let at = start + if at >= span { at - span } else { at };
                if let Some((key, peer)) = peers.get_index(at) {
                    taken += offer(key, peer);
                }
            }
        }
        taken
    }
}

/// The peers that share one torrent.
#[derive(Debug)]
pub struct Swarm {
    v4: PeerList<V4>,
    v6: PeerList<V6>,
    downloaded: u32,
}

impl Swarm {
    /// An empty swarm whose peers are hashed with `hasher`.
    pub fn new(hasher: &RandomState) -> Self {
        Self { v4: PeerList::new(hasher.clone()), v6: PeerList::new(hasher.clone()), downloaded: 0 }
    }

    /// Records an announce, valid until `expires`, and gives `sink` other peers.
    pub fn announce(
        &mut self,
        announce: &Announce,
        expires: Seconds,
        rng: &mut fastrand::Rng,
        sink: &mut impl PeerSink,
    ) -> Counts {
        let peer = Peer { id: announce.peer_id, seeder: announce.seeder, expires };
        let key = CompactAddr::from(announce.addr);
        if announce.event == Event::Stopped {
            match &key {
                CompactAddr::V4(key) => self.v4.remove(key),
                CompactAddr::V6(key) => self.v6.remove(key),
            }
            return self.counts();
        }
        let had_it_all = match key {
            CompactAddr::V4(key) => self.v4.put(key, peer),
            CompactAddr::V6(key) => self.v6.put(key, peer),
        };
        // Clients repeat an announce whose answer was lost; that is not a second download.
        if announce.event == Event::Completed && !had_it_all {
            self.downloaded = self.downloaded.saturating_add(1);
        }
        self.choose(announce, &key, rng, sink);
        self.counts()
    }

    fn choose(
        &self,
        announce: &Announce,
        key: &CompactAddr,
        rng: &mut fastrand::Rng,
        sink: &mut impl PeerSink,
    ) {
        // Seeders have nothing to give to each other.
        let (seeder, want) = (announce.seeder, announce.want);
        let both = announce.families == Families::Both;
        match key {
            CompactAddr::V4(own) => {
                let taken = self.v4.choose(Some(own), seeder, want, rng, |k, id| sink.v4(k, id));
                if both {
                    self.v6.choose(None, seeder, want - taken, rng, |k, id| sink.v6(k, id));
                }
            }
            CompactAddr::V6(own) => {
                let taken = self.v6.choose(Some(own), seeder, want, rng, |k, id| sink.v6(k, id));
                if both {
                    self.v4.choose(None, seeder, want - taken, rng, |k, id| sink.v4(k, id));
                }
            }
        }
    }

    /// Drops the peers that have not announced in time.
    pub fn expire(&mut self, now: Seconds) {
        self.v4.expire(now);
        self.v6.expire(now);
    }

    /// Peers of both families.
    pub fn len(&self) -> usize {
        self.v4.peers.len() + self.v6.peers.len()
    }

    /// Nobody is here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The swarm in numbers.
    pub fn counts(&self) -> Counts {
        let seeders = self.v4.seeders + self.v6.seeders;
        let peers = u32::try_from(self.len()).unwrap_or(u32::MAX);
        Counts { seeders, leechers: peers.saturating_sub(seeders), downloaded: self.downloaded }
    }
}

/// A peer's address as answers hold it.
enum CompactAddr {
    V4([u8; V4]),
    V6([u8; V6]),
}

impl From<SocketAddr> for CompactAddr {
    fn from(addr: SocketAddr) -> Self {
        let port = addr.port().to_be_bytes();
        match addr.ip() {
            IpAddr::V4(ip) => {
                let mut key = [0; V4];
                key[..4].copy_from_slice(&ip.octets());
                key[4..].copy_from_slice(&port);
                Self::V4(key)
            }
            IpAddr::V6(ip) => {
                let mut key = [0; V6];
                key[..16].copy_from_slice(&ip.octets());
                key[16..].copy_from_slice(&port);
                Self::V6(key)
            }
        }
    }
}

#[cfg(test)]
#[path = "swarm_tests.rs"]
mod tests;
