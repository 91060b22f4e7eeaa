//! A run's requests in one number, to see that two runs ask the same.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::{mix::Mix, stream::Source, wire};

/// Digest of the first `requests` of a run with `workers` workers that take turns, in the bytes
/// that UDP would carry, and where they would go. 32 hexadecimal digits.
pub fn digest(mix: &'static Mix, seed: u64, workers: u32, requests: u64) -> String {
    let source = Source::new(mix, seed);
    let mut streams: Vec<_> = (0..workers.max(1)).map(|worker| source.stream(worker)).collect();
    let mut hasher = SipHasher13::new();
    let mut packet = Vec::new();
    let count = streams.len() as u64;
    for at in 0..requests {
        let request = streams[(at % count) as usize].draw();
        hasher.write(&[u8::from(request.http), u8::from(request.ipv6)]);
        wire::udp_request(&mut packet, &request.ask, 0, 0);
        hasher.write(&packet);
    }
    let digest = hasher.finish128();
    format!("{:016x}{:016x}", digest.h1, digest.h2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::MIXES;

    /// A change here means that stored results and profiles were made with other traffic: say so
    /// in the change's message.
    #[test]
    fn the_traffic_is_what_it_was() {
        let digest = |seed| digest(&MIXES[0], seed, 4, 10_000);
        assert_eq!(digest(7), digest(7));
        assert_ne!(digest(7), digest(8));
        assert_eq!(digest(7), "a88cef55ba1029c2193e972b57e2f65a");
    }
}
