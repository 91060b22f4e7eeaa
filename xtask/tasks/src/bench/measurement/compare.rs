//! One comparison by `honing compare`, and what is kept of it.

use std::{path::Path, process::Command, time::Instant};

use anyhow::{Context, Result, ensure};
use honing_paired::{Arm, Pair, Plan, Rules};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Comparison {
    pub(super) verdict: String,
    /// Why it is inconclusive.
    pub(super) reason: Option<String>,
    pub(super) note: Option<String>,
    pub(super) estimate: Option<f64>,
    pub(super) interval: Option<[f64; 2]>,
    pub(super) pairs: u64,
    /// Seconds that it took, all in all.
    pub(super) seconds: f64,
    /// Seconds until a look at which the interval was narrower than [`NARROW`] on both sides.
    pub(super) narrow_after: Option<f64>,
}

/// Half the width of an interval that is narrow, as a share.
pub(super) const NARROW: f64 = 0.025;

impl Comparison {
    /// Whether it says that the two differ.
    pub(super) fn differ(&self) -> bool {
        ["improved", "regressed"].contains(&self.verdict.as_str())
    }

    /// Whether it blames the machine.
    pub(super) fn blames_machine(&self) -> bool {
        self.verdict == "inconclusive" && self.reason.as_deref() == Some("environment")
    }
}

/// Compares `b` with `a`.
pub(super) fn compare(honing: &Path, a: &Path, b: &Path, confidence: f64, seed: u64) -> Result<Comparison> {
    let mut command = Command::new(honing);
    command.arg("compare").arg("--a").arg(a).arg("--b").arg(b);
    command.args(["--confidence", &confidence.to_string(), "--seed", &seed.to_string(), "--format", "json"]);
    let start = Instant::now();
    let output = command.output().with_context(|| honing.display().to_string())?;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(output.status.success(), "honing compare: {}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).context("honing compare --format json")?;
    read(&report, confidence, seconds)
}

fn read(report: &Value, confidence: f64, seconds: f64) -> Result<Comparison> {
    let text = |key: &str| report[key].as_str().map(str::to_owned);
    let pairs = pairs_of(report).context("the runs of the comparison")?;
    let look = narrow_look(&pairs, confidence)?;
    Ok(Comparison {
        verdict: text("verdict").context("verdict")?,
        reason: text("reason"),
        note: text("note"),
        estimate: report["estimate"].as_f64(),
        interval: serde_json::from_value(report["interval"].clone()).context("interval")?,
        pairs: report["pairs"].as_u64().context("pairs")?,
        seconds,
        narrow_after: look.map(|look| seconds * f64::from(look) / pairs.len() as f64),
    })
}

/// The pairs of CPU time, without those of control blocks.
fn pairs_of(report: &Value) -> Option<Vec<Pair>> {
    let recording = &report["recording"];
    let cpu = recording["metrics"].as_array()?.iter().position(|metric| metric["name"] == "cpu")?;
    let runs = recording["runs"].as_array()?;
    let controls = |two: &&[Value]| two.iter().any(|run| run["program"] == "copy");
    let pair = |two: &[Value]| {
        let arm = if two[0]["program"] == "baseline" { Arm::Baseline } else { Arm::Optimized };
        Some(Pair::in_order((arm, two[0]["values"][cpu].as_f64()?), two[1]["values"][cpu].as_f64()?))
    };
    runs.chunks_exact(2).filter(|two| !controls(two)).map(pair).collect()
}

/// The first look of the usual plan at which the interval is narrow.
fn narrow_look(pairs: &[Pair], confidence: f64) -> Result<Option<u32>> {
    let plan = Plan::new(&Plan::USUAL, 1.0 - confidence)?;
    for look in plan.looks().iter().filter(|look| look.pairs as usize <= pairs.len()) {
        let so_far = &pairs[..look.pairs as usize];
        let ratio = honing_paired::compare(so_far, &plan, Rules::default())?.estimate;
        if ratio.is_some_and(|ratio| (ratio.high / ratio.low).ln() / 2.0 <= NARROW) {
            return Ok(Some(look.pairs));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_compare_writes() {
        let mut runs = Vec::new();
        for at in 0..24 {
            let (first, second) =
                if at % 2 == 0 { ("baseline", "optimized") } else { ("optimized", "baseline") };
            let run =
                |program: &str, value: f64| serde_json::json!({"program": program, "values": [0.0, value]});
            let wobble = f64::from(at % 5) / 1000.0;
            runs.extend([run(first, 1.0 + wobble), run(second, 1.0)]);
            runs.extend([run("copy", 9.0), run("baseline", 1.0)]);
        }
        let report = serde_json::json!({
            "verdict": "no_change", "reason": null, "note": "n", "estimate": 1.0, "interval": [0.99, 1.01], "pairs": 24,
            "recording": {"metrics": [{"name": "wall"}, {"name": "cpu"}], "runs": runs},
        });
        let found = read(&report, 0.95, 48.0).unwrap();
        assert_eq!((found.pairs, found.narrow_after), (24, Some(24.0)));
        assert!(!found.differ() && !found.blames_machine());
    }
}
