//! Bounds of a group-sequential test, by recursive numerical integration.
//!
//! The estimate after a share t of the planned pairs, scaled to B(t) = Z(t) √t, moves under "no
//! difference" like a Brownian motion: its increments between looks are independent and normal
//! with variance Δt. The density of B over the paths that have crossed no bound so far is carried
//! from look to look,
//!
//! f₁(x) = φ(x / √t₁) / √t₁,  fₖ(x) = ∫ fₖ₋₁(u) φ((x − u) / √Δtₖ) / √Δtₖ du over |u| < bₖ₋₁,
//!
//! and bₖ = cₖ √tₖ is where the probability of crossing at look k equals the α spent there.
//!
//! Sources: P. Armitage, C. K. McPherson and B. C. Rowe, "Repeated significance tests on
//! accumulating data", *JRSS* A 132 (1969), the recursion; K. K. G. Lan and D. L. DeMets,
//! "Discrete sequential boundaries for clinical trials", *Biometrika* 70 (1983), spending; C.
//! Jennison and B. W. Turnbull, *Group Sequential Methods* (2000), ch. 7 and 19.

use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// Intervals of Simpson's rule across the continuation region: with half as many, nominal levels
/// change by less than one part in ten million. Enough where looks are at least 0.2 % of the plan
/// apart, which is a quad in a plan of 1000 pairs.
const STEPS: usize = 256;

/// Further than any bound: beyond it a normal tail is below 1e-300.
const FAR: f64 = 37.0;

/// Bounds cₖ on |Z| at each look, for `spent[k]` of α used up by look k in all.
///
/// `times` are shares of the plan and grow to 1; `spent` grows too.
pub(crate) fn bounds(times: &[f64], spent: &[f64]) -> Vec<f64> {
    let mut paths = Paths::start();
    let mut before = 0.0;
    let mut bounds = Vec::with_capacity(times.len());
    for (time, spent) in times.iter().zip(spent) {
        let bound = paths.bound_for(*time, spent - before);
        paths = paths.advance(*time, bound);
        bounds.push(bound / time.sqrt());
        before = *spent;
    }
    bounds
}

/// Where the paths that have crossed no bound are at one time.
struct Paths {
    time: f64,
    /// Value of B, and the probability that Simpson's rule gives to it.
    grid: Vec<(f64, f64)>,
}

impl Paths {
    /// All paths start at B(0) = 0.
    fn start() -> Self {
        Self { time: 0.0, grid: vec![(0.0, 1.0)] }
    }

    /// Probability that |B| ≥ `bound` at `time`, without a crossing before, and how fast it falls with the bound.
    fn crossing(&self, time: f64, bound: f64) -> (f64, f64) {
        let step = (time - self.time).sqrt();
        let normal = Normal::standard();
        self.grid.iter().fold((0.0, 0.0), |(probability, density), (u, mass)| {
            let (below, above) = ((u - bound) / step, (-bound - u) / step);
            (
                probability + mass * (normal.cdf(below) + normal.cdf(above)),
                density + mass * (normal.pdf(below) + normal.pdf(above)) / step,
            )
        })
    }

    /// The bound on |B| at `time` that `probability` crosses: by Newton's method on the logarithm, which a normal
    /// tail makes nearly a parabola, and by bisection where that leads out of what is known.
    fn bound_for(&self, time: f64, probability: f64) -> f64 {
        let (mut low, mut high) = (0.0, FAR * time.sqrt());
        let mut bound = 3.0 * time.sqrt();
        for _ in 0..60 {
            let (crossing, density) = self.crossing(time, bound);
            if crossing > probability {
                low = bound;
            } else {
                high = bound;
            }
            let newton = bound + (crossing / probability).ln() * crossing / density;
            let next = if low < newton && newton < high { newton } else { f64::midpoint(low, high) };
            let moved = (next - bound).abs();
            bound = next;
            if moved <= 1e-14 * bound {
                break;
            }
        }
        bound
    }

    /// The paths that stay within ±`bound` at `time`.
    fn advance(&self, time: f64, bound: f64) -> Self {
        let step = (time - self.time).sqrt();
        let width = 2.0 * bound / STEPS as f64;
        let normal = Normal::standard();
        let grid = (0..=STEPS)
            .map(|index| {
                let x = -bound + width * index as f64;
                let density: f64 =
                    self.grid.iter().map(|(u, mass)| mass * normal.pdf((x - u) / step) / step).sum();
                let simpson = match index {
                    0 | STEPS => 1.0,
                    odd if odd % 2 == 1 => 4.0,
                    _ => 2.0,
                };
                (x, density * simpson * width / 3.0)
            })
            .collect();
        Self { time, grid }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fifths() -> Vec<f64> {
        (1..=5).map(|k| f64::from(k) / 5.0).collect()
    }

    fn assert_close(got: &[f64], published: &[f64], within: f64) {
        assert_eq!(got.len(), published.len());
        for (got, published) in got.iter().zip(published) {
            assert!((got - published).abs() <= within, "{got} {published}");
        }
    }

    #[test]
    fn lan_demets_bounds_are_the_published_ones() {
        // Lan and DeMets (1983), as in gsDesign and ldbounds: five equal looks, two-sided 5 %.
        let normal = Normal::standard();
        let pocock: Vec<f64> =
            (fifths().iter()).map(|t| 0.05 * (1.0 + (std::f64::consts::E - 1.0) * t).ln()).collect();
        assert_close(&bounds(&fifths(), &pocock), &[2.438, 2.427, 2.410, 2.397, 2.386], 6e-4);
        let quantile = normal.inverse_cdf(1.0 - 0.05 / 4.0);
        let obrien_fleming: Vec<f64> =
            (fifths().iter()).map(|t| 4.0 * normal.cdf(-quantile / t.sqrt())).collect();
        assert_close(&bounds(&fifths(), &obrien_fleming), &[4.877, 3.357, 2.680, 2.290, 2.031], 6e-4);
    }

    #[test]
    fn repeated_looks_at_five_percent_err_as_published() {
        // Armitage, McPherson and Rowe (1969), table 2: |Z| > 1.96 at each of k equal looks.
        let published = [0.050, 0.083, 0.107, 0.126, 0.142];
        for (looks, published) in (1..=5).zip(published) {
            let mut paths = Paths::start();
            let mut crossed = 0.0;
            for look in 1..=looks {
                let (time, bound) = (f64::from(look), 1.959964 * f64::from(look).sqrt());
                crossed += paths.crossing(time, bound).0;
                paths = paths.advance(time, bound);
            }
            assert!((crossed - published).abs() < 6e-4, "{looks}: {crossed}");
        }
    }
}
