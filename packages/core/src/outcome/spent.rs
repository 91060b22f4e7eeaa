//! Where the measured time went, and what of it PGO of the program cannot change.

use serde::{Deserialize, Serialize};

use super::measured::{Measured, Trust};
use crate::config::WALL;

/// Shares from which on they are said.
const LARGE: f64 = 0.2;

/// Where the time of a workload's baseline runs went, as shares from 0 to 1. The first three are of the CPU
/// time, and add up to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// The program's own code.
    pub own: f64,
    /// The kernel, for the program.
    pub kernel: f64,
    /// Processes that the program started and waited for, the kernel's time for them included.
    pub children: f64,
    /// Of the wall time: nobody used a CPU.
    pub waiting: f64,
}

impl Spent {
    /// What of it is a good part and not the program's own code; `wall` says whether the wall time decides.
    pub fn words(&self, wall: bool) -> Option<String> {
        let large =
            |share: f64, what: &str| (share >= LARGE).then(|| format!("{:.0} % {what}", share * 100.0));
        let said: Vec<String> = [
            large(self.children, "of the CPU time is in child processes"),
            large(self.kernel, "of the CPU time is in the kernel"),
            large(self.waiting, "of the wall time is waiting").filter(|_| wall),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!said.is_empty()).then(|| said.join(", "))
    }
}

/// What PGO cannot change where that is a good part, a line for each workload in which something decides.
pub fn beyond_reach(trust: &[Trust], measured: &[Measured]) -> Vec<String> {
    let line = |known: &Trust| {
        let mut gated = measured.iter().filter(|metric| metric.gated && metric.workload == known.workload);
        let first = gated.next()?;
        let wall = first.metric == WALL || gated.any(|metric| metric.metric == WALL);
        let spent = known.spent?.words(wall)?;
        Some(format!("{}: {spent}; PGO changes only this program's own code", known.workload))
    };
    trust.iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Verdict, consequence::tests::measured},
        *,
    };

    #[test]
    fn what_is_a_good_part_is_said_where_something_decides() {
        let spent =
            |kernel, children, waiting| Spent { own: 1.0 - kernel - children, kernel, children, waiting };
        let lines = |spent, metric: &str, gated| {
            let metrics = [Measured { metric: metric.into(), gated, ..measured(Verdict::NoChange, 1.0) }];
            let trust = Trust { spent, ..Trust::of("w") };
            beyond_reach(&[trust], &metrics).join("\n")
        };
        for (kernel, children, metric, said) in [
            (0.19, 0.1, "cpu", ""),
            (0.1, 0.623, "cpu", "w: 62 % of the CPU time is in child processes"),
            (0.3, 0.1, "cpu", "w: 30 % of the CPU time is in the kernel"),
            (0.1, 0.1, "wall", "w: 70 % of the wall time is waiting"),
            (
                0.2,
                0.5,
                "wall",
                "w: 50 % of the CPU time is in child processes, 20 % of the CPU time is in the kernel, 70 % of the wall time is waiting",
            ),
        ] {
            let all = lines(Some(spent(kernel, children, 0.7)), metric, true);
            let expected = if said.is_empty() {
                String::new()
            } else {
                format!("{said}; PGO changes only this program's own code")
            };
            assert_eq!(all, expected);
        }
        assert_eq!(lines(Some(spent(0.5, 0.5, 0.7)), "cpu", false), "");
        assert_eq!(lines(None, "cpu", true), "");
    }
}
