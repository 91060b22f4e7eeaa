//! What must hold for all data: swapped arms, other units, another order of quads, and no panic.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy.toml's allowances do not reach")]

use honing_paired::{
    Arm, Comparison, Direction, Pair, Plan, Ratio, Rules, Verdict, compare, diagnostics, estimate, log_ratios,
};
use proptest::prelude::*;

/// Pairs in whole quads, up to 40, of values in a range where arithmetic is even.
fn quads() -> impl Strategy<Value = Vec<[Pair; 2]>> {
    let values = || 50.0..150.0f64;
    let quad = (any::<bool>(), values(), values(), values(), values());
    prop::collection::vec(quad, 3..=20).prop_map(|quads| {
        let quad = |(abba, a, b, c, d)| {
            let outer = if abba { Arm::Baseline } else { Arm::Optimized };
            let pair = |first, baseline, optimized| Pair { first, baseline, optimized };
            [pair(outer, a, b), pair(outer.other(), c, d)]
        };
        quads.into_iter().map(quad).collect()
    })
}

fn judged(pairs: &[Pair], better: Direction) -> Comparison {
    // One look, of however many pairs there are, so that all of them count.
    let plan = Plan::new(&[u32::try_from(pairs.len()).unwrap()], 0.2).unwrap();
    let rules = Rules { better, margin: 0.05 };
    compare(pairs, &plan, rules).unwrap()
}

fn close(a: Ratio, b: Ratio) -> bool {
    let near = |a: f64, b: f64| (a.ln() - b.ln()).abs() < 1e-9;
    near(a.point, b.point) && near(a.low, b.low) && near(a.high, b.high)
}

fn inverted(ratio: Ratio) -> Ratio {
    Ratio { point: 1.0 / ratio.point, low: 1.0 / ratio.high, high: 1.0 / ratio.low, ..ratio }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn swapped_arms_invert_ratio_and_verdict(quads in quads()) {
        let pairs = quads.concat();
        let swap = |pair: &Pair| Pair {
            first: pair.first.other(),
            baseline: pair.optimized,
            optimized: pair.baseline,
        };
        let swapped: Vec<Pair> = pairs.iter().map(swap).collect();
        let (one, other) = (judged(&pairs, Direction::Lower), judged(&swapped, Direction::Lower));
        prop_assert!(close(one.estimate.unwrap(), inverted(other.estimate.unwrap())));
        let (check, swapped_check) = (one.cross_check.unwrap(), other.cross_check.unwrap());
        prop_assert!((check.point * swapped_check.point - 1.0).abs() < 1e-9);
        prop_assert!((check.p_value - swapped_check.p_value).abs() < 1e-9);
        let mirrored = match one.verdict {
            Verdict::Improved => Verdict::Regressed,
            Verdict::Regressed => Verdict::Improved,
            same => same,
        };
        prop_assert_eq!(&mirrored, &other.verdict);
        // As does the direction of the metric.
        prop_assert_eq!(mirrored, judged(&pairs, Direction::Higher).verdict);
    }

    #[test]
    fn units_do_not_matter(quads in quads(), factor in 1e-9..1e9f64) {
        let pairs = quads.concat();
        let scaled: Vec<Pair> = (pairs.iter())
            .map(|pair| Pair {
                baseline: pair.baseline * factor,
                optimized: pair.optimized * factor,
                ..*pair
            })
            .collect();
        let (one, other) = (judged(&pairs, Direction::Lower), judged(&scaled, Direction::Lower));
        prop_assert!(close(one.estimate.unwrap(), other.estimate.unwrap()));
        prop_assert_eq!(one.verdict, other.verdict);
    }

    #[test]
    fn a_common_gain_moves_the_interval_and_nothing_else(quads in quads(), gain in 0.5..2.0f64) {
        let d = log_ratios(&quads.concat()).unwrap();
        let moved: Vec<f64> = d.iter().map(|d| d + gain.ln()).collect();
        let ratio = estimate(&d, 0.2).unwrap();
        let expected = Ratio {
            point: ratio.point * gain,
            low: ratio.low * gain,
            high: ratio.high * gain,
            ..ratio
        };
        prop_assert!(close(estimate(&moved, 0.2).unwrap(), expected));
    }

    #[test]
    fn order_of_quads_does_not_matter((quads, shuffled) in quads().prop_flat_map(|quads| {
        let shuffled = Just(quads.clone()).prop_shuffle();
        (Just(quads), shuffled)
    })) {
        let one = judged(&quads.concat(), Direction::Lower);
        let other = judged(&shuffled.concat(), Direction::Lower);
        prop_assert!(close(one.estimate.unwrap(), other.estimate.unwrap()));
        prop_assert_eq!(one.verdict, other.verdict);
    }

    #[test]
    fn anything_positive_gives_finite_numbers(
        values in prop::collection::vec((any::<bool>(), extreme(), extreme()), 0..70),
        alpha in 1e-9..0.5f64,
    ) {
        let pairs: Vec<Pair> = (values.iter())
            .map(|(first, baseline, optimized)| Pair {
                first: if *first { Arm::Baseline } else { Arm::Optimized },
                baseline: *baseline,
                optimized: *optimized,
            })
            .collect();
        let plan = Plan::new(&[2, 4, 6, 8, 12, 18, 62], alpha).unwrap();
        let got = compare(&pairs, &plan, Rules::default()).unwrap();
        let ratios = got.estimate.into_iter().chain(got.cross_check.and_then(|c| c.interval));
        for ratio in ratios {
            prop_assert!([ratio.point, ratio.low, ratio.high].iter().all(|x| x.is_finite()));
            prop_assert!(ratio.low <= ratio.point && ratio.point <= ratio.high);
        }
        let d = log_ratios(&pairs).unwrap();
        for contrast in [diagnostics::halves(&d), diagnostics::orders(&pairs, &d)].into_iter().flatten() {
            prop_assert!(contrast.ratio.is_finite() && (0.0..=1.0).contains(&contrast.p_value));
        }
        if let Some(noise) = diagnostics::noise(&pairs) {
            prop_assert!(noise.per_pair.is_finite());
        }
    }
}

/// Positive values from the smallest to the largest, and many that are equal.
fn extreme() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(1.0),
        Just(2.0),
        Just(f64::MIN_POSITIVE),
        Just(f64::MAX),
        1e-300..1e300f64,
        90.0..110.0f64,
    ]
}

#[test]
fn levels_grow_and_spend_no_more_than_alpha() {
    for looks in [&Plan::USUAL[..], &Plan::LONG, &Plan::SLOW, &[8, 10, 60], &[2, 200]] {
        for alpha in [0.1, 0.05, 0.01, 0.001, 1e-6] {
            let plan = Plan::new(looks, alpha).unwrap();
            let levels: Vec<f64> = plan.looks().iter().map(|look| look.alpha).collect();
            assert!(levels.iter().all(|level| *level > 0.0 && *level < alpha), "{looks:?} {alpha}");
            // Boole: together they cannot err less often than α, else the plan wastes some.
            assert!(levels.iter().sum::<f64>() > alpha, "{looks:?} {alpha}");
        }
    }
}
