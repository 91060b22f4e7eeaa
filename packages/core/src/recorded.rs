//! The manifest of a stored profile: what a person reviews in a diff, and what later
//! runs judge the profile by.

mod second;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    account::Account,
    applied::Applied,
    config::{Direction, Policy, Program, line_and_column},
    error::{Error, ExitCode, Result},
    fingerprint::Digest,
    outcome::{self, Choice, Evidence, Measured, Open, Outcome, Ratio, Verdict},
};

/// Version of the manifest.
pub const SCHEMA: u32 = 3;

/// Everything that is known about a stored profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The program.
    pub program: String,
    /// The target triple.
    pub target: String,
    /// When it was recorded, in UTC.
    pub recorded: String,
    /// When it was trained, in UTC: its age counts from here. For a profile from
    /// elsewhere, when it was first recorded.
    pub trained: String,
    /// The commit that was checked out, or `unknown`.
    pub commit: String,
    /// Whether the working tree differed from it.
    pub dirty: bool,
    /// How the profile came to be.
    pub source: Source,
    /// For a rebased profile: percent of the trained one's weight that it still has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<f64>,
    /// How its program was built.
    #[serde(default)]
    pub account: Account,
    /// The profile itself.
    pub profile: Profile,
    /// How much of it the optimized build applied.
    #[serde(rename = "match")]
    pub matched: MatchEntry,
    /// What was measured.
    pub verdict: VerdictEntry,
    /// The binaries, where both were built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<SizeEntry>,
    /// The metrics behind the verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<MeasuredEntry>,
    /// The workloads that it was trained on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workload: Vec<WorkloadEntry>,
    /// The workloads that it was measured on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eval: Vec<WorkloadEntry>,
    /// Where it came from, where that is not a training here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub part: Vec<PartEntry>,
    /// What the stages cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost: Vec<CostEntry>,
    /// The heaviest functions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hot: Vec<HotEntry>,
}

/// How a profile came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Trained here.
    Trained,
    /// Taken from elsewhere.
    Imported,
    /// An older one, carried over to other symbol names.
    Rebased,
}

/// The profile itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The file beside the manifest.
    pub file: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// BLAKE3 of the file.
    pub digest: Digest,
    /// Bytes of the profile as the compiler reads it.
    pub indexed_bytes: u64,
    /// BLAKE3 of that.
    pub indexed_digest: Digest,
    /// Sum of all counters. As text, since it may be more than TOML's integers hold.
    pub weight: String,
    /// Functions.
    pub functions: u64,
    /// Functions that ran.
    pub functions_run: u64,
}

/// A match, as a manifest has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchEntry {
    /// Percent of the profile's weight; absent where it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// In words.
    pub words: String,
}

/// A verdict, as a manifest has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictEntry {
    /// `improved`, `no change`, `inconclusive` or `not measured`.
    pub outcome: String,
    /// The sentence for it.
    pub wording: String,
}

/// Sizes of the binaries, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeEntry {
    /// Without PGO.
    pub baseline: u64,
    /// With the profile.
    pub optimized: u64,
}

/// A metric, as a manifest has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredEntry {
    /// The workload.
    pub workload: String,
    /// The metric.
    pub metric: String,
    /// The verdict's word.
    pub verdict: String,
    /// The change with its interval; empty where there is none.
    pub change: String,
    /// The estimate of optimized/baseline; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Which way is better; absent where less is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub better: Direction,
    /// Whether it only informed, and did not decide the verdict.
    #[serde(default, skip_serializing_if = "is_default")]
    pub informs: bool,
    /// Whether the profile was trained on the same workload.
    #[serde(default, skip_serializing_if = "is_default")]
    pub in_sample: bool,
    /// Pairs measured.
    pub pairs: u32,
    /// Why it is inconclusive, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Open>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What goes without saying is not written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A workload that a profile was trained or measured on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadEntry {
    /// Its name.
    pub name: String,
    /// How much it counted.
    pub weight: u32,
    /// Digest of its definition and of its inputs.
    pub digest: Digest,
    /// The digest that an older Honing would have written of the same, where that is another one.
    #[serde(skip)]
    pub earlier: Option<Digest>,
}

impl WorkloadEntry {
    /// Whether `then`, which may be an older Honing's, has this definition and these inputs.
    pub fn is_as(&self, then: &Self) -> bool {
        self.digest == then.digest || self.earlier.as_ref() == Some(&then.digest)
    }
}

/// What became of workloads since, a line each. Empty where nothing did, and where nothing is known of
/// `then`.
pub fn workload_changes(then: &[WorkloadEntry], now: &[WorkloadEntry]) -> Vec<String> {
    let find = |of: &[WorkloadEntry], name: &str| of.iter().find(|one| one.name == name).cloned();
    let known = then.iter().filter_map(|one| match find(now, &one.name) {
        Some(today) if today.is_as(one) => None,
        Some(_) => Some(format!("workload `{}` changed", one.name)),
        None => Some(format!("workload `{}` is gone", one.name)),
    });
    let new = now.iter().filter(|one| !then.is_empty() && find(then, &one.name).is_none());
    known.chain(new.map(|one| format!("workload `{}` is new", one.name))).collect()
}

/// A part of a profile that was made elsewhere: a shard of the training, or a profile that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartEntry {
    /// `shard 1/3`, or the file or folder as it was given; of an absolute path the name.
    pub from: String,
    /// BLAKE3 of its profiles.
    pub digest: Digest,
    /// For a given profile: how much it counts. Shards have the weights of their workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// For a shard: its workloads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workloads: Vec<String>,
    /// For a shard: when it was trained, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained: Option<String>,
    /// For a shard: the commit that was checked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// For a shard: whether the working tree differed from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    /// For a shard: seconds of CPU time that its training took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_s: Option<u64>,
}

/// What a stage cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostEntry {
    /// The step by its name. A later Honing may have others; they are kept.
    pub stage: String,
    /// Seconds of wall time.
    pub wall_s: u64,
    /// Seconds of CPU time.
    pub cpu_s: u64,
}

/// A heavy function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HotEntry {
    /// Percent of the profile's weight.
    pub percent: f64,
    /// Its name.
    pub function: String,
}

impl Manifest {
    /// Reads a manifest; `path` is for errors.
    ///
    /// # Errors
    /// Profile, where it cannot be read.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let error = |why: String, position| {
            Error::new(ExitCode::Profile, format!("{}: {why}", path.display())).in_file(path, position)
        };
        let broken = |why: String, position| {
            error(why, position)
                .with_hint(crate::advise!("restore it from version control, or record a new profile: {pgo}"))
        };
        let syntax = |cause: toml::de::Error| {
            let position = cause.span().map(|span| line_and_column(text, span.start));
            broken(one_line(&cause), position)
        };
        if let Some(at) = text.lines().position(|line| line.starts_with("<<<<<<<")) {
            let why = format!("line {}: conflict markers of a merge", at + 1);
            return Err(error(why, Some((at + 1, 1)))
                .with_hint("take the whole folder, manifest and profile, from one side"));
        }
        let table: toml::Table = text.parse().map_err(syntax)?;
        let schema = table.get("schema").and_then(toml::Value::as_integer);
        let read = || toml::from_str::<Self>(text).map_err(syntax);
        match schema {
            Some(found) if found == i64::from(SCHEMA) && !table.contains_key("account") => {
                Err(broken("missing field `account`".into(), None))
            }
            Some(found) if found == i64::from(SCHEMA) => read(),
            Some(second::SCHEMA) => {
                Ok(Self { schema: SCHEMA, account: second::account(text).map_err(syntax)?, ..read()? })
            }
            Some(found) if found > i64::from(SCHEMA) => {
                let why = format!("a manifest of version {found}; this Honing reads up to version {SCHEMA}");
                Err(error(why, None).with_hint("a newer Honing wrote it: use that one here, too"))
            }
            _ => {
                let found = schema.map_or_else(|| "no version".into(), |found| format!("version {found}"));
                let why = format!(
                    "a manifest of {found}; this Honing reads versions {} to {SCHEMA}",
                    second::SCHEMA
                );
                Err(broken(why, None))
            }
        }
    }

    /// What was measured, with the weights of today.
    pub fn measured(&self, program: &Program) -> Vec<Measured> {
        let weight = |name: &str| program.workload.get(name).map_or(1, |workload| workload.weight);
        self.measured.iter().map(|entry| entry.as_measured(weight(&entry.workload))).collect()
    }

    /// What follows from what was measured under the policy of today: whether the profile ships.
    pub fn choice(&self, policy: &Policy, program: &Program) -> Choice {
        let growth = |size: SizeEntry| size.optimized as f64 / size.baseline.max(1) as f64;
        let evidence = Evidence {
            measured: &self.measured(program),
            identical: self.verdict.outcome == Outcome::NoEffect.word(),
            growth: self.size.map(growth),
            out_of_budget: false,
        };
        outcome::choose(policy, program, &[evidence])
    }

    /// The text of the manifest, with a comment for those who find it.
    ///
    /// # Errors
    /// Internal, where it cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String> {
        let text = toml::to_string(self)
            .map_err(|error| Error::internal(format!("a profile's manifest: {error}")))?;
        Ok(format!("# Written by Honing; its command `status` reads it.\n{text}"))
    }
}

impl MatchEntry {
    /// From what was measured.
    pub fn of(applied: &Applied) -> Self {
        // Down to a thousandth of a percent: never more than there was.
        let percent = applied.share().map(|share| (share * 100_000.0).floor() / 1000.0);
        Self { percent, words: applied.words() }
    }
}

impl MeasuredEntry {
    /// From what was measured.
    pub fn of(measured: &Measured) -> Self {
        Self {
            workload: measured.workload.clone(),
            metric: measured.metric.clone(),
            verdict: measured.verdict.word().into(),
            change: measured.ratio.map(|ratio| ratio.as_change()).unwrap_or_default(),
            ratio: measured.ratio.map(|ratio| ratio.point),
            better: measured.better,
            informs: !measured.gated,
            in_sample: measured.in_sample,
            pairs: measured.pairs,
            reason: measured.reason,
            note: measured.note.clone().filter(|_| measured.verdict == Verdict::Inconclusive),
        }
    }

    /// As what was measured, to be judged by the policy of today; `weight` is the workload's. What
    /// is not recorded is not a number.
    pub fn as_measured(&self, weight: u32) -> Measured {
        const UNKNOWN: f64 = f64::NAN;
        let ratio = |point| Ratio { point, low: UNKNOWN, high: UNKNOWN, confidence: UNKNOWN };
        let word = |verdict: &Verdict| verdict.word() == self.verdict;
        Measured {
            workload: self.workload.clone(),
            candidate: None,
            metric: self.metric.clone(),
            unit: String::new(),
            better: self.better,
            gated: !self.informs,
            in_sample: self.in_sample,
            weight,
            pairs: self.pairs,
            baseline: UNKNOWN,
            optimized: UNKNOWN,
            ratio: self.ratio.map(ratio),
            margin: None,
            verdict: Verdict::ALL.into_iter().find(word).unwrap_or(Verdict::Inconclusive),
            reason: self.reason,
            note: self.note.clone(),
            ratios: Vec::new(),
        }
    }
}

fn one_line(error: &toml::de::Error) -> String {
    error.message().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::account;

    fn manifest() -> Manifest {
        Manifest {
            schema: SCHEMA,
            program: "t".into(),
            target: "x86_64-unknown-linux-gnu".into(),
            recorded: "2026-11-22T00:00:00Z".into(),
            trained: "2026-11-22T00:00:00Z".into(),
            commit: "unknown".into(),
            dirty: false,
            source: Source::Trained,
            carried: None,
            account: account(),
            profile: Profile {
                file: "profile.honing".into(),
                bytes: 1,
                digest: Digest::of(b"x"),
                indexed_bytes: 10,
                indexed_digest: Digest::of(b"y"),
                weight: u128::MAX.to_string(),
                functions: 2,
                functions_run: 1,
            },
            matched: MatchEntry::of(&Applied::Unknown { why: "no trace".into() }),
            verdict: VerdictEntry { outcome: "not measured".into(), wording: "nothing was measured".into() },
            size: Some(SizeEntry { baseline: 2000, optimized: 1900 }),
            measured: Vec::new(),
            workload: Vec::new(),
            eval: Vec::new(),
            part: vec![PartEntry {
                from: "shard 1/2".into(),
                digest: Digest::of(b"p"),
                weight: None,
                workloads: vec!["w".into()],
                trained: Some("2026-11-22T00:00:00Z".into()),
                commit: Some("unknown".into()),
                dirty: Some(false),
                cpu_s: Some(3),
            }],
            cost: vec![CostEntry { stage: "a step of tomorrow".into(), wall_s: 2, cpu_s: 3 }],
            hot: vec![HotEntry { percent: 12.5, function: "t::main".into() }],
        }
    }

    #[test]
    fn comes_back_as_it_was_written() {
        let text = manifest().to_toml().unwrap();
        assert_eq!(Manifest::parse(&text, Path::new("m.toml")).unwrap(), manifest(), "{text}");
    }

    #[test]
    fn version_2_means_the_same() {
        let text = Manifest { account: Account::default(), ..manifest() }.to_toml().unwrap();
        let (before, after) = (text.find("[account]").unwrap(), text.find("[profile]").unwrap());
        let told = "[toolchain]\nrustc = \"1.95.0\"\nllvm = \"22\"\n[build]\npackage = \"t\"\n\
                    cargo_profile = \"release\"\ndefault_features = false\nsymbols = \"pinned\"\n";
        let text = [&text[..before], told, &text[after..]].concat().replace("schema = 3", "schema = 2");
        let read = Manifest::parse(&text, Path::new("m.toml")).unwrap();
        let account = second::account(&text).unwrap();
        assert_eq!(account.toolchain["rustc"], "1.95.0");
        assert_eq!(read, Manifest { account, ..manifest() });
    }

    #[test]
    fn another_version_and_broken_files_are_errors_that_say_so() {
        let parse = |text: &str| Manifest::parse(text, Path::new("m.toml")).unwrap_err().to_string();
        assert_eq!(
            parse("schema = 1\n"),
            "m.toml: a manifest of version 1; this Honing reads versions 2 to 3"
        );
        assert_eq!(
            parse("schema = 4\n"),
            "m.toml: a manifest of version 4; this Honing reads up to version 3"
        );
        assert_eq!(parse("schema = 3\n"), "m.toml: missing field `account`");
        assert!(parse("schema = 2\n").starts_with("m.toml: missing field"));
        assert!(parse("schema = 3\n[account]\n").starts_with("m.toml: missing field"));
        assert_eq!(parse("a = 1\n<<<<<<< HEAD\n"), "m.toml: line 2: conflict markers of a merge");
    }
}
