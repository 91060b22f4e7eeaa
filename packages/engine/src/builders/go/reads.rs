//! Files that a build reads and Go does not list: what `-overlay` puts in the place of others, and makefiles.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::io::pattern;

/// Files that say what make does, where they are.
const MAKEFILES: [&str; 4] = ["GNUmakefile", "makefile", "Makefile", "go.mk"];
/// More makefiles than this include each other by mistake.
const MOST: usize = 200;
/// A makefile is no larger.
const LARGEST: u64 = 4 << 20;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Overlay {
    replace: BTreeMap<String, String>,
}

/// The files of `-overlay` among flags: the list itself, and what it puts in the place of others. `go` is called in
/// `dir`.
pub(super) fn overlaid<'f>(dir: &Path, flags: impl IntoIterator<Item = &'f str>) -> Vec<PathBuf> {
    let named = flags.into_iter().filter_map(|flag| flag.trim_start_matches('-').strip_prefix("overlay="));
    let mut found = Vec::new();
    for list in named.map(|name| dir.join(name)) {
        let text = fs::read(&list).unwrap_or_default();
        let overlay: Overlay = serde_json::from_slice(&text).unwrap_or_default();
        // One that is replaced by nothing is no file.
        let files = overlay.replace.values().filter(|file| !file.is_empty());
        found.extend(files.map(|file| dir.join(file)));
        found.push(list);
    }
    found
}

/// The makefiles in `dir`, files that the command `words` names there, and what they include. Names with variables
/// are make's alone to know.
pub(super) fn makefiles(dir: &Path, words: &[String]) -> BTreeSet<PathBuf> {
    let named = MAKEFILES.into_iter().chain(words.iter().map(String::as_str));
    let mut open: Vec<PathBuf> = named.map(|name| dir.join(name)).filter(|path| path.is_file()).collect();
    let mut found = BTreeSet::new();
    while let Some(file) = open.pop() {
        if found.len() >= MOST || found.contains(&file) {
            continue;
        }
        let small = fs::metadata(&file).is_ok_and(|metadata| metadata.len() <= LARGEST);
        let text = if small { fs::read(&file).unwrap_or_default() } else { Vec::new() };
        for name in included(&String::from_utf8_lossy(&text)) {
            let all = pattern::matches(dir, &name).unwrap_or_default();
            open.extend(all.into_iter().filter(|path| path.is_file()));
        }
        found.insert(file);
    }
    found
}

/// The names in `include`, `-include` and `sinclude`.
fn included(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let mut names = Vec::new();
    for line in joined.lines() {
        // What begins with a tab is the shell's.
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let is = !line.starts_with('\t') && matches!(words.next(), Some("include" | "-include" | "sinclude"));
        names.extend(words.filter(|word| is && !word.contains('$')).map(str::to_owned));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makefiles_and_what_they_include_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        for (file, text) in [
            ("Makefile", "include a.mk mk/*.mk # b.mk\n-include gone.mk $(X).mk\n\tinclude shell.mk\nall:\n"),
            ("a.mk", "sinclude \\\n  c.mk\ninclude Makefile\n"),
            ("mk/1.mk", ""),
            ("b.mk", ""),
            ("c.mk", "included d.mk\n"),
            ("d.mk", ""),
            ("shell.mk", ""),
            ("own.mk", ""),
        ] {
            fs::create_dir_all(dir.join(file).parent().unwrap()).unwrap();
            fs::write(dir.join(file), text).unwrap();
        }
        let words = ["make", "-f", "own.mk", "build", "/"].map(str::to_owned);
        let found = makefiles(dir, &words);
        let names: Vec<_> =
            found.iter().map(|path| path.strip_prefix(dir).unwrap().display().to_string()).collect();
        assert_eq!(names, ["Makefile", "a.mk", "c.mk", "mk/1.mk", "own.mk"]);
    }

    #[test]
    fn what_an_overlay_replaces_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        fs::write(dir.join("o.json"), r#"{"Replace": {"a.go": "new/a.go", "b.go": ""}}"#).unwrap();
        fs::write(dir.join("bad.json"), "{").unwrap();
        let found = overlaid(dir, ["-race", "-overlay=o.json", "--overlay=bad.json", "-tags=overlay=x"]);
        assert_eq!(found, ["new/a.go", "o.json", "bad.json"].map(|name| dir.join(name)));
    }
}
