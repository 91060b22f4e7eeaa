//! `status` and `export`: the stored profile, without compiling.

use std::{io::Write, path::Path, time::Duration};

use anstyle::{AnsiColor, Style};
use honing_core::{
    Error, Result,
    outcome::{Asked, Standing},
    recorded::Manifest,
    status::Status,
    units,
};

use super::session::look;
use crate::{
    cli::{Format, Shared},
    console,
};

/// Hottest functions that are named.
const HOTTEST: usize = 3;

/// Writes the stored profile as it is.
pub(crate) fn export(shared: &Shared, output: &Path) -> Result<()> {
    let bytes = honing_engine::export(&look(shared)?, output)?;
    let _ = writeln!(console::err(), "    Exported {}, {}", output.display(), units::bytes(bytes));
    Ok(())
}

/// Writes the merged profiles of all programs and passes.
pub(crate) fn export_all(shared: &Shared, dir: &Path) -> Result<()> {
    for path in honing_engine::export_all(&look(shared)?, dir)? {
        let _ = writeln!(console::err(), "    Exported {}", path.display());
    }
    Ok(())
}

/// Says how every selected program's profile stands. What is wrong with one decides the
/// exit code only with `--ci`: `check` is the command that judges.
pub(crate) fn status(shared: &Shared) -> Result<()> {
    let all = honing_engine::status(&look(shared)?)?;
    let mut out = console::out();
    if shared.format() == Format::Json {
        console::json(&all)?;
    } else {
        all.iter().try_for_each(|status| show(status, &mut out)).map_err(console::broken)?;
        if all.is_empty() {
            writeln!(out, "no program has a profile: all are built without PGO").map_err(console::broken)?;
        }
    }
    if !shared.job.ci {
        return Ok(());
    }
    match all.into_iter().find_map(|status| judged(&status)) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

fn judged(status: &Status) -> Option<Error> {
    if let Some(error) = status.failure() {
        return Some(error);
    }
    (!status.stale.is_empty()).then(|| {
        let exit = Standing::Old.exit(Asked::Status, true);
        let reasons = status.stale.join("; ");
        Error::new(exit, format!("{}: the stored profile is stale: {reasons}", status.program))
            .in_file(status.manifest_file(), None)
            .with_hint(honing_core::advise!("train anew: {pgo} --program {}", status.program))
    })
}

fn show(status: &Status, out: &mut dyn Write) -> std::io::Result<()> {
    let bold = Style::new().bold();
    let yellow = AnsiColor::Yellow.on_default().bold();
    writeln!(out, "{bold}{}{bold:#} ({}), {}", status.program, status.target, status.folder)?;
    let mut line = |name: &str, text: &str| writeln!(out, "  {name:<10} {text}");
    if let Some(error) = &status.error {
        line("unusable", &format!("{yellow}{error}{yellow:#}"))?;
        return status.hint.as_ref().map_or(Ok(()), |hint| line("hint", hint));
    }
    let Some(manifest) = &status.manifest else { return Ok(()) };
    line("age", &age(status, manifest))?;
    if let Some(last) = &status.last_match {
        line("match", &format!("{}, measured {}", last.words, last.when))?;
        if let Some(staleness) = last.staleness.filter(|staleness| *staleness > 0.0) {
            line("lost", &format!("{staleness:.1} % of the weight did not apply"))?;
        }
    }
    if let Some(forecast) = &status.forecast {
        line("forecast", &forecast.words())?;
    }
    line("changes", &changes(status, manifest))?;
    for difference in &status.differences {
        line("", difference)?;
    }
    line("verdict", &manifest.verdict.wording)?;
    line("profile", &profile(manifest))?;
    for hot in manifest.hot.iter().take(HOTTEST) {
        line("", &format!("{:>5.1} %  {}", hot.percent, hot.function))?;
    }
    if status.stale.is_empty() {
        line("policy", &honing_core::advise!("fulfilled; `{pgo} check` also builds with it"))
    } else {
        let reasons = status.stale.join("; ");
        line("policy", &format!("{yellow}stale{yellow:#}: {reasons}"))
    }
}

fn age(status: &Status, manifest: &Manifest) -> String {
    let age = status.age_s.map_or_else(|| "unknown".into(), |age| units::age(Duration::from_secs(age)));
    let dirty = if manifest.dirty { " with uncommitted changes" } else { "" };
    let commit: String = manifest.commit.chars().take(9).collect();
    format!("{age} (trained {}, recorded at commit {commit}{dirty})", manifest.trained)
}

fn changes(status: &Status, manifest: &Manifest) -> String {
    let since = status.since.map_or_else(
        || match manifest.commit.as_str() {
            _ if status.git.is_some() => status.git.clone().unwrap_or_default(),
            "unknown" => "recorded without git".to_owned(),
            _ => "history does not reach back to that commit".to_owned(),
        },
        |since| {
            let (commits, lines) =
                (units::count(since.commits, "commit"), units::count(since.lines, "changed line"));
            match (since.commits, since.lines) {
                (0, 0) => "none in the program's packages since".to_owned(),
                // Git compares with the commit, and knows nothing of what lay on top of it.
                (_, 1..) if manifest.dirty => format!(
                    "{commits} and at most {lines} in the program's packages since; some may have been there, uncommitted"
                ),
                _ => format!("{commits} and {lines} in the program's packages since"),
            }
        },
    );
    if status.differences.is_empty() {
        let same = if manifest.account.read.is_empty() {
            "build and workloads"
        } else {
            "build, workloads and lockfile"
        };
        format!("{since}; same toolchain, {same}")
    } else {
        since
    }
}

fn profile(manifest: &Manifest) -> String {
    let profile = &manifest.profile;
    format!(
        "{} stored, {} for the compiler; {}",
        units::bytes(profile.bytes),
        units::bytes(profile.indexed_bytes),
        profile.coverage()
    )
}
