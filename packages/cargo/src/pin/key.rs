//! The key of a unit: what identifies it, and nothing that changes without its code.

use super::SCHEME;
use honing_core::Digest;

/// Where a package comes from. A vendored one comes from where it was vendored from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A registry.
    Registry,
    /// A git repository.
    Git,
    /// A folder: a member of the workspace, or a path dependency.
    Path,
}

impl Source {
    /// From the source that cargo names in `Cargo.lock` and `cargo metadata`.
    pub fn of(id: Option<&str>) -> Self {
        match id {
            None => Self::Path,
            Some(id) if id.starts_with("git+") => Self::Git,
            Some(_) => Self::Registry,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Git => "git",
            Self::Path => "path",
        }
    }

    /// The part of the version that packages of this source are told apart by. Only a
    /// registry's need it: two majors of one package are common.
    pub(super) fn version(self, version: &str) -> &str {
        if self == Self::Registry { compatible(version) } else { "" }
    }
}

/// One call of rustc that compiles a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit<'a> {
    /// Name of the package.
    pub package: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Where it comes from.
    pub source: Source,
    /// `--crate-name`.
    pub crate_name: &'a str,
    /// `--crate-type`, in any order.
    pub crate_types: Vec<&'a str>,
    /// Whether `--test` is there.
    pub test: bool,
    /// Whether it is part of the standard library (`-Zbuild-std`), which has copies of
    /// registry crates for itself.
    pub of_std: bool,
    /// What tells it from others whose key would be equal; mostly empty.
    pub distinction: &'a str,
}

/// The value for `-C metadata`: 16 hexadecimal digits, as cargo's.
pub fn key(unit: &Unit<'_>) -> String {
    let mut types = unit.crate_types.clone();
    types.sort_unstable();
    types.dedup();
    let text = [
        format!("honing pin {SCHEME}").as_str(),
        unit.package,
        unit.crate_name,
        &types.join(","),
        if unit.test { "test" } else { "" },
        if unit.of_std { "std" } else { unit.source.word() },
        unit.source.version(unit.version),
        unit.distinction,
    ]
    .join("\n");
    Digest::of(text.as_bytes()).to_string().chars().take(16).collect()
}

/// What of a version another one must share to be compatible: 1.2.3 gives 1, 0.4.5
/// gives 0.4, 0.0.7 gives 0.0.7, and a pre-release all of itself.
fn compatible(version: &str) -> &str {
    let (numbers, _) = version.split_once('+').unwrap_or((version, ""));
    if numbers.contains('-') {
        return version;
    }
    // Up to the first number that is not zero.
    let mut end = 0;
    for number in numbers.split('.') {
        end += number.len();
        if number != "0" {
            break;
        }
        end += 1;
    }
    &numbers[..end.min(numbers.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> Unit<'static> {
        Unit {
            package: "serde",
            version: "1.0.1",
            source: Source::Registry,
            crate_name: "serde",
            crate_types: vec!["lib"],
            test: false,
            of_std: false,
            distinction: "",
        }
    }

    #[test]
    fn compatible_versions_share_a_prefix() {
        for (version, shared) in [
            ("1.2.3", "1"),
            ("12.0.0", "12"),
            ("0.4.5", "0.4"),
            ("0.10.0", "0.10"),
            ("0.0.7", "0.0.7"),
            ("0.0.0", "0.0.0"),
            ("1.2.3+spec-1.1.0", "1"),
            ("0.0.7+2026-01", "0.0.7"),
            ("1.0.0-alpha.1", "1.0.0-alpha.1"),
            ("0.3.0-rc.1+build", "0.3.0-rc.1+build"),
            ("1", "1"),
            ("", ""),
        ] {
            assert_eq!(compatible(version), shared, "{version}");
        }
    }

    /// Stored profiles are worth nothing where this changes: raise [`SCHEME`] with it.
    #[test]
    fn keys_are_for_good() {
        assert_eq!(key(&unit()), "ab4ed9e24ab778c2");
        assert_eq!(key(&Unit { source: Source::Path, ..unit() }), "c4cb1566475e458e");
    }

    #[test]
    fn each_part_of_the_key_counts() {
        let others = [
            Unit { package: "other", ..unit() },
            Unit { crate_name: "other", ..unit() },
            Unit { crate_types: vec!["cdylib"], ..unit() },
            Unit { crate_types: vec!["lib", "cdylib"], ..unit() },
            Unit { test: true, ..unit() },
            Unit { of_std: true, ..unit() },
            Unit { source: Source::Git, ..unit() },
            Unit { source: Source::Path, ..unit() },
            Unit { version: "2.0.0", ..unit() },
            Unit { distinction: "elsewhere", ..unit() },
        ];
        let mut keys: Vec<String> = others.iter().chain([&unit()]).map(key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), others.len() + 1);
    }

    #[test]
    fn what_changes_without_the_code_does_not_count() {
        let same = |a: Unit<'_>, b: Unit<'_>| assert_eq!(key(&a), key(&b));
        same(unit(), Unit { version: "1.99.0", ..unit() });
        for source in [Source::Path, Source::Git] {
            same(Unit { source, ..unit() }, Unit { source, version: "7.0.0", ..unit() });
        }
        let types = |crate_types| Unit { crate_types, ..unit() };
        same(types(vec!["rlib", "cdylib"]), types(vec!["cdylib", "rlib"]));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]
        #[test]
        fn compatible_is_a_prefix_and_stable(version in "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}(-[a-z]{1,3})?(\\+[a-z]{1,3})?") {
            let shared = compatible(&version);
            assert!(version.starts_with(shared) && !shared.is_empty());
            assert_eq!(compatible(shared), shared);
        }
    }
}
