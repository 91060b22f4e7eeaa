//! Cargo profiles: what one says once `inherits`, configuration files and environment are
//! taken together, where each setting comes from, and what PGO wants of it.

mod advice;
mod key;
mod review;

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer};

pub use advice::{Advice, Pins, advise};
pub use key::Key;
pub use review::{OfPackage, Review, Row};

use honing_core::config::Positions;

/// Settings that a variable can set.
const OF_THE_ENVIRONMENT: [&str; 8] =
    ["opt-level", "debug", "strip", "lto", "panic", "codegen-units", "overflow-checks", "incremental"];

/// A file with Cargo profiles.
#[derive(Debug, Clone)]
pub struct Layer {
    file: String,
    text: String,
    profiles: toml::Table,
    /// Whether it is the root manifest, and not a configuration file.
    manifest: bool,
}

impl Layer {
    /// The root manifest, whose name is to be shown as `file`. A text that is not TOML, or has no
    /// profiles, says nothing.
    pub fn manifest(file: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(file.into(), text.into(), true)
    }

    /// One of cargo's configuration files.
    pub fn configuration(file: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(file.into(), text.into(), false)
    }

    fn new(file: String, text: String, manifest: bool) -> Self {
        let table = text.parse::<toml::Table>().unwrap_or_default();
        let profiles = table.get("profile").and_then(toml::Value::as_table).cloned().unwrap_or_default();
        Self { file, text, profiles, manifest }
    }

    /// Names of the profiles that it has a table for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }
}

/// Where a setting of a profile comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody sets it.
    Default,
    /// The root manifest, in the table of the profile or of one that it inherits from: file and line.
    Manifest(String),
    /// One of cargo's configuration files: file and line.
    Configuration(String),
    /// A variable of the environment, by its name.
    Variable(String),
}

impl Origin {
    /// Whether it comes before the root manifest, so that an edit there is without effect.
    pub fn overrides_manifest(&self) -> bool {
        matches!(self, Self::Configuration(_) | Self::Variable(_))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("cargo's default"),
            Self::Manifest(place) | Self::Configuration(place) => f.write_str(place),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A value with its origin. Texts are without quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The value.
    pub value: String,
    /// Who says so.
    pub origin: Origin,
}

/// A Cargo profile as cargo would build with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The profile, the one that it inherits from, and so on.
    pub chain: Vec<String>,
    /// What anything sets, by dotted key; cargo's defaults are not among them.
    pub settings: BTreeMap<String, Found>,
}

/// The settings of profile `name`, where anything sets them.
///
/// `layers` are the root manifest and then configuration files, the more important ones later;
/// `env` looks up `CARGO_PROFILE_<NAME>_<KEY>`, which comes before all of them.
pub fn resolve(name: &str, layers: &[Layer], env: &dyn Fn(&str) -> Option<String>) -> Resolved {
    let mut settings = BTreeMap::new();
    // A chain longer than there are profiles is a circle; cargo refuses it.
    let most = layers.iter().map(|layer| layer.profiles.len()).sum::<usize>() + 2;
    let mut chain = vec![name.to_owned()];
    while let Some(parent) = chain.last().and_then(|name| parent(name, layers))
        && chain.len() <= most
    {
        chain.push(parent);
    }
    let positions: Vec<Positions<'_>> = layers.iter().map(|layer| Positions::new(&layer.text)).collect();
    for name in chain.iter().rev() {
        for (layer, positions) in layers.iter().zip(&positions) {
            if let Some(table) = layer.profiles.get(name).and_then(toml::Value::as_table) {
                let mut path = vec!["profile", name.as_str()];
                Flatten { layer, positions, found: &mut settings }.add(&mut path, table);
            }
        }
        let upper = |text: &str| text.to_uppercase().replace('-', "_");
        for key in OF_THE_ENVIRONMENT {
            let variable = format!("CARGO_PROFILE_{}_{}", upper(name), upper(key));
            if let Some(value) = env(&variable) {
                settings.insert(key.to_owned(), Found { value, origin: Origin::Variable(variable) });
            }
        }
    }
    settings.remove("inherits");
    Resolved { chain, settings }
}

fn parent(name: &str, layers: &[Layer]) -> Option<String> {
    let inherits = |layer: &Layer| Some(layer.profiles.get(name)?.get("inherits")?.as_str()?.to_owned());
    layers.iter().rev().find_map(inherits).or_else(|| match name {
        "bench" => Some("release".into()),
        "test" => Some("dev".into()),
        _ => None,
    })
}

/// `package.foo.opt-level` for what is nested.
struct Flatten<'a> {
    layer: &'a Layer,
    positions: &'a Positions<'a>,
    found: &'a mut BTreeMap<String, Found>,
}

impl<'a> Flatten<'a> {
    fn add(&mut self, path: &mut Vec<&'a str>, table: &'a toml::Table) {
        for (key, value) in table {
            path.push(key);
            if let Some(inner) = value.as_table() {
                self.add(path, inner);
            } else {
                let (line, _) = self.positions.nearest(path);
                let place = format!("{}:{line}", self.layer.file);
                let origin =
                    if self.layer.manifest { Origin::Manifest(place) } else { Origin::Configuration(place) };
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                // Behind `profile.NAME`.
                self.found.insert(path[2..].join("."), Found { value, origin });
            }
            path.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inherits_layers_and_environment() {
        let layers = [
            Layer::manifest(
                "Cargo.toml",
                "[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n[profile.pgo]\ninherits = \"release\"\nstrip = true\n[profile.release.package.a]\nopt-level = 2\n",
            ),
            Layer::configuration(".cargo/config.toml", "[profile.release]\nlto = \"thin\"\n"),
        ];
        let env = |name: &str| (name == "CARGO_PROFILE_RELEASE_DEBUG").then(|| "1".to_owned());
        let found = resolve("pgo", &layers, &env);
        assert_eq!(found.chain, ["pgo", "release"]);
        let line = |(key, found): (&String, &Found)| format!("{key} = {} # {}", found.value, found.origin);
        let lines: Vec<String> = found.settings.iter().map(line).collect();
        let expected = [
            "codegen-units = 1 # Cargo.toml:3",
            "debug = 1 # CARGO_PROFILE_RELEASE_DEBUG",
            "lto = thin # .cargo/config.toml:2",
            "package.a.opt-level = 2 # Cargo.toml:8",
            "strip = true # Cargo.toml:6",
        ];
        assert_eq!(lines, expected);
        assert!(resolve("bench", &layers, &|_| None).settings.contains_key("lto"));
    }

    #[test]
    fn a_circle_ends() {
        let text = "[profile.a]\ninherits = \"b\"\n[profile.b]\ninherits = \"a\"\n";
        assert!(resolve("a", &[Layer::manifest("Cargo.toml", text)], &|_| None).settings.is_empty());
    }
}
