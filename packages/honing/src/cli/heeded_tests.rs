//! Each command offers what it heeds, refuses the rest, and is in the help once.

use std::{collections::BTreeSet, ffi::OsString};

use clap::{Arg, CommandFactory, Parser, error::ErrorKind};

use super::{Cli, arranged, help, shown, whole};

fn longs<'a>(arguments: impl Iterator<Item = &'a Arg>) -> BTreeSet<String> {
    arguments.filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect()
}

/// Every command, with what it offers.
fn offered() -> Vec<(String, BTreeSet<String>)> {
    let command = Cli::command();
    let each = |one: &clap::Command| (one.get_name().to_owned(), longs(one.get_arguments()));
    command.get_subcommands().map(each).collect()
}

#[test]
fn commands_offer_what_they_heed() {
    // Of the options that several commands have, those that a command lacks or has.
    let all = longs(Cli::command().find_subcommand("run").unwrap().get_arguments());
    let mut text = String::new();
    for (name, flags) in offered() {
        let line = |word, flags: BTreeSet<&String>| {
            let flags: Vec<&str> = flags.into_iter().map(String::as_str).collect();
            format!("{name} {word} {}", flags.join(" ")).trim_end().to_owned() + "\n"
        };
        let shared: BTreeSet<&String> = flags.intersection(&all).collect();
        text += &if shared.len() > all.len() / 2 {
            line("lacks", all.difference(&flags).collect())
        } else {
            line("has", shared)
        };
    }
    insta::assert_snapshot!(text, @"
    run lacks
    dash lacks --ci --ci-system --format --from --only --plain --quiet --skip --to --verbose
    preflight lacks --accept-poorer --budget --from --keep-raw --only --pairs --skip --to
    baseline lacks --accept-poorer --from --keep-raw --llvm-profdata --merge-tool --only --pairs --profile --profiles --skip --to --workload
    instrument lacks --accept-poorer --from --keep-raw --llvm-profdata --merge-tool --only --pairs --profile --profiles --skip --to --workload
    train lacks --accept-poorer --from --llvm-profdata --merge-tool --only --pairs --profile --profiles --skip --to
    merge lacks --accept-poorer --budget --only --pairs --profile --profiles --skip --to --workload
    optimize lacks --accept-poorer --from --keep-raw --llvm-profdata --merge-tool --only --pairs --skip --to --workload
    bench lacks --accept-poorer --from --keep-raw --llvm-profdata --merge-tool --only --profile --profiles --skip --to
    record lacks --budget --from --keep-raw --llvm-profdata --merge-tool --only --pairs --skip --to --workload
    build lacks --accept-poorer --budget --force --from --keep-raw --llvm-profdata --merge-tool --only --pairs --profile --profiles --skip --to --workload
    check lacks --accept-poorer --budget --force --from --keep-raw --llvm-profdata --merge-tool --only --pairs --profile --profiles --skip --to --workload
    checklist lacks --force --from --keep-raw --llvm-profdata --merge-tool --only --profile --profiles --skip --to --workload
    rebase lacks --budget --force --from --keep-raw --llvm-profdata --merge-tool --only --pairs --profile --profiles --skip --to --workload
    import lacks --budget --force --from --keep-raw --llvm-profdata --merge-tool --only --pairs --profile --profiles --skip --to --workload
    plan lacks --accept-poorer --keep-raw --notify --quiet --verbose
    replay has --format --plain --quiet --verbose
    report has --ci --ci-system --config --frozen --locked --manifest-path --offline --plain --target-dir
    status has --ci --ci-system --config --features --format --frozen --locked --manifest-path --offline --plain --program --target --target-dir
    export lacks --accept-poorer --budget --force --from --keep-raw --llvm-profdata --merge-tool --only --pairs --profile --profiles --skip --to --workload
    exec has --ci --ci-system --config --frozen --locked --manifest-path --offline --profile --profiles --program --target --target-dir --verbose
    compare has --ci --ci-system --format --pairs --plain --quiet --verbose
    show has --format --plain
    diff has --format --plain
    overlap has --format --plain
    manifest has --ci --ci-system --config --format --frozen --locked --manifest-path --offline --plain --program --target-dir
    init has --ci --ci-system --config --manifest-path --plain
    clean has --ci --ci-system --config --frozen --locked --manifest-path --offline --plain --program --quiet --target-dir --verbose
    show-config lacks
    schema has
    completions has
    ");
}

#[test]
fn what_a_command_does_not_heed_is_refused_on_either_side_of_it() {
    let whole = whole();
    let mut refused = 0;
    for (name, flags) in offered() {
        for arg in whole.get_arguments().filter(|arg| arg.get_long().is_some()) {
            let long = format!("--{}", arg.get_long().unwrap());
            if flags.contains(&long) || long == "--color" {
                continue;
            }
            let value = if arg.get_action().takes_values() { "=1" } else { "" };
            let option = format!("{long}{value}");
            for words in [["honing", &name, &option], ["honing", &option, &name]] {
                let words = words.map(OsString::from).to_vec();
                let error = Cli::try_parse_from(arranged(words, &whole)).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::UnknownArgument, "{name} {option}: {error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

#[test]
fn the_help_begins_with_what_most_people_type_and_has_every_command_once() {
    let listed: Vec<&str> = help::GROUPS.iter().flat_map(|(_, members)| members.iter().copied()).collect();
    let sorted: BTreeSet<String> = listed.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(sorted, offered().into_iter().map(|(name, _)| name).collect());
    assert_eq!(sorted.len(), listed.len());
    let (short, long) =
        (shown("honing").render_help().to_string(), shown("honing").render_long_help().to_string());
    for help in [&short, &long] {
        let line = |text: &str| help.lines().position(|line| line.contains(text)).unwrap();
        assert!(line("honing bench --pairs 40") < 15 && line("  status  ") < line("--help"), "{help}");
    }
    assert!(!short.contains("--pairs <N>") && long.contains("--pairs <N>") && long.contains("Exit codes:"));
}

#[test]
fn the_short_help_has_no_variables_and_the_long_one_has_them() {
    let all = help::named(Cli::command(), "honing");
    let brief = help::brief(all.clone());
    for (name, _) in offered() {
        let help = |all: &clap::Command, long: bool| {
            let mut one = all.find_subcommand(&name).unwrap().clone();
            if long { one.render_long_help().to_string() } else { one.render_help().to_string() }
        };
        let (short, long) = (help(&brief, false), help(&all, true));
        assert!(!short.contains("HONING_"), "{short}");
        assert_eq!(long.contains("[env: HONING_COLOR]"), short.contains("--color"), "{long}");
    }
}
