//! What is to be merged, and what a person gave.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use honing_core::{Digest, Error, Result, recorded::PartEntry};

use crate::io::clock;

/// A file to merge, and how much it counts.
#[derive(Debug, Clone)]
pub struct Input {
    /// A raw, indexed or text profile.
    pub path: PathBuf,
    /// It counts as if it had been recorded so many times.
    pub weight: u64,
    /// Bytes of the raw profiles that it is the sum of, where it is one.
    pub sum_of: Option<u64>,
}

/// A file or folder that a person named to be merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// As it was named.
    pub path: PathBuf,
    /// How much it counts, where that was said.
    pub weight: Option<u32>,
}

/// Largest weight, as in pgo.toml.
const MOST_WEIGHT: u32 = 1_000_000;

impl Given {
    /// `PATH`, or `WEIGHT,PATH` as LLVM's tool has it. What exists under the whole name is a path.
    ///
    /// # Errors
    /// Usage, where the weight is none.
    pub fn parse(word: &OsStr) -> Result<Self> {
        let whole = Self { path: word.into(), weight: None };
        let split = word.to_str().and_then(|text| text.split_once(','));
        let Some((number, path)) = split.filter(|_| !whole.path.exists()) else { return Ok(whole) };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(whole);
        }
        match number.parse() {
            Ok(weight @ 1..=MOST_WEIGHT) => Ok(Self { path: path.into(), weight: Some(weight) }),
            _ => Err(Error::usage(format!("--from {number},{path}: a weight is 1 to {MOST_WEIGHT}"))
                .with_hint("write WEIGHT,PATH, such as 3,canary.profdata")),
        }
    }
}

/// What is said of a profile that was given as it is, or of several; of each, when it was recorded and for how long. They
/// are as old as the oldest.
pub(crate) fn given_part(
    (path, digest): (&Path, Digest),
    weight: Option<u32>,
    recorded: impl IntoIterator<Item = Option<(SystemTime, Duration)>>,
) -> PartEntry {
    let recorded: Vec<_> = recorded.into_iter().collect::<Option<_>>().unwrap_or_default();
    let lasted: Duration = recorded.iter().map(|(_, lasted)| *lasted).sum();
    // Where somebody keeps it is nothing for a repository.
    let shown = if path.is_absolute() { path.file_name().map_or(path, Path::new) } else { path };
    PartEntry {
        from: shown.display().to_string(),
        digest,
        weight,
        workloads: Vec::new(),
        trained: recorded.iter().map(|(began, _)| *began).min().map(clock::utc),
        window_s: (!lasted.is_zero()).then(|| lasted.as_secs_f64().round() as u64),
        commit: None,
        dirty: None,
        cpu_s: None,
    }
}

#[cfg(test)]
mod tests {
    use honing_core::ExitCode;

    use super::*;

    #[test]
    fn a_weight_stands_before_a_comma() {
        let parsed = |word: &str| Given::parse(OsStr::new(word)).map(|given| (given.weight, given.path));
        assert_eq!(parsed("3,a/b.profdata").unwrap(), (Some(3), "a/b.profdata".into()));
        for path in ["a,b", "a", ",a", "Cargo.toml"] {
            assert_eq!(parsed(path).unwrap(), (None, path.into()));
        }
        for wrong in ["0,a", "99999999,a", "99999999999999999999,a"] {
            assert_eq!(parsed(wrong).unwrap_err().code(), ExitCode::Usage, "{wrong}");
        }
    }
}
