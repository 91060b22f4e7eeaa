//! From a program's recordings to verdicts, under the settings of `pgo.toml`. Pure but for the noise
//! floor, which is read from where `bench --aa` left it.

use honing_core::{
    Result,
    config::{Config, Program},
    outcome::{self, Evidence, Trust},
    recorded::SizeEntry,
};

use crate::{
    chain::{
        built::{Built, Optimized},
        session::Session,
        subject::Subject,
    },
    measure::{
        aa,
        bench::Measurements,
        judge::{Judging, plan},
    },
};

/// What was measured of a program, judged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Judged {
    pub(crate) measured: Vec<outcome::Measured>,
    pub(crate) trust: Vec<Trust>,
    pub(crate) identical: bool,
    pub(crate) growth: Option<f64>,
    pub(crate) out_of_budget: bool,
}

impl Judged {
    pub(crate) fn evidence(&self) -> Evidence<'_> {
        Evidence {
            measured: &self.measured,
            identical: self.identical,
            growth: self.growth,
            out_of_budget: self.out_of_budget,
        }
    }
}

/// Sizes of both binaries.
pub(crate) fn size(baseline: &Built, optimized: &Optimized) -> SizeEntry {
    SizeEntry { baseline: baseline.artifact().bytes, optimized: optimized.artifact().bytes }
}

/// Size of the optimized binary over the baseline's.
pub(crate) fn growth(baseline: &Built, optimized: &Optimized) -> f64 {
    optimized.artifact().bytes as f64 / baseline.artifact().bytes.max(1) as f64
}

/// Each workload with the metrics that decide.
pub(crate) fn gates(config: &Config, program: &Program, names: &[&str]) -> Vec<(String, Vec<String>)> {
    let gated = |name: &&str| program.workload.get(*name).map(|workload| config.policy.gated(workload));
    names.iter().map(|name| ((*name).to_owned(), gated(name).unwrap_or_default())).collect()
}

/// How each workload is judged. All metrics that decide share one error rate (ADR 7).
pub(crate) fn judgings<'a>(
    session: &Session,
    subject: &Subject<'_>,
    looks: &[u32],
    gates: &'a [(String, Vec<String>)],
) -> Result<Vec<Judging<'a>>> {
    let bench = &session.config.bench;
    let members = gates.iter().map(|(_, gated)| gated.len()).sum::<usize>();
    let plan = plan(looks, bench.confidence, u32::try_from(members).unwrap_or(u32::MAX))?;
    let one = |(name, gated): &'a (String, Vec<String>)| {
        let workload = subject.program.workload.get(name);
        Judging {
            workload: name,
            in_sample: workload.is_some_and(|workload| workload.role.trains()),
            weight: workload.map_or(1, |workload| workload.weight),
            gated,
            plan: plan.clone(),
            margin: bench.margin / 100.0,
            usual: gated.first().and_then(|metric| aa::usual(session, subject, name, metric)),
        }
    };
    Ok(gates.iter().map(one).collect())
}

/// Judges every workload.
pub(crate) fn judge(session: &Session, subject: &Subject<'_>, measurements: &Measurements) -> Result<Judged> {
    let names: Vec<&str> = measurements.workloads.iter().map(|measured| measured.workload.as_str()).collect();
    let gates = gates(&session.config, subject.program, &names);
    let mut judged = Judged { identical: measurements.identical(), ..Judged::default() };
    if measurements.workloads.is_empty() {
        return Ok(judged);
    }
    let judgings = judgings(session, subject, &measurements.looks, &gates)?;
    for (judging, measured) in judgings.iter().zip(&measurements.workloads) {
        let (metrics, trust) = judging.judge(&measured.recording);
        judged.measured.extend(metrics);
        judged.trust.push(trust);
    }
    Ok(judged)
}

/// Whether measuring would have gone on under the present settings.
pub(crate) fn wants_more(
    session: &Session,
    subject: &Subject<'_>,
    measurements: &Measurements,
) -> Result<bool> {
    let names: Vec<&str> = measurements.workloads.iter().map(|measured| measured.workload.as_str()).collect();
    let gates = gates(&session.config, subject.program, &names);
    let judgings = judgings(session, subject, &measurements.looks, &gates)?;
    Ok(judgings
        .iter()
        .zip(&measurements.workloads)
        .any(|(judging, measured)| judging.wants_more(&measured.recording)))
}
