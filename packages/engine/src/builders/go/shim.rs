//! The `go` that a build finds first on its PATH: it gives one main package its profile, and passes on all else.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use crate::builders::{
    go::{
        bench,
        called::Call,
        orders::{NAME, ORDERS, Orders},
    },
    stand_in::{ended, run},
};

/// Whether an executable that was called by this name is to act as go.
pub fn is_called(name: &OsStr) -> bool {
    Path::new(name).file_stem() == Some(OsStr::new(NAME))
}

/// Acts as go; `args` begin with its own name. Ends as go does.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    act(args.into_iter().skip(1).collect()).unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "error: go: {error}");
        ExitCode::FAILURE
    })
}

/// The real go.
#[derive(Debug)]
pub(super) struct RealGo(PathBuf);

impl RealGo {
    /// The first on PATH that is not this executable.
    fn find() -> io::Result<Self> {
        let own = env::current_exe()?.canonicalize()?;
        let path = env::var_os("PATH").unwrap_or_default();
        let name = format!("{NAME}{}", env::consts::EXE_SUFFIX);
        let other = |path: &PathBuf| path.canonicalize().is_ok_and(|path| path.is_file() && path != own);
        let found = env::split_paths(&path).map(|folder| folder.join(&name)).find(other);
        found.map(Self).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no go on PATH"))
    }

    /// A call of it, whose own children are not told anything.
    pub(super) fn call<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.0);
        command.args(args).env_remove(ORDERS);
        command
    }
}

fn act(args: Vec<OsString>) -> io::Result<ExitCode> {
    let go = RealGo::find()?;
    let orders = env::var(ORDERS).ok().map(|text| serde_json::from_str(&text)).transpose()?;
    let words: Option<Vec<String>> = args.iter().map(|word| word.to_str().map(str::to_owned)).collect();
    match (orders, words) {
        (Some(Orders::Build { main, pgo, notes }), Some(words)) => {
            if let Some(call) = Call::of(&words) {
                let packages = listed(&go, &call, &main);
                if let Some(ours) = packages.ours.filter(|_| call.keeps(packages.count)) {
                    return build(&go, &args, &call, (&ours, packages.count), (&pgo, &notes));
                }
            }
        }
        (Some(Orders::Bench { pattern, packages, main }), Some(words)) => {
            return bench::run(&go, &words, &pattern, &packages, &main);
        }
        _ => {}
    }
    run(&mut go.call(args))
}

/// Builds the package with its profile; where it is one of several, after all of them, which have none of ours.
fn build(
    go: &RealGo,
    args: &[OsString],
    call: &Call,
    (ours, count): (&str, usize),
    (pgo, notes): (&str, &Path),
) -> io::Result<ExitCode> {
    if count > 1 {
        let status = go.call(args).status()?;
        if !status.success() {
            return Ok(ended(status));
        }
    }
    let mut file = fs::OpenOptions::new().create(true).append(true).open(notes)?;
    writeln!(file, "{}", serde_json::to_string(&call.settings())?)?;
    run(&mut go.call(call.with(pgo, (count > 1).then_some(ours))))
}

/// What a call builds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Listed {
    /// How many packages.
    count: usize,
    /// The import path of the one with the profile, where it is among them.
    ours: Option<String>,
}

/// Asks go; what it does not understand, the call itself is going to say.
fn listed(go: &RealGo, call: &Call, main: &Path) -> Listed {
    let mut command = go.call(call.list("{{.Name}}\t{{.ImportPath}}\t{{.Dir}}"));
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    of_list(&text, |dir| dir == main || dir.canonicalize().is_ok_and(|dir| dir == main))
}

fn of_list(text: &str, is_main: impl Fn(&Path) -> bool) -> Listed {
    let mut found = Listed::default();
    for line in text.lines() {
        let mut columns = line.splitn(3, '\t');
        let (name, path, dir) = (columns.next(), columns.next(), columns.next());
        found.count += 1;
        if let (Some("main"), Some(path), Some(dir)) = (name, path, dir)
            && is_main(Path::new(dir))
        {
            found.ours = Some(path.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_package_is_known_by_its_folder_and_by_being_a_program() {
        let of = |text: &str| of_list(text, |dir| dir == Path::new("/w/cmd/a"));
        let several =
            of("words\te.org/words\t/w/words\nmain\te.org/cmd/a\t/w/cmd/a\nmain\te.org/cmd/b\t/w/cmd/b\n");
        assert_eq!(several, Listed { count: 3, ours: Some("e.org/cmd/a".into()) });
        // Files that are named are a package of their own, in the same folder.
        let files = of("main\tcommand-line-arguments\t/w/cmd/a\n");
        assert_eq!(files.ours.as_deref(), Some("command-line-arguments"));
        assert_eq!(of("main\te.org/cmd/b\t/w/cmd/b\n").ours, None);
        assert_eq!(of("a\te.org/cmd/a\t/w/cmd/a\n").ours, None);
        assert_eq!(of("\n").ours, None);
    }
}
