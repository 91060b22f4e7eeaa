//! An earlier run, as later reports show it.

use honing_core::outcome::Ratio;
use serde::{Deserialize, Serialize};

use super::{Document, Program};

/// What an earlier run found for a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// Name of the run's folder.
    pub run: String,
    /// The program.
    pub program: String,
    /// When the run began, in UTC.
    pub date: Option<String>,
    /// How it ended, in a word or two.
    pub outcome: String,
    /// Every gated metric that has an interval.
    pub changes: Vec<Change>,
    /// The share of the profile's weight that was applied, 0 to 1.
    pub applied: Option<f64>,
    /// instrument and optimize, as multiples of one plain build's CPU time.
    pub refresh: Option<f64>,
}

/// A gated metric of an earlier run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The workload.
    pub workload: String,
    /// The metric.
    pub metric: String,
    /// optimized/baseline.
    pub ratio: Ratio,
}

impl Document {
    /// What later reports say of this run.
    pub fn as_past(&self) -> Vec<Past> {
        let run = self.run.clone().unwrap_or_default();
        let past = |program: &Program| program.as_past(&run, self.date.clone(), self.ended());
        self.programs.iter().map(past).collect()
    }

    /// Earlier runs of a program and this one, the oldest first; nothing where there are none.
    pub(crate) fn runs(&self, program: &Program) -> Vec<Past> {
        if program.history.is_empty() {
            return Vec::new();
        }
        let own = self.as_past().into_iter().find(|past| past.program == program.program);
        program.history.iter().cloned().chain(own).collect()
    }

    /// How it ended, where no outcome says it.
    fn ended(&self) -> String {
        match &self.end {
            None => "not finished".into(),
            Some(end) if end.code == 0 => "done".into(),
            Some(end) => end.exit.meaning().into(),
        }
    }
}

impl Program {
    /// What later reports say of it.
    pub(crate) fn as_past(&self, run: &str, date: Option<String>, ended: String) -> Past {
        let gated = self.measured.iter().filter(|metric| metric.gated);
        let change = |metric: &honing_core::outcome::Measured| {
            Some(Change { workload: metric.place(), metric: metric.metric.clone(), ratio: metric.ratio? })
        };
        Past {
            run: run.to_owned(),
            program: self.program.clone(),
            date,
            outcome: self.outcome.as_ref().map_or(ended, |outcome| outcome.word().to_owned()),
            changes: gated.filter_map(change).collect(),
            applied: self.applied.as_ref().and_then(honing_core::applied::Applied::share),
            refresh: self.refresh.as_ref().map(|refresh| refresh.builds),
        }
    }
}
