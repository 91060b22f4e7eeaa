//! Simulated experiments: how often the verdict is wrong, and how often the interval misses.
//!
//! Seeds are fixed, so a test here either always passes or always fails. The short form runs with
//! the other tests; the long form:
//! `cargo test -p honing-paired --test simulation -- --ignored --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests, which clippy.toml's allowances do not reach"
)]

mod noise;

use std::time::Duration;

use honing_paired::{
    Arm, Comparison, Pair, Plan, Precision, Rules, Schedule, Turn, Verdict, compare, shared_alpha,
};
use noise::Noise;

/// What many experiments of one kind came to.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    experiments: u32,
    improved: u32,
    regressed: u32,
    unchanged: u32,
    /// Experiments with an interval, at any look, that misses the true ratio.
    missed: u32,
    /// Pairs until the verdict was settled or the plan ended, summed.
    pairs: u64,
}

impl Tally {
    fn share(&self, count: u32) -> f64 {
        f64::from(count) / f64::from(self.experiments)
    }
}

/// The pairs that a machine with this noise would give for each candidate, by its true ratio; whole
/// plan.
fn measure(noise: Noise, effects: &[f64], pairs: u32, rng: &mut fastrand::Rng) -> Vec<Vec<Pair>> {
    let schedule = Schedule::new(effects.len(), pairs, rng.u64(..)).unwrap();
    let series = noise.series(rng, schedule.runs().count());
    let runs: Vec<(Turn, f64)> = (schedule.runs().zip(series))
        .map(|(turn, disturbance)| {
            let shift = turn.map_or(0.0, |candidate| effects[candidate].ln());
            (turn, noise.read(100.0 * (disturbance + shift).exp()))
        })
        .collect();
    let of = |candidate| {
        let own: Vec<_> = runs.iter().filter(|(turn, _)| turn.is_none_or(|turn| turn == candidate)).collect();
        own.chunks(2).map(|two| Pair::in_order((Arm::of(two[0].0), two[0].1), two[1].1)).collect()
    };
    (0..effects.len()).map(of).collect()
}

/// Runs `experiments` of a true ratio `effect` through a plan, each stopping when settled.
fn simulate(noise: Noise, effect: f64, plan: &Plan, experiments: u32) -> Tally {
    let mut tally = Tally { experiments, ..Tally::default() };
    let mut rng = fastrand::Rng::with_seed(5);
    for _ in 0..experiments {
        let pairs = measure(noise, &[effect], plan.max_pairs(), &mut rng).remove(0);
        let at_looks: Vec<Comparison> = (plan.looks().iter())
            .map(|look| compare(&pairs[..look.pairs as usize], plan, Rules::default()).unwrap())
            .collect();
        let misses = |c: &Comparison| c.estimate.is_some_and(|ratio| !ratio.holds(effect));
        tally.missed += u32::from(at_looks.iter().any(misses));
        let stop = at_looks.iter().find(|c| c.settled()).or(at_looks.last()).unwrap();
        tally.pairs += u64::from(stop.pairs);
        match stop.verdict {
            Verdict::Improved => tally.improved += 1,
            Verdict::Regressed => tally.regressed += 1,
            Verdict::NoChange => tally.unchanged += 1,
            Verdict::Inconclusive => {}
        }
    }
    tally
}

/// The 99.9 % limit of a true rate `alpha` in so many experiments.
fn limit(alpha: f64, experiments: u32) -> f64 {
    alpha + 3.09 * (alpha * (1.0 - alpha) / f64::from(experiments)).sqrt()
}

/// Asserts that errors under one plan stay within `alpha`, whatever the noise; prints them.
///
/// Equal programs: called different, or an interval at any look that misses 1. Programs 3 % apart,
/// in half as many experiments: an interval that misses 0.97, or a verdict other than "improved".
fn errors_within(looks: &[u32], alpha: f64, experiments: u32) {
    let plan = Plan::new(looks, alpha).unwrap();
    println!("looks {looks:?}, α = {alpha}, {experiments} experiments");
    for noise in Noise::ALL {
        let same = simulate(noise, 1.0, &plan, experiments);
        let apart = simulate(noise, 0.97, &plan, experiments / 2);
        let wrong = same.share(same.improved + same.regressed);
        let (missed, missed_apart) = (same.share(same.missed), apart.share(apart.missed));
        println!(
            "  {noise:?}: false verdicts {wrong:.4}, an interval misses {missed:.4}, at a true 3 % \
             {missed_apart:.4}"
        );
        assert!(wrong <= limit(alpha, experiments), "{noise:?}: A/A called different, {wrong}");
        assert!(missed <= limit(alpha, experiments), "{noise:?}: missed 1, {missed}");
        let limit = limit(alpha, experiments / 2);
        assert!(missed_apart <= limit, "{noise:?}: missed 0.97, {missed_apart}");
        let opposite = apart.share(apart.regressed + apart.unchanged);
        assert!(opposite <= limit, "{noise:?}: 3 % called regressed or no change, {opposite}");
    }
}

#[test]
fn five_looks_keep_five_percent() {
    errors_within(&Plan::USUAL, 0.05, 800);
}

#[test]
fn five_looks_keep_one_percent() {
    errors_within(&Plan::USUAL, 0.01, 800);
}

#[test]
fn three_looks_keep_five_percent() {
    errors_within(&Plan::SLOW, 0.05, 1500);
}

#[test]
fn eight_pairs_keep_five_percent() {
    errors_within(&[8], 0.05, 2000);
}

/// Experiments under the rule by which measuring ends: at the first look where the verdict is settled,
/// and the interval is within ±2 % or the runs took 10 s. How often the interval there misses the
/// true ratio, and how often equal programs are called different.
fn ends_when_precise(noise: Noise, effect: f64, plan: &Plan, experiments: u32) -> (f64, f64) {
    let wanted = Precision { half_width: 0.02, time: Duration::from_secs(10) };
    let mut rng = fastrand::Rng::with_seed(11);
    let (mut missed, mut differs) = (0, 0);
    for _ in 0..experiments {
        let pairs = measure(noise, &[effect], plan.max_pairs(), &mut rng).remove(0);
        // Runs take what was read of them, of 100 ms: the time and the values are not independent.
        let so_far =
            |pairs: &[Pair]| pairs.iter().map(|pair| pair.baseline + pair.optimized).sum::<f64>() / 1e3;
        let mut looks = plan.looks().iter().map(|look| {
            let pairs = &pairs[..look.pairs as usize];
            (compare(pairs, plan, Rules::default()).unwrap(), Duration::from_secs_f64(so_far(pairs)))
        });
        let mut last = None;
        for (comparison, so_far) in &mut looks {
            let enough = wanted.is_enough(std::slice::from_ref(&comparison), so_far);
            last = Some(comparison);
            if enough {
                break;
            }
        }
        let last = last.unwrap();
        missed += u32::from(last.estimate.is_none_or(|ratio| !ratio.holds(effect)));
        differs += u32::from(matches!(last.verdict, Verdict::Improved | Verdict::Regressed));
    }
    (f64::from(missed) / f64::from(experiments), f64::from(differs) / f64::from(experiments))
}

#[test]
fn intervals_hold_what_they_claim_where_measuring_ends_when_precise() {
    for (looks, alpha) in [(&Plan::LONG[..], 0.01), (&Plan::SLOW, 0.01)] {
        let plan = Plan::new(looks, alpha).unwrap();
        for noise in Noise::ALL {
            for effect in [1.0, 0.9] {
                let (missed, differs) = ends_when_precise(noise, effect, &plan, 1000);
                println!("{looks:?}, α = {alpha}, {noise:?}, ratio {effect}: missed {missed:.4}");
                let limit = limit(alpha, 1000);
                assert!(missed <= limit, "{noise:?}, ratio {effect}: {missed} of the intervals miss it");
                assert!(effect != 1.0 || differs <= limit, "{noise:?}: {differs} called different");
            }
        }
    }
}

/// Three candidates at 95 % together, each experiment until all are settled: the share of experiments
/// in which any equal one is called different, and that in which the first is found to be better.
fn family(noise: Noise, effects: [f64; 3], experiments: u32) -> (f64, f64) {
    let plan = Plan::new(&Plan::USUAL, shared_alpha(0.05, 3)).unwrap();
    let mut rng = fastrand::Rng::with_seed(9);
    let (mut wrong, mut found) = (0, 0);
    for _ in 0..experiments {
        let candidates = measure(noise, &effects, plan.max_pairs(), &mut rng);
        let at = |look: u32| -> Vec<Comparison> {
            let judged = |pairs: &Vec<Pair>| compare(&pairs[..look as usize], &plan, Rules::default());
            candidates.iter().map(|pairs| judged(pairs).unwrap()).collect()
        };
        let looks: Vec<Vec<Comparison>> = plan.looks().iter().map(|look| at(look.pairs)).collect();
        let last = looks.iter().find(|all| all.iter().all(Comparison::settled)).or(looks.last()).unwrap();
        let differs = |verdict: &Verdict| matches!(verdict, Verdict::Improved | Verdict::Regressed);
        let mut equal = last.iter().zip(effects).filter(|(_, effect)| *effect == 1.0);
        wrong += u32::from(equal.any(|(comparison, _)| differs(&comparison.verdict)));
        found += u32::from(last[0].verdict == Verdict::Improved);
    }
    let share = |count| f64::from(count) / f64::from(experiments);
    (share(wrong), share(found))
}

#[test]
fn three_candidates_share_one_error_rate() {
    for noise in [Noise::Null, Noise::Drift, Noise::Regimes, Noise::Neighbourly] {
        let (wrong, _) = family(noise, [1.0; 3], 500);
        assert!(wrong <= limit(0.05, 500), "{noise:?}: equal programs called different, {wrong}");
        let (wrong, found) = family(noise, [0.9, 1.0, 1.0], 200);
        assert!(wrong <= limit(0.05, 200) && found > 0.9, "{noise:?}: {wrong}, found {found}");
    }
}

#[test]
#[ignore = "long form: minutes"]
fn every_plan_keeps_its_level() {
    for alpha in [0.05, 0.01] {
        errors_within(&Plan::USUAL, alpha, 10_000);
        errors_within(&Plan::LONG, alpha, 4_000);
        errors_within(&Plan::SLOW, alpha, 20_000);
        errors_within(&[8], alpha, 20_000);
    }
    for noise in Noise::ALL {
        let (wrong, _) = family(noise, [1.0; 3], 10_000);
        println!("three candidates, {noise:?}: false verdicts {wrong:.4}");
        assert!(wrong <= limit(0.05, 10_000), "{noise:?}: {wrong}");
    }
}

#[test]
#[ignore = "long form: minutes"]
fn power() {
    println!("share found, wrong sign, mean pairs until settled; runs vary by 3 %");
    for (looks, alpha) in [
        (&Plan::USUAL[..], 0.05),
        (&Plan::USUAL[..], 0.01),
        (&Plan::USUAL[..], 0.01 / 4.0),
        (&Plan::SLOW[..], 0.01),
        (&[8][..], 0.01),
    ] {
        let plan = Plan::new(looks, alpha).unwrap();
        println!("looks {looks:?}, α = {alpha}");
        for noise in [Noise::Null, Noise::Spikes, Noise::Regimes, Noise::TwoSpeeds] {
            for effect in [0.98, 0.95, 0.85] {
                let tally = simulate(noise, effect, &plan, 1000);
                println!(
                    "  {noise:?}, ratio {effect}: {:.3}, {:.4}, {:.1}",
                    tally.share(tally.improved),
                    tally.share(tally.regressed),
                    tally.pairs as f64 / f64::from(tally.experiments)
                );
                assert!(tally.share(tally.regressed) <= limit(alpha / 2.0, 1000));
            }
        }
    }
}
