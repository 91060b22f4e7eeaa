//! What preflight looks at in a cargo workspace.

use honing_cargo::tables::{Harness, ProgramKind};
use honing_core::{Error, Result, unknown};

use crate::{
    builders::cargo::{ask, state::Cargo, state::Here, tables, toolchain::Toolchain},
    chain::subject::Subject,
};

/// Packages, features, Cargo profiles, arguments and the toolchain.
pub(super) fn check(session: &Here<'_>, subject: &Subject<'_>) -> Result<()> {
    let workspace = &session.cargo.workspace;
    let at = |error: Error| error.at(format!("program `{}`", subject.name));
    let program = tables::program(subject.program).map_err(at)?;
    let package = session.cargo.package(subject).map_err(at)?;
    workspace.check_features(package, &program.features).map_err(at)?;
    workspace.check_features(package, &session.options.features).map_err(at)?;
    // What goes to cargo as it is may turn features on.
    if session.options.arguments.is_empty() {
        let features: Vec<String> =
            program.features.iter().chain(&session.options.features).cloned().collect();
        let default = program.default_features;
        workspace.check_required(package, &subject.artifact, &features, default).map_err(at)?;
    }
    check_profile(session, &program.profile).map_err(at)?;
    for (name, tool) in &session.config.tool {
        let at = |error: Error| error.at(format!("tool `{name}`"));
        let tool = tables::tool(tool).map_err(at)?;
        let kind = ProgramKind::Bin(tool.bin.as_deref());
        let package = workspace.package(&tool.package).map_err(at)?;
        workspace.check_features(package, &tool.features).map_err(at)?;
        let artifact = workspace.artifact_name(package, &kind).map_err(at)?;
        workspace.check_required(package, &artifact, &tool.features, true).map_err(at)?;
        check_profile(session, &tool.profile).map_err(at)?;
    }
    check_cargo_args(session)
}

/// Tests or benchmarks that are to be a workload.
pub(super) fn check_harness(cargo: &Cargo, run: &Harness) -> Result<()> {
    if let Some(package) = &run.package {
        cargo.workspace.package(package)?;
    }
    if let Some(value) = cargo.config.forced("LLVM_PROFILE_FILE") {
        return Err(Error::preflight(format!(
            "cargo's configuration forces LLVM_PROFILE_FILE to `{}`: what cargo runs would leave its \
             profiles there",
            value.to_string_lossy()
        ))
        .with_hint("take `force = true` out of `[env]` in .cargo/config.toml, or the whole variable"));
    }
    Ok(())
}

fn check_profile(session: &Here<'_>, name: &str) -> Result<()> {
    let profiles = session.cargo.workspace.profiles();
    if profiles.iter().any(|profile| profile == name)
        || session.cargo.config.has_profile(&session.root, &session.around.env, name)
    {
        return Ok(());
    }
    let names: Vec<&str> = profiles.iter().map(String::as_str).collect();
    Err(unknown("Cargo profile", name, "this workspace", &names))
}

/// What cargo says of its configuration fits what was looked at.
pub(super) fn check_answer(session: &Here<'_>, subject: &Subject<'_>) -> Result<()> {
    let answer = ask::ask(session, &subject.triple)?;
    let toolchain = &session.cargo.toolchain;
    if answer.rustc == toolchain.rustc {
        return Ok(());
    }
    let load = || Toolchain::load(&toolchain.cargo, &answer.rustc, &session.around.env, &session.root);
    let rustc = session.while_builder(load)?;
    if rustc.verbose_version == toolchain.verbose_version {
        return Ok(());
    }
    Err(Error::preflight(format!(
        "cargo compiles with {} ({}), and Honing found {} ({})",
        answer.rustc.display(),
        rustc.release,
        toolchain.rustc.display(),
        toolchain.release
    ))
    .with_hint(format!("name it in the environment: RUSTC={}", answer.rustc.display())))
}

/// Flags that we set ourselves must not be set behind our back.
fn check_cargo_args(session: &Here<'_>) -> Result<()> {
    const OURS: [&str; 6] =
        ["--target", "--target-dir", "--profile", "--release", "--message-format", "--package"];
    for arg in &session.options.arguments {
        let name = arg.split('=').next().unwrap_or(arg);
        if OURS.contains(&name) || matches!(name, "-p" | "-r") {
            return Err(Error::usage(format!("`{arg}` after `--` is Honing's to set")).with_hint(
                "--target and --target-dir go before `--`; package and profile are set in pgo.toml",
            ));
        }
        if ["build-dir", "target-dir", "dep-info-basedir"].iter().any(|key| arg.contains(key)) {
            return Err(Error::usage(format!("`{arg}`: folders of builds are Honing's to choose"))
                .with_hint("choose where all of its output goes with --target-dir, before `--`"));
        }
    }
    Ok(())
}
