//! `pgo exec`: the environment of a PGO build, for what drives cargo itself: packagers,
//! maturin, cargo-deb, or a cargo command that no stage runs.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use honing_core::{Error, ExitCode, Result, Stage};

use crate::{
    builders::cargo::{
        ask,
        configured::configured,
        flavours::{Added, instrument_flags, orders},
        pinning, ready,
        state::Here,
        wrapper,
    },
    chain::{
        merge::given,
        optimized::profile_path,
        session::{ProfileSource, Session},
        subject::Subject,
    },
    children::Command,
    io::files,
    keep::{handed, stored_profile},
    profiles::llvm::Counting,
};

/// `words` as a command in the environment that has every cargo below it build as
/// `flavour` does: baseline, instrument or optimize. It is not run.
///
/// # Errors
/// Usage, where the choice of the program is open; stale, where there is no profile.
pub fn exec_command(session: &Session, flavour: Stage, words: &[OsString]) -> Result<Command> {
    let here = &Here::of(session)?;
    let subjects = session.subjects()?;
    let [subject] = subjects.as_slice() else {
        let names: Vec<&str> = subjects.iter().map(|subject| subject.name).collect();
        return Err(Error::usage(format!(
            "exec: a profile belongs to one program, and here are {}",
            names.join(", ")
        ))
        .with_hint(format!("choose one: -P {}", names.first().unwrap_or(&"NAME"))));
    };
    let (program, args) = words.split_first().ok_or_else(|| Error::usage("exec: there is no command"))?;
    let added = match flavour {
        Stage::Instrument => instrument_flags(Counting::of(subject.program).flush),
        Stage::Optimize => Added { profile: Some(profile(session, subject)?), flags: Vec::new() },
        _ => Added::default(),
    };
    if pinning::pins(here, subject) {
        pinning::settle(here)?;
    }
    let (orders, naming) = orders(here, subject, added)?;
    let target_dir = orders.target_dir(&naming.folder, &format!("exec-{flavour}-{}", subject.name));
    ready::ready(here, &target_dir, &orders)?;

    let mut command = Command::new(program, &session.around.env, &session.around.dir);
    command.args(args);
    let answer = ask::ask(here, &subject.triple)?;
    wrapper::set(&mut command, &session.builds(), answer.rustc_wrapper.as_deref());
    // Without a target, build scripts are instrumented too, and nothing is pinned.
    command.env("CARGO_BUILD_TARGET", &subject.triple);
    command.env("CARGO_TARGET_DIR", &target_dir);
    // Where cargo is configured to share a folder for what is between, it is not shared here.
    let asked = ("build.build-dir", session.options.arguments.as_slice());
    let shared = configured(&here.cargo.toolchain.cargo, &session.around.env, &session.root, asked);
    if shared.is_some() || session.around.env.contains_key(OsStr::new("CARGO_BUILD_BUILD_DIR")) {
        command.env("CARGO_BUILD_BUILD_DIR", &target_dir);
    }
    // Stages set it themselves; here it is the person's.
    if let Some(pattern) = std::env::var_os("LLVM_PROFILE_FILE") {
        command.env("LLVM_PROFILE_FILE", pattern);
    }
    Ok(command)
}

/// The profile that a build of `subject` uses outside of the stages: the one that is
/// named, else the stored one, else what the latest run built with.
fn profile(session: &Session, subject: &Subject<'_>) -> Result<PathBuf> {
    let named = match &session.options.profile {
        ProfileSource::File(file) => Some(file.clone()),
        _ => handed::given(session, subject)?.map(|handed| handed.file),
    };
    if let Some(file) = named {
        // As the compiler reads it: what a person names may be packed.
        let (profile, _) = given(subject, &file)?;
        let path = session.builds().join(format!("exec-{}.profdata", subject.name));
        files::write_if_changed(&path, &profile.for_build())?;
        return Ok(path);
    }
    if let Some(stored) = stored_profile::load(session, subject)? {
        let path = session.builds().join(format!("exec-{}.profdata", subject.name));
        files::write_if_changed(&path, &stored.open(subject)?.for_build())?;
        return Ok(path);
    }
    let merged = profile_path(session, subject);
    if merged.is_file() {
        return Ok(merged);
    }
    let message = format!("exec: program `{}` has no profile yet", subject.name);
    Err(Error::new(ExitCode::Stale, message).with_hint(honing_core::advise!(
        "make one (`{pgo} -P {} --to optimize`), or name one with --profile",
        subject.name
    )))
}

/// Becomes the command: its streams, signals and exit code are those of this process.
/// Where a process cannot become another, returns the code to end with.
///
/// # Errors
/// Preflight, where it cannot be started.
pub fn exec(command: &Command) -> Result<i32> {
    let mut process = std::process::Command::new(&command.program);
    process.args(&command.args).env_clear().envs(&command.env).current_dir(&command.dir);
    become_it(&mut process).map_err(|error| {
        Error::preflight(format!("exec: cannot run {}: {error}", command.program.display()))
            .with_hint("check that the program exists, is executable and is on PATH")
    })
}

#[cfg(unix)]
fn become_it(command: &mut std::process::Command) -> std::io::Result<i32> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn become_it(command: &mut std::process::Command) -> std::io::Result<i32> {
    Ok(command.status()?.code().unwrap_or(1))
}
