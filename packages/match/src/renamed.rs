//! A profile for a build in which modules have other names.
//!
//! A v0 symbol spells out the path of what it names and of every type argument. Where version control tells
//! that a module's file was renamed, the names that its functions have now can be told before they are
//! compiled. [`with_new_names`] *adds* the records under these: none is replaced, and the control flow's hash
//! decides as ever.

use crate::inspect::split_name;
use crate::v0::layout;
use honing_profdata::{Profile, Rewrite, ValueKind, name_hash};
use std::collections::HashMap;
use std::ops::Range;

/// A module that has another name now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModuleRename {
    /// Its path in the crate, without that: `search`, `core`.
    pub from: Vec<String>,
    /// The last name of the path now.
    pub to: String,
}

/// The name that a profiled function has after renames; `None` where it stays, or is no v0 symbol.
pub(crate) fn new_name(name: &[u8], renames: &[ModuleRename]) -> Option<Vec<u8>> {
    let (unit, symbol) = split_name(name);
    let renamed = new_symbol(symbol, renames)?;
    Some(match unit {
        Some(unit) => [unit, b";", renamed.as_slice()].concat(),
        None => renamed,
    })
}

/// The profile, with every function that ran also under the name that it has after renames.
pub(crate) fn with_new_names(profile: &Profile, renames: &[ModuleRename]) -> Option<Profile> {
    let functions = profile.functions().enumerate();
    let named = functions.filter(|(_, it)| it.weight() > 0);
    let named = named.filter_map(|(at, it)| Some((at, new_name(it.name_bytes(), renames)?)));
    let named: HashMap<usize, Vec<u8>> = named.collect();
    if named.is_empty() {
        return None;
    }
    let targets: HashMap<u64, u64> = named
        .iter()
        .filter_map(|(at, name)| Some((profile.function(*at)?.name_hash(), name_hash(name))))
        .collect();
    let resolve = |kind: ValueKind, value: u64| match kind {
        ValueKind::IndirectCallTarget => targets.get(&value).copied().unwrap_or(value),
        ValueKind::MemOpSize | ValueKind::VtableTarget => value,
    };
    let mut rewrite = Rewrite::of(profile);
    for (at, function) in profile.functions().enumerate() {
        let hash = function.cfg_hash();
        rewrite.add(&function, function.name_bytes(), hash, &[], &|_, value| value);
        if let Some(name) = named.get(&at)
            && profile.named(name).all(|there| there.cfg_hash() != hash)
        {
            rewrite.add(&function, name, hash, &[], &resolve);
        }
    }
    Some(rewrite.finish())
}

/// What replaces a part of a symbol.
enum Part {
    Name(Vec<u8>),
    /// A back reference, by what it pointed to.
    To(usize),
}

fn new_symbol(symbol: &[u8], renames: &[ModuleRename]) -> Option<Vec<u8>> {
    if renames.is_empty() {
        return None;
    }
    let layout = layout(symbol)?;
    let mut parts: Vec<(Range<usize>, Part)> = Vec::new();
    for (path, at) in layout.modules {
        let is_it = |rename: &&ModuleRename| {
            rename.from.iter().map(String::as_bytes).eq(path.iter().map(Vec::as_slice))
        };
        if let Some(rename) = renames.iter().find(is_it) {
            parts.push((at, Part::Name(identifier(&rename.to)?)));
        }
    }
    if parts.is_empty() {
        return None;
    }
    parts.extend(layout.references.into_iter().map(|(at, to)| (at, Part::To(to))));
    parts.sort_by_key(|(at, _)| at.start);
    let body = symbol.get(2..)?;
    // A back reference is a position before it, which longer names and references before that have moved.
    let mut written: Vec<Vec<u8>> = Vec::new();
    for (_, part) in &parts {
        written.push(match part {
            Part::Name(name) => name.clone(),
            Part::To(to) => reference(moved(*to, &parts, &written)?),
        });
    }
    let (mut new, mut done) = (b"_R".to_vec(), 0);
    for ((at, _), text) in parts.iter().zip(&written) {
        new.extend_from_slice(body.get(done..at.start)?);
        new.extend_from_slice(text);
        done = at.end;
    }
    new.extend_from_slice(body.get(done..)?);
    Some(new)
}

/// Where a position is, once what is before it is written.
fn moved(position: usize, parts: &[(Range<usize>, Part)], written: &[Vec<u8>]) -> Option<usize> {
    let mut before = parts.iter().zip(written).filter(|((at, _), _)| at.end <= position);
    before.try_fold(position, |moved, ((at, _), text)| (moved + text.len()).checked_sub(at.len()))
}

/// A name as v0 has it; `None` if it is not ASCII.
fn identifier(name: &str) -> Option<Vec<u8>> {
    let separator =
        if name.starts_with(|first: char| first == '_' || first.is_ascii_digit()) { "_" } else { "" };
    name.is_ascii().then(|| format!("{}{separator}{name}", name.len()).into_bytes())
}

/// A back reference to a position.
fn reference(position: usize) -> Vec<u8> {
    const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut text = vec![b'_'];
    // `_` is 0, `0_` is 1.
    let mut rest = position.checked_sub(1);
    while let Some(number) = rest {
        text.extend(DIGITS.get(number % 62));
        rest = (number >= 62).then_some(number / 62);
    }
    text.push(b'B');
    text.reverse();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rename(from: &[&str], to: &str) -> Vec<ModuleRename> {
        vec![ModuleRename { from: from.iter().map(|name| (*name).to_owned()).collect(), to: to.into() }]
    }

    fn renamed(symbol: &str, renames: &[ModuleRename]) -> Option<String> {
        new_name(symbol.as_bytes(), renames).map(|name| String::from_utf8(name).unwrap())
    }

    #[test]
    fn references_follow_names_of_other_lengths() {
        // demo::a::f::<demo::a::T>, a position of one digit, and of two.
        let symbol = "_RINvNtCs1_4demo1a1fNtB2_1TEB4_";
        assert_eq!(rustc_demangle::demangle(symbol).to_string(), "demo[3]::a::f::<demo[3]::a::T>");
        let found = renamed(symbol, &rename(&["a"], "abcdefghijklm")).unwrap();
        assert_eq!(
            rustc_demangle::demangle(&found).to_string().replace("abcdefghijklm", "a"),
            "demo[3]::a::f::<demo[3]::a::T>"
        );
        assert_eq!(renamed(&found, &rename(&["abcdefghijklm"], "a")).unwrap(), symbol);
        // A reference to what stands after the name: demo::a::f::<demo::b::T, demo::b::T>.
        let later = "_RINvNtCs1_4demo1a1fNtNtB4_1b1TBh_EB4_";
        assert_eq!(
            renamed(later, &rename(&["a"], "abcdefghijklm")).unwrap(),
            "_RINvNtCs1_4demo13abcdefghijklm1fNtNtB4_1b1TBu_EB4_"
        );
        assert_eq!(
            renamed(&format!("demo.c0-cgu.03;{symbol}"), &rename(&["a"], "_9")).unwrap(),
            "demo.c0-cgu.03;_RINvNtCs1_4demo2__91fNtB2_1TEB4_"
        );
    }

    #[test]
    fn what_is_no_module_of_that_path_stays() {
        for symbol in [
            "_RNvCs1_4demo1a",
            "_RNvNtNtCs1_4demo1b1a1f",
            "_ZN4demo1a1f17h0123456789abcdefE",
            "a",
            "_R",
            "",
            "_RNvNtCs1_4demo1a",
            "_RNvNtCs1_4demo",
        ] {
            assert_eq!(renamed(symbol, &rename(&["a"], "c")), None, "{symbol}");
        }
        assert_eq!(renamed("_RNvNtCs1_4demo1a1f", &rename(&["a"], "\u{e9}")), None);
        assert_eq!(
            renamed("_RNvNtNtCs1_4demo1b1a1f", &rename(&["b", "a"], "cd")).unwrap(),
            "_RNvNtNtCs1_4demo1b2cd1f"
        );
    }
}
