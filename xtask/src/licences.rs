//! Every dependency's licence has to be one that goes with ours.

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;
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
    let mut refused = Vec::new();
    for package in &metadata.packages {
        let licence = package.license.as_deref().unwrap_or_default();
        if !fits(licence) {
            refused.push(format!("{} {}: {licence:?}", package.name, package.version));
        }
    }
    if !refused.is_empty() {
        bail!("these do not fit MIT OR Apache-2.0:\n  {}", refused.join("\n  "));
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
