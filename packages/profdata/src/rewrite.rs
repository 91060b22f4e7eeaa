//! A profile made of another's functions, some of them under other names.

use crate::bytes::{ByteOrder, WORD};
use crate::format::ValueKind;
use crate::names::name_hash;
use crate::profile::{Function, Profile};
use crate::record::{Bitmap, Counts, Record, Sites, Values};
use crate::store::Store;

/// A profile that is made of another's functions.
#[derive(Debug)]
pub struct Rewrite {
    store: Store,
}

impl Rewrite {
    /// One without a function yet: instrumented as that profile, with its vtables, without its build ids.
    pub fn of(profile: &Profile) -> Rewrite {
        let mut store = Store::default();
        store.note_variant(profile.variant());
        for vtable in profile.vtable_names() {
            store.names.learn(name_hash(vtable), vtable);
            store.vtable_names.insert(vtable.to_vec());
        }
        Rewrite { store }
    }

    /// Adds a function of a profile under a name and a CFG hash, without the value sites of some kinds;
    /// gives the number of sites that it left behind. `resolve` says what a value is called now.
    pub fn add(
        &mut self,
        function: &Function<'_>,
        name: &[u8],
        cfg_hash: u64,
        left_behind: &[ValueKind],
        resolve: &dyn Fn(ValueKind, u64) -> u64,
    ) -> u64 {
        let name_hash = name_hash(name);
        self.store.names.learn(name_hash, name);
        let counts: Vec<u8> = function.counts().iter().flat_map(|count| count.to_le_bytes()).collect();
        let mut values = Values::default();
        let mut dropped = 0;
        let sets: Vec<_> = ValueKind::ALL
            .iter()
            .map(|kind| {
                let sites: Vec<_> = function.sites(*kind).collect();
                let lengths: Vec<u8> = sites.iter().map(|site| site.len().min(255) as u8).collect();
                let mut pairs = Vec::with_capacity(lengths.len() * 2 * WORD);
                for (value, count) in sites.iter().flat_map(|site| site.iter().take(255)) {
                    pairs.extend_from_slice(&value.to_le_bytes());
                    pairs.extend_from_slice(&count.to_le_bytes());
                }
                (*kind, lengths, pairs)
            })
            .collect();
        for (kind, lengths, pairs) in &sets {
            if left_behind.contains(kind) {
                dropped += lengths.len() as u64;
            } else {
                values.set(*kind, Sites { lengths, pairs, order: ByteOrder::Little });
            }
        }
        let record = Record {
            name_hash,
            cfg_hash,
            counts: Counts::Words(&counts, ByteOrder::Little),
            bitmap: Bitmap::Bytes(function.bitmap()),
            values,
        };
        self.store.add(&record, 1, None, resolve);
        dropped
    }

    /// The profile.
    pub fn finish(self) -> Profile {
        // The variants of one profile fit together.
        Profile::finish(self.store).map(|(profile, _)| profile).unwrap_or_default()
    }
}
