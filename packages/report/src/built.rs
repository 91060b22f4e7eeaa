//! A release build: what went in, and what came out.

use std::io::{self, Write};

use anstyle::Style;
use honing_core::{
    release::{Companion, CompanionKind, Release, Used},
    units,
};

/// Writes it as a block.
///
/// # Errors
/// Where `out` does not take it.
pub fn built(release: &Release, out: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let how = match &release.profile {
        Some(_) => "built with the stored profile",
        None => "built without PGO: --no-pgo",
    };
    writeln!(out, "\n{bold}{}{bold:#} ({}): {bold}{how}{bold:#}", release.program, release.target)?;
    let mut row = |name: &str, value: String| writeln!(out, "  {name:<10} {value}");
    if let Some(Used { file, digest, trained, commit, stale, .. }) = &release.profile {
        row("profile", format!("{file}, trained {trained} at {}", short(commit)))?;
        row("", format!("BLAKE3 {digest}"))?;
        stale.iter().try_for_each(|why| row("stale", format!("{why} (--accept-stale)")))?;
    }
    let source = release.source.as_ref().map_or_else(
        || "unknown: no git commit here".to_owned(),
        |found| format!("{}{}", found.commit, if found.dirty { ", and changes to it" } else { "" }),
    );
    row("source", source)?;
    for beside in release.source.iter().flat_map(|found| &found.beside) {
        let packages = beside.packages.join(", ");
        let at = beside.commit.as_deref().map_or_else(
            || "in no commit of git".to_owned(),
            |commit| format!("{commit}{}", if beside.dirty { ", and changes to it" } else { "" }),
        );
        row("", format!("{packages}: {at}"))?;
    }
    let toolchain = &release.toolchain;
    row(
        "toolchain",
        format!("rustc {} ({}), LLVM {}", toolchain.rustc, short(&toolchain.commit), toolchain.llvm),
    )?;
    let build = &release.build;
    let settings: Vec<String> =
        build.settings.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    row("build", format!("Cargo profile {} ({})", build.cargo_profile, list(&settings, ", ")))?;
    let default = if build.default_features { "default features" } else { "no default features" };
    let features: Vec<String> = [default.to_owned()].into_iter().chain(build.features.clone()).collect();
    row("", format!("{}; rustflags {}", features.join(", "), list(&build.rustflags, " ")))?;
    if !release.cargo_args.is_empty() {
        row("", format!("cargo arguments {}", release.cargo_args.join(" ")))?;
    }
    row("symbols", build.symbols.clone())?;
    release
        .read
        .iter()
        .try_for_each(|input| row("read", format!("{} (SHA-256 {})", input.file, input.sha256)))?;
    row("made by", format!("Honing {}", release.honing))?;
    let binary = &release.binary;
    row("binary", format!("{} ({})", binary.path, units::bytes(binary.bytes)))?;
    row("", format!("SHA-256 {}", binary.sha256))?;
    for (at, Companion { path, kind, bytes, .. }) in release.beside.iter().enumerate() {
        let what = match kind {
            CompanionKind::SharedLibrary => "shared library, which the loader has to find",
            CompanionKind::DebugInfo => "debug information",
        };
        row(if at == 0 { "with" } else { "" }, format!("{path} ({}, {what})", units::bytes(*bytes)))?;
    }
    row("provenance", release.provenance.clone())
}

fn short(commit: &str) -> &str {
    commit.get(..9).unwrap_or(commit)
}

fn list(words: &[String], between: &str) -> String {
    if words.is_empty() { "none".into() } else { words.join(between) }
}
