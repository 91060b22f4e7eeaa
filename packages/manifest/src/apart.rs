//! The root manifest of a workspace with a folder in it that is none of it.

use toml::{Table, Value};

use crate::{Error, edit::parse, with_item};

/// `text` with `folder` kept out of its workspace, if it is one, and with `unpublished` (patterns as in
/// `.gitignore`) kept out of its package, if one is published that does not list what it includes.
///
/// # Errors
/// Where the text is not TOML, or something else than a list is there.
pub fn set_apart(text: &str, folder: &str, unpublished: &[&str]) -> Result<String, Error> {
    let table = parse(text)?;
    let mut new = text.to_owned();
    if table.contains_key("workspace") {
        new = with_item(&new, &["workspace", "exclude"], folder)?;
    }
    if table.get("package").and_then(Value::as_table).is_some_and(publishes_all) {
        for pattern in unpublished {
            new = with_item(&new, &["package", "exclude"], pattern)?;
        }
    }
    Ok(new)
}

/// Whether the package of this manifest, if it is one, takes what `pattern` (as in `.gitignore`) names along when it
/// is published.
pub fn publishes(text: &str, pattern: &str) -> bool {
    let table = parse(text).ok();
    let package = table.as_ref().and_then(|table| table.get("package")?.as_table());
    let excluded = |package: &Table| {
        let patterns = package.get("exclude").and_then(Value::as_array);
        patterns.is_some_and(|patterns| patterns.iter().any(|one| one.as_str() == Some(pattern)))
    };
    package.is_some_and(|package| publishes_all(package) && !excluded(package))
}

fn publishes_all(package: &Table) -> bool {
    let nowhere = match package.get("publish") {
        Some(Value::Boolean(anywhere)) => !anywhere,
        Some(Value::Array(registries)) => registries.is_empty(),
        _ => false,
    };
    !nowhere && !package.contains_key("include")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_is_added() {
        let package = "[package]\nname = \"x\"\n";
        let table = [
            ("[workspace]\nmembers = [\"*\"]\n", "[workspace]\nmembers = [\"*\"]\nexclude = [\"xtask\"]\n"),
            (package, "[package]\nname = \"x\"\nexclude = [\"/pgo\", \"/.cargo\"]\n"),
            ("[package]\npublish = false\n", "[package]\npublish = false\n"),
            ("[package]\npublish = []\n", "[package]\npublish = []\n"),
            ("[package]\ninclude = [\"src\"]\n", "[package]\ninclude = [\"src\"]\n"),
            (
                "[package]\nexclude = [\"/pgo\"]\n[workspace]\n",
                "[package]\nexclude = [\"/pgo\", \"/.cargo\"]\n[workspace]\nexclude = [\"xtask\"]\n",
            ),
        ];
        for (old, new) in table {
            assert_eq!(set_apart(old, "xtask", &["/pgo", "/.cargo"]).as_deref(), Ok(new), "{old}");
            assert!(!publishes(new, "/pgo"), "{new}");
            assert_eq!(
                publishes(old, "/.cargo"),
                new.contains("/.cargo") && !old.contains("/.cargo"),
                "{old}"
            );
        }
    }
}
