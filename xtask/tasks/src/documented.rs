//! Every command of this xtask that the pages show is one; those of `pgo` are looked at where they are
//! declared.

use clap::Parser;

use crate::{bench, container, lint};

#[path = "../../../packages/honing/tests/it/pages.rs"]
mod pages;

/// Why a command line is none.
fn refused(words: &[String]) -> Option<String> {
    let (command, arguments) = words.split_first()?;
    let line = || std::iter::once(command).chain(arguments);
    let refused = match command.as_str() {
        "pgo" => None,
        "bench" => bench::Cli::try_parse_from(line()).err().map(|error| error.kind().to_string()),
        "container" => container::Cli::try_parse_from(line()).err().map(|error| error.kind().to_string()),
        "lint" => lint::Cli::try_parse_from(line()).err().map(|error| error.kind().to_string()),
        "ci" if arguments.is_empty() => None,
        "lines" if arguments.len() < 2 => None,
        _ => Some("there is no such command".into()),
    };
    refused.map(|why| format!("{}: {why}", words.join(" ")))
}

#[test]
fn every_command_of_the_pages_is_accepted() {
    let lines = pages::commands(&["cargo"]);
    let own = |line: &pages::Line| {
        let xtask = line.words.iter().position(|word| word == "xtask")?;
        // `cargo test -p xtask` is cargo's.
        if line.words[..xtask].iter().any(|word| word == "-p" || word == "--package") {
            return None;
        }
        let after = line.words.get(xtask + 1..)?.to_vec();
        Some((line.page.clone(), after))
    };
    let found: Vec<(String, Vec<String>)> = lines.iter().filter_map(own).collect();
    let beside = found.iter().filter(|(_, words)| words.first().is_some_and(|word| word != "pgo")).count();
    assert!(beside > 15, "the pages have another form now: {beside} commands");
    let refusals: Vec<String> = found
        .iter()
        .filter_map(|(page, words)| refused(words).map(|refusal| format!("{page}: {refusal}")))
        .collect();
    assert!(refusals.is_empty(), "{refusals:#?}");
    for wrong in ["bench cots", "bench cost --pears 1", "container --short", "ci now", "pgoo"] {
        let words: Vec<String> = wrong.split(' ').map(str::to_owned).collect();
        assert!(refused(&words).is_some(), "{wrong}");
    }
}
