//! What a run found for a program: deltas, cost, sizes, and where the binary is.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use honing_core::{
    event::{StageState, Summary},
    outcome::{Measured, Outcome, Ratio, Trust, beyond_reach, notes},
    units,
};

use crate::{
    strip::{over_time, strips},
    table::{Kind, Table},
    tables,
};

/// Writes the summary for a terminal of `width` columns, or for none; with the ratios over time
/// where `verbose`. What to do next is the last thing said.
///
/// # Errors
/// Where `out` does not take it.
pub fn summary(
    summary: &Summary,
    verbose: bool,
    width: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = summary.outcome.as_ref().map_or(Style::new(), outcome_style).bold();
    write!(out, "\n{style}{}{style:#} ({})", summary.program, summary.target)?;
    match &summary.wording {
        Some(wording) => writeln!(out, ": {style}{wording}{style:#}")?,
        None => writeln!(out)?,
    }
    if !summary.measured.is_empty() {
        writeln!(out)?;
        let shown: Vec<&Measured> =
            summary.measured.iter().filter(|metric| !tables::is_percentile(metric)).collect();
        let more = |metric: &Measured| if metric.gated { "" } else { " (not gated)" };
        tables::metrics("", &shown, more).write(out, width)?;
        gated_strips(&summary.measured, out)?;
        percentiles(&summary.measured, width, out)?;
        let legend = tables::legend(&summary.measured);
        if !legend.is_empty() {
            writeln!(out)?;
        }
        legend.iter().try_for_each(|line| writeln!(out, "  {line}"))?;
        if verbose {
            over_time_of_gated(&summary.measured, out)?;
        }
        notes(&summary.measured).try_for_each(|note| writeln!(out, "  {note}"))?;
    }
    trust(&summary.trust, out)?;
    for line in beyond_reach(&summary.trust, &summary.measured) {
        writeln!(out, "  {line}")?;
    }
    if !summary.costs.is_empty() {
        writeln!(out)?;
        costs(summary).write(out, width)?;
    }
    writeln!(out)?;
    if let (Some(baseline), Some(optimized)) = (&summary.baseline, &summary.optimized) {
        let change = optimized.change_from(baseline);
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
    if let (Some(false), Some(baseline)) = (summary.ships, &summary.baseline) {
        writeln!(out, "  ships      {}", baseline.path)?;
    }
    next(&summary.next, out)
}

/// What to do next, below everything else.
fn next(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    lines.iter().enumerate().try_for_each(|(at, line)| {
        let name = if at == 0 { "next" } else { "" };
        writeln!(out, "  {name:<10} {line}")
    })
}

fn outcome_style(outcome: &Outcome) -> Style {
    match outcome {
        Outcome::Improved => AnsiColor::Green.on_default(),
        Outcome::Regressed { .. } => AnsiColor::Red.on_default(),
        Outcome::Inconclusive { .. } | Outcome::NoEffect => AnsiColor::Yellow.on_default(),
        Outcome::NoChange | Outcome::NotMeasured => Style::new(),
    }
}

/// The intervals of what decides, on a common scale.
fn gated_strips(measured: &[Measured], out: &mut dyn Write) -> io::Result<()> {
    let gated = measured.iter().filter(|metric| metric.gated);
    let rows: Vec<(String, Ratio)> =
        gated.filter_map(|metric| Some((metric.name(), metric.ratio?))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    strips(&rows, out)
}

fn percentiles(measured: &[Measured], width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let mut shown = tables::percentiles(measured);
    shown.retain(|metric| !metric.gated);
    if shown.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    tables::latency(&shown).write(out, width)
}

fn over_time_of_gated(measured: &[Measured], out: &mut dyn Write) -> io::Result<()> {
    let gated = measured.iter().filter(|metric| metric.gated);
    let lines: Vec<String> = gated
        .filter_map(|metric| Some(format!("  {} of each pair: {}", metric.name(), over_time(metric)?)))
        .collect();
    if !lines.is_empty() {
        writeln!(out)?;
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// Control and noise floor of each workload.
fn trust(trust: &[Trust], out: &mut dyn Write) -> io::Result<()> {
    for known in trust.iter().filter(|known| known.noise.is_some() || known.control.is_some()) {
        let control = known.control.map(|ratio| format!("A/A control {}", ratio.as_change()));
        let noise = known.noise.map(|noise| format!("noise {:.1} % per pair", noise * 100.0));
        let finds = known.finds.map(|finds| format!("detectable effect {:.1} %", finds * 100.0));
        let said: Vec<String> = [control, noise, finds].into_iter().flatten().collect();
        writeln!(out, "  {}: {}", known.workload, said.join("; "))?;
    }
    Ok(())
}

fn costs(summary: &Summary) -> Table {
    // An earlier run paid for what is up to date; it still cost that.
    Table::of(
        "",
        summary.costs.iter().filter(|cost| cost.state != StageState::Skipped),
        &[
            ("stage", Kind::Words, &|cost| cost.stage.to_string()),
            ("", Kind::Words, &|cost| cost.state.words().into()),
            ("wall", Kind::Number, &|cost| units::millis(cost.elapsed_ms)),
            ("CPU", Kind::Number, &|cost| units::millis(cost.cpu_ms)),
        ],
    )
}

/// A value with its unit; seconds in the unit that suits them.
pub(crate) fn quantity(value: f64, unit: &str) -> String {
    let (value, unit) = match unit {
        _ if value == 0.0 => (value, unit),
        "s" if value.abs() < 1e-3 => (value * 1e6, "µs"),
        "s" if value.abs() < 1.0 => (value * 1e3, "ms"),
        unit => (value, unit),
    };
    format!("{} {unit}", number(value)).trim_end().to_owned()
}

/// Three significant digits or all of the integer part.
fn number(value: f64) -> String {
    if !value.is_finite() {
        return "-".into();
    }
    if value == 0.0 {
        return "0".into();
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

pub(crate) fn trim(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use honing_core::{
        config::Direction,
        outcome::{Spent, Verdict},
    };

    use super::*;

    fn measured(workload: &str, metric: &str, gated: bool, point: f64) -> Measured {
        Measured {
            workload: workload.into(),
            candidate: None,
            metric: metric.into(),
            unit: if metric == "cpu" { "s" } else { "µs" }.into(),
            better: Direction::Lower,
            gated,
            in_sample: workload == "both",
            weight: 1,
            pairs: 18,
            baseline: 0.25,
            optimized: 0.25 * point,
            ratio: Some(Ratio { point, low: point - 0.01, high: point + 0.01, confidence: 0.995 }),
            margin: Some(0.01),
            verdict: Verdict::Improved,
            reason: None,
            note: None,
            ratios: vec![point, point + 0.01],
        }
    }

    #[test]
    fn a_summary_shows_what_decides_and_what_the_machine_did() {
        let found = Summary {
            program: "server".into(),
            target: "t".into(),
            measured: vec![
                measured("eval", "cpu", true, 0.92),
                measured("eval", "latency p99", false, 0.9),
                measured("both", "cpu", true, 0.95),
            ],
            trust: vec![Trust {
                control: Some(Ratio { point: 1.0, low: 0.99, high: 1.01, confidence: 0.99 }),
                noise: Some(0.03),
                finds: Some(0.024),
                spent: Some(Spent { own: 0.2, kernel: 0.15, children: 0.65, waiting: 0.0 }),
                ..Trust::of("eval")
            }],
            outcome: Some(Outcome::Improved),
            wording: Some("PGO pays".into()),
            costs: Vec::new(),
            baseline: None,
            optimized: None,
            ships: None,
            applied: None,
            recorded: None,
            next: vec!["commit pgo/profiles".into(), "build what ships: honing build".into()],
        };
        let mut out = Vec::new();
        summary(&found, true, None, &mut out).unwrap();
        let plain = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
        insta::assert_snapshot!(plain, @"
        server (t): PGO pays

          workload  metric  baseline  optimized  change, 99.5 % interval  pairs  verdict
          eval      cpu       250 ms     230 ms  -8.0 % [-9.0, -7.0]         18  improved
          both      cpu       250 ms     238 ms  -5.0 % [-6.0, -4.0]         18  improved, in-sample

          eval (cpu)  ├──◆──┤                 │
          both (cpu)          ├──◆──┤         │
                      -9 %                    0                   +10 %

          workload  latency   baseline  optimized  change
          eval      p99      0.2500 µs  0.2250 µs  -10.0 % [-11.0, -9.0]

          eval (cpu) of each pair: ▁█ -8.0 % to -7.0 %
          both (cpu) of each pair: ▁█ -5.0 % to -4.0 %
          eval: A/A control 0.0 % [-1.0, +1.0]; noise 3.0 % per pair; detectable effect 2.4 %
          eval: 65 % of the CPU time is in child processes; PGO changes only this program's own code

          next       commit pgo/profiles
                     build what ships: honing build
        ");
    }
}
