//! What PGO wants of a Cargo profile, setting by setting.
//!
//! Little is proposed: what helps every program, and changes none in what it does. What
//! somebody has chosen for another reason (size, `panic`, thin LTO) is left alone, and so said.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Found, Key, Origin, Resolved};

/// What pgo.toml pins, canonical, with the place that says so.
pub type Pins = BTreeMap<Key, (String, String)>;

/// A setting: how it is, and how it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// The setting.
    pub key: Key,
    /// What cargo builds with, as TOML.
    pub value: String,
    /// Where that comes from.
    pub origin: Origin,
    /// What it should be, as TOML; `None` where it may be anything.
    pub wants: Option<String>,
    /// The line of pgo.toml that pins it.
    pub pinned: Option<String>,
    /// Why, in a line.
    pub why: String,
    /// The value, canonical, that an edit of the manifest would set; `None` where there is nothing
    /// to change, or where it has to be changed elsewhere.
    #[serde(skip)]
    pub propose: Option<String>,
}

impl Advice {
    /// Whether it is as it should be.
    pub fn fulfilled(&self) -> bool {
        self.wants.as_ref().is_none_or(|wants| *wants == self.value)
    }
}

/// What should be said of every setting. `symbols_pinned`: whether symbols keep their names when
/// the Cargo profile changes.
pub fn advise(resolved: &Resolved, pins: &Pins, symbols_pinned: bool) -> Vec<Advice> {
    let dev = resolved.chain.last().is_some_and(|name| name == "dev");
    let effective = |key: Key| -> (String, Origin) {
        match resolved.settings.get(key.name()) {
            // What cargo does not take, it refuses itself.
            Some(Found { value, origin }) => {
                (key.canonical(value).unwrap_or_else(|| value.clone()), origin.clone())
            }
            None => (key.default(dev).to_owned(), Origin::Default),
        }
    };
    let debug = effective(Key::Debug).0;
    let one = |key: Key| {
        let (mut value, origin) = effective(key);
        if key == Key::Strip && origin == Origin::Default {
            value = Key::default_strip(&debug).to_owned();
        }
        let (wants, mut why, pinned) = match pins.get(&key) {
            Some((wants, place)) => (Some(wants.clone()), format!("pinned by {place}"), Some(place.clone())),
            None => {
                let (wants, why) = rule(key, &value, symbols_pinned);
                (wants.map(str::to_owned), why.to_owned(), None)
            }
        };
        let differs = wants.as_ref().is_some_and(|wants| *wants != value);
        if differs && origin.overrides_manifest() {
            why = format!("{why}; {origin} sets it, so change it there");
        }
        let toml = |value: &String| key.to_toml(value).to_string();
        Advice {
            key,
            value: toml(&value),
            wants: wants.as_ref().map(toml),
            propose: wants.filter(|_| differs && !origin.overrides_manifest()),
            origin,
            pinned,
            why,
        }
    };
    Key::ALL.into_iter().map(one).collect()
}

/// The value that PGO wants, if it has a wish, and why.
fn rule(key: Key, value: &str, symbols_pinned: bool) -> (Option<&'static str>, &'static str) {
    let unpinned = "changing it renames every symbol, and a stored profile no longer applies";
    match (key, value) {
        (Key::OptLevel, "3") => (Some("3"), "speed is what a profile is collected for"),
        (Key::OptLevel, "s" | "z") => (None, "left alone: somebody chose size over speed"),
        (Key::OptLevel, "2") => (None, "left alone: 3 would also do what costs more code"),
        (Key::OptLevel, _) => (None, "left alone: hardly optimizes; is it the profile that ships?"),
        (Key::Lto, "thin") => (None, "left alone: it works across crates, too"),
        (Key::Lto, "off") => (None, "left alone: somebody switched it off"),
        (Key::Lto, _) => (Some("fat"), "the profile then decides about calls between crates, too"),
        (Key::CodegenUnits, _) => {
            (Some("1"), "parts hide calls from the optimizer, and names of inner functions depend on the cut")
        }
        (Key::Debug, _) if symbols_pinned => (None, "not part of the code, nor of pinned symbols"),
        (Key::Strip, _) if symbols_pinned => (None, "the profile is applied before anything is stripped"),
        (Key::Debug | Key::Strip, _) => (None, unpinned),
        (Key::Panic, "unwind") => (None, "a panic in training keeps its counters"),
        (Key::Panic, _) => (None, "left alone, it changes behaviour; a panic in training loses its counters"),
        (Key::Incremental, _) => (Some("false"), "the binary would depend on what was compiled before"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo_profile::{Layer, resolve};

    fn advice(text: &str, pins: &Pins) -> Vec<Advice> {
        let variable = |name: &str| (name == "CARGO_PROFILE_RELEASE_INCREMENTAL").then(|| "true".to_owned());
        let name = if text.contains("inherits = \"dev\"") { "mine" } else { "release" };
        advise(&resolve(name, &[Layer::manifest("Cargo.toml", text)], &variable), pins, true)
    }

    fn proposed(text: &str) -> Vec<String> {
        let all = advice(text, &Pins::new());
        all.iter().filter_map(|it| Some(format!("{} = {}", it.key.name(), it.propose.as_deref()?))).collect()
    }

    #[test]
    fn little_is_proposed() {
        let table: [(&str, &[&str]); 7] = [
            ("", &["lto = fat", "codegen-units = 1"]),
            ("[profile.release]\nlto = true\ncodegen-units = 1\n", &[]),
            (
                "[profile.release]\nlto = \"thin\"\npanic = \"abort\"\nopt-level = \"s\"\n",
                &["codegen-units = 1"],
            ),
            ("[profile.release]\nlto = \"off\"\nstrip = true\ndebug = 2\n", &["codegen-units = 1"]),
            ("[profile.release]\nlto = false\ncodegen-units = 4\n", &["lto = fat", "codegen-units = 1"]),
            // A variable has the last word about incremental.
            ("[profile.release]\nlto = true\ncodegen-units = 1\nincremental = true\n", &[]),
            (
                "[profile.mine]\ninherits = \"dev\"\nlto = \"fat\"\ncodegen-units = 1\n",
                &["incremental = false"],
            ),
        ];
        for (text, wanted) in table {
            assert_eq!(proposed(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_pin_is_stronger_than_advice() {
        let pin = |value: &str| (value.to_owned(), "pgo/pgo.toml:9".to_owned());
        let pins = Pins::from([(Key::CodegenUnits, pin("16")), (Key::Panic, pin("abort"))]);
        let all = advice("", &pins);
        let of = |key: Key| all.iter().find(|it| it.key == key).unwrap();
        assert!(of(Key::CodegenUnits).fulfilled() && of(Key::CodegenUnits).propose.is_none());
        assert_eq!(of(Key::Panic).propose.as_deref(), Some("abort"));
        assert_eq!(of(Key::Panic).why, "pinned by pgo/pgo.toml:9");
    }

    #[test]
    fn what_overrides_the_manifest_is_named() {
        let all = advice("", &Pins::new());
        let incremental = all.last().unwrap();
        assert_eq!((incremental.value.as_str(), incremental.propose.as_deref()), ("true", None));
        assert!(incremental.why.ends_with("CARGO_PROFILE_RELEASE_INCREMENTAL sets it, so change it there"));
        let strip = all.iter().find(|it| it.key == Key::Strip).unwrap();
        assert_eq!((strip.value.as_str(), &strip.origin), ("\"debuginfo\"", &Origin::Default));
    }
}
