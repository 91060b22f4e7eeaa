//! What a refresh costs, as multiples of one plain build.

use honing_core::{
    Stage,
    event::{StageCost, StageState},
};

use super::{Refresh, Span};

/// The cost of a refresh, where all three builds ran in this run, or what earlier runs recorded is
/// the cost of full builds.
pub(super) fn refresh(timeline: &[Span], costs: &[StageCost]) -> Option<Refresh> {
    let parts =
        [Stage::Baseline, Stage::Instrument, Stage::Optimize].map(|stage| Part::of(stage, timeline, costs));
    let [Some(baseline), Some(instrument), Some(optimize)] = parts else { return None };
    let all = [baseline, instrument, optimize];
    let this_run = all.iter().all(|part| part.this_run);
    let full = all.iter().map(|part| part.full).reduce(both).flatten();
    let told = this_run || full == Some(true);
    let plain = baseline.cpu_ms as f64;
    let builds = (instrument.cpu_ms + optimize.cpu_ms) as f64 / plain;
    (told && plain > 0.0).then_some(Refresh {
        baseline_ms: baseline.cpu_ms,
        instrument_ms: instrument.cpu_ms,
        optimize_ms: optimize.cpu_ms,
        builds,
        with_baseline: builds + 1.0,
        this_run,
        full,
    })
}

#[derive(Clone, Copy)]
struct Part {
    cpu_ms: u64,
    this_run: bool,
    full: Option<bool>,
}

impl Part {
    fn of(stage: Stage, timeline: &[Span], costs: &[StageCost]) -> Option<Self> {
        let cost = costs.iter().find(|cost| cost.stage == stage)?;
        let ran = |span: &&Span| span.stage == stage && span.state == Some(StageState::Done);
        // One that had to be repeated cost both times.
        let here: u64 = timeline.iter().filter(ran).map(|span| span.cpu_ms).sum();
        let this_run = timeline.iter().any(|span| ran(&span));
        Some(Self { cpu_ms: if this_run { here } else { cost.cpu_ms }, this_run, full: cost.full })
    }
}

/// One that is known not to be full settles it.
fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: StageState = StageState::Done;
    const OLD: StageState = StageState::UpToDate;

    fn case(stages: &[(Stage, StageState, u64, Option<bool>)]) -> Option<Refresh> {
        let span = |&(stage, state, cpu_ms, _): &(Stage, StageState, u64, Option<bool>)| Span {
            stage: stage.into(),
            state: Some(state),
            start_ms: 0,
            end_ms: 0,
            elapsed_ms: 0,
            cpu_ms,
            detail: String::new(),
            reasons: Vec::new(),
        };
        let cost = |&(stage, state, cpu_ms, full): &(Stage, StageState, u64, Option<bool>)| StageCost {
            stage: stage.into(),
            state,
            elapsed_ms: 0,
            cpu_ms,
            full,
        };
        let timeline: Vec<Span> = stages.iter().map(span).collect();
        let mut costs: Vec<StageCost> = stages.iter().map(cost).collect();
        costs.reverse();
        refresh(&timeline, &costs)
    }

    #[test]
    fn a_refresh_is_told_in_plain_builds() {
        let (b, i, o) = (Stage::Baseline, Stage::Instrument, Stage::Optimize);
        let full = Some(true);
        let all = case(&[(b, DONE, 100, full), (i, DONE, 80, full), (o, DONE, 90, full)]).unwrap();
        assert_eq!((all.this_run, all.full), (true, full));
        assert!((all.builds - 1.7).abs() < 1e-9 && (all.with_baseline - 2.7).abs() < 1e-9);
        let reused = case(&[(b, OLD, 100, full), (i, DONE, 80, full), (o, DONE, 90, full)]).unwrap();
        assert_eq!((reused.this_run, reused.full), (false, full));
        let partly = case(&[(b, DONE, 100, full), (i, DONE, 8, Some(false)), (o, DONE, 90, None)]).unwrap();
        assert_eq!((partly.this_run, partly.full), (true, Some(false)));
        let twice =
            case(&[(b, DONE, 100, full), (i, DONE, 80, full), (i, DONE, 110, full), (o, DONE, 90, full)]);
        assert_eq!(twice.unwrap().instrument_ms, 190);
    }

    #[test]
    fn what_cannot_be_told_is_not() {
        let (b, i, o) = (Stage::Baseline, Stage::Instrument, Stage::Optimize);
        let full = Some(true);
        let none = [
            case(&[(b, OLD, 100, None), (i, DONE, 80, full), (o, DONE, 90, full)]),
            case(&[(b, OLD, 100, Some(false)), (i, DONE, 80, full), (o, DONE, 90, full)]),
            case(&[(b, DONE, 0, full), (i, DONE, 80, full), (o, DONE, 90, full)]),
            case(&[(i, DONE, 80, full), (o, DONE, 90, full)]),
        ];
        assert!(none.iter().all(Option::is_none), "{none:?}");
    }
}
