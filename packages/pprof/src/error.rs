//! Why a profile cannot be read, used or merged: what, where, what next.

use crate::report::{Loss, LossKind};

/// A file that is refused, or a merge that lost too much.
///
/// What can be left out is no error but a [`Loss`] in the file's report.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file has no bytes, or unpacks to none.
    #[error("the profile is empty: the capture was ended before it was written; record it again")]
    Empty,
    /// A pointer of Git LFS in the profile's place.
    #[error("a Git LFS pointer, not a profile: run `git lfs pull` to get the file itself")]
    GitLfs,
    /// The compiler's own intermediate text.
    #[error(
        "the text that `go tool preprofile` writes, not a profile: `go build -pgo` does not take it either; \
         give the profile that it was made from"
    )]
    Preprofile,
    /// Our stored form where a pprof is expected.
    #[error("Honing's stored form, not a pprof profile; `go build` takes the pprof that Honing makes of it")]
    StoredForm,
    /// Some other text.
    #[error(
        "text, not a profile; it begins with `{begins}`: if a server answered so, mend that; \
         ask /debug/pprof/profile, without `debug=1`"
    )]
    Text {
        /// The first line, shortened.
        begins: String,
    },
    /// The gzip around the profile is damaged.
    #[error("the profile cannot be unpacked: {0}; it was cut off or damaged, so record it or copy it again")]
    Gzip(String),
    /// More bytes than the caller allows.
    #[error("{what} has more than {limit} bytes; allow more, or merge fewer profiles into one file")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// What is allowed, in bytes.
        limit: u64,
    },
    /// A field is not what profile.proto allows.
    #[error("not a pprof profile, or a damaged one: {what}, at byte {at} of what it unpacks to")]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// Byte of the unpacked profile.
        at: u64,
    },
    /// A reference leads nowhere, or to two places.
    #[error("a damaged profile: {what} {id}, at byte {at} of what it unpacks to")]
    Reference {
        /// What is wrong with the number.
        what: &'static str,
        /// The number.
        id: u64,
        /// Byte of the unpacked profile.
        at: u64,
    },
    /// A profile without a sample.
    #[error(
        "the profile has no samples: the program was idle, or the capture too short; \
         put it under load while it is profiled"
    )]
    NoSamples,
    /// Samples, but no call with a weight.
    #[error(
        "the profile has {samples} samples but no call among them that has a weight, so the compiler \
         would use nothing of it; record it again, with stacks"
    )]
    NoWeight {
        /// How many samples there are.
        samples: u64,
    },
    /// No type of sample that the compiler reads.
    #[error(
        "not a CPU profile: it has {found}, and the compiler reads samples/count or cpu/nanoseconds; \
         take it from /debug/pprof/profile or `go test -cpuprofile`"
    )]
    SampleTypes {
        /// The types that the file has.
        found: String,
    },
    /// Counts of something else than CPU time, which the compiler takes for it.
    #[error(
        "a profile of {found}, not of CPU time: the compiler would take waiting for work; \
         take one from /debug/pprof/profile or `go test -cpuprofile`"
    )]
    NotCpu {
        /// What is counted.
        found: String,
    },
    /// No function has its first line.
    #[error(
        "no function has a start_line, so no call can be found: the program was built by a Go before 1.20, \
         or a tool dropped them (`go tool pprof -proto` does without `-symbolize=none`)"
    )]
    NoStartLine,
    /// More weight is unusable than the policy allows.
    #[error("{}", too_much(*share, *allowed, losses))]
    TooMuchLost {
        /// Unusable weight over all weight, 0 to 1.
        share: f64,
        /// What the policy allows, 0 to 1.
        allowed: f64,
        /// Share of each kind, 0 to 1, heaviest first; empty where whole files are missing.
        losses: Vec<(LossKind, f64)>,
    },
    /// Weights do not fit what the compiler sums in.
    #[error("the weights add up to more than 2^63 - 1; give the inputs smaller weights")]
    TooHeavy,
    /// Nothing was read, so there is nothing to write.
    #[error("no usable profile among {files} files; see the files' reports")]
    Nothing {
        /// How many files were offered.
        files: u64,
    },
    /// Counts that cannot be made comparable.
    #[error(
        "some profiles count samples without saying how long one is, others differ in unit or rate: \
         merge those without a period apart"
    )]
    Units,
    /// The stored form is of another version.
    #[error(
        "stored form version {found}, but only version 1 can be read: a newer Honing wrote it; \
         update Honing, or record the profile again"
    )]
    StoredVersion {
        /// The file's version, as written.
        found: String,
    },
    /// A line of the stored form is not what belongs there.
    #[error(
        "line {line} of the stored profile: {what}{}; restore the file from version control",
        quoted(found)
    )]
    Stored {
        /// Line of the file, from 1.
        line: u64,
        /// What was expected.
        what: &'static str,
        /// The line, shortened; empty where a line is missing.
        found: String,
    },
    /// A name or a line of the head that would not be read back.
    #[error(
        "`{0}` cannot stand in a stored profile: a name in its head is of a-z, 0-9, - and _, all else is one line"
    )]
    NotStorable(String),
    /// More inlined frames than a profile of that size can have.
    #[error("the profile has more inlined frames than a compiler makes; it was made to take time")]
    TooDeep,
}

impl Error {
    /// Shorthand for [`Error::Damaged`].
    pub(crate) fn damaged(what: &'static str, at: usize) -> Error {
        Error::Damaged { what, at: at as u64 }
    }

    /// Shorthand for [`Error::Reference`].
    pub(crate) fn reference(what: &'static str, id: u64, at: usize) -> Error {
        Error::Reference { what, id, at: at as u64 }
    }

    /// Shorthand for [`Error::TooMuchLost`].
    pub(crate) fn too_much(lost: &[Loss], share: f64, allowed: f64, all: u128) -> Error {
        let part = |loss: &Loss| (loss.kind, if all == 0 { 0.0 } else { loss.weight as f64 / all as f64 });
        let mut losses: Vec<_> = lost.iter().map(part).collect();
        losses.sort_by(|one, two| two.1.total_cmp(&one.1));
        Error::TooMuchLost { share, allowed, losses }
    }
}

fn too_much(share: f64, allowed: f64, losses: &[(LossKind, f64)]) -> String {
    let mut text =
        format!("{:.2} % of the weight is unusable, {:.2} % is allowed", share * 100.0, allowed * 100.0);
    let part = |(kind, share): &(LossKind, f64)| format!("{:.2} % {kind}", share * 100.0);
    let parts: Vec<String> = losses.iter().map(part).collect();
    match losses.first() {
        None => text.push_str("; see the files' reports, or allow more"),
        Some((heaviest, _)) => {
            text.push_str(&format!(": {}. {}", parts.join("; "), heaviest.advice()));
        }
    }
    text
}

fn quoted(found: &str) -> String {
    if found.is_empty() { String::new() } else { format!(", found `{found}`") }
}

/// The first line, short enough for a message.
pub(crate) fn shortened(line: &str) -> String {
    let line = line.lines().next().unwrap_or_default();
    let short: String = line.chars().filter(|c| !c.is_control()).take(60).collect();
    if short.len() < line.len() { short + "…" } else { short }
}
