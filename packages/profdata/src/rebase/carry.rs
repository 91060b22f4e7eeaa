//! Writes carried functions into a new profile, under the build's names.

use super::pairing::{Pair, Pairing};
use crate::copy::copy;
use crate::format::ValueKind;
use crate::functions::{BuildFunctions, Linkage};
use crate::inspect::split_name;
use crate::names::name_hash;
use crate::profile::{Function, Profile};
use crate::store::Store;
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
    let mut store = Store::default();
    store.note_variant(profile.variant());
    for vtable in profile.vtable_names() {
        store.names.learn(name_hash(vtable), vtable);
        store.vtable_names.insert(vtable.to_vec());
    }
    let mut sites_dropped = 0;
    let resolve = |kind: ValueKind, value: u64| match kind {
        ValueKind::IndirectCallTarget => renamed.get(&value).copied().unwrap_or(value),
        ValueKind::MemOpSize | ValueKind::VtableTarget => value,
    };
    let add = |store: &mut Store, function: &Function<'_>, name_hash: u64, pair: &Pair| {
        copy(store, function, name_hash, pair.cfg_hash, &pair.left_behind, &resolve)
    };
    for (at, function) in profile.functions().enumerate() {
        let Some(pair) = pairing.pair(at) else {
            continue;
        };
        if pair.rule == super::Rule::Exact {
            store.names.learn(function.name_hash(), function.name_bytes());
            add(&mut store, &function, function.name_hash(), pair);
        } else if let Some(name) = new_name(at, pair.row) {
            let hash = name_hash(&name);
            store.names.learn(hash, &name);
            sites_dropped += add(&mut store, &function, hash, pair);
        }
    }
    // The variants of one profile fit together.
    let profile = Profile::finish(store).map(|(profile, _)| profile).unwrap_or_default();
    Carried { profile, sites_dropped }
}
