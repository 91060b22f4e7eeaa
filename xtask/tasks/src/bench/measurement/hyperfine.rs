//! The same question to hyperfine, which runs one command after the other.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::compare::NARROW;

/// hyperfine's own least number of runs.
const FEWEST: usize = 10;

/// What hyperfine measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Hyperfine {
    /// Runs of each command.
    pub(super) runs: usize,
    /// Two-sided p-value of Welch's test on the wall times, as hyperfine's own script has it.
    pub(super) p: f64,
    /// Seconds that it took, all in all.
    pub(super) seconds: f64,
    /// Seconds until the interval of the means' ratio was narrower than [`NARROW`] on both sides, if
    /// both commands had run equally often by then, and at least [`FEWEST`] times.
    pub(super) narrow_after: Option<f64>,
}

/// The version, or why there is none.
pub(super) fn version() -> Result<String> {
    let output = Command::new("hyperfine").arg("--version").output();
    let output = output.context("hyperfine is needed for this part (Debian: hyperfine)")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Measures `a` and `b`; without a number of runs, hyperfine chooses it.
pub(super) fn measure(dir: &Path, a: &Path, b: &Path, runs: Option<u32>) -> Result<Hyperfine> {
    let kept = dir.join("hyperfine.json");
    let mut command = Command::new("hyperfine");
    // Without a shell: the fairest for commands as short as these.
    command.args(["--shell", "none", "--warmup", "1", "--style", "none", "--export-json"]).arg(&kept);
    command.args(runs.map(|runs| format!("--runs={runs}"))).args([a, b]);
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output().context("hyperfine")?;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(output.status.success(), "hyperfine: {}", String::from_utf8_lossy(&output.stderr));
    #[derive(Deserialize)]
    struct Export {
        results: Vec<Times>,
    }
    #[derive(Deserialize)]
    struct Times {
        times: Vec<f64>,
    }
    let export: Export = serde_json::from_slice(&std::fs::read(&kept)?)?;
    let [a, b] = export.results.as_slice() else { anyhow::bail!("hyperfine exported no two commands") };
    let runs = a.times.len().min(b.times.len());
    let narrow =
        (FEWEST..=runs).find(|n| half_width(&a.times[..*n], &b.times[..*n]).is_some_and(|w| w <= NARROW));
    Ok(Hyperfine {
        runs,
        p: welch(&a.times, &b.times).context("too few runs")?.p,
        seconds,
        narrow_after: narrow.map(|narrow| seconds * narrow as f64 / runs as f64),
    })
}

/// Welch's test: B. L. Welch, "The generalization of 'Student's' problem when several different
/// population variances are involved", *Biometrika* 34 (1947).
struct Welch {
    p: f64,
    /// Degrees of freedom.
    freedom: f64,
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance / n)
}

fn welch(a: &[f64], b: &[f64]) -> Option<Welch> {
    let ((mean_a, error_a), (mean_b, error_b)) = (mean_and_error(a), mean_and_error(b));
    let error = error_a + error_b;
    let parts = error_a.powi(2) / (a.len() as f64 - 1.0) + error_b.powi(2) / (b.len() as f64 - 1.0);
    let freedom = error.powi(2) / parts;
    let t = (mean_a - mean_b) / error.sqrt();
    let p = 2.0 * StudentsT::new(0.0, 1.0, freedom).ok()?.cdf(-t.abs());
    Some(Welch { p, freedom })
}

/// Half the width of the 95 % interval of ln(mean b / mean a), by the delta method.
fn half_width(a: &[f64], b: &[f64]) -> Option<f64> {
    let ((mean_a, error_a), (mean_b, error_b)) = (mean_and_error(a), mean_and_error(b));
    let freedom = welch(a, b)?.freedom;
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(0.975);
    Some(t * (error_a / mean_a.powi(2) + error_b / mean_b.powi(2)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn welchs_test_is_that_of_the_books() {
        // scipy.stats.ttest_ind(a, b, equal_var=False)
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 9.0]);
        let found = welch(&a, &b).unwrap();
        assert!((found.p - 0.164_702).abs() < 1e-5, "{}", found.p);
        assert!((found.freedom - 4.083_636).abs() < 1e-5, "{}", found.freedom);
        assert!(
            half_width(&a, &b).unwrap() > half_width(&[2.0, 2.1, 1.9, 2.0], &[2.0, 2.2, 2.0, 1.9]).unwrap()
        );
    }
}
