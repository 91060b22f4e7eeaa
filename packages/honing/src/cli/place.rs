//! Where the workspace is, in the words of the command line.

use clap::{ArgMatches, parser::ValueSource};

/// Options that every command needs again, of those that have them: by their ids, and as they are written.
const OPTIONS: [(&str, &str); 3] =
    [("config", "--config"), ("manifest_path", "--manifest-path"), ("target_dir", "--target-dir")];

/// Those that were given, to be copied with a command that is advised. Variables are still there then.
pub(crate) fn place(matches: &ArgMatches) -> String {
    let Some((_, matches)) = matches.subcommand() else { return String::new() };
    let given = OPTIONS.iter().filter_map(|(id, option)| {
        let mut values = matches.try_get_raw(id).ok()??;
        let is_typed = matches.value_source(id) == Some(ValueSource::CommandLine);
        let value = values.next()?.to_str().filter(|_| is_typed)?;
        Some(format!("{option} {}", shlex::try_quote(value).ok()?))
    });
    given.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use crate::cli::Cli;

    #[test]
    fn options_are_given_on_as_they_were_typed() {
        for (words, given) in [
            ("honing plan", ""),
            ("honing status --config=my.toml", "--config my.toml"),
            (
                "honing run --target-dir t --manifest-path a|b/Cargo.toml -P x",
                "--manifest-path 'a b/Cargo.toml' --target-dir t",
            ),
            ("honing compare --a x --b y -- 1", ""),
        ] {
            let words = words.split(' ').map(|word| word.replace('|', " "));
            let matches = Cli::command().get_matches_from(words);
            assert_eq!(super::place(&matches), given);
        }
    }
}
