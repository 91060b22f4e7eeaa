//! `init`: a `pgo.toml` to start from, with a program for each binary.

use std::{fmt::Write as _, fs, io::Write as _, path::Path};

use honing_core::{Error, Result, config::Config};
use honing_engine::find_binaries;

use crate::{cli::Shared, console};

pub(crate) fn init(shared: &Shared) -> Result<()> {
    let cargo = &shared.cargo;
    let (root, binaries) = find_binaries(cargo.manifest_path.as_deref())?;
    let path = cargo.config.clone().unwrap_or_else(|| root.join("pgo/pgo.toml"));
    if path.exists() {
        return Err(Error::usage(format!("{} exists already", path.display()))
            .with_hint("edit it; `cargo xtask pgo show-config` prints what it means"));
    }
    if binaries.is_empty() {
        return Err(Error::usage("this workspace has no binary to optimize")
            .with_hint("for a cdylib, write pgo/pgo.toml by hand: docs/pgo-toml.md"));
    }
    let text = template(&binaries);
    Config::parse(&text, &path)?;
    write(&path, &text)?;
    write(&path.with_file_name("pgo.schema.json"), &Config::json_schema())?;
    let _ = writeln!(console::err(), "     Created {}", path.display());
    let _ = writeln!(console::err(), "        Next put real workloads in, then: cargo xtask pgo plan");
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    let failed = |error: std::io::Error| Error::internal(format!("cannot write {}: {error}", path.display()));
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    fs::write(path, text).map_err(failed)
}

/// Programs with placeholder workloads: they run, and say that they teach nothing.
fn template(binaries: &[(String, String)]) -> String {
    let mut text = String::from(
        "#:schema ./pgo.schema.json\n\
         # What `cargo xtask pgo` optimizes. Every key is described in pgo.schema.json.\n\n\
         [policy]\n\
         inconclusive = \"warn\"  # or \"fail\": what an unclear measurement does\n\n\
         [bench]\n\
         pairs = 60  # at most; measuring ends earlier where the verdict is clear\n",
    );
    for (package, bin) in binaries {
        let name: String =
            bin.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
        let _ = write!(
            text,
            "\n[program.{name}]\n\
             package = \"{package}\"\n\
             bin = \"{bin}\"\n\
             profile = \"release\"\n\n\
             # Replace both by what your users do, each with inputs of its own.\n\
             [program.{name}.workload.train]\n\
             role = \"train\"\n\
             command = [\"{{program}}\", \"--help\"]\n\n\
             [program.{name}.workload.eval]\n\
             role = \"eval\"\n\
             command = [\"{{program}}\", \"--version\"]\n"
        );
    }
    text
}
