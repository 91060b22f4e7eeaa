//! The compilers that a build calls: this executable in a folder of its own, by their names. It calls the real
//! one, notes whether the flags of PGO reached it, and keeps what the compiler lists of its functions, which
//! builds swallow.

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use honing_core::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::{
    builders::{
        command::calls::{self, Noted},
        stand_in::{self, ended, run},
    },
    io::files,
};

/// The folder by which an executable is to act as a compiler.
const FOLDER: &str = "honing-cc";
/// What it is to do, in there.
const ORDERS: &str = "orders.json";

/// What the compilers of a build are to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Orders {
    /// The real compilers, by the names that they are called by.
    pub(super) compilers: Vec<(String, PathBuf)>,
    /// What a call has that the flags of PGO have reached; without it, there are none.
    pub(super) mark: Option<String>,
    /// Has the compiler list its functions.
    pub(super) tracing: Vec<String>,
    /// Where calls are noted.
    pub(super) notes: PathBuf,
}

/// Where the compilers of a program are called.
pub(super) fn folder(of_program: &Path) -> PathBuf {
    of_program.join(FOLDER)
}

/// Puts the compilers in their place, with their orders.
pub(super) fn place(exe: &Path, folder: &Path, orders: &Orders) -> Result<()> {
    files::make_dir(folder)?;
    for (name, _) in &orders.compilers {
        stand_in::place(exe, &folder.join(name))?;
    }
    let text = serde_json::to_vec(orders)
        .map_err(|error| Error::internal(format!("cannot write the orders of compilers: {error}")))?;
    files::write_atomically(&folder.join(ORDERS), &text)
}

/// Whether an executable that was called by this name is to act as a compiler.
pub fn is_called(name: &OsStr) -> bool {
    Path::new(name).parent().and_then(Path::file_name) == Some(OsStr::new(FOLDER))
}

/// Acts as a compiler; `args` begin with its own name. Ends as the compiler does.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args = args.into_iter();
    let own = args.next().map(PathBuf::from).unwrap_or_default();
    act(&own, args.collect()).unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "error: {}: {error}", own.display());
        ExitCode::FAILURE
    })
}

fn act(own: &Path, args: Vec<OsString>) -> io::Result<ExitCode> {
    let orders: Orders = serde_json::from_slice(&fs::read(own.with_file_name(ORDERS))?)?;
    let name = own.file_name().unwrap_or_default();
    let real = orders.compilers.iter().find(|(known, _)| name == OsStr::new(known));
    let (_, real) =
        real.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "its orders know no such compiler"))?;
    let mut command = Command::new(real);
    command.args(&args);
    let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let Some(noted) = Noted::of(&words, orders.mark.as_deref()) else { return run(&mut command) };
    if !noted.compiles || !noted.marked || orders.tracing.is_empty() {
        calls::note(&orders.notes, &noted, "")?;
        return run(&mut command);
    }
    command.args(&orders.tracing);
    let (status, listed) = listening(&mut command)?;
    calls::note(&orders.notes, &noted, &listed)?;
    Ok(ended(status))
}

/// Runs it, passes on what it says, and keeps what it lists.
fn listening(command: &mut Command) -> io::Result<(std::process::ExitStatus, String)> {
    let mut child = command.stderr(Stdio::piped()).spawn()?;
    let mut listed = String::new();
    if let Some(said) = child.stderr.take() {
        let mut said = BufReader::new(said);
        let mut line = Vec::new();
        while said.read_until(b'\n', &mut line)? > 0 {
            match std::str::from_utf8(&line) {
                Ok(text) if calls::is_listed(text) => listed.push_str(text),
                _ => io::stderr().write_all(&line)?,
            }
            line.clear();
        }
    }
    Ok((child.wait()?, listed))
}
