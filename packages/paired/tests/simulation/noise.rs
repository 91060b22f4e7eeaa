//! What machines do to equal runs: log-disturbances of a run, one after the other in time.

use fastrand::Rng;

/// Standard deviation of a quiet run's log-time: 3 %.
const QUIET: f64 = 0.03;

/// A kind of disturbance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noise {
    /// Independent normal.
    Null,
    /// Becomes 30 % slower from the first run to the last.
    Drift,
    /// One run in eight is hit and takes 20 to 100 % longer.
    Spikes,
    /// Switches between two speeds 20 % apart, staying for about 15 runs.
    Regimes,
    /// Each run has one of two speeds 30 % apart, by chance (memory layout does this).
    TwoSpeeds,
    /// First-order autoregressive, ρ = 0.9: slow wandering.
    Wandering,
    /// First-order autoregressive, ρ = 0.5: neighbours resemble each other, which is worst for
    /// quads, whose inner runs are neighbours of one arm.
    Neighbourly,
    /// Read from a clock that ticks every 4 % of the run.
    Ticks,
    /// The same with ticks of 1 %.
    FineTicks,
    /// Cauchy: no mean, no variance.
    HeavyTails,
}

impl Noise {
    pub(crate) const ALL: [Self; 10] = [
        Self::Null,
        Self::Drift,
        Self::Spikes,
        Self::Regimes,
        Self::TwoSpeeds,
        Self::Wandering,
        Self::Neighbourly,
        Self::Ticks,
        Self::FineTicks,
        Self::HeavyTails,
    ];

    /// The disturbances of `runs` runs in their order.
    pub(crate) fn series(self, rng: &mut Rng, runs: usize) -> Vec<f64> {
        let mut state = normal(rng);
        (0..runs)
            .map(|run| {
                let quiet = QUIET * normal(rng);
                match self {
                    Self::Null | Self::Ticks | Self::FineTicks => quiet,
                    Self::Drift => quiet + 0.3 * run as f64 / runs as f64,
                    Self::Spikes if rng.u8(..8) == 0 => quiet + (1.2 + 0.8 * rng.f64()).ln(),
                    Self::Spikes => quiet,
                    Self::Regimes => {
                        if rng.u8(..15) == 0 {
                            state = -state;
                        }
                        quiet + 0.1 * state.signum()
                    }
                    Self::TwoSpeeds => quiet / 2.0 + if rng.bool() { 0.3 } else { 0.0 },
                    Self::Wandering => {
                        state = 0.9 * state + (1.0f64 - 0.81).sqrt() * normal(rng);
                        0.1 * state
                    }
                    Self::Neighbourly => {
                        state = 0.5 * state + 0.75f64.sqrt() * normal(rng);
                        QUIET * state
                    }
                    Self::HeavyTails => {
                        let cauchy = (std::f64::consts::PI * (rng.f64() - 0.5)).tan();
                        (QUIET * cauchy).clamp(-20.0, 20.0)
                    }
                }
            })
            .collect()
    }

    /// What the clock reads for a true value near 100.
    pub(crate) fn read(self, value: f64) -> f64 {
        match self {
            Self::Ticks => (value / 4.0).round() * 4.0,
            Self::FineTicks => value.round(),
            _ => value,
        }
    }
}

/// Standard normal, by Box and Muller.
fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}
