//! A release build: what went in, what came out, and its provenance in the words that
//! attestation tools read: an in-toto Statement (v1) with the SLSA provenance predicate (v1).
//! docs/provenance.md describes what Honing puts into it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{account::Account, applied::Applied, fingerprint::Digest};

/// What the parameters in a provenance mean, with their version.
pub const BUILD_TYPE: &str = "urn:honing:pgo-build:v2";
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "https://slsa.dev/provenance/v1";

/// A release build of a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// The program.
    pub program: String,
    /// The target triple.
    pub target: String,
    /// The profile that it was built with; absent where it ships without PGO.
    pub profile: Option<Used>,
    /// Why it ships without PGO: `--no-pgo`, or the outcome that was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<String>,
    /// What was checked out; absent without git.
    pub source: Option<Checkout>,
    /// What compiled.
    pub compiler: Compiler,
    /// How it was built.
    pub account: Account,
    /// Arguments that were passed to the builder as they are.
    pub arguments: Vec<String>,
    /// Files beside the sources that were read.
    pub read: Vec<Input>,
    /// Version of Honing.
    pub honing: String,
    /// What to ship.
    pub binary: Binary,
    /// What belongs to it: shared libraries and debug information.
    #[serde(default)]
    pub beside: Vec<Companion>,
    /// Where the provenance was written.
    pub provenance: String,
}

/// The stored profile that a release was built with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Used {
    /// The file, relative to the workspace.
    pub file: String,
    /// BLAKE3 of it, as its manifest has it.
    pub digest: Digest,
    /// BLAKE3 of it unpacked, and rebased where `policy.rebase` did so: what the compiler read is made of that
    /// alone.
    pub indexed_digest: Digest,
    /// When it was trained, in UTC.
    pub trained: String,
    /// The commit that it was recorded at.
    pub commit: String,
    /// The outcome that was recorded with it.
    #[serde(default)]
    pub outcome: String,
    /// How much of it was applied.
    pub applied: Applied,
    /// Why the policy calls it stale, where `--accept-stale` let it pass.
    pub stale: Vec<String>,
}

/// What was checked out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// The commit.
    pub commit: String,
    /// Whether what was built differed from it, profiles apart: anything in the repository, or a package
    /// beside it.
    pub dirty: bool,
    /// Packages of the program that it says nothing about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<Beside>,
}

/// Packages in folders of another repository, or of none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// Their names.
    pub packages: Vec<String>,
    /// The commit that is checked out there; null without one.
    pub commit: Option<String>,
    /// Whether anything differed from it; always without one.
    pub dirty: bool,
}

/// The compiler of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compiler {
    /// Its name.
    pub name: String,
    /// Its release.
    pub version: String,
    /// The whole hash of its commit; empty or `unknown` where it does not say.
    pub commit: String,
    /// The triple that it runs on.
    pub host: String,
}

/// A file that went in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Relative to the workspace.
    pub file: String,
    /// SHA-256.
    pub sha256: String,
}

/// A binary to ship.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binary {
    /// Absolute path.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: String,
    /// BLAKE3, as everywhere else in Honing.
    pub digest: Digest,
}

/// A file that belongs to a binary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Companion {
    /// Absolute path.
    pub path: String,
    /// What it is.
    pub kind: CompanionKind,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256; none of a folder.
    pub sha256: Option<String>,
}

/// What belongs to a binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompanionKind {
    /// A library that the loader has to find.
    SharedLibrary,
    /// Debug information, for debuggers and profilers.
    DebugInfo,
}

impl Release {
    /// The provenance of the binary as `name`. It has neither times nor folders of this machine:
    /// equal inputs and an equal binary give an equal text. What belongs to the binary is a subject as
    /// well, as far as it is a file.
    pub fn provenance(&self, name: &str) -> Value {
        let subject = json!({
            "name": name,
            "digest": { "sha256": self.binary.sha256, "blake3": self.binary.digest },
        });
        let beside = self.beside.iter().filter_map(|beside| {
            let name = beside.path.rsplit(['/', std::path::MAIN_SEPARATOR]).next()?;
            Some(json!({ "name": name, "digest": { "sha256": beside.sha256.as_ref()? } }))
        });
        let subjects: Vec<Value> = [subject].into_iter().chain(beside).collect();
        let pgo = match &self.profile {
            Some(used) => json!({
                "profile": used.file, "outcome": used.outcome, "acceptStale": !used.stale.is_empty()
            }),
            None => json!({ "profile": null, "without": self.without }),
        };
        let Account { symbols, toolchain, build, .. } = &self.account;
        json!({
            "_type": STATEMENT,
            "subject": subjects,
            "predicateType": PREDICATE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD_TYPE,
                    "externalParameters": {
                        "program": self.program,
                        "target": self.target,
                        "build": build,
                        "arguments": self.arguments,
                        "pgo": pgo,
                    },
                    "internalParameters": {
                        "symbols": symbols,
                        "toolchain": toolchain,
                        "host": self.compiler.host,
                    },
                    "resolvedDependencies": self.dependencies(),
                },
                "runDetails": {
                    "builder": { "id": BUILD_TYPE, "version": { "honing": self.honing } },
                    "honing_result": {
                        "bytes": self.binary.bytes,
                        "match": self.profile.as_ref().map(|used| &used.applied),
                        "stale": self.profile.as_ref().map(|used| &used.stale),
                    },
                },
            },
        })
    }

    /// Source, compiler, files and profile, as far as each is known.
    fn dependencies(&self) -> Vec<Value> {
        let source = self.source.as_ref().into_iter().flat_map(sources);
        let Compiler { name, version, commit, .. } = &self.compiler;
        let mut compiler = json!({ "name": name, "uri": format!("pkg:generic/{name}@{version}") });
        // Distributions' compilers may not say it.
        if commit.len() >= 40 {
            compiler["digest"] = json!({ "gitCommit": commit });
        }
        let file = |input: &Input| {
            let mut entry = json!({ "name": input.file, "digest": { "sha256": input.sha256 } });
            if let Some(used) = self.profile.as_ref().filter(|used| used.file == input.file) {
                entry["digest"]["blake3"] = json!(used.digest);
                entry["annotations"] = json!({
                    "trained": used.trained,
                    "commit": used.commit,
                    "asRead": { "blake3": used.indexed_digest },
                });
            }
            entry
        };
        source.chain([compiler]).chain(self.read.iter().map(file)).collect()
    }
}

/// Where the workspace is checked out, and the other repositories that packages come from.
fn sources(found: &Checkout) -> Vec<Value> {
    let entry = |name: String, commit: &str, dirty: bool| json!({ "name": name, "digest": { "gitCommit": commit }, "annotations": { "dirty": dirty } });
    let mut source = entry("source".into(), &found.commit, found.dirty);
    let without = found.beside.iter().filter(|beside| beside.commit.is_none());
    let without: Vec<&String> = without.flat_map(|beside| &beside.packages).collect();
    if !without.is_empty() {
        source["annotations"]["withoutCommit"] = json!(without);
    }
    let of_other = |beside: &Beside| {
        let name = format!("source of {}", beside.packages.join(", "));
        Some(entry(name, beside.commit.as_deref()?, beside.dirty))
    };
    [source].into_iter().chain(found.beside.iter().filter_map(of_other)).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::account::tests::account;

    pub(crate) fn release() -> Release {
        Release {
            program: "tiny".into(),
            target: "x86_64-unknown-linux-gnu".into(),
            profile: Some(Used {
                file: "pgo/profiles/tiny/x86_64-unknown-linux-gnu/profile.honing".into(),
                digest: Digest::of(b"packed"),
                indexed_digest: Digest::of(b"indexed"),
                trained: "2026-11-22T00:00:00Z".into(),
                commit: "1111111111111111111111111111111111111111".into(),
                outcome: "improved".into(),
                applied: Applied::Unknown { why: "no trace".into() },
                stale: Vec::new(),
            }),
            without: None,
            source: Some(Checkout {
                commit: "2222222222222222222222222222222222222222".into(),
                dirty: true,
                beside: Vec::new(),
            }),
            compiler: Compiler {
                name: "weaver".into(),
                version: "1.95.0".into(),
                commit: "3333333333333333333333333333333333333333".into(),
                host: "x86_64-unknown-linux-gnu".into(),
            },
            account: account(),
            arguments: Vec::new(),
            read: vec![
                Input { file: "yarn".into(), sha256: "aa".into() },
                Input {
                    file: "pgo/profiles/tiny/x86_64-unknown-linux-gnu/profile.honing".into(),
                    sha256: "bb".into(),
                },
            ],
            honing: "0.1.0".into(),
            binary: Binary {
                path: "/w/out/tiny".into(),
                bytes: 10,
                sha256: "cc".into(),
                digest: Digest::of(b"binary"),
            },
            beside: vec![Companion {
                path: "/w/out/libbase.so".into(),
                kind: CompanionKind::SharedLibrary,
                bytes: 5,
                sha256: Some("dd".into()),
            }],
            provenance: "/w/out/tiny.provenance.json".into(),
        }
    }

    #[test]
    fn the_statement_has_the_shape_that_attestation_tools_read() {
        let statement = release().provenance("tiny");
        assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
        assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
        assert_eq!(statement["subject"][0]["name"], "tiny");
        assert_eq!(statement["subject"][0]["digest"]["sha256"], "cc");
        assert_eq!(statement["subject"][1], json!({ "name": "libbase.so", "digest": { "sha256": "dd" } }));
        let definition = &statement["predicate"]["buildDefinition"];
        // The fields that the predicate requires.
        assert_eq!(definition["buildType"], BUILD_TYPE);
        assert_eq!(definition["externalParameters"]["build"], json!(account().build));
        assert_eq!(definition["internalParameters"]["toolchain"], json!(account().toolchain));
        assert!(statement["predicate"]["runDetails"]["builder"]["id"].is_string());
        let names: Vec<&str> = definition["resolvedDependencies"]
            .as_array()
            .unwrap()
            .iter()
            .inspect(|found| assert!(found["digest"].is_object(), "{found}"))
            .map(|found| found["name"].as_str().unwrap())
            .collect();
        let profile = "pgo/profiles/tiny/x86_64-unknown-linux-gnu/profile.honing";
        assert_eq!(names, ["source", "weaver", "yarn", profile]);
        assert_eq!(definition["resolvedDependencies"][3]["digest"]["blake3"], json!(Digest::of(b"packed")));
        assert!(!statement.to_string().contains("/w/out"), "no folder of this machine");
    }

    #[test]
    fn packages_of_other_repositories_are_named_with_their_commit() {
        let mut release = release();
        let beside = |package: &str, commit: Option<&str>| Beside {
            packages: vec![package.into()],
            commit: commit.map(str::to_owned),
            dirty: commit.is_none(),
        };
        release.source.as_mut().unwrap().beside = vec![beside("lone", None), beside("shared", Some("44"))];
        let entries = release.dependencies();
        assert_eq!(entries[0]["annotations"], json!({ "dirty": true, "withoutCommit": ["lone"] }));
        let shared = json!({
            "name": "source of shared", "digest": { "gitCommit": "44" }, "annotations": { "dirty": false },
        });
        assert_eq!(entries[1], shared);
        assert_eq!(entries[2]["name"], "weaver");
    }

    #[test]
    fn without_pgo_it_says_so() {
        let statement =
            Release { profile: None, without: Some("--no-pgo".into()), ..release() }.provenance("tiny");
        let pgo = &statement["predicate"]["buildDefinition"]["externalParameters"]["pgo"];
        assert_eq!(*pgo, json!({ "profile": null, "without": "--no-pgo" }));
        assert_eq!(statement["predicate"]["runDetails"]["honing_result"]["match"], Value::Null);
    }
}
