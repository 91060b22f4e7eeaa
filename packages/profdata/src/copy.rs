//! A function of one profile, written into another.

use crate::bytes::{ByteOrder, WORD};
use crate::format::ValueKind;
use crate::profile::Function;
use crate::record::{Bitmap, Counts, Record, Sites, Values};
use crate::store::Store;

/// Adds a function of a profile under a name and a hash, without the value sites of some kinds; gives
/// the number of sites that it left behind. `resolve` says what a value is called now.
pub(crate) fn copy(
    store: &mut Store,
    function: &Function<'_>,
    name_hash: u64,
    cfg_hash: u64,
    left_behind: &[ValueKind],
    resolve: &dyn Fn(ValueKind, u64) -> u64,
) -> u64 {
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
    store.add(&record, 1, None, resolve);
    dropped
}
