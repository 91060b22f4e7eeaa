//! Whether both programs give the same answers: one that does less is not faster.

use std::path::Path;

use honing_core::{Digest, Error, ExitCode, Result};

use super::Which;
use crate::{files, process::Status};

/// Characters of an output that an error shows.
const SHOWN: usize = 200;

/// The first answer, which all others have to equal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    first: Option<(Which, Status, Digest, Vec<u8>)>,
}

impl Answers {
    /// Compares an answer, exit code and standard output, with the first one.
    ///
    /// # Errors
    /// Workload, where it is another.
    pub(crate) fn check(&mut self, program: Which, status: Status, stdout: &Path) -> Result<()> {
        let digest = files::digest(stdout)?;
        let Some((who, expected, same, text)) = &self.first else {
            let text = files::read(stdout)?;
            self.first = Some((program, status, digest, text.into_iter().take(SHOWN).collect()));
            return Ok(());
        };
        if *expected != status {
            let what = format!("{} ended with {status}, {} with {expected}", name(program), name(*who));
            return Err(Error::new(ExitCode::Workload, what));
        }
        if *same == digest {
            return Ok(());
        }
        let shown = |bytes: &[u8]| {
            let text: String = String::from_utf8_lossy(bytes).chars().take(SHOWN).collect();
            if text.trim().is_empty() { "nothing".to_owned() } else { text.trim_end().to_owned() }
        };
        let one_program = (*who == Which::Optimized) == (program == Which::Optimized);
        let what = if one_program {
            "the output of one and the same program differs from run to run".to_owned()
        } else {
            format!("{} printed something else than {}", name(program), name(*who))
        };
        let now = files::read(stdout)?;
        Err(Error::new(ExitCode::Workload, format!("{what}: {} and {}", shown(text), shown(&now))))
    }
}

fn name(program: Which) -> &'static str {
    match program {
        Which::Baseline => "the baseline",
        Which::Optimized => "the other program",
        Which::Copy => "the baseline's copy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_answer_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("stdout");
        let mut answers = Answers::default();
        let mut check = |program, code, text: &str| {
            std::fs::write(&file, text).unwrap();
            answers.check(program, Status::Code(code), &file).map_err(|error| error.to_string())
        };
        check(Which::Baseline, 0, "42\n").unwrap();
        check(Which::Optimized, 0, "42\n").unwrap();
        assert_eq!(
            check(Which::Optimized, 0, "41\n").unwrap_err(),
            "the other program printed something else than the baseline: 42 and 41"
        );
        assert_eq!(
            check(Which::Copy, 0, "").unwrap_err(),
            "the output of one and the same program differs from run to run: 42 and nothing"
        );
        assert_eq!(
            check(Which::Optimized, 3, "42\n").unwrap_err(),
            "the other program ended with exit code 3, the baseline with exit code 0"
        );
    }
}
