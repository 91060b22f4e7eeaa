//! A release build: what went in, and what came out.

use std::io::{self, Write};

use anstyle::Style;
use honing_core::{
    account::{self, Account},
    release::{Companion, CompanionKind, Release, Used},
    units,
};

/// Writes it as a block.
///
/// # Errors
/// Where `out` does not take it.
pub fn built(release: &Release, out: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let how = match (&release.profile, &release.without) {
        (Some(_), _) => "built with the stored profile".into(),
        (None, why) => format!("built without PGO: {}", why.as_deref().unwrap_or("--no-pgo")),
    };
    writeln!(out, "\n{bold}{}{bold:#} ({}): {bold}{how}{bold:#}", release.program, release.target)?;
    let mut row = |name: &str, value: String| writeln!(out, "  {name:<10} {value}");
    if let Some(Used { file, digest, trained, commit, outcome, stale, .. }) = &release.profile {
        row("profile", format!("{file}, trained {trained} at {}", short(commit)))?;
        row("", format!("BLAKE3 {digest}"))?;
        row("measured", outcome.clone())?;
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
    let Account { symbols, toolchain, build, .. } = &release.account;
    row("toolchain", account::words(toolchain))?;
    row("build", account::words(build))?;
    if !release.arguments.is_empty() {
        row("", format!("arguments {}", release.arguments.join(" ")))?;
    }
    row("symbols", symbols.clone())?;
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
