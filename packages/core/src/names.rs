//! "Did you mean …?" for names that a person typed.

use crate::error::Error;

/// The candidate closest to `typed`, if it is close enough to be a slip of the keys.
pub fn closest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(typed, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(typed.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "There is no X called Y in Z", with the closest or all of what there is.
#[must_use]
pub fn unknown(what: &str, name: &str, place: &str, names: &[&str]) -> Error {
    let error = Error::usage(format!("there is no {what} called `{name}` in {place}"));
    match closest(name, names.iter().copied()) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None if names.is_empty() => {
            error.with_hint(format!("{place} has no {what}; remove the name, or add it there"))
        }
        None => match names {
            [only] => error.with_hint(format!("there is only `{only}`")),
            _ => error.with_hint(format!("there are {}", names.join(", "))),
        },
    }
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
