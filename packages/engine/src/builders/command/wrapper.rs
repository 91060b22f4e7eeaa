//! The compilers that a build calls: this executable in a folder of its own, by their names. It calls the real
//! one, notes whether the flags of PGO reached it, and keeps what the compiler lists of its functions, which
//! builds swallow.

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode, ExitStatus, Stdio},
};

use honing_core::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::{
    builders::{
        command::{
            calls::{self, Noted},
            tables::Compiler,
        },
        stand_in::{self, ended, run},
    },
    io::{files, programs::is_executable},
    profiles::gcc,
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
    pub(super) family: Compiler,
    /// Whether what the compiler tells of its functions is noted.
    pub(super) listens: bool,
    /// The folder of the build.
    pub(super) build_dir: PathBuf,
    /// That of the sources.
    pub(super) dir: PathBuf,
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
    own(Path::new(name)).is_some()
}

/// Links in a row that are followed.
const LINKS: usize = 8;

/// Where it was placed, by the name that it was called by: that, what PATH has by this name, or what a link leads to.
fn own(name: &Path) -> Option<PathBuf> {
    let has_folder = name.parent().is_some_and(|folder| folder != Path::new(""));
    let mut at = if has_folder {
        name.to_owned()
    } else {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_executable(file))?
    };
    for _ in 0..LINKS {
        if at.parent().and_then(Path::file_name) == Some(OsStr::new(FOLDER)) {
            return Some(at);
        }
        let target = fs::read_link(&at).ok()?;
        at = at.parent()?.join(target);
    }
    None
}

/// Acts as a compiler; `args` begin with its own name. Ends as the compiler does.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args = args.into_iter();
    let own = args.next().map(PathBuf::from).unwrap_or_default();
    let own = self::own(&own).unwrap_or(own);
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
    let args = match orders.family {
        Compiler::Clang => args,
        Compiler::Gcc => args.into_iter().map(|arg| relative(arg, &orders)).collect(),
    };
    command.args(&args);
    let words = calls::with_responses(&args);
    let Some(noted) = Noted::of(&words, orders.mark.as_deref()) else { return run(&mut command) };
    let noted = noted.called_in(std::env::current_dir().unwrap_or_default());
    if !noted.compiles || !noted.marked || !orders.listens {
        calls::note(&orders.notes, &noted, "")?;
        return run(&mut command);
    }
    let (status, told) = match orders.family {
        Compiler::Clang => {
            let (status, listed) = listening(command.args(orders.family.tracing()), calls::is_listed)?;
            (status, calls::placed(&listed, |file| below(file, &noted.dir, &orders)))
        }
        Compiler::Gcc => {
            command.args(gcc::SAYING).env(gcc::LOCALE.0, gcc::LOCALE.1);
            let (status, said) = listening(&mut command, |_| false)?;
            // Without warnings it says nothing.
            let silent = words.iter().any(|word| word == "-w");
            let lines = noted.object().filter(|_| !silent).map(|object| {
                let file = gcc::file_name(&orders.build_dir, &noted.dir, Path::new(&object));
                gcc::said(&said, &file).iter().map(|said| said.to_line() + "\n").collect()
            });
            (status, lines.unwrap_or_default())
        }
    };
    calls::note(&orders.notes, &noted, &told)?;
    Ok(ended(status))
}

/// A file as it is called below the folder of the build, or that of the sources: two of one name are told apart, and
/// both are the same in another folder.
fn below(file: &str, here: &Path, orders: &Orders) -> String {
    let whole = calls::plain(&here.join(file));
    let tree = orders.build_dir.canonicalize().unwrap_or_else(|_| orders.build_dir.clone());
    let roots = [&orders.build_dir, &tree, &orders.dir];
    let inside = roots.into_iter().find_map(|root| whole.strip_prefix(root).ok());
    inside.unwrap_or(&whole).display().to_string()
}

/// The name of a source file, from here: gcc tells local functions by it, and a profile that has whole paths applies
/// in one folder alone.
fn relative(arg: OsString, orders: &Orders) -> OsString {
    let file = Path::new(&arg);
    if !file.is_absolute() || !calls::is_source(&arg.to_string_lossy()) {
        return arg;
    }
    let whole = || Some((file.canonicalize().ok()?, std::env::current_dir().ok()?.canonicalize().ok()?));
    let tree = orders.build_dir.canonicalize().unwrap_or_else(|_| orders.build_dir.clone());
    // A copy of the sources, and what the build generates, are in the tree.
    let is_ours = |file: &Path| file.starts_with(&orders.dir) || file.starts_with(&tree);
    let Some((file, here)) = whole().filter(|(file, _)| is_ours(file)) else { return arg };
    let shared = file.components().zip(here.components()).take_while(|(one, other)| one == other).count();
    let up = here.components().skip(shared).map(|_| std::path::Component::ParentDir);
    up.chain(file.components().skip(shared)).collect::<PathBuf>().into_os_string()
}

/// Runs it, and hears what it says: all of it, or what `keeps` says, which is not passed on.
fn listening(command: &mut Command, keeps: fn(&str) -> bool) -> io::Result<(ExitStatus, String)> {
    let mut child = command.stderr(Stdio::piped()).spawn()?;
    let (mut kept, mut others) = (String::new(), String::new());
    if let Some(said) = child.stderr.take() {
        let mut said = BufReader::new(said);
        let mut line = Vec::new();
        while said.read_until(b'\n', &mut line)? > 0 {
            match std::str::from_utf8(&line) {
                Ok(text) if keeps(text) => kept.push_str(text),
                _ => {
                    others.push_str(&String::from_utf8_lossy(&line));
                    io::stderr().write_all(&line)?;
                }
            }
            line.clear();
        }
    }
    Ok((child.wait()?, if kept.is_empty() { others } else { kept }))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_compiler_is_known_by_its_folder_and_through_links() {
        let dir = tempfile::tempdir().unwrap();
        let placed = dir.path().join(FOLDER).join("clang");
        fs::create_dir(dir.path().join(FOLDER)).unwrap();
        symlink("/bin/sh", &placed).unwrap();
        symlink(format!("{FOLDER}/clang"), dir.path().join("cc")).unwrap();
        symlink("cc", dir.path().join("again")).unwrap();
        symlink("round", dir.path().join("round")).unwrap();
        for (name, found) in [("cc", true), ("again", true), ("round", false), ("not there", false)] {
            let own = own(&dir.path().join(name));
            assert_eq!(own, found.then(|| placed.clone()), "{name}");
        }
        assert_eq!(own(&placed), Some(placed.clone()));
        assert_eq!(
            [own(Path::new("sh")), own(Path::new("no-such-program")), own(Path::new(""))],
            [None, None, None]
        );
    }
}
