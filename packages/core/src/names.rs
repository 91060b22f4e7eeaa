//! "Did you mean …?" for names that a person typed.

/// The candidate closest to `typed`, if it is close enough to be a slip of the keys.
pub fn closest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(typed, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(typed.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn finds_slips_and_leaves_strangers() {
        let stages = ["baseline", "instrument", "train"];
        assert_eq!(closest("trian", stages), Some("train"));
        assert_eq!(closest("instrumnt", stages), Some("instrument"));
        assert_eq!(closest("zebra", stages), None);
    }
}
