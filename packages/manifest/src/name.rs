//! Which names cargo takes for a Cargo profile.

use crate::error::Error;

/// Names that cargo keeps for itself (cargo's `validate_profile_name`;
/// `tests/real.rs` asks cargo).
const RESERVED: &str = "\
    build check clean config debug fetch fix install metadata package publish report root run rust \
    rustc rustdoc target tmp uninstall";

/// Makes sure that cargo would take a profile of that name.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    let refuse = |why| Err(Error::Name { name: name.to_owned(), why });
    let lower = name.to_lowercase();
    if name.is_empty() || name.starts_with('-') {
        return refuse("it starts with a letter, a digit or `_`");
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        return refuse("it has letters, digits, `-` and `_`");
    }
    match lower.as_str() {
        "dev" | "release" | "test" | "bench" => refuse("cargo has one of that name"),
        lower if RESERVED.split(' ').any(|word| word == lower) || lower.starts_with("cargo") => {
            refuse("cargo keeps that name for itself")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn cargo_takes_some_names_only() {
        for name in ["release-pgo", "pgo", "dist_2", "Fast"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in ["", "-x", "a.b", "a b", "ä", "debug", "release", "Build", "cargo-x", "tmp"] {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
