//! `compare`: programs side by side, in any folder.

use std::{io::Write, path::Path, time::Duration};

use honing_core::{Error, Result, outcome::Measured, units};
use honing_engine::{CompareOptions, CompareReport, Progress, children::Cancel};
use honing_report::Comparison;

use crate::{
    cli::{Comparing, Format, Shared},
    console,
};

pub(crate) fn compare(shared: &Shared, flags: &Comparing) -> Result<()> {
    let (report, ended) = match (&flags.replay, &flags.a) {
        (Some(file), _) => (honing_engine::replay(file)?, None),
        (None, Some(a)) => measure(shared, flags, a)?,
        (None, None) => return Err(Error::usage("compare needs --a, or --replay")),
    };
    if let Some(file) = &flags.output {
        std::fs::write(file, console::json_text(&report)? + "\n")
            .map_err(|error| Error::usage(format!("cannot write {}: {error}", file.display())))?;
    }
    if shared.format() == Format::Json {
        console::json(&report)?;
        return ended.map_or(Ok(()), Err);
    }
    let mut out = console::out();
    for (index, found) in report.found().enumerate() {
        let called = called(index, report.others.len());
        let comparison = Comparison {
            a: &report.a.path,
            b: &found.b.path,
            called: &called,
            measured: &found.measured,
            trust: &found.trust,
        };
        if index > 0 {
            writeln!(out).map_err(console::broken)?;
        }
        if flags.markdown {
            comparison.markdown(&mut out).map_err(console::broken)?;
            continue;
        }
        comparison.text(shared.loud.verbose, console::width(), &mut out).map_err(console::broken)?;
        if found.identical {
            console::line(&format!(
                "note: A and {called} are the same, byte by byte: a difference would be the machine's"
            ));
        }
    }
    ended.map_or(Ok(()), Err)
}

/// What a program beside A is called, by its index and how many others there are.
fn called(index: usize, others: usize) -> String {
    if others == 0 { "B".into() } else { format!("B{}", index + 1) }
}

fn measure(shared: &Shared, flags: &Comparing, a: &Path) -> Result<(CompareReport, Option<Error>)> {
    let options = CompareOptions {
        a: a.to_owned(),
        b: flags.b.clone(),
        args: flags.args.clone(),
        pairs: shared.pairs.pairs.map(pairs).transpose()?,
        confidence: share("--confidence", flags.confidence, 0.5..=0.9999, "0.95 for 95 %")?,
        margin: share("--margin", flags.margin, 0.0..=50.0, "1 for 1 %")?,
        seed: flags.seed,
        metric: flags.metric.name().to_owned(),
        exit_codes: flags.exit_codes.clone(),
        same_output: !flags.ignore_output,
    };
    let cancel = Cancel::default();
    let on_signal = cancel.clone();
    ctrlc::set_handler(move || on_signal.request())
        .map_err(|error| Error::internal(format!("cannot handle signals: {error}")))?;
    let told = Teller { live: !shared.quiet.quiet && !shared.job.ci && console::err_is_terminal() };
    let report = honing_engine::compare(&options, &cancel, &mut |progress| match progress {
        Progress::Planned(plan) if !shared.quiet.quiet => console::line(&plan),
        Progress::Planned(_) => {}
        Progress::Block { done, most, left, measured } => told.progress((done, most), left, measured),
    });
    told.clear();
    report
}

fn pairs(pairs: u32) -> Result<u32> {
    if pairs.is_multiple_of(2) && (6..=1000).contains(&pairs) {
        return Ok(pairs);
    }
    Err(Error::usage(format!("--pairs: {pairs} is not an even number from 6 to 1000"))
        .with_hint(format!("write --pairs {}", pairs.clamp(6, 1000).next_multiple_of(2))))
}

fn share(flag: &str, value: f64, allowed: std::ops::RangeInclusive<f64>, example: &str) -> Result<f64> {
    if allowed.contains(&value) {
        return Ok(value);
    }
    let (low, high) = (allowed.start(), allowed.end());
    Err(Error::usage(format!("{flag}: {value} is not a number from {low} to {high}"))
        .with_hint(format!("write {example}")))
}

/// One line that is written over, on a terminal.
struct Teller {
    live: bool,
}

impl Teller {
    fn progress(&self, (done, most): (u32, u32), left: Duration, measured: &[Measured]) {
        if !self.live {
            return;
        }
        let deciding = measured.iter().filter(|metric| metric.gated);
        let ratios: Vec<String> =
            deciding.filter_map(|metric| Some(units::change(metric.ratio?.point))).collect();
        let stands =
            if ratios.is_empty() { String::new() } else { format!(", {} so far", ratios.join(", ")) };
        let left = units::elapsed(left);
        let _ = write!(console::err(), "\r\x1b[K{done} of at most {most} pairs, {left} at most{stands}");
    }

    fn clear(&self) {
        if self.live {
            let _ = write!(console::err(), "\r\x1b[K");
        }
    }
}
