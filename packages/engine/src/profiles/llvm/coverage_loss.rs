//! Whether a new profile is clearly poorer than the one that it would replace. Pure.

use std::collections::HashMap;

use honing_core::units;
use honing_match::{Meaning, demangle};
use honing_profdata::Profile;

/// A function with at least this share of the weight is missed when it is gone.
const HOT: f64 = 0.01;
/// Functions with this share of the weight, together, are.
const MUCH: f64 = 0.10;
/// Functions that are named.
const NAMED: usize = 3;

/// What `new` lacks of `old`, in words; `None` where that is little.
///
/// A function is lacking where it had weight, is there, and never ran. One that is gone
/// says nothing about the training. Names are compared by what they mean, so that another
/// toolchain or version makes no profile look poor.
pub(crate) fn coverage_loss(old: &Profile, new: &Profile) -> Option<String> {
    let by_meaning = |profile: &Profile| {
        let mut weights: HashMap<String, (u128, String)> = HashMap::new();
        for function in profile.functions() {
            let entry = weights
                .entry(Meaning::of(function.name_bytes()).loose)
                .or_insert_with(|| (0, demangle(function.name_bytes())));
            entry.0 += function.weight();
        }
        weights
    };
    let (before, after) = (by_meaning(old), by_meaning(new));
    let whole = old.weight().max(1) as f64;
    let mut lacking: Vec<(f64, &str)> = before
        .iter()
        .filter(|(meaning, (weight, _))| *weight > 0 && after.get(*meaning).is_some_and(|new| new.0 == 0))
        .map(|(_, (weight, name))| (*weight as f64 / whole, name.as_str()))
        .collect();
    lacking.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let share: f64 = lacking.iter().map(|(share, _)| share).sum();
    let hottest = lacking.first().map_or(0.0, |(share, _)| *share);
    if share < MUCH && hottest < HOT {
        return None;
    }
    let named = lacking.iter().take(NAMED).map(|(share, name)| format!("{name} ({})", units::share(*share)));
    Some(format!(
        "{} functions with {} of its weight never ran, such as {}",
        lacking.len(),
        units::share(share),
        named.collect::<Vec<_>>().join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(functions: &[(&str, u64)]) -> Profile {
        let one = |(name, count): &(&str, u64)| format!("{name}\n7\n1\n{count}\n\n");
        let text = format!(":ir\n{}", functions.iter().map(one).collect::<String>());
        honing_profdata::read(text.as_bytes()).unwrap().profile
    }

    #[test]
    fn what_is_missed_and_what_is_not() {
        let old = profile(&[("hot", 900), ("warm", 95), ("cold", 5)]);
        for (new, expected) in [
            (profile(&[("hot", 1), ("warm", 1), ("cold", 1)]), false),
            (profile(&[("hot", 900), ("warm", 95), ("cold", 0)]), false),
            (profile(&[("hot", 900), ("warm", 0), ("cold", 5)]), true),
            (profile(&[("renamed", 900), ("warm", 95), ("cold", 5)]), false),
        ] {
            assert_eq!(coverage_loss(&old, &new).is_some(), expected);
        }
    }

    #[test]
    fn what_never_had_weight_is_not_counted() {
        let old = profile(&[("hot", 900), ("warm", 95), ("never", 0)]);
        let why = coverage_loss(&old, &profile(&[("hot", 900), ("warm", 0), ("never", 0)])).unwrap();
        assert!(why.starts_with("1 functions with 9.5 %"), "{why}");
    }

    #[test]
    fn another_hash_in_the_symbol_is_the_same_function() {
        let old = profile(&[("_ZN1a1f17h0123456789abcdefE", 9)]);
        assert_eq!(coverage_loss(&old, &profile(&[("_ZN1a1f17hfedcba9876543210E", 9)])), None);
    }
}
