//! `cargo xtask ci`: every check, in one command.
//!
//! The first failure ends it, with the command repeated so that it can be copied.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, Result, bail};
use clap::Parser;
use duct::Expression;

use crate::{dependencies, go, lint};

/// What the tests said, summed over all of their programs.
#[derive(Debug, Default)]
struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
}

pub(crate) fn run() -> ExitCode {
    ended(checks().map(|tally| {
        say(&format!("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped));
    }))
}

/// Runs a command with what stands after its `name`.
pub(crate) fn command<C: Parser>(
    name: &str,
    args: impl Iterator<Item = String>,
    run: impl FnOnce(C) -> Result<()>,
) -> ExitCode {
    match C::try_parse_from(std::iter::once(name.to_owned()).chain(args)) {
        Ok(cli) => ended(run(cli)),
        Err(error) => {
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

/// How a command ends, with its error told.
pub(crate) fn ended(result: Result<()>) -> ExitCode {
    result.map_or_else(
        |error| {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn checks() -> Result<Tally> {
    step("fmt", &["fmt", "--all", "--check"], &[])?;
    lint::check()?;
    step("clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])?;
    step("doc", &["doc", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")])?;
    dependencies::check().context("dependencies")?;
    advisories()?;
    let go = go::check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/edge")).context("go")?;
    let mut tally = tests()?;
    tally.skipped += u64::from(!go);
    Ok(tally)
}

fn cargo(args: &[&str]) -> Expression {
    duct::cmd(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args)
}

fn step(name: &str, args: &[&str], env: &[(&str, &str)]) -> Result<()> {
    let start = Instant::now();
    say(&format!("==> {name}"));
    let command = env.iter().fold(cargo(args), |command, (key, value)| command.env(key, value));
    command.run().with_context(|| format!("{name} failed; again: cargo {}", args.join(" ")))?;
    say(&format!("==> {name}: fine after {:.0} s", start.elapsed().as_secs_f64()));
    Ok(())
}

/// The database of advisories cannot be read offline; `cargo deny` brings its own copy.
fn advisories() -> Result<()> {
    let has_deny = cargo(&["deny", "--version"]).stdout_null().stderr_null().unchecked().run()?;
    if !has_deny.status.success() {
        say("==> advisories: SKIPPED, needs cargo-deny and its database");
        return Ok(());
    }
    step("advisories", &["deny", "check", "advisories"], &[])
}

/// Runs all tests, shows what they print, and adds up their closing lines.
fn tests() -> Result<Tally> {
    say("==> test");
    let args = ["test", "--workspace", "--no-fail-fast"];
    let reader = cargo(&args).stderr_to_stdout().unchecked().reader()?;
    let mut tally = Tally::default();
    for line in BufReader::new(&reader).lines() {
        let line = line?;
        say(&line);
        tally.read(&line);
    }
    let ended = reader.try_wait()?.context("the tests' output ended before they did")?;
    if !ended.status.success() || tally.failed > 0 {
        bail!("tests failed; again: cargo {}", args.join(" "));
    }
    Ok(tally)
}

impl Tally {
    fn read(&mut self, line: &str) {
        if line.contains("SKIPPED: ") {
            self.skipped += 1;
        }
        let Some((_, counts)) = line.split_once("test result: ") else { return };
        for part in counts.split([';', '.']) {
            let mut words = part.split_whitespace();
            if let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<u64>), words.next()) {
                match what {
                    "passed" => self.passed += count,
                    "failed" => self.failed += count,
                    _ => {}
                }
            }
        }
    }
}

pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn adds_up_closing_lines_and_skips() {
        let mut tally = Tally::default();
        for line in [
            "test result: ok. 20 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 8.0s",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.0s",
            "SKIPPED: needs aria2c",
            "test a ... ok",
        ] {
            tally.read(line);
        }
        assert_eq!((tally.passed, tally.failed, tally.skipped), (22, 3, 1));
    }
}
