//! The person's own configuration file: keys, and how the end of a run is told.

use std::{collections::BTreeMap, path::Path};

use honing_core::{Error, Result};
use serde::Deserialize;

use crate::{keys::Keymap, state::Notify};

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// How the end of a run is told.
    pub notify: Notify,
    /// Which key does what.
    pub keymap: Keymap,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    notify: Notify,
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
}

impl Settings {
    /// Reads the file's text; `path` is for errors.
    ///
    /// # Errors
    /// Usage, with what is wrong and where.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let at = |error: Error| error.at(path.display());
        let file: File = toml::from_str(text).map_err(|error| {
            at(Error::usage(error.message().to_owned())).with_hint("docs/dashboard.md describes this file")
        })?;
        Ok(Self { notify: file.notify, keymap: Keymap::with(&file.keys).map_err(at)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_and_slips_are_placed() {
        let parse = |text: &str| Settings::parse(text, Path::new("d.toml"));
        assert_eq!(parse("").unwrap(), Settings::default());
        let set = parse("notify = \"osc9\"\n[keys]\nquit = [\"ctrl-q\"]\n").unwrap();
        assert_eq!(set.notify, Notify::Osc9);
        assert_ne!(set.keymap, Keymap::default());
        let said = |text: &str| parse(text).unwrap_err().to_string();
        assert!(said("notfy = \"bell\"").starts_with("d.toml: unknown field `notfy`"));
        assert_eq!(said("[keys]\nqiut = [\"q\"]"), "d.toml: keys: no action is called `qiut`");
    }
}
