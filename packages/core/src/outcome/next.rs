//! What a person does after a run: at most two lines.

use crate::{advise, config::OutcomeKind};

/// What the next step follows from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Came<'a> {
    /// The program.
    pub program: &'a str,
    /// The outcome; absent where the run does not judge.
    pub outcome: Option<OutcomeKind>,
    /// Whether there is a workload to measure it on.
    pub measurable: bool,
    /// Whether the verdict lets the profile be recorded.
    pub may_record: bool,
    /// Where the profile was recorded, relative to the workspace.
    pub recorded: Option<&'a str>,
    /// The folder of the profiles, where git has changes in it that are not committed.
    pub commit: Option<&'a str>,
}

/// The next step, a line each.
pub fn next(came: &Came<'_>) -> Vec<String> {
    let Came { program, .. } = came;
    match (came.recorded, came.outcome) {
        // A clearer one may follow, and the repository keeps what it had until then.
        (Some(_), Some(OutcomeKind::Inconclusive)) if came.commit.is_some() => vec![
            advise!("measure again before you commit it: {pgo} bench --force --program {program}"),
            advise!("then record that: {pgo} record --program {program}"),
        ],
        (Some(_), _) => {
            let commit = came.commit.map(|folder| format!("commit {folder}"));
            let build = advise!("build what ships: {pgo} build --program {program}");
            commit.into_iter().chain([build]).collect()
        }
        (None, None) => Vec::new(),
        (None, Some(OutcomeKind::NotMeasured)) if came.may_record && came.measurable => {
            vec![advise!("measure and record it: {pgo} --program {program}")]
        }
        (None, Some(_)) if came.may_record => {
            vec![advise!("record the profile: {pgo} record --program {program}")]
        }
        (None, Some(_)) => vec![
            advise!("ship a build without PGO: {pgo} build --no-pgo --program {program}"),
            advise!("or train on work that is more like production's: {pgo} --program {program}"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_of_a_run_has_a_next_step() {
        let (commit, build) = ("commit pgo/profiles", "build what ships: honing build --program p");
        let (yes, no) = (Some("pgo/profiles/p/t"), None);
        let record = "record the profile: honing record --program p";
        let measure = "measure and record it: honing --program p";
        let again = "measure again before you commit it: honing bench --force --program p";
        let then = "then record that: honing record --program p";
        let (plain, train) = (
            "ship a build without PGO: honing build --no-pgo --program p",
            "or train on work that is more like production's: honing --program p",
        );
        for (recorded, uncommitted, outcome, may_record, said) in [
            (yes, true, Some(OutcomeKind::Improved), true, &[commit, build][..]),
            (yes, false, Some(OutcomeKind::Improved), true, &[build]),
            // Without a verdict too, as after a rebase.
            (yes, true, None, true, &[commit, build]),
            (yes, true, Some(OutcomeKind::Inconclusive), true, &[again, then]),
            (yes, false, Some(OutcomeKind::Inconclusive), true, &[build]),
            (no, false, Some(OutcomeKind::Regressed), false, &[plain, train]),
            (no, false, Some(OutcomeKind::Improved), true, &[record]),
            (no, false, Some(OutcomeKind::NotMeasured), true, &[measure]),
            (no, false, None, true, &[]),
        ] {
            let commit = uncommitted.then_some("pgo/profiles");
            let came = Came { program: "p", outcome, may_record, recorded, commit, measurable: true };
            assert_eq!(next(&came), said, "{came:?}");
        }
        let outcome = Some(OutcomeKind::NotMeasured);
        let came = Came { program: "p", outcome, may_record: true, ..Came::default() };
        assert_eq!(next(&came), [record], "without an eval workload");
    }
}
