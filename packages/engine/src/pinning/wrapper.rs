//! The wrapper's own side: cargo calls `honing-rustc [WRAPPER] rustc ARGS…`, once for
//! each crate and for what it asks rustc about itself.
//!
//! It is told by the name that it is called by, not by a variable: a variable would
//! reach an xtask that a build script runs, which would then take itself for rustc.

use std::{
    collections::BTreeMap,
    env,
    ffi::{OsStr, OsString},
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use honing_core::pin::{self, Call, Source, Unit};
use serde::Deserialize;

/// The name that an executable has to be called by to act as wrapper.
pub(super) const NAME: &str = "honing-rustc";
/// The variable that names the wrapper to be called by this one.
pub(super) const INNER: &str = "HONING_RUSTC_WRAPPER";
/// Raised where the wrapper asks for something else than before, names apart: cargo does not see it,
/// so it is in the name of the target directories.
pub(super) const REVISION: u32 = 1;
/// The file beside the wrapper that tells packages apart.
pub(super) const APART: &str = "apart.json";

/// Whether an executable that was called by this name is to act as wrapper.
pub fn is_called(name: &OsStr) -> bool {
    Path::new(name).file_stem() == Some(OsStr::new(NAME))
}

/// Acts as wrapper; `args` begin with its own name. Ends as rustc does.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args = args.into_iter();
    let own = args.next().map(PathBuf::from).unwrap_or_default();
    let args: Vec<OsString> = args.collect();
    let inner = env::var_os(INNER).filter(|inner| !inner.is_empty());
    let command = rewrite(args, &own).map(|args| inner.into_iter().chain(args).collect::<Vec<_>>());
    match command.as_deref() {
        Ok([program, args @ ..]) => {
            // Not passed on: another wrapper of ours within would call it again.
            let error = run(Command::new(program).args(args).env_remove(INNER));
            match error {
                Ok(code) => code,
                Err(error) => failed(&format!("cannot run {}: {error}", program.display())),
            }
        }
        Ok([]) => failed("it stands before rustc, as RUSTC_WRAPPER"),
        Err(error) => failed(&error.to_string()),
    }
}

fn failed(why: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {NAME}: {why}");
    ExitCode::FAILURE
}

/// The arguments to call with: these, or where cargo put them into a file, the file rewritten.
fn rewrite(args: Vec<OsString>, own: &Path) -> io::Result<Vec<OsString>> {
    let Some(file) = pin::argument_file(&args) else { return pinned(args, own) };
    // Cargo wrote this file for this call, and removes it after it.
    let text = fs::read_to_string(file)?;
    let lines = pinned(text.lines().map(OsString::from).collect(), own)?;
    let lines: Vec<_> = lines.iter().map(|line| line.to_string_lossy()).collect();
    fs::write(file, lines.join("\n") + "\n")?;
    Ok(args)
}

/// The arguments with the profile's place, and where they compile a crate for the target, with pinned
/// names and without this machine's folders.
fn pinned(args: Vec<OsString>, own: &Path) -> io::Result<Vec<OsString>> {
    // It is called as `<store>/build/<names>/honing-rustc`.
    let store = own.ancestors().nth(3).unwrap_or(Path::new(""));
    let call = Call::new(pin::with_profile(args, store));
    Ok(match metadata(&call, own)? {
        Some(value) => {
            let also = remapped(&call)?;
            call.pinned(&value, also)
        }
        None => call.into_args(),
    })
}

/// The value for `-C metadata`. Without cargo's variables it is not cargo's call.
fn metadata(call: &Call, own: &Path) -> io::Result<Option<String>> {
    let vars = ["CARGO_PKG_NAME", "CARGO_PKG_VERSION", "CARGO_MANIFEST_DIR"].map(|name| env::var(name).ok());
    let (Some(crate_name), [Some(package), Some(version), Some(dir)]) = (&call.crate_name, &vars) else {
        return Ok(None);
    };
    if !call.is_pinned() {
        return Ok(None);
    }
    let apart = apart(&own.with_file_name(APART))?;
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

/// What tells packages apart, by folder; there mostly is nothing.
fn apart(file: &Path) -> io::Result<BTreeMap<String, String>> {
    match fs::read(file) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
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

/// Becomes the command.
#[cfg(unix)]
fn run(command: &mut Command) -> io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn run(command: &mut Command) -> io::Result<ExitCode> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
