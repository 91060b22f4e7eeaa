//! A comparison of a program with another, as text and as Markdown.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use honing_core::{
    config::WALL,
    outcome::{Measured, Ratio, Trust, Verdict},
};

use crate::{
    strip::{over_time, strips},
    table::{Kind, Table},
    tables,
};

/// What is shown of a comparison. The first metric decides.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    /// The program compared against, as it was given.
    pub a: &'a str,
    /// The other one.
    pub b: &'a str,
    /// What the other one is called: `B`, or `B2` where there are several.
    pub called: &'a str,
    /// Every metric.
    pub measured: &'a [Measured],
    /// Control and noise floor.
    pub trust: &'a Trust,
}

impl Comparison<'_> {
    /// Writes it for a terminal of `width` columns, or for none; with the ratios over time where
    /// `verbose`.
    ///
    /// # Errors
    /// Where `out` does not take it.
    pub fn text(&self, verbose: bool, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
        let (called, width_of) = (self.called, self.called.len());
        writeln!(out, "  {:width_of$}  {}\n  {called}  {}\n", "A", self.a, self.b)?;
        self.table().write(out, width)?;
        writeln!(out)?;
        let deciding = self.measured.iter().filter(|metric| metric.gated);
        let rows: Vec<(String, Ratio)> =
            deciding.filter_map(|metric| Some((metric.metric.clone(), metric.ratio?))).collect();
        strips(&rows, out)?;
        if verbose {
            for metric in self.measured.iter().filter(|metric| metric.gated) {
                if let Some(line) = over_time(metric) {
                    writeln!(out, "\n  {} of each pair: {line}", metric.metric)?;
                }
            }
        }
        let style = self.measured.first().map_or(Style::new(), |metric| style(metric.verdict)).bold();
        writeln!(out, "\n{style}{}{style:#}", self.sentence())?;
        let wall = self.measured.first().is_some_and(|metric| metric.metric == WALL);
        self.trust.spent.and_then(|spent| spent.words(wall)).map_or(Ok(()), |spent| writeln!(out, "{spent}"))
    }

    /// Writes it as a Markdown table with the verdict below.
    ///
    /// # Errors
    /// Where `out` does not take it.
    pub fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "A: `{}`, {}: `{}`\n", self.a, self.called, self.b)?;
        writeln!(out, "{}\n{}", self.table().markdown(), self.sentence())
    }

    fn table(&self) -> Table {
        let informs = |metric: &Measured| if metric.gated { "" } else { " (not gated)" };
        Table::of(
            "",
            self.measured,
            &[
                ("metric", Kind::Words, &|metric| metric.metric.clone()),
                ("A", Kind::Number, &|metric| tables::value(metric, metric.baseline)),
                (self.called, Kind::Number, &|metric| tables::value(metric, metric.optimized)),
                (&tables::change(self.measured), Kind::Change, &|metric| tables::interval(metric.ratio)),
                ("verdict", Kind::Words, &|metric| format!("{}{}", metric.verdict.word(), informs(metric))),
            ],
        )
    }

    /// The verdict in one sentence.
    fn sentence(&self) -> String {
        let Some(metric) = self.measured.first() else { return "nothing was measured".into() };
        let of = format!("{} pairs, {}", metric.pairs, metric.metric);
        let change = metric.ratio.map(|ratio| ratio.as_change()).unwrap_or_default();
        let finds = match self.trust.finds {
            Some(finds) => format!("; detectable effect {:.1} % here", finds * 100.0),
            None => String::new(),
        };
        let several = if self.called == "B" { String::new() } else { format!("{}: ", self.called) };
        match metric.verdict {
            Verdict::Improved => format!("{} is better: {change} ({of})", self.called),
            Verdict::Regressed => format!("{} is worse: {change} ({of})", self.called),
            Verdict::NoChange => format!("{several}no change: {change} ({of})"),
            Verdict::Inconclusive => {
                let note = metric.note.clone().unwrap_or_default();
                format!("{several}inconclusive: {note} ({of}{finds})")
            }
        }
    }
}

/// The colour of a verdict.
pub(crate) fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Improved => AnsiColor::Green.on_default(),
        Verdict::Regressed => AnsiColor::Red.on_default(),
        Verdict::Inconclusive => AnsiColor::Yellow.on_default(),
        Verdict::NoChange => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use honing_core::{config::Direction, outcome::Spent};

    use super::*;

    fn measured(metric: &str, gated: bool, point: f64, verdict: Verdict, note: Option<&str>) -> Measured {
        Measured {
            workload: "compare".into(),
            candidate: None,
            metric: metric.into(),
            unit: "s".into(),
            better: Direction::Lower,
            gated,
            in_sample: false,
            weight: 1,
            pairs: 12,
            baseline: 0.0512,
            optimized: 0.0512 * point,
            ratio: Some(Ratio { point, low: point - 0.01, high: point + 0.01, confidence: 0.95 }),
            margin: Some(0.01),
            verdict,
            reason: None,
            note: note.map(str::to_owned),
            ratios: vec![point - 0.005, point + 0.005, point],
        }
    }

    fn trust() -> Trust {
        let spent = Some(Spent { own: 0.4, kernel: 0.0, children: 0.6, waiting: 0.7 });
        Trust { noise: Some(0.03), finds: Some(0.024), spent, ..Trust::of("compare") }
    }

    #[test]
    fn text_and_markdown() {
        let (trust, mut out) = (trust(), Vec::new());
        let metrics = [
            measured("cpu", true, 0.95, Verdict::Improved, None),
            measured("wall", false, 1.0, Verdict::Inconclusive, Some("the interval is too wide")),
        ];
        let comparison =
            Comparison { a: "old/p", b: "new/p", called: "B", measured: &metrics, trust: &trust };
        comparison.text(true, None, &mut out).unwrap();
        let plain = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
        insta::assert_snapshot!(plain, @"
          A  old/p
          B  new/p

          metric        A        B  change, 95 % interval  verdict
          cpu     51.2 ms  48.6 ms  -5.0 % [-6.0, -4.0]    improved
          wall    51.2 ms  51.2 ms  0.0 % [-1.0, +1.0]     inconclusive (not gated)

          cpu          ├──◆──┤         │
               -9 %                    0                   +10 %

          cpu of each pair: ▁█▅ -5.5 % to -4.5 %

        B is better: -5.0 % [-6.0, -4.0] (12 pairs, cpu)
        60 % of the CPU time is in child processes
        ");
        let mut out = Vec::new();
        comparison.markdown(&mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
        A: `old/p`, B: `new/p`

        | metric | A | B | change, 95 % interval | verdict |
        | :-- | --: | --: | --: | :-- |
        | cpu | 51.2 ms | 48.6 ms | -5.0 % \[-6.0, -4.0\] | improved |
        | wall | 51.2 ms | 51.2 ms | 0.0 % \[-1.0, +1.0\] | inconclusive (not gated) |

        B is better: -5.0 % [-6.0, -4.0] (12 pairs, cpu)
        ");
        let open = [measured("cpu", true, 1.0, Verdict::Inconclusive, Some("environment (a hog)"))];
        let open = Comparison { measured: &open, called: "B2", ..comparison };
        assert_eq!(
            open.sentence(),
            "B2: inconclusive: environment (a hog) (12 pairs, cpu; detectable effect 2.4 % here)"
        );
    }
}
