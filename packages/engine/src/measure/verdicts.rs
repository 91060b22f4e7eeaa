//! From a program's recordings to verdicts, under the settings of `pgo.toml`. Pure but for the noise
//! floor, which is read from where `bench --aa` left it.

use honing_core::{
    Result,
    config::{Config, Program},
    outcome::{self, Choice, Evidence, Trust},
    recorded::SizeEntry,
};

use crate::{
    chain::{built::Built, optimized::Optimized, session::Session, subject::Subject},
    measure::{
        Recording, aa,
        judge::{Judging, plan, precision},
        measurements::Measurements,
    },
};

/// What was measured of a program, judged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Judged {
    pub(crate) candidates: Vec<JudgedCandidate>,
    pub(crate) trust: Vec<Trust>,
    pub(crate) out_of_budget: bool,
}

/// What was measured of one candidate.
#[derive(Debug, Clone, Default)]
pub(crate) struct JudgedCandidate {
    pub(crate) measured: Vec<outcome::Measured>,
    pub(crate) identical: bool,
    pub(crate) growth: Option<f64>,
}

impl Judged {
    /// What follows under the policy of today.
    pub(crate) fn choose(&self, session: &Session, subject: &Subject<'_>) -> Choice {
        let candidates = self.candidates.iter();
        let evidence: Vec<Evidence<'_>> = candidates
            .map(|one| Evidence {
                measured: &one.measured,
                identical: one.identical,
                growth: one.growth,
                out_of_budget: self.out_of_budget,
            })
            .collect();
        outcome::choose(&session.config.policy, subject.program, &evidence)
    }

    /// What was measured of a candidate.
    pub(crate) fn measured_of(&self, candidate: usize) -> &[outcome::Measured] {
        self.candidates.get(candidate).map_or(&[], |one| &one.measured)
    }

    /// Everything that was measured, beginning with what the run is judged by.
    pub(crate) fn into_measured(mut self, candidate: usize) -> Vec<outcome::Measured> {
        let first = candidate.min(self.candidates.len());
        self.candidates[..].rotate_left(first);
        self.candidates.into_iter().flat_map(|one| one.measured).collect()
    }
}

/// Sizes of both binaries.
pub(crate) fn size(baseline: &Built, optimized: &Optimized) -> SizeEntry {
    SizeEntry { baseline: baseline.artifact().bytes, optimized: optimized.artifact().bytes }
}

/// Of each program, its size over the baseline's; an entry also where there is none yet.
pub(crate) fn growths(baseline: Option<&Built>, programs: &[Optimized]) -> Vec<Option<f64>> {
    let growth = |program: &Optimized| {
        baseline.map(|before| program.artifact().bytes as f64 / before.artifact().bytes.max(1) as f64)
    };
    match programs {
        [] => vec![None],
        programs => programs.iter().map(growth).collect(),
    }
}

/// Each workload with the metrics that decide.
pub(crate) fn gates<'a>(
    config: &Config,
    program: &Program,
    names: impl Iterator<Item = &'a str>,
) -> Vec<(String, Vec<String>)> {
    let gated = |name: &str| program.workload.get(name).map(|workload| config.policy.gated(workload));
    names.map(|name| (name.to_owned(), gated(name).unwrap_or_default())).collect()
}

/// How each candidate is judged in each workload, by its looks. All metrics that decide, of all
/// candidates, share one error rate (ADR 7).
pub(crate) fn judgings<'a>(
    session: &Session,
    subject: &Subject<'_>,
    looks: &[Vec<u32>],
    gates: &'a [(String, Vec<String>)],
    names: &[Option<&'a str>],
) -> Result<Vec<Vec<Judging<'a>>>> {
    let bench = &session.config.bench;
    let members = names.len() * gates.iter().map(|(_, gated)| gated.len()).sum::<usize>();
    let members = u32::try_from(members).unwrap_or(u32::MAX);
    let one = |((name, gated), looks): (&'a (String, Vec<String>), &Vec<u32>)| {
        let plan = plan(looks, bench.confidence, members)?;
        let workload = subject.program.workload.get(name);
        let usual = gated.first().and_then(|metric| aa::usual(session, subject, name, metric));
        let of = |(index, named): (usize, &Option<&'a str>)| Judging {
            workload: name,
            candidate: (index, *named),
            in_sample: workload.is_some_and(|workload| workload.role.trains()),
            weight: workload.map_or(1, |workload| workload.weight),
            gated,
            plan: plan.clone(),
            margin: bench.margin / 100.0,
            precision: precision(bench.precision),
            usual,
        };
        Ok(names.iter().enumerate().map(of).collect())
    };
    gates.iter().zip(looks).map(one).collect()
}

/// Judges every candidate in every workload. `growth` has an entry for each candidate, whether it was
/// measured or not.
pub(crate) fn judge(
    session: &Session,
    subject: &Subject<'_>,
    growth: &[Option<f64>],
    measurements: Option<&Measurements>,
) -> Result<Judged> {
    let candidate = |growth: &Option<f64>| JudgedCandidate { growth: *growth, ..JudgedCandidate::default() };
    let mut judged = Judged { candidates: growth.iter().map(candidate).collect(), ..Judged::default() };
    let Some(measurements) = measurements else { return Ok(judged) };
    judged.out_of_budget = measurements.out_of_budget;
    for (one, identical) in judged.candidates.iter_mut().zip(measurements.identical()) {
        one.identical = identical;
    }
    each_workload(session, subject, measurements, |judgings, recording| {
        let mut known: Option<Trust> = None;
        for (judging, one) in judgings.iter().zip(&mut judged.candidates) {
            let (metrics, trust) = judging.judge(recording);
            one.measured.extend(metrics);
            known = Some(known.map_or_else(|| trust.clone(), |known| known.and(&trust)));
        }
        judged.trust.extend(known);
    })?;
    Ok(judged)
}

/// Whether measuring would have gone on under the present settings.
pub(crate) fn wants_more(
    session: &Session,
    subject: &Subject<'_>,
    measurements: &Measurements,
) -> Result<bool> {
    let mut more = false;
    each_workload(session, subject, measurements, |judgings, recording| {
        more |= judgings.iter().any(|judging| judging.wants_more(recording));
    })?;
    Ok(more)
}

fn each_workload(
    session: &Session,
    subject: &Subject<'_>,
    measurements: &Measurements,
    mut each: impl FnMut(&[Judging<'_>], &Recording),
) -> Result<()> {
    if measurements.workloads.is_empty() {
        return Ok(());
    }
    let names = measurements.workloads.iter().map(|measured| measured.workload.as_str());
    let gates = gates(&session.config, subject.program, names);
    let looks: Vec<Vec<u32>> =
        measurements.workloads.iter().map(|measured| measurements.looks(measured).to_vec()).collect();
    let judgings = judgings(session, subject, &looks, &gates, &measurements.names())?;
    for (judgings, measured) in judgings.iter().zip(&measurements.workloads) {
        each(judgings, &measured.recording);
    }
    Ok(())
}
