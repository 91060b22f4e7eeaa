//! Every command that the pages and the help show is one.

use std::ffi::OsString;

use clap::{CommandFactory, Parser, error::ErrorKind};

use super::{Cli, Command, Look, Work, arranged, build, compare, examples, help, named, shown, whole};

#[path = "../../tests/it/pages.rs"]
mod pages;

/// What stands after `cargo xtask pgo`, whatever cargo is told before; after `honing` otherwise.
fn arguments(words: &[String]) -> Option<&[String]> {
    if words.first()? == "honing" {
        return words.get(1..);
    }
    let xtask = words.iter().position(|word| word == "xtask")?;
    let (subcommand, arguments) = words.get(xtask + 1..)?.split_first()?;
    (subcommand == "pgo").then_some(arguments)
}

/// Why a command line is none; `None` where it is one.
fn refused(arguments: &[String], is_whole: bool) -> Option<String> {
    // `N` stands for any number.
    let words = arguments.iter().map(|word| if word == "N" { "8" } else { word.as_str() });
    let words = std::iter::once("honing").chain(words).map(OsString::from).collect();
    let error = match Cli::try_parse_from(arranged(words, &whole())) {
        // Stages are looked up later.
        Ok(Cli {
            command: Command::Work(Work::Run { range, .. }) | Command::Look(Look::Plan { range, .. }),
            ..
        }) => return range.selection().err().map(|error| error.to_string()),
        Ok(_) => return None,
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => None,
        // Text calls a command by its name.
        ErrorKind::MissingRequiredArgument if !is_whole => None,
        kind => Some(format!("{}: {kind}", arguments.join(" "))),
    }
}

#[test]
fn every_command_of_the_pages_is_accepted() {
    let mut refusals = Vec::new();
    let (mut whole, mut named) = (0, 0);
    for line in pages::commands(&["cargo", "honing"]) {
        let Some(arguments) = arguments(&line.words) else { continue };
        *if line.is_whole { &mut whole } else { &mut named } += 1;
        let refusal = refused(arguments, line.is_whole);
        refusals.extend(refusal.map(|refusal| format!("{}: {refusal}", line.page)));
    }
    assert!(whole > 60 && named > 60, "the pages have another form now: {whole} and {named} commands");
    assert!(refusals.is_empty(), "{refusals:#?}");
}

#[test]
fn every_example_of_the_help_is_accepted() {
    let mut refusals = Vec::new();
    for examples in [
        help::COMMON,
        examples::RUN,
        examples::TRAIN,
        examples::MERGE,
        examples::EXEC,
        build::EXAMPLES,
        compare::EXAMPLES,
    ] {
        let mut found = 0;
        for line in examples.lines() {
            // Two spaces end a command; what follows explains it.
            let command = line.trim_start().split("  ").next().unwrap_or_default();
            let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            let Some(arguments) = arguments(&words) else { continue };
            found += 1;
            refusals.extend(refused(arguments, true));
        }
        assert!(found > 1, "no examples in\n{examples}");
    }
    assert!(refusals.is_empty(), "{refusals:#?}");
}

#[test]
fn what_is_no_command_is_refused() {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for (line, is_accepted) in [
        ("cargo xtask pgo --from merge", true),
        ("cargo --locked xtask pgo check --locked", true),
        ("honing compare --a x --b y -- 1", true),
        ("cargo xtask pgo --from merge --only train", false),
        ("cargo xtask pgo import", false),
        ("cargo xtask pgo --pares 8", false),
        ("cargo xtask pgo bensh", false),
        ("cargo xtask pgo --from trian", false),
        ("cargo xtask pgo train --shard 4/3", false),
        // What a command does not heed, on either side of it.
        ("cargo xtask pgo schema --budget 3m", false),
        ("cargo xtask pgo --budget 3m schema", false),
        ("cargo xtask pgo build --profile F", false),
        ("cargo xtask pgo --locked build", true),
    ] {
        let words = words(line);
        assert_eq!(refused(arguments(&words).unwrap(), true).is_none(), is_accepted, "{line}");
    }
}

#[test]
fn help_calls_the_command_as_it_was_called() {
    for name in ["honing", "cargo x tune", "cargo run --package xtask -- pgo"] {
        let whole = shown(name).render_long_help().to_string();
        let of_exec =
            named(Cli::command(), name).find_subcommand_mut("exec").unwrap().render_help().to_string();
        for help in [whole, of_exec] {
            assert!(help.contains(&format!("  {name} ")) && !help.contains("cargo xtask pgo"), "{help}");
        }
    }
    let column = |name| {
        let help = shown(name).render_help().to_string();
        help.lines().find_map(|line| line.find("what would run, why"))
    };
    assert_eq!(column("honing"), column("cargo xtask pgo"));
}
