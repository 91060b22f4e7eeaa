//! From a recording to verdicts. Pure: numbers in, verdicts out.

use std::time::Duration;

use honing_core::{
    Error, Result,
    outcome::{Measured, Open, Trust, Verdict},
    units,
};
use honing_paired::{
    self as paired, BadValue, Comparison, Pair, Plan, Precision, Rules, diagnostics,
    environment::{self, Finding},
    log_ratios,
};

use crate::measure::Recording;

/// The most pairs that a note proposes, and the longest time for them.
const MOST_PAIRS: u32 = 1000;
const LONGEST: Duration = Duration::from_secs(600);
/// Times below this are not worth a word.
const SHORT: Duration = Duration::from_secs(10);

/// What a candidate's runs of a recording are judged by.
#[derive(Debug, Clone)]
pub(crate) struct Judging<'a> {
    /// The workload.
    pub(crate) workload: &'a str,
    /// The candidate, by its index, with its name where there are several.
    pub(crate) candidate: (usize, Option<&'a str>),
    /// Whether the profile was trained on it.
    pub(crate) in_sample: bool,
    /// Its weight.
    pub(crate) weight: u32,
    /// Metrics that decide; the first one leads.
    pub(crate) gated: &'a [String],
    /// The looks, with the error rate of one metric.
    pub(crate) plan: Plan,
    /// Equivalence margin, as a share.
    pub(crate) margin: f64,
    /// What measuring goes on for once the verdict is clear.
    pub(crate) precision: Precision,
    /// The machine's usual noise floor, where it was qualified.
    pub(crate) usual: Option<f64>,
}

/// A plan for `members`, metrics of candidates, that share the error rate of `confidence`.
pub(crate) fn plan(looks: &[u32], confidence: f64, members: u32) -> Result<Plan> {
    Plan::new(looks, paired::shared_alpha(1.0 - confidence, members))
        .map_err(|error| Error::usage(format!("bench: {error}")))
}

/// Half-width of the interval that is wanted, in percent, and what is worth spending on it.
pub(crate) fn precision(percent: f64) -> Precision {
    Precision { half_width: percent / 100.0, time: Duration::from_secs(10) }
}

impl Judging<'_> {
    fn pairs(&self, recording: &Recording, metric: usize) -> Vec<Pair> {
        recording.pairs_of(self.candidate.0, metric)
    }

    fn decides(&self, metric: &str) -> bool {
        self.gated.iter().any(|gated| gated == metric)
    }

    /// The leading metric's index.
    fn leading(&self, recording: &Recording) -> Option<usize> {
        let first = self.gated.first()?;
        recording.metrics.iter().position(|metric| metric.name == *first)
    }

    fn compare(&self, recording: &Recording, metric: usize) -> Result<Comparison, BadValue> {
        let rules = Rules { better: recording.metrics[metric].better, margin: self.margin };
        paired::compare(&self.pairs(recording, metric), &self.plan, rules)
    }

    /// What the metrics that decide say; `None` where one has a value that cannot be compared.
    fn deciding(&self, recording: &Recording) -> Option<Vec<Comparison>> {
        let metrics = recording.metrics.iter().enumerate().filter(|(_, metric)| self.decides(&metric.name));
        metrics.map(|(at, _)| self.compare(recording, at).ok()).collect()
    }

    /// Whether measuring ends at a look.
    pub(crate) fn is_enough(&self, recording: &Recording) -> bool {
        let so_far = recording.time();
        self.deciding(recording).is_some_and(|all| self.precision.is_enough(&all, so_far))
    }

    /// Whether there are looks left that measuring has to go on to for a verdict.
    pub(crate) fn wants_more(&self, recording: &Recording) -> bool {
        let settled = |all: Vec<Comparison>| all.iter().all(Comparison::settled);
        recording.pairs() < self.plan.max_pairs() && !self.deciding(recording).is_some_and(settled)
    }

    /// What the machine did that overrules the verdicts.
    pub(crate) fn findings(&self, recording: &Recording) -> Vec<Finding> {
        let sittings = recording.met(self.candidate.0);
        let mut found: Vec<Finding> = sittings.iter().flat_map(|met| environment::conditions(met)).collect();
        if let Some(seen) = recording.changed_governors() {
            found.push(Finding::Governor { seen: seen.to_vec() });
        }
        if let Some(at) = self.leading(recording) {
            let (pairs, control) = (self.pairs(recording, at), recording.control_of(at));
            found.extend(environment::pairs(&pairs, &control, self.margin, self.usual));
        }
        found
    }

    /// Judges every metric.
    pub(crate) fn judge(&self, recording: &Recording) -> (Vec<Measured>, Trust) {
        let findings: Vec<String> = self.findings(recording).iter().map(ToString::to_string).collect();
        let measured = (0..recording.metrics.len()).map(|at| {
            let mut measured = self.unjudged(recording, at);
            match self.compare(recording, at) {
                Ok(comparison) => {
                    let overruled = match &findings[..] {
                        [] => comparison,
                        all => comparison.overruled(&all.join("; ")),
                    };
                    put(&mut measured, overruled, recording);
                }
                Err(bad) => {
                    measured.reason = Some(Open::TooFewPairs);
                    measured.note = Some(bad.to_string());
                }
            }
            measured
        });
        (measured.collect(), self.trust(recording, findings.clone()))
    }

    /// How it stands between two looks: the interval is one for display, at the next look's level.
    pub(crate) fn interim(&self, recording: &Recording) -> Vec<Measured> {
        let pairs = recording.pairs();
        let look = self.plan.next(pairs).or_else(|| self.plan.looks().last());
        let level = look.map_or(self.plan.alpha(), |look| look.alpha);
        let metrics = 0..recording.metrics.len();
        metrics
            .map(|at| {
                let mut measured = self.unjudged(recording, at);
                if let Ok(comparison) = self.compare(recording, at) {
                    put(&mut measured, comparison, recording);
                }
                measured.note = None;
                let ratios = log_ratios(&self.pairs(recording, at)).unwrap_or_default();
                measured.ratio = paired::estimate(&ratios, level);
                measured
            })
            .collect()
    }

    fn trust(&self, recording: &Recording, findings: Vec<String>) -> Trust {
        let leading = self.leading(recording);
        let control = leading.and_then(|at| log_ratios(&recording.control_of(at)).ok());
        let control = control.and_then(|ratios| paired::estimate(&ratios, environment::CONTROL_ALARM));
        let noise = leading.and_then(|at| diagnostics::noise(&self.pairs(recording, at)));
        Trust {
            workload: self.workload.to_owned(),
            findings,
            control,
            noise: noise.map(|noise| noise.per_pair),
            finds: noise.and_then(|noise| noise.smallest_effect(recording.pairs(), self.plan.alpha())),
            spent: recording.spent(),
        }
    }

    fn unjudged(&self, recording: &Recording, at: usize) -> Measured {
        let metric = &recording.metrics[at];
        let pairs = self.pairs(recording, at);
        Measured {
            workload: self.workload.to_owned(),
            candidate: self.candidate.1.map(str::to_owned),
            metric: metric.name.clone(),
            unit: metric.unit.clone(),
            better: metric.better,
            gated: self.decides(&metric.name),
            in_sample: self.in_sample,
            weight: self.weight,
            pairs: recording.pairs(),
            baseline: median(pairs.iter().map(|pair| pair.baseline)),
            optimized: median(pairs.iter().map(|pair| pair.optimized)),
            ratio: None,
            margin: Some(self.margin),
            verdict: Verdict::Inconclusive,
            reason: Some(Open::TooFewPairs),
            note: None,
            ratios: pairs.iter().map(|pair| rounded(pair.optimized / pair.baseline)).collect(),
        }
    }
}

fn put(measured: &mut Measured, comparison: Comparison, recording: &Recording) {
    let advice = advice(&comparison, recording.seconds_a_pair());
    let Comparison { estimate, verdict, open, note, .. } = comparison;
    (measured.ratio, measured.verdict, measured.reason) = (estimate, verdict, open);
    measured.note = note.map(|note| note + &advice);
}

/// What more pairs would do: how many would probably tell, if that is to be had; else what is.
fn advice(comparison: &Comparison, seconds: f64) -> String {
    let time = |pairs: u32| Duration::from_secs_f64(f64::from(pairs) * seconds);
    let enough = comparison.further_pairs.map(|more| (comparison.pairs + more).next_multiple_of(2));
    match enough.filter(|pairs| *pairs <= MOST_PAIRS && time(*pairs) <= LONGEST) {
        Some(pairs) if time(pairs) < SHORT => return format!("; --pairs {pairs} would probably tell"),
        Some(pairs) => {
            return format!("; --pairs {pairs} would probably tell, in {}", units::elapsed(time(pairs)));
        }
        None => {}
    }
    let (Some(ratio), Some(Open::TooWide)) = (comparison.estimate, comparison.open) else {
        return String::new();
    };
    let half = (ratio.high / ratio.low).ln() / 2.0 * 100.0;
    let most = ((LONGEST.as_secs_f64() / seconds.max(1e-6)) as u32).min(MOST_PAIRS) / 2 * 2;
    if most <= comparison.pairs {
        return format!("; it is ±{half:.1} % after {}", units::elapsed(time(comparison.pairs)));
    }
    let left = half * (f64::from(comparison.pairs) / f64::from(most)).sqrt();
    format!("; {most} pairs ({}) would bring it to about ±{left:.1} %", units::elapsed(time(most)))
}

/// Five digits: finer than any clock, and short in the event stream. What has no ratio is 0.
fn rounded(ratio: f64) -> f64 {
    if ratio.is_finite() { (ratio * 1e5).round() / 1e5 } else { 0.0 }
}

/// The median, or NaN of nothing.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use honing_paired::environment::{Conditions, CpuTime};

    use super::*;
    use crate::measure::{
        MetricKind, Run, Which,
        experiment::{At, Design, measure},
    };

    /// Quads whose optimized runs take `factor` as long; wait is 0, or as long as the optimized
    /// program runs.
    fn recording(quads: usize, factor: f64, unfair: bool) -> Recording {
        const A: Which = Which::Reference;
        const B: Which = Which::Candidate(0);
        let mut recording = Recording { metrics: vec![MetricKind::cost("cpu", "s")], ..Recording::default() };
        for index in 0..quads {
            for (place, program) in [A, B, B, A].into_iter().enumerate() {
                let wobble = 1.0 + 0.01 * ((index * 4 + place) * 7919 % 17) as f64 / 17.0;
                let value = 0.05 * wobble * if program == B { factor } else { 1.0 };
                let wait = Some(if unfair && program == B { value } else { 0.0 });
                let conditions = Conditions { wall: value, cpu: value, wait, ..Conditions::default() };
                recording.runs.push(Run { program, values: vec![value], conditions });
            }
        }
        recording
    }

    fn judging<'a>(gated: &'a [String]) -> Judging<'a> {
        let plan = plan(&[12, 18, 28], 0.99, 1).unwrap();
        Judging {
            workload: "w",
            candidate: (0, None),
            in_sample: false,
            weight: 1,
            gated,
            plan,
            margin: 0.01,
            precision: precision(2.0),
            usual: None,
        }
    }

    #[test]
    fn a_clear_difference_settles_at_the_first_look() {
        let gated = ["cpu".to_owned()];
        let judging = judging(&gated);
        let clear = recording(6, 0.9, false);
        assert!(judging.is_enough(&clear) && !judging.wants_more(&clear));
        let (measured, trust) = judging.judge(&clear);
        assert_eq!((measured[0].verdict, measured[0].pairs), (Verdict::Improved, 12));
        assert_eq!(measured[0].ratios.len(), 12);
        assert!(trust.findings.is_empty() && trust.noise.is_some(), "{trust:?}");
        let early = recording(3, 0.9, false);
        assert!(judging.wants_more(&early));
        assert_eq!(judging.judge(&early).0[0].reason, Some(Open::TooFewPairs));
        assert!(judging.interim(&early)[0].ratio.is_some());
    }

    #[test]
    fn more_pairs_are_proposed_where_they_are_to_be_had() {
        // Open at the last look.
        let mut wide = recording(14, 1.0, false);
        for (index, run) in wide.runs.iter_mut().enumerate() {
            run.values[0] *= 1.0 + 0.4 * ((index * 7919 % 31) as f64 / 31.0);
        }
        let gated = ["cpu".to_owned()];
        let comparison = judging(&gated).compare(&wide, 0).unwrap();
        assert_eq!(comparison.open, Some(Open::TooWide));
        let further = comparison.further_pairs.map(|more| comparison.pairs + more);
        assert!(further.is_some_and(|pairs| pairs > 100), "{further:?}");
        for (seconds, says) in [
            (0.001, "would probably tell"),
            (0.1, " would probably tell, in "),
            // A pair in a minute.
            (60.0, "; it is ±"),
            (6.0, "; 100 pairs (10m00s) would bring it to about ±"),
        ] {
            let said = advice(&comparison, seconds);
            assert!(said.contains(says), "{seconds}: {said}");
        }
    }

    #[test]
    fn where_the_time_went_is_read_from_the_baselines_runs() {
        let mut recording = recording(6, 0.9, false);
        assert_eq!(judging(&[]).judge(&recording).1.spent, None);
        for run in &mut recording.runs {
            let children = if run.program == Which::Reference { 0.025 } else { 0.0 };
            let cpu = CpuTime { own: 0.0125, kernel: 0.0125, children };
            run.conditions = Conditions { wall: 0.1, cpu_time: Some(cpu), ..run.conditions };
        }
        let spent = judging(&[]).judge(&recording).1.spent.unwrap();
        assert_eq!((spent.own, spent.kernel, spent.children), (0.25, 0.25, 0.5));
        assert!((spent.waiting - 0.5).abs() < 1e-9, "{spent:?}");
    }

    #[test]
    fn the_environment_overrules() {
        let gated = ["cpu".to_owned()];
        let (measured, trust) = judging(&gated).judge(&recording(6, 0.9, true));
        assert_eq!(
            (measured[0].verdict, measured[0].reason),
            (Verdict::Inconclusive, Some(Open::Environment))
        );
        assert!(
            measured[0].note.as_ref().is_some_and(|note| note.contains("run-queue wait")),
            "{measured:?}"
        );
        assert_eq!(trust.findings.len(), 1);
        assert!(measured[0].ratio.is_some(), "what was measured is still shown");
    }

    /// Runs of equal programs: each 3 % about a level that the machine has in this sitting, and that
    /// wanders. `bad` is told how it stands after each block, and ends the sitting.
    fn sitting(
        recording: &mut Recording,
        rng: &mut fastrand::Rng,
        judging: &Judging<'_>,
        bad: &mut dyn FnMut(&Recording, &mut fastrand::Rng) -> bool,
    ) -> bool {
        let looks: Vec<u32> = judging.plan.looks().iter().map(|look| look.pairs).collect();
        let design = Design { looks, candidates: 1, seed: 7, controls: true };
        let mut level = rng.f64();
        let mut draws = rng.fork();
        let mut once = |program| {
            let normal: f64 = (0..12).map(|_| draws.f64()).sum::<f64>() - 6.0;
            level += 0.002 * (draws.f64() - 0.5);
            let value = 0.1 * (level + 0.03 * normal).exp();
            let conditions = Conditions { wall: value, cpu: value, ..Conditions::default() };
            Ok(Run { program, values: vec![value], conditions })
        };
        let mut enough = |recording: &Recording, at: At| {
            if bad(recording, rng) {
                return Err(Error::internal("cancelled"));
            }
            Ok(at == At::Look && judging.is_enough(recording))
        };
        recording.metrics = vec![MetricKind::cost("cpu", "s")];
        measure(&design, recording, &|| 0, &mut once, &mut enough).is_err()
    }

    /// Equal programs, each measurement cancelled twice and continued; in every other one whenever the
    /// optimized program looks slower.
    #[test]
    fn who_cancels_what_looks_bad_gains_nothing() {
        let gated = ["cpu".to_owned()];
        let plan = plan(&Plan::LONG, 0.99, 1).unwrap();
        let judging = Judging { plan, ..judging(&gated) };
        let mut rng = fastrand::Rng::with_seed(2);
        let (mut different, mut cancelled) = (0, 0);
        for number in 0..200 {
            let mut recording = Recording::default();
            for _ in 0..2 {
                let peeks = number % 2 == 0;
                let mut bad = |recording: &Recording, rng: &mut fastrand::Rng| {
                    let looks = judging.interim(recording)[0].ratio.is_some_and(|ratio| ratio.point > 1.01);
                    if peeks { looks } else { rng.u32(..12) == 0 }
                };
                cancelled += u32::from(sitting(&mut recording, &mut rng, &judging, &mut bad));
            }
            sitting(&mut recording, &mut rng, &judging, &mut |_, _| false);
            let verdict = judging.judge(&recording).0[0].verdict;
            different += u32::from(matches!(verdict, Verdict::Improved | Verdict::Regressed));
        }
        assert!(cancelled > 200, "{cancelled} were cancelled");
        assert!(different <= 2, "{different} of 200 were called different");
    }
}
