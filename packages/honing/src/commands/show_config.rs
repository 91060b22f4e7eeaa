//! `show-config`: every setting with its value, and where it comes from.

use clap::{ArgMatches, CommandFactory, parser::ValueSource};
use honing_core::{Result, Setting, settings};
use honing_report::{Kind, Table};

use super::session::look;
use crate::{
    cli::{Cli, Format, Shared},
    console,
};

pub(crate) fn show_config(shared: &Shared, matches: &ArgMatches) -> Result<()> {
    let session = look(shared)?;
    let mut all = settings(&session.config, &session.config_text, &session.config_path);
    all.extend(flags(matches));
    for subject in session.subjects()? {
        all.extend(session.settings(&subject)?);
    }
    if shared.format() == Format::Json {
        return console::json(&all);
    }
    let left = Kind::Words;
    let mut table = Table::new("", &[("setting", left), ("value", left), ("from", left)]);
    for Setting { key, value, origin } in all {
        table.row([key, value, origin]);
    }
    console::table(&table)
}

/// Flags that were set, on the command line or by a variable.
fn flags(matches: &ArgMatches) -> Vec<Setting> {
    let command = Cli::command();
    let Some((name, matches)) = matches.subcommand() else { return Vec::new() };
    let mut found = Vec::new();
    for arg in command.find_subcommand(name).into_iter().flat_map(clap::Command::get_arguments) {
        let id = arg.get_id().as_str();
        let origin = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => "command line".to_owned(),
            Some(ValueSource::EnvVariable) => {
                arg.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
            }
            _ => continue,
        };
        let raw = matches.get_raw(id).into_iter().flatten();
        let value = raw.map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(",");
        found.push(Setting { key: format!("--{}", id.replace('_', "-")), value, origin });
    }
    found
}
