//! Writes carried functions into a new profile, under the build's names.

use super::pairing::Pairing;
use crate::functions::{BuildFunctions, Linkage};
use crate::inspect::split_name;
use honing_profdata::{Profile, Rewrite, ValueKind, name_hash};
use std::collections::HashMap;

/// A profile of the carried functions.
pub(super) struct Carried {
    pub(super) profile: Profile,
    pub(super) sites_dropped: u64,
}

/// Carries the paired functions over.
///
/// Value profiles name call targets by the hash of their profile name: a target whose new name is
/// known gets its new hash, also where its counters were not carried, for a call can be promoted to
/// it all the same. Any other hash stays. It finds no symbol, so nothing is promoted to it, but its
/// count belongs to the site: without it the others would look more frequent than they are.
pub(super) fn carry(profile: &Profile, build: &BuildFunctions, pairing: &Pairing<'_>) -> Carried {
    let new_name = |at: usize, row: usize| -> Option<Vec<u8>> {
        let (old, new) = (profile.function(at)?, build.functions().get(row)?);
        let was_local = split_name(old.name_bytes()).0.is_some();
        // What is local in one build nearly always is in the next.
        let is_local = match new.linkage {
            Linkage::Local => true,
            Linkage::External => false,
            Linkage::Unknown => was_local,
        };
        Some(match &new.module {
            Some(module) if is_local => [module, b";".as_slice(), &new.symbol].concat(),
            _ => new.symbol.clone(),
        })
    };
    let mut renamed: HashMap<u64, u64> = HashMap::new();
    for (at, function) in profile.functions().enumerate() {
        if let Some(row) = pairing.same_function(at)
            && let Some(name) = new_name(at, row)
        {
            renamed.insert(function.name_hash(), name_hash(&name));
        }
    }
    let mut sites_dropped = 0;
    let resolve = |kind: ValueKind, value: u64| match kind {
        ValueKind::IndirectCallTarget => renamed.get(&value).copied().unwrap_or(value),
        ValueKind::MemOpSize | ValueKind::VtableTarget => value,
    };
    let mut rewrite = Rewrite::of(profile);
    for (at, function) in profile.functions().enumerate() {
        let Some(pair) = pairing.pair(at) else {
            continue;
        };
        let name = match pair.rule {
            super::Rule::Exact => Some(function.name_bytes().to_vec()),
            _ => new_name(at, pair.row),
        };
        if let Some(name) = name {
            sites_dropped += rewrite.add(&function, &name, pair.cfg_hash, &pair.left_behind, &resolve);
        }
    }
    Carried { profile: rewrite.finish(), sites_dropped }
}
