//! Tools that are not part of a Rust toolchain. A test that lacks one says so and passes, unless
//! `HONING_NO_SKIP` is set.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// LLVM's `llvm-profdata` of that major version: Debian's name, then the plain one.
pub fn llvm_profdata(major: u32) -> Option<PathBuf> {
    let versioned = format!("llvm-profdata-{major}");
    [versioned.as_str(), "llvm-profdata"].into_iter().map(PathBuf::from).find(|tool| {
        let output = Command::new(tool).arg("--version").output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        text.is_ok_and(|text| text.contains(&format!("LLVM version {major}.")))
    })
}

/// The oracle, or a line on the real standard error that says that the test was skipped.
pub fn oracle() -> Option<PathBuf> {
    let found = llvm_profdata(22);
    if found.is_none() {
        skip("llvm-profdata of LLVM 22 (Debian package llvm-22)");
    }
    found
}

/// Says that a test was skipped.
///
/// # Panics
/// If `HONING_NO_SKIP` is set.
pub fn skip(needs: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // libtest captures what the print macros write; this it does not.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test} needs {needs}");
    assert!(std::env::var_os("HONING_NO_SKIP").is_none(), "{test} needs {needs}");
}

/// Whether a tool can be started.
pub fn there(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Runs a command to its end and gives its standard output.
///
/// # Panics
/// If it fails, with its standard error.
pub fn run(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
    output.stdout
}

/// Compiles a Rust program of `tests/programs` with the toolchain that runs the test.
pub fn rustc(source: &str, output: &Path, flags: &[&str]) {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command.args(["--edition", "2024", "-Copt-level=2"]).args(flags).arg("-o").arg(output);
    run(command.arg(super::program(source)));
}

/// Runs an instrumented program and gives the raw profile that it wrote.
pub fn record(program: &Path, args: &[&str], profile: &Path) -> Vec<u8> {
    run(Command::new(program).args(args).env("LLVM_PROFILE_FILE", profile));
    std::fs::read(profile).unwrap()
}
