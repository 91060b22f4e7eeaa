//! Puts the command of a command line first.
//!
//! Each command declares the options that it heeds, and clap wants them after its name. People also write
//! them before it (`pgo -P tracker build`), or no command at all, which is `run`.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};

/// The words with the command in front, where `root` has the options that may stand before it. A command
/// line that asks for the help of all of it stays as it is.
pub(crate) fn arranged(mut words: Vec<OsString>, root: &Command) -> Vec<OsString> {
    let (mut at, mut all_known) = (1, true);
    while let Some(word) = words.get(at).and_then(|word| word.to_str()).map(str::to_owned) {
        if word == "--" {
            break;
        }
        if matches!(word.as_str(), "-h" | "--help" | "-V" | "--version") {
            return words;
        }
        if word == "help" {
            words.remove(at);
            words.push("--help".into());
            continue;
        }
        if !word.starts_with('-') {
            // A wrong name in front is what clap finds the right one for. Else it is the value of an option
            // that is wrong itself.
            if root.find_subcommand(&word).is_some() || all_known {
                let name = words.remove(at);
                words.insert(1, name);
                return words;
            }
            at += 1;
            continue;
        }
        match option(root, &word) {
            Some(Next::IsItsOwn) => at += 1,
            Some(Next::IsValue) => at += 2,
            None => {
                all_known = false;
                at += 1;
            }
        }
    }
    words.insert(1, "run".into());
    words
}

/// What the word after an option is.
enum Next {
    IsValue,
    IsItsOwn,
}

/// What comes after a word that starts with a dash, if its options are known; short ones may share it.
fn option(root: &Command, word: &str) -> Option<Next> {
    let takes_value = |has: &dyn Fn(&Arg) -> bool| {
        let arg = root.get_arguments().find(|arg| has(arg))?;
        Some(matches!(arg.get_action(), ArgAction::Set | ArgAction::Append))
    };
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let takes = takes_value(&|arg| arg.get_long() == Some(name))?;
        return Some(if takes && value.is_none() { Next::IsValue } else { Next::IsItsOwn });
    }
    let mut letters = word.chars().skip(1).peekable();
    while let Some(letter) = letters.next() {
        if takes_value(&|arg| arg.get_short() == Some(letter))? {
            // What is left of the word is the value.
            return Some(if letters.peek().is_none() { Next::IsValue } else { Next::IsItsOwn });
        }
    }
    Some(Next::IsItsOwn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::whole;

    #[test]
    fn the_command_comes_first_whatever_stood_before_it() {
        for (written, expected) in [
            ("", "run"),
            ("--plain", "run --plain"),
            ("-- --timings", "run -- --timings"),
            ("plan --explain", "plan --explain"),
            ("-P tracker --ci build -o x", "build -P tracker --ci -o x"),
            ("-Ptracker -vP tracker --pairs=8 bench", "bench -Ptracker -vP tracker --pairs=8"),
            // A value may be called as a command.
            ("-P build --from train", "run -P build --from train"),
            ("--budget 3m schema", "schema --budget 3m"),
            ("-j -1 -q -- bench", "run -j -1 -q -- bench"),
            ("--help", "--help"),
            ("-P tracker -h", "-P tracker -h"),
            ("-V", "-V"),
            ("help", "--help"),
            ("help bench", "bench --help"),
            ("--pares 8", "run --pares 8"),
            ("--pares 8 --ci bench", "bench --pares 8 --ci"),
            ("--plain bensh", "bensh --plain"),
        ] {
            let words = |text: &str| -> Vec<OsString> {
                std::iter::once("pgo").chain(text.split_whitespace()).map(OsString::from).collect()
            };
            assert_eq!(arranged(words(written), &whole()), words(expected), "{written}");
        }
    }
}
