//! Whether all programs give the same answers: one that does less is not faster.
//!
//! An answer that differs need not be PGO's work: threads print in another order each time, and times
//! change. So the baseline is asked again before anything is said of another program.

use std::path::PathBuf;

use honing_core::{Digest, Error, ExitCode, Result};

use crate::{
    children::Status,
    io::files,
    measure::{
        Which,
        difference::{Difference, difference},
    },
};

/// How often the baseline is run again to see whether it repeats itself.
const AGAIN: usize = 3;

/// What a run of a program answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) program: Which,
    /// Where that program is.
    pub(crate) path: PathBuf,
    pub(crate) status: Status,
    /// The file that is compared.
    pub(crate) file: PathBuf,
}

/// The first answer, which all others have to equal.
#[derive(Debug)]
pub(crate) struct Answers {
    /// Where the first one's file is kept.
    kept: PathBuf,
    /// Programs beside the baseline.
    candidates: usize,
    first: Option<(Answer, Digest)>,
}

/// How an answer differs from the first one.
enum Other {
    Status(Status, Status),
    Text(Difference),
}

impl std::fmt::Display for Other {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(first, other) => write!(f, "{first} and {other}"),
            Self::Text(difference) => difference.fmt(f),
        }
    }
}

impl Answers {
    /// Keeps the first answer in the file `kept`, of a baseline and so many candidates.
    pub(crate) fn new(kept: PathBuf, candidates: usize) -> Self {
        Self { kept, candidates, first: None }
    }

    /// Compares an answer, exit code and text, with the first one: the error where it is another, with
    /// a hint where that is no fault of the other program. `again` runs the baseline once more.
    ///
    /// # Errors
    /// Where the baseline cannot be run, or a file not be read.
    pub(crate) fn check(
        &mut self,
        answer: &Answer,
        again: &mut dyn FnMut() -> Result<Answer>,
    ) -> Result<Option<Error>> {
        let Some((first, _)) = &self.first else {
            files::copy(&answer.file, &self.kept)?;
            let digest = files::digest(&self.kept)?;
            self.first = Some((Answer { file: self.kept.clone(), ..answer.clone() }, digest));
            return Ok(None);
        };
        let (who, Some(other)) = (first.program, self.other(answer)?) else { return Ok(None) };
        if is_baseline(who) == is_baseline(answer.program) {
            return Ok(Some(unsteady(&other)));
        }
        for _ in 0..AGAIN {
            if let Some(other) = self.other(&again()?)? {
                return Ok(Some(unsteady(&other)));
            }
        }
        let (name, who) = (self.name(answer.program), self.name(who));
        let what = match &other {
            Other::Status(first, other) => format!("{name} ended with {other}, {who} with {first}"),
            Other::Text(difference) => {
                format!("{name} printed something else than {who}, which repeats itself: {difference}")
            }
        };
        Ok(Some(Error::new(ExitCode::Workload, what)))
    }

    fn name(&self, program: Which) -> String {
        match program {
            Which::Reference => "the baseline".into(),
            Which::Copy => "the baseline's copy".into(),
            Which::Candidate(_) if self.candidates == 1 => "the other program".into(),
            Which::Candidate(index) => format!("candidate {}", index + 1),
        }
    }

    fn other(&self, answer: &Answer) -> Result<Option<Other>> {
        let Some((first, digest)) = &self.first else { return Ok(None) };
        if first.status != answer.status {
            return Ok(Some(Other::Status(first.status, answer.status)));
        }
        if files::digest(&answer.file)? == *digest {
            return Ok(None);
        }
        let (one, other) = (files::read(&first.file)?, files::read(&answer.file)?);
        Ok(difference((&one, &first.path), (&other, &answer.path)).map(Other::Text))
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        // A leftover hurts nobody: its folder goes with the next run.
        let _ = std::fs::remove_file(&self.kept);
    }
}

/// Not PGO, but the workload.
fn unsteady(other: &Other) -> Error {
    let what = match other {
        Other::Status(..) => {
            format!("one and the same program ended differently when it was run again: {other}")
        }
        Other::Text(_) => {
            format!("one and the same program printed something else when it was run again: {other}")
        }
    };
    Error::new(ExitCode::Workload, what).with_hint(
        "it is the workload, and not PGO: threads that print in another order each time, or a time in the \
         output. Have a command make the same of it each time: answer = [\"sort\"], or \
         answer = [\"jq\", \"-S\", \".\"]; or turn the comparison off: compare_output = false",
    )
}

fn is_baseline(program: Which) -> bool {
    !matches!(program, Which::Candidate(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of an answer after the baseline said 42, and of its own when it is run again.
    fn check(program: Which, (code, text): (i32, &str), again: &[&str]) -> Option<Error> {
        let dir = tempfile::tempdir().unwrap();
        let given = |program, code, text: &str, name: &str| {
            let file = dir.path().join(name);
            std::fs::write(&file, text).unwrap();
            Answer { program, path: "/p".into(), status: Status::Code(code), file }
        };
        let mut answers = Answers::new(dir.path().join("first"), 1);
        let mut left = again.iter();
        let mut again = || Ok(given(Which::Reference, 0, left.next().unwrap_or(&"42\n"), "again"));
        answers.check(&given(Which::Reference, 0, "42\n", "stdout"), &mut again).unwrap();
        let checked = answers.check(&given(program, code, text, "stdout"), &mut again).unwrap();
        assert!(dir.path().join("first").is_file());
        drop(answers);
        assert!(!dir.path().join("first-answer").exists());
        checked
    }

    #[test]
    fn another_answer_is_an_error_of_whoever_is_to_blame() {
        use Which::Copy;
        const OPTIMIZED: Which = Which::Candidate(0);
        let itself = "one and the same program printed something else when it was run again";
        let rows = [
            (OPTIMIZED, (0, "42\n"), [].as_slice(), None),
            (
                OPTIMIZED,
                (0, "41\n"),
                &[],
                Some("the other program printed something else than the baseline, which repeats itself: line 1, column 2: `42` and `41`".to_owned()),
            ),
            // The third time only.
            (OPTIMIZED, (0, "41\n"), &["42\n", "42\n", "40\n"], Some(format!("{itself}: line 1, column 2: `42` and `40`"))),
            (Copy, (0, ""), &[], Some(format!("{itself}: line 1, column 1: `42` and the end of the output"))),
            (
                OPTIMIZED,
                (3, "42\n"),
                &[],
                Some("the other program ended with exit code 3, the baseline with exit code 0".to_owned()),
            ),
        ];
        for (program, answer, again, expected) in rows {
            let found = check(program, answer, again);
            assert_eq!(found.as_ref().map(ToString::to_string), expected);
            let blames_the_workload = found.is_some_and(|error| error.hint().is_some());
            assert_eq!(
                blames_the_workload,
                expected.is_some_and(|words| words.starts_with("one and the same"))
            );
        }
    }
}
