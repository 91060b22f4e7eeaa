//! What all listeners share: the store, the clock, the rules.

use crate::{
    clock::{Clock, Seconds},
    config::Config,
    connection::ConnectionIds,
    store::Store,
    swarm::PeerSink,
    types::{Announce, Counts},
};

/// How many info hashes one scrape may name: what fits into one UDP answer (BEP 15).
pub const MAX_SCRAPE: usize = 74;

/// One tracker, whatever it is reached by.
#[derive(Debug)]
pub struct Tracker {
    /// The swarms.
    pub store: Store,
    /// The ids of UDP clients.
    pub connections: ConnectionIds,
    /// The time.
    pub clock: Clock,
    /// What clients are told and how long they are remembered.
    pub rules: Rules,
}

/// What clients are told and how long they are remembered.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Seconds between two announces of a client.
    pub interval: u32,
    /// Seconds that a client should wait at least.
    pub min_interval: u32,
    /// Seconds past the interval after which a silent peer is forgotten.
    pub grace: u32,
    /// Peers in an answer when the client names no number.
    pub default_want: usize,
    /// Most peers in an answer.
    pub max_want: usize,
}

impl Tracker {
    /// A tracker with an empty store.
    pub fn new(config: &Config, clock: Clock) -> Self {
        Self {
            store: Store::new(config.shards),
            connections: ConnectionIds::random(),
            clock,
            rules: config.announce.rules(),
        }
    }

    /// Records an announce and gives `sink` other peers.
    pub fn announce(&self, announce: &Announce, rng: &mut fastrand::Rng, sink: &mut impl PeerSink) -> Counts {
        let expires = self.expiry(self.clock.now());
        self.store.announce(announce, expires, rng, sink)
    }

    /// How many peers a client gets that asks for `want`.
    pub fn want(&self, want: Option<u32>) -> usize {
        want.map_or(self.rules.default_want, |want| want as usize).min(self.rules.max_want)
    }

    /// Forgets peers that have been silent for too long.
    pub fn sweep(&self) {
        self.store.expire(self.clock.now());
    }

    fn expiry(&self, now: Seconds) -> Seconds {
        now.after(self.rules.interval).after(self.rules.grace)
    }
}
