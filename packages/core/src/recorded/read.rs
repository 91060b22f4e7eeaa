//! A manifest's text, read and written.

use std::path::Path;

use super::{manifest::Manifest, second};
use crate::{
    config::line_and_column,
    error::{Error, ExitCode, Result},
};

/// Version of the manifest.
pub const SCHEMA: u32 = 3;

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

fn one_line(error: &toml::de::Error) -> String {
    error.message().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{CostEntry, HotEntry, MatchEntry, PartEntry, Profile, SizeEntry, Source, VerdictEntry},
        *,
    };
    use crate::{
        account::{Account, tests::account},
        applied::Applied,
        fingerprint::Digest,
    };

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
                window_s: Some(30),
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
