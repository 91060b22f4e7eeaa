//! `manifest`: the Cargo profiles of the programs, what PGO wants of them, and the edit of
//! Cargo.toml that makes it so.

mod proposal;

use std::io::Write;

use honing_cargo::cargo_profile::{Advice, Review};
use honing_core::{Error, ExitCode, Result};
use honing_engine::Session;
use honing_report::{Kind, Table, diff};

pub(super) use proposal::{FILE, Proposal};

use super::session::look;
use crate::{
    cli::{Format, Shared},
    console,
};

/// Shows them and proposes an edit; with `check` judges them by what pgo.toml pins.
pub(crate) fn manifest(shared: &Shared, check: bool, yes: bool) -> Result<()> {
    let session = look(shared)?;
    if check {
        let looked = Proposal::look(&session)?;
        show(shared, &looked, false)?;
        return judge(&looked.reviews);
    }
    finish(shared, &session, &Proposal::make(&session)?, yes)?;
    Ok(())
}

/// Adds a profile that has what PGO wants and inherits the rest.
pub(crate) fn new(shared: &Shared, name: &str, parent: &str, check: bool, yes: bool) -> Result<()> {
    if check {
        return Err(Error::usage("--check does not go with `manifest new`")
            .with_hint("have a program use the profile and pin its settings, then `manifest --check`"));
    }
    let session = look(shared)?;
    let proposal = Proposal::new_profile(&session, name, parent)?;
    let used = proposal.reviews.iter().any(|review| !review.programs.is_empty());
    if finish(shared, &session, &proposal, yes)? && !used {
        let file = session.config_path.display();
        console::line(&format!("        Next have a program use it: profile = \"{name}\" in {file}"));
    }
    Ok(())
}

/// Shows it all and applies the edit where that is wanted; whether it did.
fn finish(shared: &Shared, session: &Session, proposal: &Proposal, yes: bool) -> Result<bool> {
    let changes = !proposal.is_empty();
    if shared.format() == Format::Json {
        if changes && yes {
            proposal.apply()?;
        }
        show(shared, proposal, changes && yes)?;
        return Ok(changes && yes);
    }
    show(shared, proposal, false)?;
    if !changes {
        console::line("     Nothing to change in Cargo.toml");
        return Ok(false);
    }
    if !yes {
        if shared.job.ci || !console::is_interactive() {
            console::line("        Next apply it: the same command with --yes");
            return Ok(false);
        }
        if !console::confirm("Change Cargo.toml? [y/N] ").map_err(console::broken)? {
            console::line("     Nothing was changed");
            return Ok(false);
        }
    }
    proposal.apply()?;
    console::line("     Changed Cargo.toml");
    for next in proposal.outdated(session) {
        console::line(&format!("        Next {next}"));
    }
    Ok(true)
}

fn show(shared: &Shared, proposal: &Proposal, applied: bool) -> Result<()> {
    let (reviews, edit) = (&proposal.reviews, &proposal.edit);
    let mut out = console::out();
    if shared.format() == Format::Json {
        let changes: Vec<serde_json::Value> = edit
            .changes()
            .iter()
            .map(|change| {
                serde_json::json!({
                    "profile": change.profile,
                    "key": change.key,
                    "before": change.before,
                    "after": change.after,
                    "reason": change.reason,
                })
            })
            .collect();
        let all = serde_json::json!({
            "profiles": reviews,
            "edit": { "file": FILE, "changes": changes, "applied": applied },
        });
        return writeln!(out, "{all:#}").map_err(console::broken);
    }
    for review in reviews {
        table(review, &mut out).map_err(console::broken)?;
    }
    diff(FILE, edit.old_text(), edit.new_text(), &mut out).map_err(console::broken)
}

fn table(review: &Review, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{}\n", review.title())?;
    let columns = ["setting", "value", "from", "PGO wants", "why"].map(|name| (name, Kind::Words));
    let mut table = Table::new("", &columns);
    for row in review.rows() {
        table.row([row.setting, row.value, row.from, row.wants, row.why]);
    }
    table.write(out, console::width())?;
    writeln!(out)
}

/// Whether cargo builds with what pgo.toml pins.
fn judge(reviews: &[Review]) -> Result<()> {
    let pinned =
        || reviews.iter().flat_map(|review| review.settings.iter().map(move |advice| (review, advice)));
    let pinned = || pinned().filter(|(_, advice)| advice.pinned.is_some());
    if pinned().next().is_none() {
        return Err(Error::usage("--check has nothing to check: pgo.toml pins no setting of a Cargo profile")
            .with_hint("pin what has to stay, for example cargo_profile = { lto = \"fat\", codegen-units = 1 } in [program.NAME.cargo]"));
    }
    let wrong: Vec<(&Review, &Advice)> = pinned().filter(|(_, advice)| !advice.fulfilled()).collect();
    if wrong.is_empty() {
        console::line("     Checked: Cargo profiles are what pgo.toml pins");
        return Ok(());
    }
    let words = |(review, advice): &(&Review, &Advice)| {
        let (key, place) = (advice.key.name(), advice.pinned.as_deref().unwrap_or_default());
        let (wants, value, origin) =
            (advice.wants.as_deref().unwrap_or_default(), &advice.value, &advice.origin);
        format!("`{}` has {key} = {value} ({origin}), and {place} pins {wants}", review.profile)
    };
    let message = wrong.iter().map(words).collect::<Vec<_>>().join("; ");
    let elsewhere = wrong.iter().find(|(_, advice)| advice.propose.is_none());
    let error = Error::new(ExitCode::Stale, format!("Cargo profile {message}")).in_file(FILE, None);
    Err(error.with_hint(match elsewhere {
        Some((_, advice)) => {
            format!("{} comes before {FILE}: change it there, or change the pin", advice.origin)
        }
        None => honing_core::advise!("`{pgo} manifest` proposes the edit; or change the pin"),
    }))
}
