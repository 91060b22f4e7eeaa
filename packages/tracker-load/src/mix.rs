//! Traffic in numbers. Each mix is plain data; add one here and it shows in `--list-mixes`.
//!
//! Where the numbers come from, and how far a profile moves with them: docs/load.md. In short,
//! nobody publishes the traffic of a tracker share by share, so most shares are chosen, within
//! what clients, other trackers' own loads and studies say:
//!
//! - `zipf`: popularity falls like a power law near its head, faster in its tail (Dán and
//!   Carlsson, "Power-law Revisited", IPTPS 2010).
//! - `seeders`: of the peers of the Pirate Bay's front page in January 2014, 77 % (39.3 of 51.3
//!   million); aquatic's load has 75 %. Here it is of *new* peers, who become seeders later too.
//! - `connect`: a connection id lasts for two minutes (BEP 15) and announces are half an hour
//!   apart, so a client sends about one connect per announce; aquatic's load sends 1 per 100.
//! - `want`: libtorrent (qBittorrent, Deluge) asks for 200, Transmission for 80, aria2 and
//!   WebTorrent for 50, rTorrent leaves it to the tracker (−1 over UDP, left out over HTTP).
//! - `scrape_hashes`: libtorrent names one, Transmission up to 60, BEP 15 allows about 74.
//! - `http`, `ipv6`, `scrape`, `malformed`, `new_peers`, `completed`, `stopped` and the number of
//!   swarms (small enough for a short run to fill them) are chosen without a source.

/// How traffic looks. Shares are from 0 to 1; weights are relative to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix {
    /// For `--mix`.
    pub name: &'static str,
    /// What it stands for, in one line.
    pub about: &'static str,
    /// How many swarms there are.
    pub swarms: usize,
    /// Exponent of the Zipf distribution of their popularity; 0 makes all equal.
    pub zipf: f64,
    /// Share of requests over HTTP, if there is an HTTP target.
    pub http: f64,
    /// Share of requests over IPv6, if there is an IPv6 target.
    pub ipv6: f64,
    /// Weight of fresh UDP connects. Over HTTP there is none; it draws an announce instead.
    pub connect: u32,
    /// Weight of announces.
    pub announce: u32,
    /// Weight of scrapes.
    pub scrape: u32,
    /// Weight of malformed requests.
    pub malformed: u32,
    /// Share of announces by peers that are new; others re-announce.
    pub new_peers: f64,
    /// Share of new peers that have everything.
    pub seeders: f64,
    /// Share of re-announces that tell of a finished download, if the peer was a leecher.
    pub completed: f64,
    /// Share of re-announces that leave.
    pub stopped: f64,
    /// Peers wanted, with their weights; −1 leaves it to the tracker. Who leaves wants none.
    pub want: &'static [(i32, u32)],
    /// Info hashes in a scrape, with their weights; at most 74.
    pub scrape_hashes: &'static [(usize, u32)],
}

/// The one for training.
const TRAIN: Mix = Mix {
    name: "train",
    about: "a busy public tracker: mostly UDP announces, some HTTP, many swarms",
    swarms: 20_000,
    zipf: 0.95,
    http: 0.15,
    ipv6: 0.20,
    connect: 20,
    announce: 68,
    scrape: 11,
    malformed: 1,
    new_peers: 0.25,
    seeders: 0.40,
    completed: 0.04,
    stopped: 0.10,
    want: &[(-1, 45), (50, 25), (200, 25), (80, 5)],
    scrape_hashes: &[(1, 60), (5, 20), (20, 12), (74, 8)],
};

/// All mixes. The two for measuring differ from the one for training on purpose: a profile that
/// only helps with its own training traffic should show as such.
pub const MIXES: [Mix; 4] = [
    TRAIN,
    Mix {
        name: "eval",
        about: "another tracker: fewer and hotter swarms, more seeders, more scrapes",
        swarms: 6_000,
        zipf: 1.10,
        http: 0.10,
        ipv6: 0.30,
        connect: 28,
        announce: 52,
        scrape: 19,
        malformed: 1,
        new_peers: 0.18,
        seeders: 0.55,
        completed: 0.02,
        stopped: 0.06,
        want: &[(-1, 60), (80, 30), (200, 10)],
        scrape_hashes: &[(1, 70), (10, 20), (50, 10)],
    },
    Mix {
        name: "http-heavy",
        about: "a private tracker behind HTTP: long queries, keep-alive, few connects",
        swarms: 10_000,
        zipf: 0.80,
        http: 0.90,
        ipv6: 0.10,
        connect: 5,
        announce: 80,
        scrape: 14,
        malformed: 1,
        new_peers: 0.15,
        seeders: 0.70,
        completed: 0.03,
        stopped: 0.08,
        want: &[(50, 60), (-1, 25), (100, 15)],
        scrape_hashes: &[(1, 50), (10, 40), (40, 10)],
    },
    Mix {
        name: "udp-only",
        about: "as train, but UDP alone: the packet path without HTTP around it",
        http: 0.0,
        connect: 22,
        announce: 66,
        ..TRAIN
    },
];

impl Mix {
    /// The mix of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        MIXES.iter().find(|mix| mix.name == name)
    }
}

/// Draws ranks with Zipf's weights: rank 0 is the most popular.
#[derive(Clone, Debug)]
pub struct Zipf {
    /// Sums of weights up to and with each rank, scaled to the range of `u64`.
    sums: Box<[u64]>,
}

impl Zipf {
    /// Over ranks `0..count` (at least one), with weights `1 / (rank + 1) ^ exponent`.
    pub fn new(count: usize, exponent: f64) -> Self {
        let weight = |rank: usize| (rank as f64 + 1.0).powf(-exponent);
        let total: f64 = (0..count.max(1)).map(weight).sum();
        let mut sum = 0.0;
        let mut sums: Box<[u64]> = (0..count.max(1))
            .map(|rank| {
                sum += weight(rank);
                (sum / total * u64::MAX as f64) as u64
            })
            .collect();
        // Rounding must not leave a gap at the end.
        if let Some(last) = sums.last_mut() {
            *last = u64::MAX;
        }
        Self { sums }
    }

    /// A rank.
    pub fn draw(&self, rng: &mut fastrand::Rng) -> usize {
        let at = rng.u64(..);
        self.sums.partition_point(|sum| *sum < at)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_are_in_their_ranges() {
        let mut names = HashSet::new();
        for mix in &MIXES {
            assert!(names.insert(mix.name));
            assert!(mix.swarms > 0 && mix.zipf >= 0.0);
            for share in [mix.http, mix.ipv6, mix.new_peers, mix.seeders, mix.completed + mix.stopped] {
                assert!((0.0..=1.0).contains(&share), "{}", mix.name);
            }
            assert!(mix.announce > 0 && !mix.want.is_empty());
            assert!(mix.want.iter().all(|(want, _)| *want != 0), "no client asks for none");
            let most = mix.swarms.min(74);
            assert!(mix.scrape_hashes.iter().all(|(hashes, _)| (1..=most).contains(hashes)));
        }
        assert_eq!(Mix::named("train"), Some(&MIXES[0]));
        assert_eq!(Mix::named("no"), None);
    }

    #[test]
    fn zipf_follows_its_exponent() {
        let mut rng = fastrand::Rng::with_seed(1);
        for exponent in [0.0, 0.8, 1.1] {
            let zipf = Zipf::new(1000, exponent);
            let mut counts = vec![0_u32; 1000];
            for _ in 0..400_000 {
                counts[zipf.draw(&mut rng)] += 1;
            }
            let ratio = f64::from(counts[0]) / f64::from(counts[9]);
            let wanted = 10_f64.powf(exponent);
            assert!((ratio / wanted - 1.0).abs() < 0.25, "{exponent}: {ratio} for {wanted}");
            assert!(counts[999] > 0);
        }
    }
}
