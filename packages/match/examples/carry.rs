//! How much of a profile a build applies, before and after rebase, and whether the carried counters
//! are those of a profile that was recorded on that build.
//!
//! `carry OLD.profdata NEW.trace [NEW.profdata [OLD.trace]]`, where a trace is the standard error of a
//! build with `-Cllvm-args=-pgo-trace-func-hash=`, or the list of functions that Honing keeps of it.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a measuring tool")]

use honing_match::{BuildFunctions, Crates, TraceReader, match_build, rebase};
use honing_profdata::{Profile, read};
use std::error::Error;

fn trace(path: &str) -> Result<BuildFunctions, Box<dyn Error>> {
    let mut reader = TraceReader::new();
    let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
    if let Ok(build) = BuildFunctions::from_text(&text) {
        return Ok(build);
    }
    for line in text.lines() {
        reader.line(line);
    }
    let damaged = reader.damaged_lines();
    let build = reader.finish();
    println!("{path}: {} functions, {damaged} damaged lines, {} uncertain", build.len(), build.uncertain());
    Ok(build)
}

fn profile(path: &str) -> Result<Profile, Box<dyn Error>> {
    Ok(read(&std::fs::read(path)?)?.profile)
}

/// Weight of the functions whose counters differ by more than 5 % in sum from the fresh profile's.
fn differing(rebased: &Profile, fresh: &Profile) -> u128 {
    let differs = |function: &honing_profdata::Function<'_>| {
        let there = fresh.named(function.name_bytes()).find(|other| other.cfg_hash() == function.cfg_hash());
        there.is_none_or(|other| {
            let pairs = function.counts().iter().zip(other.counts());
            let difference: u128 = pairs.map(|(a, b)| u128::from(a.abs_diff(*b))).sum();
            difference * 20 > function.weight()
        })
    };
    rebased.functions().filter(differs).map(|function| function.weight()).sum()
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [old, new, more @ ..] = arguments.as_slice() else {
        return Err("carry OLD.profdata NEW.trace [NEW.profdata [OLD.trace]]".into());
    };
    let (old, build) = (profile(old)?, trace(new)?);
    let recorded = more.get(1).map(|path| trace(path)).transpose()?;
    let percent = |part: u128, whole: u128| part as f64 * 100.0 / whole.max(1) as f64;
    let before = match_build(&old, &build, &Crates::default()).all;
    println!("applies as it is: {:.2} %", before.matched() * 100.0);
    let rebased = rebase(&old, recorded.as_ref(), &build);
    let report = &rebased.report;
    println!("applies rebased: {:.2} %", report.share() * 100.0);
    for (rule, part) in &report.by_rule {
        println!("  {rule:?}: {:.3} %, {} functions", percent(part.weight, old.weight()), part.functions);
    }
    for (why, part) in &report.dropped {
        println!("  not, {why:?}: {:.3} %, {} functions", percent(part.weight, old.weight()), part.functions);
    }
    for replaced in &report.replacements {
        println!("  {} became {} ({} functions)", replaced.from, replaced.to, replaced.support);
    }
    for dropped in report.heaviest.iter().take(10) {
        println!("  {:.3} % {:?} {}", percent(dropped.weight, old.weight()), dropped.why, dropped.name);
    }
    if let Some(fresh) = more.first() {
        let differing = differing(&rebased.profile, &profile(fresh)?);
        println!("carried with other counters: {:.3} %", percent(differing, rebased.profile.weight()));
    }
    Ok(())
}
