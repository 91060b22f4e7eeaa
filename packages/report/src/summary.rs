//! What a run found for a program: deltas, cost, sizes, and where the binary is.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use honing_core::{
    event::{StageState, Summary},
    outcome::{Measured, Outcome},
    units,
};

use crate::table::{Align, Table};

/// Writes the summary for a terminal of `width` columns, or for none. Where the
/// optimized binary is, is the last thing said.
///
/// # Errors
/// Where `out` does not take it.
pub fn summary(summary: &Summary, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let style = summary.outcome.as_ref().map_or(Style::new(), outcome_style).bold();
    write!(out, "\n{style}{}{style:#} ({})", summary.program, summary.target)?;
    match &summary.wording {
        Some(wording) => writeln!(out, ": {style}{wording}{style:#}")?,
        None => writeln!(out)?,
    }
    if !summary.measured.is_empty() {
        writeln!(out)?;
        deltas(&summary.measured).write(out, width)?;
        notes(&summary.measured, out)?;
    }
    if !summary.costs.is_empty() {
        writeln!(out)?;
        costs(summary).write(out, width)?;
    }
    writeln!(out)?;
    if let (Some(baseline), Some(optimized)) = (&summary.baseline, &summary.optimized) {
        let change = units::change(optimized.bytes as f64 / baseline.bytes.max(1) as f64);
        let (before, after) = (units::bytes(baseline.bytes), units::bytes(optimized.bytes));
        writeln!(out, "  size       {before} -> {after} ({change})")?;
    }
    if let Some(applied) = &summary.applied {
        writeln!(out, "  match      {}", applied.words())?;
    }
    if let Some(recorded) = &summary.recorded {
        writeln!(out, "  profile    {recorded}")?;
    }
    if let Some(optimized) = &summary.optimized {
        writeln!(out, "  optimized  {}", optimized.path)?;
    }
    Ok(())
}

fn outcome_style(outcome: &Outcome) -> Style {
    match outcome {
        Outcome::Improved => AnsiColor::Green.on_default(),
        Outcome::Regressed { .. } => AnsiColor::Red.on_default(),
        Outcome::Inconclusive { .. } => AnsiColor::Yellow.on_default(),
        Outcome::NoChange | Outcome::NotMeasured => Style::new(),
    }
}

fn deltas(measured: &[Measured]) -> Table {
    let confidence = measured.iter().find_map(|metric| metric.ratio).map_or(0.0, |ratio| ratio.confidence);
    let change = format!("change, {} % interval", trim(confidence * 100.0));
    let mut table = Table::new(&[
        ("workload", Align::Left),
        ("metric", Align::Left),
        ("baseline", Align::Right),
        ("optimized", Align::Right),
        (&change, Align::Left),
        ("pairs", Align::Right),
        ("verdict", Align::Left),
    ]);
    for metric in measured {
        let value = |value: f64| format!("{} {}", number(value), metric.unit).trim_end().to_owned();
        let verdict = metric.verdict.word();
        let informs = if metric.gated { "" } else { " (informs)" };
        let in_sample = if metric.in_sample { ", in-sample" } else { "" };
        table.row([
            metric.workload.clone(),
            metric.metric.clone(),
            value(metric.baseline),
            value(metric.optimized),
            metric.ratio.map_or_else(|| "-".into(), |ratio| ratio.as_change()),
            metric.pairs.to_string(),
            format!("{verdict}{in_sample}{informs}"),
        ]);
    }
    table
}

/// Why a gated metric is open.
fn notes(measured: &[Measured], out: &mut dyn Write) -> io::Result<()> {
    for metric in measured.iter().filter(|metric| metric.gated) {
        if let Some(note) = &metric.note {
            writeln!(out, "  {} ({}): {note}", metric.workload, metric.metric)?;
        }
    }
    Ok(())
}

fn costs(summary: &Summary) -> Table {
    let mut table = Table::new(&[
        ("stage", Align::Left),
        ("", Align::Left),
        ("wall", Align::Right),
        ("CPU", Align::Right),
    ]);
    for cost in summary.costs.iter().filter(|cost| cost.state != StageState::Skipped) {
        let time = |ms: u64| units::elapsed(std::time::Duration::from_millis(ms));
        // An earlier run paid for what is up to date; it still cost that.
        table.row([
            cost.stage.to_string(),
            cost.state.words().into(),
            time(cost.elapsed_ms),
            time(cost.cpu_ms),
        ]);
    }
    table
}

/// Three significant digits or all of the integer part.
fn number(value: f64) -> String {
    if !value.is_finite() {
        return "-".into();
    }
    let magnitude = value.abs();
    if magnitude >= 100.0 {
        format!("{value:.0}")
    } else if magnitude >= 10.0 {
        format!("{value:.1}")
    } else if magnitude >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    }
}

fn trim(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
