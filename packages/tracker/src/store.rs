//! All swarms, in shards that are locked one at a time.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ahash::RandomState;

use crate::{
    clock::Seconds,
    swarm::{PeerSink, Swarm},
    types::{Announce, Counts, Event, InfoHash},
};

type Shard = HashMap<InfoHash, Swarm, RandomState>;

/// How full the store is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Swarms, empty ones that await the next sweep included.
    pub swarms: usize,
    /// Peers of all swarms.
    pub peers: usize,
}

/// The swarms that the tracker knows, in memory only: a restart forgets them, and clients tell
/// again within one interval.
#[derive(Debug)]
pub struct Store {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
}

impl Store {
    /// An empty store with at least one shard; the number is rounded up to a power of two.
    pub fn new(shards: usize) -> Self {
        // Keyed by random seeds: whoever chooses info hashes must not choose collisions as well.
        let hasher = RandomState::new();
        let shards = (0..shards.max(1).next_power_of_two())
            .map(|_| Mutex::new(HashMap::with_hasher(hasher.clone())))
            .collect();
        Self { shards, hasher }
    }

    /// Records an announce, valid until `expires`, and gives `sink` other peers of its swarm.
    pub fn announce(
        &self,
        announce: &Announce,
        expires: Seconds,
        rng: &mut fastrand::Rng,
        sink: &mut impl PeerSink,
    ) -> Counts {
        let mut shard = self.shard(&announce.info_hash);
        if let Some(swarm) = shard.get_mut(&announce.info_hash) {
            return swarm.announce(announce, expires, rng, sink);
        }
        if announce.event == Event::Stopped {
            return Counts::default();
        }
        let mut swarm = Swarm::new(&self.hasher);
        let counts = swarm.announce(announce, expires, rng, sink);
        shard.insert(announce.info_hash, swarm);
        counts
    }

    /// A swarm in numbers; zeros for one that is not known.
    pub fn scrape(&self, info_hash: &InfoHash) -> Counts {
        self.shard(info_hash).get(info_hash).map(Swarm::counts).unwrap_or_default()
    }

    /// Drops silent peers and empty swarms, shard by shard, so that nobody waits for long.
    pub fn expire(&self, now: Seconds) {
        for shard in &self.shards {
            lock(shard).retain(|_, swarm| {
                swarm.expire(now);
                !swarm.is_empty()
            });
        }
    }

    /// Counts swarms and peers; walks over all of them, so not for every request.
    pub fn totals(&self) -> Totals {
        self.shards.iter().fold(Totals::default(), |sum, shard| {
            let shard = lock(shard);
            Totals {
                swarms: sum.swarms + shard.len(),
                peers: sum.peers + shard.values().map(Swarm::len).sum::<usize>(),
            }
        })
    }

    fn shard(&self, info_hash: &InfoHash) -> MutexGuard<'_, Shard> {
        // Info hashes are uniform already. One who makes them up can crowd a shard, but gains
        // nothing: the map inside is keyed.
        let at = usize::from(u16::from_le_bytes([info_hash.0[0], info_hash.0[1]]));
        lock(&self.shards[at & (self.shards.len() - 1)])
    }
}

/// A panic in a holder would poison the lock; swarms stay usable, so the tracker goes on.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::{
        swarm::{V4, V6},
        types::{Families, PeerId},
    };

    struct Nobody;
    impl PeerSink for Nobody {
        fn v4(&mut self, _: &[u8; V4], _: &PeerId) {}
        fn v6(&mut self, _: &[u8; V6], _: &PeerId) {}
    }

    fn announce(store: &Store, swarm: u8, port: u16, event: Event, expires: u32) -> Counts {
        let announce = Announce {
            info_hash: InfoHash([swarm; 20]),
            peer_id: PeerId([0; 20]),
            addr: SocketAddr::from(([127, 0, 0, 1], port)),
            seeder: false,
            event,
            want: 10,
            families: Families::Own,
        };
        store.announce(&announce, Seconds(expires), &mut fastrand::Rng::with_seed(1), &mut Nobody)
    }

    #[test]
    fn swarms_do_not_mix_whatever_the_shards() {
        for shards in [0, 1, 3, 64] {
            let store = Store::new(shards);
            for swarm in 0..=255 {
                announce(&store, swarm, 1, Event::Started, 10);
                announce(&store, swarm, 2, Event::Started, 10);
            }
            assert_eq!(store.totals(), Totals { swarms: 256, peers: 512 });
            assert_eq!(store.scrape(&InfoHash([9; 20])).leechers, 2);
        }
    }

    #[test]
    fn a_sweep_forgets_empty_swarms() {
        let store = Store::new(4);
        announce(&store, 1, 1, Event::Started, 10);
        announce(&store, 2, 1, Event::Started, 20);
        store.expire(Seconds(10));
        assert_eq!(store.totals(), Totals { swarms: 1, peers: 1 });
        assert_eq!(store.scrape(&InfoHash([1; 20])), Counts::default());
    }

    #[test]
    fn leaving_an_unknown_swarm_makes_none() {
        let store = Store::new(4);
        assert_eq!(announce(&store, 1, 1, Event::Stopped, 10), Counts::default());
        assert_eq!(store.totals(), Totals::default());
    }
}
