//! Whether a person watches, and how they want their dashboard.

use std::{io::IsTerminal, path::PathBuf};

use clap::ColorChoice;
use honing_core::{Error, Result};
use honing_dashboard::{Mode, Screen, Settings, Setup};

use crate::cli::Shared;

/// Whether a person sees a dashboard, and wants one.
pub(super) fn is_watched(shared: &Shared) -> bool {
    let lines = shared.plain.plain || shared.job.ci || shared.quiet.quiet || shared.shape.format.is_some();
    let terminal = [
        std::io::stdin().is_terminal(),
        std::io::stdout().is_terminal(),
        std::io::stderr().is_terminal(),
        std::env::var("TERM").map_or(cfg!(windows), |term| term != "dumb"),
    ];
    !lines && terminal.into_iter().all(|fits| fits)
}

/// What the person, the terminal and the command line say together.
pub(super) fn setup(shared: &Shared, mode: Mode) -> Result<Setup> {
    let settings = match settings_path().map(|path| (std::fs::read_to_string(&path), path)) {
        Some((Ok(text), path)) => Settings::parse(&text, &path)?,
        Some((Err(error), path)) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::usage(format!("cannot read {}: {error}", path.display()))
                .with_hint("it has to be a text file that is readable for this user"));
        }
        _ => Settings::default(),
    };
    let mut screen = Screen::from_env(|name| std::env::var(name).ok());
    match shared.color {
        ColorChoice::Always => screen.colour = true,
        ColorChoice::Never => screen.colour = false,
        ColorChoice::Auto => {}
    }
    let notify = shared.notice.notify.map_or(settings.notify, Into::into);
    let above = std::env::current_dir().unwrap_or_default();
    let no_manifest = shared.file.manifest_path.is_none()
        && !above.ancestors().any(|folder| folder.join("Cargo.toml").is_file());
    Ok(Setup { mode, keymap: settings.keymap, screen, notify, no_manifest })
}

/// `$XDG_CONFIG_HOME/honing/dashboard.toml`, or where that is by default.
fn settings_path() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = folder("XDG_CONFIG_HOME")
        .or_else(|| folder("APPDATA").filter(|_| cfg!(windows)))
        .or_else(|| folder("HOME").map(|home| home.join(".config")))?;
    Some(config.join("honing/dashboard.toml"))
}
