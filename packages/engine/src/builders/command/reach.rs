//! What a build did with the flags of PGO: a build that lost them is refused, and what goes wrong in silence is told.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use honing_core::{Error, ExitCode, Result, Stage, event::Event};

use crate::{
    builders::command::{
        calls::{self, Noted, Reach},
        state::Wanted,
        tables::Compiler,
    },
    chain::session::Session,
    profiles::gcc,
};

/// The longest name of a file.
const LONGEST: usize = 255;

/// Refuses a build that the flags of PGO did not reach, and a baseline with objects that they reached: in a kept tree
/// these were `marked` before.
pub(super) fn tell_reach(
    session: &Session,
    stage: Stage,
    wanted: &Wanted<'_>,
    marked: BTreeSet<PathBuf>,
) -> Result<()> {
    let warn = |text: String| session.sink.emit(Event::Warning { text: format!("{stage}: {text}") });
    let noted = calls::all(&wanted.notes());
    let Some(mark) = wanted.mark else {
        let real = |folder: PathBuf| folder.canonicalize().unwrap_or(folder);
        let seen = [wanted.dir.clone(), wanted.build_dir(), session.builds()].map(real);
        outside(&noted, &seen).into_iter().for_each(warn);
        return left_over(stage, wanted, &noted, marked);
    };
    let flag = mark.trim_end_matches('=');
    if wanted.compilers.family == Compiler::Gcc {
        objects(&noted, &wanted.build_dir()).into_iter().for_each(warn);
    }
    match calls::reach(&noted) {
        Reach::All => {}
        // It says what it calls, and how.
        Reach::Unknown if !wanted.calls_compilers() => {}
        Reach::Unknown => {
            let text = format!(
                "{stage}: the build of program `{}` compiled nothing by {{cc}} or {{cxx}}",
                wanted.name
            );
            let hint = match &wanted.program.keep {
                Some(_) => {
                    "in a tree that is kept, build systems that do not look at flags see nothing to do: let a command \
                            remove what is to be compiled anew, or leave `keep` out"
                }
                None => {
                    "let the commands in [program.NAME.command] call the compiler as {cc}, by its full path"
                }
            };
            return Err(Error::new(ExitCode::Build, text).with_hint(hint));
        }
        Reach::Foreign(others, of, file) => warn(format!(
            "{others} of {of} objects that were linked were not compiled by {{cc}} in this build, such as {file}: they are \
             without PGO. Are they left over among the sources?"
        )),
        Reach::Partly(without, of, file) => {
            warn(format!(
                "{without} of {of} compilations had no {flag}: {{cflags}} did not reach them, such as {file}"
            ));
        }
        Reach::Nowhere => {
            return Err(Error::new(
                ExitCode::Build,
                format!("{stage}: no compilation had {flag}: {{cflags}} did not reach the compiler"),
            )
            .with_hint(
                "let the commands in [program.NAME.command] pass {cflags} on, such as CFLAGS=-O2 {cflags}",
            ));
        }
        Reach::NoLink(file) => {
            return Err(Error::new(
                ExitCode::Build,
                format!("{stage}: no link had {flag}: {{ldflags}} did not reach it, such as {file}"),
            )
            .with_hint(
                "let the commands in [program.NAME.command] pass {ldflags} on, such as LDFLAGS={ldflags}",
            ));
        }
    }
    Ok(())
}

/// Refuses a baseline with objects that other flavours of the program left in a tree that is kept.
fn left_over(stage: Stage, wanted: &Wanted<'_>, noted: &[Noted], marked: BTreeSet<PathBuf>) -> Result<()> {
    let marked: BTreeSet<PathBuf> =
        calls::marked(marked, noted).into_iter().filter(|object| object.exists()).collect();
    let what = match calls::left_over(noted, &marked) {
        Some((left, of, file)) => format!("{left} of {of} objects that were linked, such as {file}, are"),
        None if !marked.is_empty() && !calls::compiles(noted) && wanted.calls_compilers() => {
            "nothing was compiled; all is".to_owned()
        }
        None => return Ok(()),
    };
    let text = format!("{stage}: {what} what a build with PGO left in the tree");
    let hint = "let a command of the baseline remove what is to be compiled anew, such as make clean, or leave `keep` out";
    Err(Error::new(ExitCode::Build, text).with_hint(hint))
}

/// Where sources of the system are, which change with it.
const SYSTEM: &str = "/usr";

/// That sources were compiled which are in none of the folders whose changes are `seen`.
fn outside(calls: &[Noted], seen: &[PathBuf]) -> Option<String> {
    let compiled: BTreeSet<PathBuf> = calls
        .iter()
        .filter(|call| call.compiles && !calls::is_trial(call))
        .filter_map(|call| call.dir.join(&call.file).canonicalize().ok())
        .collect();
    let is_outside =
        |file: &&PathBuf| !file.starts_with(SYSTEM) && !seen.iter().any(|folder| file.starts_with(folder));
    let others: Vec<&PathBuf> = compiled.iter().filter(is_outside).collect();
    let first = others.first()?.display();
    let text = format!(
        "{} of {} sources that were compiled are outside of `dir`, such as {first}: Honing does not see when they \
         change. Let `dir` be a folder that holds them all",
        others.len(),
        compiled.len()
    );
    Some(text)
}

/// What is wrong with the names that gcc's counters of object files have: a folder's `/` is `#` in them.
fn objects(calls: &[Noted], build_dir: &Path) -> Vec<String> {
    let mut names: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
    for call in calls {
        if let Some(object) = call.object() {
            let place = calls::plain(&call.dir.join(&object));
            let shown = place.strip_prefix(build_dir).unwrap_or(&place).to_owned();
            names.entry(gcc::file_name(build_dir, &call.dir, &object)).or_default().insert(shown);
        }
    }
    let of = |(name, objects): (&String, &BTreeSet<PathBuf>)| {
        let first = objects.first()?.display();
        if name.len() > LONGEST {
            return Some(format!(
                "the counters of {first} have a file name of {} bytes: too long, so that it is built without a profile",
                name.len()
            ));
        }
        let other = objects.iter().nth(1)?.display();
        Some(format!("{first} and {other} have one file of counters, {name}: call one of them otherwise"))
    };
    names.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_that_nobody_looks_at_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for file in ["lib/a.c", "build/b.c", "x/c.c", "x/conftest.c"] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::write(root.join(file), "").unwrap();
        }
        let told = |files: &[&str]| {
            let call = |file: &&str| Noted::of(&["-c", file], None).unwrap().called_in(root.join("build"));
            outside(&files.iter().map(call).collect::<Vec<_>>(), &["lib", "build"].map(|one| root.join(one)))
        };
        assert_eq!(told(&["../lib/a.c", "b.c", "../x/conftest.c", "gone.c"]), None);
        let text = told(&["../lib/a.c", "b.c", "../x/c.c"]).unwrap();
        assert!(text.starts_with("1 of 3 sources") && text.contains("/x/c.c: Honing"), "{text}");
    }

    #[test]
    fn names_of_counters_that_do_not_work_are_told() {
        let calls = |texts: &[&str]| -> Vec<Noted> {
            let call = |text: &&str| {
                let words: Vec<&str> = text.split(' ').collect();
                Noted::of(&words, None).unwrap().called_in("/b".into())
            };
            texts.iter().map(call).collect()
        };
        let told = |texts: &[&str]| objects(&calls(texts), Path::new("/b"));
        // The same object twice is one, and so are two of one name.
        assert_eq!(
            told(&["-c x.c -o a/x.o", "-c x.c -o ./a/x.o", "-c x.c -o b/x.o", "x.o -o prog"]),
            [""; 0]
        );
        let same = told(&["-c x.c -o a/x.o", "-c y.c -o a#x.o"]);
        assert_eq!(same, ["a/x.o and a#x.o have one file of counters, a#x.gcda: call one of them otherwise"]);
        let long = told(&[&format!("-c x.c -o {}/x.o", "a/b".repeat(90))]);
        assert!(long[0].contains("too long"), "{long:?}");
    }
}
