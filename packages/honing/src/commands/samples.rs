//! `show` and `merge -o` for profiles of Go programs.

use std::{fs, io::Write, path::Path};

use honing_core::{Error, ExitCode, Result, units};
use honing_engine::Input;
use honing_pprof::{Merger, Policy, Unit};
use honing_report::{Kind, Table};
use serde::Serialize;

use crate::{
    cli::Format,
    commands::profiles::{grouped, print_facts},
    console,
};

/// How gzip begins, and the stored text.
const BEGINNINGS: [&[u8]; 2] = [&[0x1f, 0x8b], b"honing go edges "];

/// Whether a file is one of these, and none of LLVM's.
pub(super) fn is_one(file: &Path) -> bool {
    fs::read(file).is_ok_and(|bytes| BEGINNINGS.iter().any(|beginning| bytes.starts_with(beginning)))
}

#[derive(Serialize)]
struct Shown {
    unit: String,
    calls: usize,
    /// Those with 99 % of the weight, which Go's compiler takes for hot.
    hot_calls: usize,
    /// As a string: more than what JSON's numbers hold.
    weight: String,
    losses: Vec<String>,
    heaviest: Vec<Call>,
}

#[derive(Serialize)]
struct Call {
    caller: String,
    /// Lines from the caller's `func` on.
    line: i64,
    callee: String,
    weight: u64,
    share: f64,
    cumulative: f64,
}

/// Merges profiles of one Go program into the file that `go build -pgo` reads.
pub(super) fn merge(inputs: &[Input], output: &Path, max_lost: f64) -> Result<()> {
    let mut merger = Merger::new(Policy { max_lost_share: max_lost / 100.0, ..Policy::default() });
    for Input { path, weight, .. } in inputs {
        let failed = |what: String| {
            Error::new(ExitCode::Profile, format!("{}: {what}", path.display()))
                .with_hint("give CPU profiles of one Go program")
        };
        let bytes = fs::read(path).map_err(|error| failed(error.to_string()))?;
        merger.add(&bytes, *weight).map_err(|error| failed(error.to_string()))?;
    }
    let merged = merger.finish().map_err(|error| Error::new(ExitCode::Profile, error.to_string()))?;
    let bytes = merged.edges.to_profile().to_pprof();
    honing_engine::write_named(output, &bytes)?;
    let (calls, size) = (merged.edges.len(), units::bytes(bytes.len() as u64));
    let (files, to) = (inputs.len(), output.display());
    let _ = writeln!(console::err(), "      Merged {files} files into {to}: {calls} calls, {size}");
    Ok(())
}

pub(super) fn show(file: &Path, top: usize, format: Format) -> Result<()> {
    let failed = |error: honing_pprof::Error| {
        Error::new(ExitCode::Profile, format!("{}: {error}", file.display()))
            .with_hint("give a CPU profile of a Go program")
    };
    let bytes = fs::read(file)
        .map_err(|error| Error::new(ExitCode::Profile, format!("cannot read {}: {error}", file.display())))?;
    let mut merger = Merger::new(Policy::KEEP_ALL);
    let report = merger.add(&bytes, 1).map_err(failed)?;
    let edges = merger.finish_anyway().map_err(failed)?.edges;
    let whole = edges.weight().max(1) as f64;
    let mut so_far = 0;
    let heaviest = edges.by_weight().into_iter().take(top).map(|edge| {
        so_far += edge.weight;
        Call {
            caller: edge.caller.into(),
            line: edge.offset,
            callee: edge.callee.into(),
            weight: edge.weight,
            share: edge.weight as f64 / whole,
            cumulative: so_far as f64 / whole,
        }
    });
    let loss = |loss| format!("{} of the weight: {}", units::share(report.share_of(loss)), loss.kind);
    let shown = Shown {
        unit: match edges.unit() {
            Unit::Samples { .. } => "samples".into(),
            Unit::Nanoseconds => "nanoseconds".into(),
        },
        calls: edges.len(),
        hot_calls: edges.hot().len(),
        weight: edges.weight().to_string(),
        losses: report.losses.iter().map(loss).collect(),
        heaviest: heaviest.collect(),
    };
    if format == Format::Json {
        return console::json(&shown);
    }
    print(file, &shown)
}

fn print(file: &Path, shown: &Shown) -> Result<()> {
    let facts = [
        ("weight", format!("{} {}, summed over all calls", grouped(&shown.weight), shown.unit)),
        ("calls", format!("{}, {} of them hot (99 % of the weight)", shown.calls, shown.hot_calls)),
    ];
    print_facts(file, facts.into_iter().chain(shown.losses.iter().map(|loss| ("left out", loss.clone()))))?;
    let right = Kind::Number;
    let share = |share: f64| format!("{:.1} %", share * 100.0);
    console::table(&Table::of(
        "",
        &shown.heaviest,
        &[
            ("share", right, &|call| share(call.share)),
            ("so far", right, &|call| share(call.cumulative)),
            ("weight", right, &|call| grouped(&call.weight.to_string())),
            ("call", Kind::Words, &|call| format!("{}:{} → {}", call.caller, call.line, call.callee)),
        ],
    ))
}
