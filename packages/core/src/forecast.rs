//! About when a stored profile will be below the policy, if its match goes on falling as it did.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::units;

const DAY: f64 = 86_400.0;
/// Days of history, and percent lost in them, below which nothing is foretold.
const SHORTEST: f64 = 1.0;
const LEAST_LOST: f64 = 0.5;

/// How a profile's match went.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// Percent of the weight that applied when it was recorded.
    pub recorded: f64,
    /// The same, when it was last measured.
    pub measured: f64,
    /// From the training to that measurement.
    pub until: Duration,
    /// From the training to now.
    pub age: Duration,
    /// Commits to the program's crates from the recording to now.
    pub commits: Option<u64>,
}

/// What is to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// `policy.min_match`, in percent.
    pub min_match: f64,
    /// Percent of the weight that are lost a week.
    pub lost_per_week: f64,
    /// Days from now until the match is below that.
    pub days: f64,
    /// Commits until then, at the present pace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commits: Option<u64>,
}

impl Course {
    /// When less than `min_match` percent will apply; `None` where nothing was lost yet, and where it is below now.
    pub fn forecast(&self, min_match: f64) -> Option<Forecast> {
        let [until, age] = [self.until, self.age].map(|time| time.as_secs_f64() / DAY);
        let lost = self.recorded - self.measured;
        if until < SHORTEST || lost < LEAST_LOST || self.measured < min_match {
            return None;
        }
        let a_day = lost / until;
        let days = ((self.measured - min_match) / a_day - (age - until)).max(0.0);
        let commits = self.commits.filter(|commits| *commits > 0);
        let commits = commits.map(|commits| (commits as f64 / age.max(until) * days).round() as u64);
        Some(Forecast { min_match, lost_per_week: a_day * 7.0, days, commits })
    }
}

impl Forecast {
    /// In words.
    pub fn words(&self) -> String {
        let Self { min_match, lost_per_week, .. } = self;
        let below = format!(
            "{lost_per_week:.1} % of the weight is lost a week; below policy.min_match = {min_match} %"
        );
        if self.days < 1.0 {
            return format!("{below} from now on");
        }
        let time = units::age(Duration::from_secs_f64(self.days * DAY));
        let commits = self.commits.map(|commits| format!(", or {}", units::count(commits, "commit")));
        format!("{below} in about {time}{}", commits.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: u64) -> Duration {
        Duration::from_secs(days * 86_400)
    }

    const COURSE: Course = Course {
        recorded: 100.0,
        measured: 96.0,
        until: Duration::from_secs(28 * 86_400),
        age: Duration::from_secs(35 * 86_400),
        commits: Some(70),
    };

    #[test]
    fn what_was_lost_goes_on_being_lost() {
        let forecast = COURSE.forecast(90.0).unwrap();
        // 4 % in 4 weeks; 6 % more take 6, of which one has passed.
        assert!(
            (forecast.lost_per_week - 1.0).abs() < 1e-9 && (forecast.days - 35.0).abs() < 1e-9,
            "{forecast:?}"
        );
        assert_eq!(
            forecast.words(),
            "1.0 % of the weight is lost a week; below policy.min_match = 90 % in about 35 days, or 70 commits"
        );
        let late = Course { age: days(100), commits: None, ..COURSE }.forecast(90.0).unwrap();
        assert_eq!(
            late.words(),
            "1.0 % of the weight is lost a week; below policy.min_match = 90 % from now on"
        );
    }

    #[test]
    fn little_is_no_ground_for_a_forecast() {
        for course in [
            Course { measured: 99.8, ..COURSE },
            Course { until: Duration::from_secs(3600), ..COURSE },
            Course { measured: 89.0, ..COURSE },
        ] {
            assert_eq!(course.forecast(90.0), None, "{course:?}");
        }
    }
}
