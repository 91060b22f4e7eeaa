//! The wrapper's own side: cargo calls `<store>/build/honing-rustc rustc ARGS…`, once for each crate
//! and for what it asks rustc about itself. Where a crate's files go tells which build it is part of,
//! and so what the orders are.
//!
//! It is told by the name that it is called by, not by a variable: a variable would
//! reach an xtask that a build script runs, which would then take itself for rustc.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::SystemTime,
};

use honing_cargo::pin::{self, Call, Source, Unit};
use serde::Deserialize;

use crate::builders::{
    cargo::wrapper::{INNER, NAME, Names, Orders, orders, record},
    stand_in::{ended, run},
};

/// Whether an executable that was called by this name is to act as wrapper.
pub fn is_called(name: &OsStr) -> bool {
    Path::new(name).file_stem() == Some(OsStr::new(NAME))
}

/// Acts as wrapper; `args` begin with its own name. Ends as rustc does.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args = args.into_iter();
    let own = args.next().map(PathBuf::from).unwrap_or_default();
    let builds = own.parent().unwrap_or(Path::new("")).to_owned();
    match act(args.collect(), &builds) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {NAME}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn act(args: Vec<OsString>, builds: &Path) -> io::Result<ExitCode> {
    let prepared = prepare(args, builds)?;
    let inner = env::var_os(INNER).filter(|inner| !inner.is_empty());
    let words: Vec<OsString> = inner.into_iter().chain(prepared.args).collect();
    let Some((program, args)) = words.split_first() else {
        return Err(io::Error::other("it stands before rustc, as RUSTC_WRAPPER"));
    };
    let mut command = Command::new(program);
    // Not passed on: another wrapper of ours within would call it again.
    command.args(args).env_remove(INNER);
    let failed =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot run {}: {error}", program.display()));
    let Some(unit) = prepared.unit else { return run(&mut command).map_err(failed) };
    let started = SystemTime::now();
    let status = command.status().map_err(failed)?;
    if status.success() {
        record::write(&unit.call, started, &unit.orders.root, unit.profile.as_deref())?;
    }
    Ok(ended(status))
}

/// A call, made ready.
struct Prepared {
    args: Vec<OsString>,
    /// Where it compiles a unit of a build.
    unit: Option<Ours>,
}

/// A unit of a build, as cargo asked for it.
struct Ours {
    call: Call,
    orders: Orders,
    profile: Option<PathBuf>,
}

/// The arguments to call with. Where cargo put them into a file, that is rewritten.
fn prepare(args: Vec<OsString>, builds: &Path) -> io::Result<Prepared> {
    let Some(file) = pin::argument_file(&args) else {
        let Some(unit) = ours(Call::new(args.clone()), builds)? else {
            return Ok(Prepared { args, unit: None });
        };
        return Ok(Prepared { args: ordered(&unit)?, unit: Some(unit) });
    };
    // Cargo wrote this file for this call, and removes it after it.
    let text = fs::read_to_string(file)?;
    let call = Call::new(text.lines().map(OsString::from).collect());
    let Some(unit) = ours(call, builds)? else { return Ok(Prepared { args, unit: None }) };
    let lines = ordered(&unit)?;
    let lines: Vec<_> = lines.iter().map(|line| line.to_string_lossy()).collect();
    fs::write(file, lines.join("\n") + "\n")?;
    Ok(Prepared { args, unit: Some(unit) })
}

/// The build that a call is part of, by where its files go: `<builds>/<names>/<target dir>/…`.
fn ours(call: Call, builds: &Path) -> io::Result<Option<Ours>> {
    let inside = call.out_dir.as_deref().and_then(|dir| dir.strip_prefix(builds).ok());
    let Some(inside) = inside else { return Ok(None) };
    let target_dir = builds.join(inside.components().take(2).collect::<PathBuf>());
    if !call.is_unit_in(&target_dir) {
        return Ok(None);
    }
    let failed =
        |error: io::Error| io::Error::other(format!("its orders in {}: {error}", target_dir.display()));
    let orders = orders(&target_dir).map_err(failed)?;
    let store = builds.parent().unwrap_or(Path::new(""));
    let profile = orders.profile.as_ref().map(|profile| store.join(profile));
    Ok(Some(Ours { call, orders, profile }))
}

/// The arguments as ordered, where they compile a crate for the target; others stay as they are.
fn ordered(unit: &Ours) -> io::Result<Vec<OsString>> {
    let Ours { call, orders, profile } = unit;
    let own = call.clone();
    if !call.is_for_target() {
        return Ok(own.into_args());
    }
    let mut args = match (&orders.names, key(call, &orders.names)?) {
        (Names::Pinned { .. }, Some(key)) => own.pinned(&key, remapped(call)?),
        (Names::V0, _) => own.mangled(),
        _ => own.into_args(),
    };
    if let Some(profile) = profile {
        let mut flag = OsString::from("-Cprofile-use=");
        flag.push(profile);
        args.push(flag);
    }
    args.extend(orders.flags.iter().map(OsString::from));
    Ok(args)
}

/// The value for `-C metadata`. Without cargo's variables it is not cargo's call.
fn key(call: &Call, names: &Names) -> io::Result<Option<String>> {
    let Names::Pinned { apart } = names else { return Ok(None) };
    let vars = ["CARGO_PKG_NAME", "CARGO_PKG_VERSION", "CARGO_MANIFEST_DIR"].map(|name| env::var(name).ok());
    let (Some(crate_name), [Some(package), Some(version), Some(dir)]) = (&call.crate_name, &vars) else {
        return Ok(None);
    };
    Ok(Some(pin::key(&Unit {
        package,
        version,
        source: source(Path::new(dir))?,
        crate_name,
        crate_types: call.crate_types.iter().map(String::as_str).collect(),
        test: call.test,
        of_std: call.of_std,
        distinction: apart.get(dir).map_or("", String::as_str),
    })))
}

/// What takes the folders of this machine out of the binary.
fn remapped(call: &Call) -> io::Result<Vec<OsString>> {
    let [package, version, package_dir] = ["CARGO_PKG_NAME", "CARGO_PKG_VERSION", "CARGO_MANIFEST_DIR"]
        .map(|name| env::var(name).unwrap_or_default());
    let (dir, out_dir) = (env::current_dir()?, env::var_os("OUT_DIR").map(PathBuf::from));
    Ok(pin::remapped(&pin::Place {
        dir: &dir,
        in_workspace: call.in_workspace,
        package_dir: Path::new(&package_dir),
        package: &package,
        version: &version,
        out_dir: out_dir.as_deref(),
    }))
}

/// Where the package in `dir` comes from. Cargo does not say it, but for the place that
/// it unpacks to; `cargo vendor` and distributions leave the package's checksum, which a
/// package from git has none of.
fn source(dir: &Path) -> io::Result<Source> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo"))).unwrap_or_default();
    let unpacked = home.join("registry").join("src");
    if dir.ancestors().nth(2).is_some_and(|parent| parent.ends_with(&unpacked)) {
        return Ok(Source::Registry);
    }
    let checkouts = home.join("git").join("checkouts");
    if dir.ancestors().any(|parent| parent.ends_with(&checkouts)) {
        return Ok(Source::Git);
    }
    #[derive(Deserialize)]
    struct Checksum {
        package: Option<String>,
    }
    match fs::read(dir.join(".cargo-checksum.json")) {
        Ok(text) => {
            let checksum: Checksum = serde_json::from_slice(&text)?;
            Ok(if checksum.package.is_some() { Source::Registry } else { Source::Git })
        }
        Err(_) => Ok(Source::Path),
    }
}
