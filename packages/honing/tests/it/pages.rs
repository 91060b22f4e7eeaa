//! The pages of this repository: README.md, CONTRIBUTING.md and docs/, and what they show as code.
//!
//! Also a part of the unit tests that parse the commands, which cannot be reached from outside.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Some code that a page shows.
pub(crate) struct Shown {
    /// The page, for messages.
    pub(crate) page: String,
    /// Language of the fenced block, maybe none; `None` for code within a line.
    pub(crate) language: Option<String>,
    pub(crate) text: String,
}

/// A command line of a page.
pub(crate) struct Line {
    pub(crate) page: String,
    pub(crate) words: Vec<String>,
    #[allow(dead_code, reason = "not everybody who has this module asks")]
    /// Whether it stands in a block, to be run as it is; within a line of text it may be a command's name
    /// alone.
    pub(crate) is_whole: bool,
}

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|dir| dir.join("Cargo.lock").is_file()).unwrap()
}

/// All code of all pages.
pub(crate) fn all() -> Vec<Shown> {
    let mut files: Vec<PathBuf> = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 20, "{files:?}");
    files.iter().flat_map(|file| shown(file)).collect()
}

fn shown(file: &Path) -> Vec<Shown> {
    let page = file.strip_prefix(root()).unwrap().display().to_string();
    let text = fs::read_to_string(file).unwrap();
    let (mut found, mut plain) = (Vec::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            plain.push_str(line);
            plain.push('\n');
            continue;
        };
        let text = lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>().join("\n");
        found.push(Shown { page: page.clone(), language: Some(language.to_owned()), text });
    }
    // Code within a line ends in its paragraph.
    for code in plain.split("\n\n").flat_map(|paragraph| paragraph.split('`').skip(1).step_by(2)) {
        let text = code.split_whitespace().collect::<Vec<_>>().join(" ");
        found.push(Shown { page: page.clone(), language: None, text });
    }
    found
}

/// All commands that begin with one of `programs`, such as `cargo`.
pub(crate) fn commands(programs: &[&str]) -> Vec<Line> {
    let mut found = Vec::new();
    for Shown { page, language, text } in all() {
        let is_whole = language.is_some();
        let lines: Vec<&str> = match language.as_deref() {
            None => vec![text.as_str()],
            Some("console") => text.lines().filter_map(|line| line.strip_prefix("$ ")).collect(),
            // A block without a language shows commands, or a picture.
            Some("" | "sh") => text.lines().collect(),
            Some("yaml") => text.lines().map(|line| line.trim_start_matches([' ', '-'])).collect(),
            Some(_) => Vec::new(),
        };
        for line in lines {
            let line = line.trim_start_matches("run: ").split(" #").next().unwrap_or_default();
            for command in line.split("; ").flat_map(|part| part.split(" && ")) {
                let words = command.split_whitespace().take_while(|word| !matches!(*word, "|" | ">"));
                let words: Vec<String> = words.map(str::to_owned).collect();
                if words.first().is_some_and(|first| programs.contains(&first.as_str())) {
                    assert!(!command.contains(['\'', '"']), "{page}: only a shell can read {command}");
                    found.push(Line { page: page.clone(), words, is_whole });
                }
            }
        }
    }
    found
}
