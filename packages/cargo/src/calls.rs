//! What cargo called rustc with, unit by unit: two flavours of a program may differ by what Honing
//! adds, and by nothing else. These are the calls before anything was added.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Words of a difference that are shown: more tell a reader no more.
const SHOWN: usize = 4;
/// What stands for the target directory, which each flavour has its own of.
const HERE: &str = "{target_dir}";
/// Options that say how rustc talks, and to whom.
const TALK: [&str; 4] = ["--diagnostic-width", "--error-format", "--json", "--color"];

/// The units of a build that are for the target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, Vec<String>>")]
pub struct Calls(BTreeMap<String, Vec<String>>);

impl From<BTreeMap<String, Vec<String>>> for Calls {
    fn from(calls: BTreeMap<String, Vec<String>>) -> Self {
        Self(calls.into_iter().map(|(unit, call)| (without_folder(&unit), call)).collect())
    }
}

/// The name of a unit without the folder of its package, which may be called otherwise later. Cargo says
/// `folder#name@1.0.0`, and `name#1.0.0` where the two are the same.
fn without_folder(unit: &str) -> String {
    match unit.split_once('#') {
        Some((_, named)) if named.split(' ').next().is_some_and(|named| named.contains('@')) => {
            named.to_owned()
        }
        Some((name, version)) => format!("{name}@{version}"),
        None => unit.to_owned(),
    }
}

impl Calls {
    /// Adds the call of a unit; `target_dir` is taken out of it.
    pub fn add(&mut self, unit: &str, args: &[String], target_dir: &str) {
        let mut words = Vec::new();
        // Before that stands rustc, or what is called around it.
        let mut args = args.iter().skip_while(|arg| !arg.starts_with("--crate-name"));
        while let Some(arg) = args.next() {
            let name = arg.split('=').next().unwrap_or(arg);
            if !TALK.contains(&name) {
                words.push(arg.replace(target_dir, HERE));
            } else if name.len() == arg.len() {
                args.next();
            }
        }
        self.0.insert(without_folder(unit), words);
    }

    /// Whether there is nothing to compare.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first way in which `other` differs, in words.
    pub fn difference(&self, other: &Self) -> Option<String> {
        for (unit, call) in &self.0 {
            match other.0.get(unit) {
                None => return Some(format!("{unit} is compiled for one of them alone")),
                Some(theirs) if theirs != call => return Some(format!("{unit}: {}", words(call, theirs))),
                Some(_) => {}
            }
        }
        let more = other.0.keys().find(|unit| !self.0.contains_key(*unit));
        more.map(|unit| format!("{unit} is compiled for one of them alone"))
    }
}

/// What two calls do not share.
fn words(one: &[String], other: &[String]) -> String {
    let only = |a: &[String], b: &[String]| -> Vec<String> {
        a.iter().filter(|word| !b.contains(word)).cloned().collect()
    };
    match (only(one, other), only(other, one)) {
        (gone, new) if gone.is_empty() && new.is_empty() => "the same flags in another order".into(),
        (gone, new) if new.is_empty() => format!("only one has {}", first(&gone)),
        (gone, new) if gone.is_empty() => format!("only one has {}", first(&new)),
        (gone, new) => format!("{} against {}", first(&gone), first(&new)),
    }
}

/// The first of many words.
fn first(words: &[String]) -> String {
    match words.get(..SHOWN).filter(|_| words.len() > SHOWN) {
        Some(shown) => format!("{} and {} more", shown.join(" "), words.len() - SHOWN),
        None => words.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(target_dir: &str, args: &str) -> Calls {
        let mut calls = Calls::default();
        let args: Vec<String> = args.split(' ').map(|word| word.replace('T', target_dir)).collect();
        calls.add("tool (bin)", &args, target_dir);
        calls
    }

    #[test]
    fn folders_and_talk_are_no_difference() {
        let one = calls(
            "/w/a",
            "rustc --crate-name x --out-dir T/deps --json=d -L T/deps --diagnostic-width 80 -Ca",
        );
        let other =
            calls("/v/b", "/w rustc --crate-name x --out-dir T/deps --json=e --color always -L T/deps -Ca");
        assert_eq!(one.difference(&other), None);
    }

    #[test]
    fn a_renamed_folder_is_no_difference() {
        let of = |unit: &str| {
            let mut calls = Calls::default();
            calls.add(unit, &["--crate-name".into(), "x".into()], "/w");
            calls
        };
        let stored: Calls = toml::from_str(r#""old#tool@1.0.0 (bin a@b)" = ["--crate-name", "x"]"#).unwrap();
        for unit in ["tool#1.0.0 (bin a@b)", "other#tool@1.0.0 (bin a@b)"] {
            assert_eq!(stored.difference(&of(unit)), None, "{unit}");
        }
        assert!(stored.difference(&of("tool#1.0.1 (bin a@b)")).is_some());
    }

    #[test]
    fn any_other_flag_is_one() {
        let one = calls("/w", "rustc --crate-name x -Ca --cfg b");
        for (other, said) in [
            ("rustc --crate-name x -Ca", "tool (bin): only one has --cfg b"),
            ("rustc --crate-name x -Ca --cfg b -Cd", "tool (bin): only one has -Cd"),
            (
                "rustc --crate-name x -Ca --cfg b -Cd -Ce -Cf -Cg -Ch -Ci",
                "tool (bin): only one has -Cd -Ce -Cf -Cg and 2 more",
            ),
            ("rustc --crate-name x -Cd --cfg b", "tool (bin): -Ca against -Cd"),
            ("rustc --crate-name x --cfg b -Ca", "tool (bin): the same flags in another order"),
        ] {
            assert_eq!(one.difference(&calls("/w", other)).as_deref(), Some(said));
        }
        let none = Calls::default();
        let alone = Some("tool (bin) is compiled for one of them alone".to_owned());
        assert_eq!((one.difference(&none), none.difference(&one)), (alone.clone(), alone));
    }
}
