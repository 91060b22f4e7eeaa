//! What follows from how a stored or imported profile stands, as docs/exit-codes.md says
//! it.

use crate::error::ExitCode;

/// What is wrong with a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is none.
    Missing,
    /// Its manifest names another program or triple.
    Foreign,
    /// It, or its manifest, cannot be read.
    Damaged,
    /// The build applied less than the policy wants, or it is unknown how much.
    BelowMatch,
    /// Hardly any of its weight is in crates that the program has.
    NoKin,
    /// Its age or its toolchain is beyond the policy.
    Old,
    /// It would take the place of a clearly better one.
    Poorer,
}

/// What it was wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A build or a run that uses it; the release build, too, with `--accept-stale`.
    Use,
    /// The release build: what is shipped is no place for warnings.
    Ship,
    /// Saying how it stands.
    Status,
    /// Storing it, without `--accept-poorer`.
    Store,
}

impl Standing {
    /// How the process ends; `strict` with `--ci` and in `check`. Success may still be a warning.
    pub fn exit(self, asked: Asked, strict: bool) -> ExitCode {
        match (self, asked) {
            (_, Asked::Status) if !strict => ExitCode::Success,
            (Self::Damaged, _) => ExitCode::Profile,
            (Self::BelowMatch | Self::Old, Asked::Use) if !strict => ExitCode::Success,
            _ => ExitCode::Stale,
        }
    }

    /// Whether `build --accept-stale` lets it pass.
    pub fn may_be_accepted(self) -> bool {
        self.exit(Asked::Use, false) == ExitCode::Success
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/exit-codes.md, a profile at a time: use, strict use, ship, status, strict status, store.
    #[test]
    fn standing_question_and_exit_code() {
        let rows = [
            (Standing::Missing, [14, 14, 14, 0, 14, 14]),
            (Standing::Foreign, [14, 14, 14, 0, 14, 14]),
            (Standing::Damaged, [12, 12, 12, 0, 12, 12]),
            (Standing::BelowMatch, [0, 14, 14, 0, 14, 14]),
            (Standing::NoKin, [14, 14, 14, 0, 14, 14]),
            (Standing::Old, [0, 14, 14, 0, 14, 14]),
            (Standing::Poorer, [14, 14, 14, 0, 14, 14]),
        ];
        let asked = [
            (Asked::Use, false),
            (Asked::Use, true),
            (Asked::Ship, false),
            (Asked::Status, false),
            (Asked::Status, true),
            (Asked::Store, false),
        ];
        for (standing, codes) in rows {
            let found = asked.map(|(asked, strict)| standing.exit(asked, strict).code());
            assert_eq!(found, codes, "{standing:?}");
            assert_eq!(standing.may_be_accepted(), codes[0] == 0, "{standing:?}");
        }
    }
}
