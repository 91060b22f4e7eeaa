//! Functions of a package under another name: `go test` calls those of package main by the import path, and
//! `go build` calls them `main.`

use crate::profile::{NONE, Profile};
use std::collections::HashMap;
use std::fmt::Write as _;

impl Profile {
    /// Names the functions of the package `path` as if it was imported as `name`, also where it stands in the
    /// brackets of a generic one.
    pub fn rename_package(&mut self, path: &str, name: &str) {
        let (from, to) = (format!("{}.", escaped(path)), format!("{name}."));
        let mut renamed: HashMap<u32, u32> = HashMap::new();
        let mut known: HashMap<String, u32> =
            (0..).zip(&self.strings).map(|(at, text)| (text.clone(), at)).collect();
        for function in self.functions.iter_mut().filter(|function| function.name != NONE) {
            let strings = &mut self.strings;
            function.name = *renamed.entry(function.name).or_insert_with(|| {
                let old = strings.get(function.name as usize).map_or("", String::as_str);
                let Some(new) = replaced(old, &from, &to) else { return function.name };
                *known.entry(new).or_insert_with_key(|new| {
                    strings.push(new.clone());
                    strings.len() as u32 - 1
                })
            });
        }
    }
}

/// An import path as symbols have it. Source: Go's `objabi.PathToPrefix`.
fn escaped(path: &str) -> String {
    let last = path.rfind('/').map_or(0, |slash| slash + 1);
    let mut out = String::with_capacity(path.len());
    for (at, byte) in path.bytes().enumerate() {
        let special =
            byte <= b' ' || byte >= 0x7f || matches!(byte, b'%' | b'"') || byte == b'.' && at >= last;
        if special {
            let _ = write!(out, "%{byte:02x}");
        } else {
            out.push(char::from(byte));
        }
    }
    out
}

/// `text` with `to` for each `from` that begins a path; `None` where there is none.
fn replaced(text: &str, from: &str, to: &str) -> Option<String> {
    let (mut out, mut done) = (String::new(), 0);
    for (at, _) in text.match_indices(from) {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        // Behind any of these, it is the end of a longer path.
        let within = |char: char| char.is_alphanumeric() || "/._-~%".contains(char);
        if !before.is_some_and(within) {
            out.push_str(text.get(done..at)?);
            out.push_str(to);
            done = at + from.len();
        }
    }
    if done == 0 {
        return None;
    }
    out.push_str(text.get(done..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_package_itself_is_renamed() {
        let rows = [
            ("x.org/a/cmd/b.serve", Some("main.serve")),
            ("x.org/a/cmd/b.(*T).do.func1", Some("main.(*T).do.func1")),
            ("x.org/a/m.Map[x.org/a/cmd/b.T,*x.org/a/cmd/b.U]", Some("x.org/a/m.Map[main.T,*main.U]")),
            ("x.org/a/cmd/b_test.BenchmarkServe", None),
            ("x.org/a/cmd/b/c.f", None),
            ("y.org/x.org/a/cmd/b.f", None),
            ("main.main", None),
            ("", None),
        ];
        let from = format!("{}.", escaped("x.org/a/cmd/b"));
        for (name, expected) in rows {
            assert_eq!(replaced(name, &from, "main.").as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn paths_are_escaped_as_in_symbols() {
        assert_eq!(escaped("x.org/a/b.v2"), "x.org/a/b%2ev2");
        assert_eq!(escaped("edge"), "edge");
        assert_eq!(escaped("b.c"), "b%2ec");
        assert_eq!(escaped("ü/a b"), "%c3%bc/a%20b");
    }
}
