//! Manifests of version 2, which knew one craft: cargo's names were keys of the file.

use indexmap::IndexMap;
use serde::Deserialize;

use crate::account::{Account, Entries};

/// The version.
pub(super) const SCHEMA: i64 = 2;

#[derive(Deserialize)]
struct Second {
    toolchain: Toolchain,
    build: Build,
}

#[derive(Deserialize)]
struct Toolchain {
    rustc: String,
    llvm: String,
}

#[derive(Deserialize)]
struct Build {
    package: String,
    cargo_profile: String,
    #[serde(default)]
    settings: IndexMap<String, String>,
    #[serde(default)]
    features: Vec<String>,
    default_features: bool,
    #[serde(default)]
    rustflags: Vec<String>,
    symbols: String,
    lockfile: Option<String>,
}

/// The account that the same build has today, by the names that
/// [cargo's builder](../../../engine/src/builders/cargo/builder.rs) gives.
pub(super) fn account(text: &str) -> Result<Account, toml::de::Error> {
    let Second { toolchain, build } = toml::from_str(text)?;
    let entry = |name: &str, value: String| (name.to_owned(), value);
    let default = build.default_features.then(|| "default".to_owned());
    let features: Vec<String> = default.into_iter().chain(build.features).collect();
    let told = [entry("package", build.package), entry("Cargo profile", build.cargo_profile)];
    let told = told.into_iter().chain(build.settings);
    let told =
        told.chain([entry("features", features.join(",")), entry("rustflags", build.rustflags.join(" "))]);
    Ok(Account {
        symbols: build.symbols,
        toolchain: Entries::from_iter([entry("rustc", toolchain.rustc), entry("LLVM", toolchain.llvm)]),
        build: told.filter(|(_, value)| !value.is_empty()).collect(),
        read: build.lockfile.into_iter().map(|digest| entry("Cargo.lock", digest)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::entries;

    #[test]
    fn the_names_are_those_of_today() {
        let text = r#"
            [toolchain]
            rustc = "1.95.0 (59807616e)"
            llvm = "22.1.2"
            [build]
            package = "tiny"
            cargo_profile = "release"
            features = ["tls"]
            default_features = true
            rustflags = []
            symbols = "pinned (scheme 2)"
            lockfile = "80c7"
            [build.settings]
            lto = "fat"
        "#;
        let build =
            [("package", "tiny"), ("Cargo profile", "release"), ("lto", "fat"), ("features", "default,tls")];
        let expected = Account {
            symbols: "pinned (scheme 2)".into(),
            toolchain: entries(&[("rustc", "1.95.0 (59807616e)"), ("LLVM", "22.1.2")]),
            build: entries(&build),
            read: entries(&[("Cargo.lock", "80c7")]),
        };
        assert_eq!(account(text).unwrap(), expected);
        assert!(account(&text.replace("rustc =", "x =")).is_err());
    }
}
