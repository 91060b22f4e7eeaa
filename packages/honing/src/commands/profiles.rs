//! `merge --from`, `show`, `diff` and `overlap`: profiles of this project or not.

use std::{
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
};

use honing_core::{Error, Result, units};
use honing_engine::{Given, Input, profile_files};
use honing_match::{FunctionDiff, Hot, Presence, demangle};
use honing_profdata::Profile;
use honing_report::{Kind, Table};
use serde::Serialize;

use crate::{cli::Format, commands::samples, console};

/// Merges everything in `from` into `output`.
pub(crate) fn merge(from: &[OsString], output: &Path, max_lost: f64) -> Result<()> {
    let (inputs, left_out) = inputs(from, output)?;
    for path in &left_out {
        let path = path.display();
        let _ = writeln!(console::err(), "warning: {path} is left out: the merged profile is written there");
    }
    if let (true, Some(only)) = (inputs.is_empty(), left_out.first()) {
        return Err(Error::usage(format!(
            "{} is all there is to merge, and what is written",
            only.display()
        ))
        .with_hint("name another file with --output"));
    }
    if inputs.iter().any(|input| samples::is_one(&input.path)) {
        return samples::merge(&inputs, output, max_lost);
    }
    let outcome = profile_files::merge_files(&inputs, max_lost)?;
    let mut err = console::err();
    for loss in &outcome.losses {
        let _ = writeln!(err, "warning: {loss}");
    }
    honing_engine::write_named(output, outcome.bytes())?;
    let (files, functions) = (inputs.len(), outcome.functions);
    let size = units::bytes(outcome.bytes().len() as u64);
    let _ =
        writeln!(err, "      Merged {files} files into {}: {functions} functions, {size}", output.display());
    Ok(())
}

/// What there is in `from`, each as often as it is named, as LLVM's tool has it; and what of it is left out: a merge of an
/// earlier merge into the same file would count everything twice.
fn inputs(from: &[OsString], output: &Path) -> Result<(Vec<Input>, Vec<PathBuf>)> {
    let target = output.canonicalize().ok();
    let (mut inputs, mut left_out) = (Vec::new(), Vec::new());
    for word in from {
        let Given { path, weight } = Given::parse(word)?;
        let found = if samples::is_one(&path) { vec![path] } else { profile_files::find_profiles(&[path])? };
        for path in found {
            if target.is_some() && path.canonicalize().ok() == target {
                left_out.push(path);
            } else {
                inputs.push(Input { path, weight: u64::from(weight.unwrap_or(1)), sum_of: None });
            }
        }
    }
    Ok((inputs, left_out))
}

#[derive(Serialize)]
struct Shown {
    format: String,
    version: u64,
    functions: u64,
    functions_run: u64,
    blocks: u64,
    blocks_run: u64,
    /// As a string: more than what JSON's numbers hold.
    weight: String,
    losses: Vec<String>,
    hottest: Vec<HotFunction>,
}

#[derive(Serialize)]
struct HotFunction {
    name: String,
    symbol: String,
    cfg_hash: String,
    weight: String,
    share: f64,
    cumulative: f64,
}

/// Prints what is in a profile.
pub(crate) fn show(file: &Path, top: usize, format: Format) -> Result<()> {
    if samples::is_one(file) {
        return samples::show(file, top, format);
    }
    let read = profile_files::read_profile(file)?;
    let (profile, report) = (&read.profile, &read.report);
    let coverage = honing_match::coverage(profile);
    let shown = Shown {
        format: format!("{:?}", report.format).to_lowercase(),
        version: report.version,
        functions: coverage.functions,
        functions_run: coverage.functions_run,
        blocks: coverage.blocks,
        blocks_run: coverage.blocks_run,
        weight: profile.weight().to_string(),
        losses: report.losses.iter().map(|loss| loss.kind.to_string()).collect(),
        hottest: honing_match::hottest(profile, top).iter().map(hot).collect(),
    };
    if format == Format::Json {
        return console::json(&shown);
    }
    let share = |share: f64| format!("{:.1} %", share * 100.0);
    let ran = |run, all, part: f64| format!("{run} of {all} ran ({})", share(part));
    let facts = [
        ("format", format!("{}, version {}", shown.format, shown.version)),
        ("weight", grouped(&shown.weight)),
        ("functions", ran(shown.functions_run, shown.functions, coverage.function_share())),
        ("blocks", ran(shown.blocks_run, shown.blocks, coverage.block_share())),
    ];
    print_facts(file, facts.into_iter().chain(shown.losses.iter().map(|loss| ("lost", loss.clone()))))?;
    let right = Kind::Number;
    console::table(&Table::of(
        "",
        &shown.hottest,
        &[
            ("share", right, &|hot| share(hot.share)),
            ("so far", right, &|hot| share(hot.cumulative)),
            ("weight", right, &|hot| grouped(&hot.weight)),
            ("function", Kind::Words, &|hot| hot.name.clone()),
        ],
    ))
}

/// What is known of a profile as a whole, and an empty line.
pub(super) fn print_facts(
    file: &Path,
    facts: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<()> {
    let mut table = Table::new("", &[("profile", Kind::Words), (&file.display().to_string(), Kind::Words)]);
    facts.into_iter().for_each(|(name, value)| table.row([name.to_owned(), value]));
    console::table(&table)?;
    writeln!(console::out()).map_err(console::broken)
}

fn hot(hot: &Hot<'_>) -> HotFunction {
    HotFunction {
        name: demangle(hot.function.name_bytes()),
        symbol: hot.function.name().into_owned(),
        cfg_hash: format!("{:#018x}", hot.function.cfg_hash()),
        weight: hot.weight.to_string(),
        share: hot.share,
        cumulative: hot.cumulative,
    }
}

#[derive(Serialize)]
struct Difference {
    base_matched: f64,
    base_matched_by_name: f64,
    test_matched: f64,
    test_matched_by_name: f64,
    functions: Vec<FunctionDifference>,
}

#[derive(Serialize)]
struct FunctionDifference {
    name: String,
    presence: &'static str,
    base_share: f64,
    test_share: f64,
    overlap: f64,
}

/// Compares two profiles function by function, the largest change first.
pub(crate) fn diff(base: &Path, test: &Path, top: usize, format: Format) -> Result<()> {
    let (base, test) = both(base, test)?;
    let diff = honing_match::diff(&base, &test);
    let shown = Difference {
        base_matched: diff.base_matched,
        base_matched_by_name: diff.base_named,
        test_matched: diff.test_matched,
        test_matched_by_name: diff.test_named,
        functions: diff.functions.iter().take(top).map(function_difference).collect(),
    };
    if format == Format::Json {
        return console::json(&shown);
    }
    let share = |share: f64| format!("{:.2} %", share * 100.0);
    writeln!(
        console::out(),
        "  of the first's weight {} is in functions that the second has too ({} by name alone),\n  \
         of the second's {} ({} by name alone)\n",
        share(diff.base_matched),
        share(diff.base_named),
        share(diff.test_matched),
        share(diff.test_named)
    )
    .map_err(console::broken)?;
    let right = Kind::Number;
    console::table(&Table::of(
        "",
        &shown.functions,
        &[
            ("first", right, &|function| share(function.base_share)),
            ("second", right, &|function| share(function.test_share)),
            ("overlap", right, &|function| share(function.overlap)),
            ("", Kind::Words, &|function| function.presence.into()),
            ("function", Kind::Words, &|function| function.name.clone()),
        ],
    ))
}

fn function_difference(diff: &FunctionDiff<'_>) -> FunctionDifference {
    FunctionDifference {
        name: demangle(diff.function.name_bytes()),
        presence: match diff.presence {
            Presence::Both => "both",
            Presence::OldCfg => "old control flow",
            Presence::NewCfg => "new control flow",
            Presence::Removed => "removed",
            Presence::Added => "added",
        },
        base_share: diff.base_share,
        test_share: diff.test_share,
        overlap: diff.overlap,
    }
}

#[derive(Serialize)]
struct Alike {
    overlap: f64,
    functions: u64,
    mismatched: f64,
    mismatched_functions: u64,
    only_second: f64,
    only_second_functions: u64,
}

/// Says how alike two profiles are: LLVM's edge overlap.
pub(crate) fn overlap(base: &Path, test: &Path, format: Format) -> Result<()> {
    let (base, test) = both(base, test)?;
    let overlap = honing_match::overlap(&base, &test, false);
    let shown = Alike {
        overlap: overlap.overlap.edges,
        functions: overlap.overlap.functions,
        mismatched: overlap.mismatch.edges,
        mismatched_functions: overlap.mismatch.functions,
        only_second: overlap.unique.edges,
        only_second_functions: overlap.unique.functions,
    };
    if format == Format::Json {
        return console::json(&shown);
    }
    let mut table =
        Table::new("", &[("", Kind::Words), ("edges", Kind::Number), ("functions", Kind::Number)]);
    let mut row = |what: &str, share: f64, functions: u64| {
        table.row([what.to_owned(), format!("{:.3} %", share * 100.0), functions.to_string()]);
    };
    row("overlap", shown.overlap, shown.functions);
    row("other control flow", shown.mismatched, shown.mismatched_functions);
    row("only in the second", shown.only_second, shown.only_second_functions);
    console::table(&table)
}

fn both(base: &Path, test: &Path) -> Result<(Profile, Profile)> {
    if let Some(samples) = [base, test].into_iter().find(|file| samples::is_one(file)) {
        return Err(Error::usage(format!(
            "{} is a profile of a Go program, and counters of LLVM are compared here",
            samples.display()
        ))
        .with_hint("`show` prints one; a stored one is text, which git and the system's `diff` compare"));
    }
    Ok((profile_files::read_profile(base)?.profile, profile_files::read_profile(test)?.profile))
}

/// `13838525` as `13,838,525`.
pub(super) fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_twice_counts_twice_and_the_output_is_no_input() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        for name in ["p.profdata", "q.profdata"] {
            std::fs::write(file(name), b":ir\nmain\n# hash\n7\n# counters\n1\n42\n").unwrap();
        }
        let word = |weight: &str, name: &str| OsString::from(format!("{weight}{}", file(name).display()));
        let (found, none) =
            inputs(&[word("2,", "p.profdata"), word("5,", "p.profdata")], &file("w")).unwrap();
        assert_eq!(found.iter().map(|input| input.weight).collect::<Vec<_>>(), [2, 5]);
        assert!(none.is_empty());
        merge(&[word("2,", "p.profdata"), word("5,", "p.profdata")], &file("w"), 0.0).unwrap();
        assert_eq!(profile_files::read_profile(&file("w")).unwrap().profile.weight(), 7 * 42);

        let (found, out) = inputs(&[OsString::from(dir.path())], &file("q.profdata")).unwrap();
        assert_eq!((found.len(), out), (1, vec![file("q.profdata")]));
        let refused = merge(&[word("", "p.profdata")], &file("p.profdata"), 0.0).unwrap_err();
        assert_eq!(refused.code(), honing_core::ExitCode::Usage);
        assert!(refused.to_string().contains("and what is written"), "{refused}");
    }
}
