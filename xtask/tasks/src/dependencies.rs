//! What every dependency has to have: a licence that goes with ours, and a `rust-version` that is not younger
//! than ours.

use anyhow::{Context, Result, bail};
use cargo_metadata::{MetadataCommand, Package, semver::Version};
use spdx::{Expression, LicenseReq, ParseMode};

/// Licences that impose nothing beyond attribution.
const ALLOWED: [&str; 10] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
    "0BSD",
];

pub(crate) fn check() -> Result<()> {
    let metadata = MetadataCommand::new().exec().context("cargo metadata")?;
    let refused = |why: &dyn Fn(&Package) -> Option<String>| -> Vec<String> {
        let named =
            |package: &Package| Some(format!("{} {}: {}", package.name, package.version, why(package)?));
        metadata.packages.iter().filter_map(named).collect()
    };
    let unfit = refused(&|package| {
        let licence = package.license.as_deref().unwrap_or_default();
        (!fits(licence)).then(|| format!("{licence:?}"))
    });
    if !unfit.is_empty() {
        bail!("these licences do not fit MIT OR Apache-2.0:\n  {}", unfit.join("\n  "));
    }
    let ours: Version = concat!(env!("CARGO_PKG_RUST_VERSION"), ".0").parse()?;
    let younger = refused(&|package| {
        let theirs = package.rust_version.as_ref().filter(|theirs| **theirs > ours)?;
        Some(format!("needs Rust {theirs}"))
    });
    if !younger.is_empty() {
        bail!(
            "Honing is compiled by Rust {ours}, and these are not:\n  {}\nuse an older release: cargo update -p NAME --precise VERSION",
            younger.join("\n  ")
        );
    }
    Ok(())
}

/// Exceptions (`WITH LLVM-exception`) only ever allow more.
fn fits(licence: &str) -> bool {
    let allowed =
        |requirement: &LicenseReq| requirement.license.id().is_some_and(|id| ALLOWED.contains(&id.name));
    // Lax: old manifests separate alternatives by a slash, and write GPL-3.0.
    Expression::parse_mode(licence, ParseMode::LAX).is_ok_and(|expression| expression.evaluate(allowed))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn alternatives_need_one_and_conjunctions_all() {
        for licence in [
            "MIT OR GPL-3.0",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(fits(licence), "{licence}");
        }
        for licence in ["GPL-3.0", "MIT AND GPL-3.0", ""] {
            assert!(!fits(licence), "{licence}");
        }
    }
}
