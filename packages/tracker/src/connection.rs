//! Connection ids (BEP 15) that need no memory on the server.
//!
//! An id proves that its holder receives what is sent to its address; without that, anyone could
//! aim big answers at a victim by forging the source of a small packet. The id is a keyed hash of
//! the address and the second in which it was made; its lowest byte repeats that second, so that
//! checking needs one hash, not one for each second of the validity.

use std::{hash::Hasher, net::IpAddr};

use siphasher::sip::SipHasher13;

use crate::clock::Seconds;

/// For how long an id is accepted, in seconds (BEP 15 asks for two minutes).
pub const VALIDITY: u32 = 120;

/// Makes and checks connection ids under one secret key.
#[derive(Clone, Debug)]
pub struct ConnectionIds {
    key: (u64, u64),
}

impl ConnectionIds {
    /// Ids under a key of the caller's choice.
    pub fn with_key(key: (u64, u64)) -> Self {
        Self { key }
    }

    /// Ids under a new random key, drawn from the hash seeds that std takes from the system.
    pub fn random() -> Self {
        use std::hash::{BuildHasher, RandomState};
        let draw = |salt: u8| RandomState::new().hash_one(salt);
        Self::with_key((draw(0), draw(1)))
    }

    /// The id for `addr` in this second. The port stays out of it: some clients and many NATs
    /// change it between connect and announce, and the address alone is what must not be forged.
    pub fn issue(&self, addr: IpAddr, now: Seconds) -> u64 {
        (self.hash(addr, now) & !0xff) | u64::from(now.0 & 0xff)
    }

    /// Whether `id` was issued to `addr` within the last [`VALIDITY`] seconds.
    pub fn verify(&self, id: u64, addr: IpAddr, now: Seconds) -> bool {
        let age = now.0.wrapping_sub((id & 0xff) as u32) & 0xff;
        let Some(issued) = now.0.checked_sub(age) else {
            return false;
        };
        // Two u64 are compared in one instruction: nothing about the key leaks through timing.
        age <= VALIDITY && self.issue(addr, Seconds(issued)) == id
    }

    fn hash(&self, addr: IpAddr, second: Seconds) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.key.0, self.key.1);
        match addr {
            IpAddr::V4(v4) => hasher.write_u32(u32::from(v4)),
            IpAddr::V6(v6) => hasher.write_u128(u128::from(v6)),
        }
        hasher.write_u32(second.0);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    const KEY: (u64, u64) = (1, 2);
    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn lasts_for_two_minutes_and_no_longer() {
        let ids = ConnectionIds::with_key(KEY);
        for issued in [0, 1, 255, 256, 100_000] {
            let id = ids.issue(HOME, Seconds(issued));
            for (age, valid) in [(0, true), (1, true), (120, true), (121, false), (256, false)] {
                assert_eq!(
                    ids.verify(id, HOME, Seconds(issued + age)),
                    valid,
                    "issued at {issued}, age {age}"
                );
            }
        }
    }

    #[test]
    fn belongs_to_one_address_and_one_key() {
        let ids = ConnectionIds::with_key(KEY);
        let id = ids.issue(HOME, Seconds(5));
        assert!(!ids.verify(id, IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), Seconds(5)));
        assert!(!ids.verify(id, IpAddr::V6(Ipv6Addr::LOCALHOST), Seconds(5)));
        assert!(!ConnectionIds::with_key((1, 3)).verify(id, HOME, Seconds(5)));
        assert_ne!(ConnectionIds::random().issue(HOME, Seconds(5)), id);
    }

    proptest! {
        #[test]
        fn a_guess_does_not_pass(id: u64, now in 0_u32..1_000_000) {
            prop_assert!(!ConnectionIds::with_key(KEY).verify(id, HOME, Seconds(now)));
        }

        #[test]
        fn a_flipped_bit_does_not_pass(bit in 0_u32..64, now in 0_u32..1_000_000) {
            let ids = ConnectionIds::with_key(KEY);
            let id = ids.issue(HOME, Seconds(now)) ^ (1 << bit);
            prop_assert!(!ids.verify(id, HOME, Seconds(now)));
        }
    }
}
