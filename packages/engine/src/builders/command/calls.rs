//! What a build called of its compilers: whether the flags of PGO reached them, and the functions that they listed.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use honing_match::TraceReader;
use serde::{Deserialize, Serialize};

use crate::builders::command::tables::Compiler;

/// Calls that compile or link, a line for each.
pub(super) const CALLS: &str = "calls.jsonl";
/// What the compilers listed.
const LISTED: &str = "functions.txt";

/// A call that compiles, links, or does both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Noted {
    /// Whether it compiles.
    pub(super) compiles: bool,
    /// Whether it links.
    pub(super) links: bool,
    /// Whether the flags of PGO reached it.
    pub(super) marked: bool,
    /// What it compiles, or makes.
    pub(super) file: String,
    /// The object file that it makes, where it says which.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    out: String,
    /// Object files that it links.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    linked: Vec<String>,
    /// Where it was called.
    #[serde(default)]
    pub(super) dir: PathBuf,
}

/// What stands before the file in a line of the list.
const IN_FILE: &str = " in building ";

/// Flags whose next word is theirs, and no file.
const WITH_VALUE: [&str; 13] =
    ["-o", "-I", "-isystem", "-include", "-D", "-U", "-MF", "-MT", "-MQ", "-x", "-L", "-l", "-Xlinker"];
/// Calls that make nothing of a program.
const ASKS: [&str; 6] = ["-E", "-M", "-MM", "-fsyntax-only", "--version", "-###"];

impl Noted {
    /// A call, by its arguments; `None` where it makes nothing of a program.
    pub(super) fn of(args: &[impl AsRef<str>], mark: Option<&str>) -> Option<Self> {
        let words: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
        if words
            .iter()
            .any(|word| ASKS.contains(word) || word.starts_with("-print-") || word.starts_with("-dump"))
        {
            return None;
        }
        let marked = mark.is_some_and(|mark| words.iter().any(|word| word.starts_with(mark)));
        let mut rest = words.iter();
        let (mut sources, mut assembly, mut others, mut out) = (Vec::new(), false, Vec::new(), "");
        while let Some(word) = rest.next() {
            match *word {
                "-o" => out = rest.next().copied().unwrap_or_default(),
                flag if WITH_VALUE.contains(&flag) => drop(rest.next()),
                flag if flag.starts_with("-o") && !flag.starts_with("-obj") => {
                    out = flag.get(2..).unwrap_or_default()
                }
                word if word.starts_with('-') => {}
                word if is_source(word) => sources.push(word),
                word if matches!(end(word), "s" | "S") => assembly = true,
                word => others.push(word),
            }
        }
        let stops = words.iter().any(|word| matches!(*word, "-c" | "-S"));
        let (compiles, links) = (!sources.is_empty(), !stops && (!sources.is_empty() || !others.is_empty()));
        let file = sources.first().copied().unwrap_or(out).to_owned();
        let out = if links { String::new() } else { out.to_owned() };
        let linked = others.into_iter().filter(|word| links && end(word) == "o").map(str::to_owned).collect();
        // Assembly has no counters, and is made here all the same.
        let made = compiles || links || (assembly && !out.is_empty());
        made.then_some(Self { compiles, links, marked, file, out, linked, dir: PathBuf::new() })
    }

    /// The same, called in a folder.
    pub(super) fn called_in(self, dir: PathBuf) -> Self {
        Self { dir, ..self }
    }

    /// The object file that is compiled, and not linked at once.
    pub(super) fn object(&self) -> Option<PathBuf> {
        if !self.compiles || self.links {
            return None;
        }
        let usual = || Path::new(Path::new(&self.file).file_name().unwrap_or_default()).with_extension("o");
        Some(if self.out.is_empty() { usual() } else { self.out.clone().into() })
    }
}

fn end(word: &str) -> &str {
    Path::new(word).extension().and_then(|end| end.to_str()).unwrap_or_default()
}

pub(super) fn is_source(word: &str) -> bool {
    matches!(end(word), "c" | "cc" | "cpp" | "cxx" | "c++" | "C" | "CC" | "cp" | "m" | "mm" | "i" | "ii")
}

/// Whether a line of a compiler's is of its list.
pub(super) fn is_listed(line: &str) -> bool {
    line.starts_with("Funcname=")
}

/// Notes a call, and what it listed. Many may do so at once: each writes in one piece.
pub(super) fn note(folder: &Path, noted: &Noted, listed: &str) -> io::Result<()> {
    let append = |name: &str, text: &str| {
        fs::File::options().create(true).append(true).open(folder.join(name))?.write_all(text.as_bytes())
    };
    append(CALLS, &(serde_json::to_string(noted)? + "\n"))?;
    if listed.is_empty() { Ok(()) } else { append(LISTED, listed) }
}

/// What a compiler listed, with each file as `place` has it.
pub(super) fn placed(listed: &str, place: impl Fn(&str) -> String) -> String {
    let line = |line: &str| match line.rsplit_once(IN_FILE) {
        Some((function, file)) => format!("{function}{IN_FILE}{}\n", place(file)),
        None => format!("{line}\n"),
    };
    listed.lines().map(line).collect()
}

/// What compilers told of the functions that they built; `None` where they told nothing.
pub(super) fn functions(folder: &Path, family: Compiler) -> Option<String> {
    let text = fs::read_to_string(folder.join(LISTED)).ok()?;
    if family == Compiler::Gcc {
        let lines: BTreeSet<&str> = text.lines().collect();
        return Some(lines.into_iter().map(|line| format!("{line}\n")).collect());
    }
    let mut reader = TraceReader::default();
    for line in text.lines() {
        reader.undivided(line);
    }
    let functions = reader.finish();
    (!functions.is_empty()).then(|| functions.to_text())
}

/// Where the flags of PGO did not go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nobody called the compilers by `{cc}` or `{cxx}`.
    Unknown,
    /// No compilation had them.
    Nowhere,
    /// Some compilations did not: how many, of how many, and one of them.
    Partly(usize, usize, String),
    /// Objects were linked that no call of the compilers made: how many, of how many, and one of them.
    Foreign(usize, usize, String),
    /// No link had them, and there were some.
    NoLink(String),
    /// All that matters.
    All,
}

/// Compilations of a build.
pub(super) fn compilations(folder: &Path) -> u64 {
    all(folder).iter().filter(|call| call.compiles).count() as u64
}

/// All calls that were noted.
pub(super) fn all(folder: &Path) -> Vec<Noted> {
    let text = fs::read_to_string(folder.join(CALLS)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Where the flags of PGO went in a build.
pub(super) fn reach(calls: &[Noted]) -> Reach {
    // Those that configure try things, and are many: a program is compiled with -c, or it is small.
    let compiles: Vec<&Noted> = {
        let apart: Vec<&Noted> = calls.iter().filter(|call| call.compiles && !is_trial(call)).collect();
        if apart.is_empty() { calls.iter().filter(|call| call.compiles).collect() } else { apart }
    };
    if compiles.is_empty() {
        return Reach::Unknown;
    }
    let without: Vec<&&Noted> = compiles.iter().filter(|call| !call.marked).collect();
    if without.len() == compiles.len() {
        return Reach::Nowhere;
    }
    if let Some(first) = without.first() {
        return Reach::Partly(without.len(), compiles.len(), first.file.clone());
    }
    let links: Vec<&Noted> = calls.iter().filter(|call| call.links && !is_trial(call)).collect();
    match links.first() {
        Some(first) if links.iter().all(|call| !call.marked) => Reach::NoLink(first.file.clone()),
        _ => foreign(calls).unwrap_or(Reach::All),
    }
}

/// Objects that lay there already: what compiled them knew nothing of PGO.
fn foreign(calls: &[Noted]) -> Option<Reach> {
    let (made, linked) = (made(calls), linked(calls));
    let others: Vec<&PathBuf> = linked.difference(&made).collect();
    let first = others.first()?;
    Some(Reach::Foreign(others.len(), linked.len(), first.file_name()?.to_string_lossy().into_owned()))
}

/// Objects with the flags of PGO after a build in a tree that had `before` of them.
pub(super) fn marked(before: BTreeSet<PathBuf>, calls: &[Noted]) -> BTreeSet<PathBuf> {
    let (with, without): (Vec<&Noted>, Vec<&Noted>) = calls.iter().partition(|call| call.marked);
    let without = made(without);
    before.into_iter().filter(|object| !without.contains(object)).chain(made(with)).collect()
}

/// Those of the objects with the flags of PGO that a build linked: how many, of how many, and one of them.
pub(super) fn left_over(calls: &[Noted], marked: &BTreeSet<PathBuf>) -> Option<(usize, usize, String)> {
    let linked = linked(calls);
    let left: Vec<&PathBuf> = linked.intersection(marked).collect();
    let first = left.first()?;
    Some((left.len(), linked.len(), first.file_name()?.to_string_lossy().into_owned()))
}

/// Whether something was compiled.
pub(super) fn compiles(calls: &[Noted]) -> bool {
    calls.iter().any(|call| call.compiles && !is_trial(call))
}

/// The object files that were made.
fn made<'a>(calls: impl IntoIterator<Item = &'a Noted>) -> BTreeSet<PathBuf> {
    let of = |call: &Noted| {
        let out = call.object().or_else(|| (!call.out.is_empty()).then(|| call.out.clone().into()))?;
        Some(plain(&call.dir.join(out)))
    };
    calls.into_iter().filter_map(of).collect()
}

/// The object files that were linked.
fn linked(calls: &[Noted]) -> BTreeSet<PathBuf> {
    let links = calls.iter().filter(|call| !is_trial(call));
    links.flat_map(|call| call.linked.iter().map(|file| plain(&call.dir.join(file)))).collect()
}

/// A path without `.` and `..`.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => drop(out.pop()),
            part => out.push(part),
        }
    }
    out
}

/// The words of a call, with those of its response files.
pub(super) fn with_responses(args: &[std::ffi::OsString]) -> Vec<String> {
    let words = args.iter().map(|arg| arg.to_string_lossy().into_owned());
    words
        .flat_map(|word| {
            let text = word.strip_prefix('@').and_then(|file| fs::read_to_string(file).ok());
            match text {
                Some(text) => shlex::split(&text)
                    .unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect()),
                None => vec![word],
            }
        })
        .collect()
}

/// Whether a call is one of those by which configure, cmake and meson try the compiler.
pub(super) fn is_trial(call: &Noted) -> bool {
    ["conftest", "CMakeC", "cmTC_", "testfile", "sanitycheck"].iter().any(|name| call.file.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(text: &str) -> Option<Noted> {
        Noted::of(&text.split(' ').collect::<Vec<_>>(), Some("-fprofile-use="))
    }

    #[test]
    fn calls_are_told_apart() {
        for (text, compiles, links, marked, file) in [
            ("-O2 -c a.c -o a.o", true, false, false, "a.c"),
            ("-fprofile-use=/p -c x/a.cpp", true, false, true, "x/a.cpp"),
            ("a.o b.o -o prog", false, true, false, "prog"),
            ("a.c -fprofile-use=/p -lm -o prog", true, true, true, "a.c"),
            ("-S a.c", true, false, false, "a.c"),
            ("-shared -o lib.so a.o", false, true, false, "lib.so"),
        ] {
            let noted = call(text).unwrap();
            assert_eq!(
                (noted.compiles, noted.links, noted.marked, &*noted.file),
                (compiles, links, marked, file),
                "{text}"
            );
        }
        for asks in ["--version", "-E a.c", "-print-prog-name=ld", "-dumpmachine", "-c a.S", "-M a.c", "-v"] {
            assert_eq!(call(asks), None, "{asks}");
        }
    }

    #[test]
    fn it_is_told_where_flags_did_not_go() {
        let all = |texts: &[&str]| reach(&texts.iter().filter_map(|text| call(text)).collect::<Vec<_>>());
        let (with, without, link) = ("-fprofile-use=/p -c a.c", "-c b.c", "a.o -o prog");
        assert_eq!(all(&[]), Reach::Unknown);
        assert_eq!(all(&[without, link]), Reach::Nowhere);
        assert_eq!(all(&[with, without, link]), Reach::Partly(1, 2, "b.c".into()));
        assert_eq!(all(&[with, link]), Reach::NoLink("prog".into()));
        assert_eq!(all(&[with, "-fprofile-use=/p a.o -o prog", link]), Reach::All);
        let whole = "-fprofile-use=/p a.o ./b.o x/../s.o -o prog";
        let assembled = "-c s.S -os.o";
        assert_eq!(all(&[with, "-fprofile-use=/p -c b.c -v", assembled, whole]), Reach::All);
        assert_eq!(all(&[with, assembled, whole]), Reach::Foreign(1, 3, "b.o".into()));
        assert_eq!(all(&["-c conftest.c", with]), Reach::All);
        assert_eq!(all(&["-c conftest.c"]), Reach::Nowhere);
    }

    #[test]
    fn what_is_noted_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!((reach(&all(dir.path())), functions(dir.path(), Compiler::Clang)), (Reach::Unknown, None));
        let noted = call("-fprofile-use=/p -c a.c").unwrap();
        note(dir.path(), &noted, "Funcname=_ZN1A1fEi, Hash=7 in building x/a.c\n").unwrap();
        note(dir.path(), &noted, "").unwrap();
        assert_eq!(reach(&all(dir.path())), Reach::All);
        let listed = functions(dir.path(), Compiler::Clang).unwrap();
        assert!(listed.contains(" _ZN1A1fEi\n") && listed.contains("module x/a.c\n"), "{listed}");
    }
}
