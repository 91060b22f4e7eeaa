//! Tests of one swarm: counts, choice, expiry.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::types::InfoHash;

#[derive(Default)]
struct Chosen {
    v4: Vec<[u8; V4]>,
    v6: Vec<[u8; V6]>,
}

impl PeerSink for Chosen {
    fn v4(&mut self, compact: &[u8; V4], _: &PeerId) {
        self.v4.push(*compact);
    }
    fn v6(&mut self, compact: &[u8; V6], _: &PeerId) {
        self.v6.push(*compact);
    }
}

fn announce(addr: &str, port: u16, seeder: bool, event: Event, want: usize) -> Announce {
    Announce {
        info_hash: InfoHash([7; 20]),
        peer_id: PeerId([b'p'; 20]),
        addr: SocketAddr::new(addr.parse().unwrap(), port),
        seeder,
        event,
        want,
        families: Families::Own,
    }
}

fn swarm() -> Swarm {
    Swarm::new(&RandomState::with_seeds(1, 2, 3, 4))
}

fn tell(swarm: &mut Swarm, announce: Announce) -> (Counts, Chosen) {
    let mut chosen = Chosen::default();
    let mut rng = fastrand::Rng::with_seed(u64::from(announce.addr.port()));
    let counts = swarm.announce(&announce, Seconds(100), &mut rng, &mut chosen);
    (counts, chosen)
}

#[test]
fn counts_follow_a_peers_life() {
    let mut swarm = swarm();
    let steps = [
        (false, Event::Started, (0, 1, 0)),
        (false, Event::None, (0, 1, 0)),
        (true, Event::Completed, (1, 0, 1)),
        (true, Event::Completed, (1, 0, 1)),
        (true, Event::None, (1, 0, 1)),
        (true, Event::Stopped, (0, 0, 1)),
        (true, Event::Stopped, (0, 0, 1)),
    ];
    for (seeder, event, (seeders, leechers, downloaded)) in steps {
        let (counts, chosen) = tell(&mut swarm, announce("127.0.0.1", 1000, seeder, event, 50));
        assert_eq!(counts, Counts { seeders, leechers, downloaded }, "after {event:?}");
        assert!(chosen.v4.is_empty(), "nobody is introduced to itself");
    }
}

#[test]
fn seeders_get_leechers_only() {
    let mut swarm = swarm();
    tell(&mut swarm, announce("127.0.0.1", 1, true, Event::Started, 0));
    tell(&mut swarm, announce("127.0.0.1", 2, false, Event::Started, 0));
    let (_, chosen) = tell(&mut swarm, announce("127.0.0.1", 3, true, Event::Started, 50));
    assert_eq!(chosen.v4, [[127, 0, 0, 1, 0, 2]]);
    let (_, chosen) = tell(&mut swarm, announce("127.0.0.1", 4, false, Event::Started, 50));
    assert_eq!(chosen.v4.len(), 3);
}

#[test]
fn families_are_kept_apart_unless_both_are_asked_for() {
    let mut swarm = swarm();
    tell(&mut swarm, announce("127.0.0.1", 1, false, Event::Started, 0));
    tell(&mut swarm, announce("::1", 2, false, Event::Started, 0));
    let mut ask = announce("::1", 3, false, Event::Started, 50);
    let (counts, own) = tell(&mut swarm, ask);
    assert_eq!((own.v4.len(), own.v6.len()), (0, 1));
    assert_eq!(counts.leechers, 3, "counts are of both");
    ask.families = Families::Both;
    let (_, both) = tell(&mut swarm, ask);
    assert_eq!((both.v4.len(), both.v6.len()), (1, 1));
    ask.want = 1;
    let (_, one) = tell(&mut swarm, ask);
    assert_eq!((one.v4.len(), one.v6.len()), (0, 1), "own family first");
}

#[test]
fn expiry_drops_silent_peers_and_their_counts() {
    let mut swarm = swarm();
    let mut rng = fastrand::Rng::with_seed(1);
    for (port, expires) in [(1, 10), (2, 20), (3, 30)] {
        let ask = announce("127.0.0.1", port, port != 3, Event::Started, 0);
        swarm.announce(&ask, Seconds(expires), &mut rng, &mut Chosen::default());
    }
    for (now, seeders, leechers) in [(9, 2, 1), (10, 1, 1), (20, 0, 1), (29, 0, 1), (30, 0, 0)] {
        swarm.expire(Seconds(now));
        let counts = swarm.counts();
        assert_eq!((counts.seeders, counts.leechers), (seeders, leechers), "at {now}");
    }
    assert!(swarm.is_empty());
}

#[test]
fn every_peer_has_the_same_chance() {
    let mut swarm = swarm();
    for port in 1..=101 {
        tell(&mut swarm, announce("127.0.0.1", port, false, Event::Started, 0));
    }
    let mut rng = fastrand::Rng::with_seed(3);
    let mut seen = HashMap::<_, u32>::new();
    let rounds = 20_000;
    for _ in 0..rounds {
        let mut chosen = Chosen::default();
        let ask = announce("127.0.0.1", 101, false, Event::None, 20);
        swarm.announce(&ask, Seconds(100), &mut rng, &mut chosen);
        assert_eq!(chosen.v4.len(), 20);
        for key in chosen.v4 {
            *seen.entry(key).or_default() += 1;
        }
    }
    // 20 of 100 in each round: 4,000 times each; the asker's neighbour in the ring has a little more.
    assert_eq!(seen.len(), 100);
    for (key, count) in seen {
        assert!((3_500..=5_000).contains(&count), "{key:?} was chosen {count} times");
    }
}

proptest! {
    #[test]
    fn choice_is_bounded_distinct_and_without_the_asker(
        size in 1_u16..200, want in 0_usize..100, asker in 1_u16..200, seeders in 0_u16..200,
    ) {
        let mut swarm = swarm();
        for port in 1..=size {
            tell(&mut swarm, announce("127.0.0.1", port, port <= seeders, Event::Started, 0));
        }
        let (counts, chosen) = tell(&mut swarm, announce("127.0.0.1", asker, false, Event::None, want));
        let others = usize::from(if asker <= size { size - 1 } else { size });
        let distinct: HashSet<_> = chosen.v4.iter().collect();
        prop_assert_eq!(distinct.len(), chosen.v4.len());
        prop_assert_eq!(chosen.v4.len(), want.min(others));
        let asker = asker.to_be_bytes();
        prop_assert!(chosen.v4.iter().all(|key| key[4..] != asker));
        prop_assert_eq!((counts.seeders + counts.leechers) as usize, swarm.len());
    }
}
