//! What comes out of a build: a copy of it, for the next build is made in the same folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use honing_core::{Digest, Error, ExitCode, Result, Stage};
use serde::{Deserialize, Serialize};

use crate::{
    builders::{
        Made, beside,
        command::{calls, state::Wanted, tables::Flavoured},
    },
    children::Usage,
    io::{files, programs::is_executable},
    profiles::Traces,
};

/// What came out of a flavour's build, beside it. It is written last.
pub(super) const KEPT: &str = "build.json";
/// The functions that compilers listed, beside it.
const FUNCTIONS: &str = "functions.txt";
/// Programs that are named where the wanted one is missing.
const PROGRAMS: usize = 5;

/// What is kept of a build.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Of everything that was read.
    pub(super) read: Digest,
    /// Of the program and its libraries.
    made: Digest,
    program: String,
    libraries: Vec<String>,
    /// Who had written last into the tree, where that is kept.
    #[serde(default)]
    pub(super) began: String,
    /// Compilations that it took.
    #[serde(default)]
    pub(super) compilations: u64,
}

/// Keeps what came out of commands that wrote into `log`.
pub(super) fn take(
    (stage, log): (Stage, &Path),
    wanted: &Wanted<'_>,
    (read, began): (Digest, String),
) -> Result<Kept> {
    let (kept, program) = (wanted.kept(), &wanted.program);
    files::remove_dir(&kept)?;
    files::make_dir(&kept)?;
    let copy = |file: &Path| -> Result<PathBuf> {
        let to = kept.join(beside::file_name(file));
        files::copy(file, &to)?;
        Ok(to)
    };
    let named = |text: &String| {
        let file = wanted.output(text);
        if file.is_file() { Ok(file) } else { Err(missing((stage, log), wanted, text, &file)) }
    };
    let main = copy(&named(&program.output)?)?;
    let needs = check(stage, wanted, &main)?;
    let mut libraries = program.libraries.iter().map(named).collect::<Result<Vec<_>>>()?;
    libraries.extend(needed(wanted, needs, &libraries));
    let copied = libraries.iter().map(|file| copy(file)).collect::<Result<Vec<_>>>()?;
    // A program may look for them where it was built, where the next flavour's are going to be.
    if wanted.program.keep.is_none() {
        libraries.iter().try_for_each(|file| files::remove_file(file))?;
    }
    if let Some(functions) =
        calls::functions(&wanted.notes(), wanted.compilers.family).filter(|_| wanted.traced)
    {
        files::write_atomically(&kept.join(FUNCTIONS), functions.as_bytes())?;
    }
    let made = beside::digest(&main, &copied)?;
    let libraries = copied.iter().map(|path| beside::file_name(path)).collect();
    let all = Kept {
        read,
        made,
        program: beside::file_name(&main),
        libraries,
        began,
        compilations: calls::compilations(&wanted.notes()),
    };
    let text = serde_json::to_vec(&all).map_err(|error| Error::internal(error.to_string()))?;
    files::write_atomically(&kept.join(KEPT), &text)?;
    Ok(all)
}

/// Refuses what is no program, what was left by another flavour, and what finds its libraries by a path. The shared
/// libraries that it asks for.
fn check(stage: Stage, wanted: &Wanted<'_>, program: &Path) -> Result<Vec<String>> {
    let error = |what: &str, hint: &str| {
        let text = format!("{stage}: {} of program `{}` {what}", wanted.program.output, wanted.name);
        Err(Error::new(ExitCode::Build, text).with_hint(hint))
    };
    let bytes = files::read(program)?;
    if bytes.is_empty() {
        return error(
            "is empty, which is no program",
            "what the commands said is in the stage's log: mend them",
        );
    }
    if bytes.starts_with(b"#!") {
        return error("is a script", "name the program that it starts; libtool has it in .libs");
    }
    let counts = wanted.flavour == Flavoured::Instrument || wanted.is_plain;
    if !counts && beside::has_section(&bytes, "__llvm_prf_cnts") {
        return error(
            "is instrumented",
            "an earlier build left it or parts of it: let a command remove what is to be built anew, or leave `keep` out",
        );
    }
    let needs = beside::needs_of(&bytes);
    if let Some(path) = needs.iter().find(|name| name.contains('/')) {
        let inside =
            [wanted.build_dir(), wanted.out()].iter().any(|folder| Path::new(path).starts_with(folder));
        if inside {
            return error(
                &format!("finds {path} where it was built, where the next flavour's is going to be"),
                "link it by its name: with -L and -l, or give the library a soname (-Wl,-soname)",
            );
        }
    }
    Ok(needs)
}

/// Shared libraries that the program `needs` and the `known` ones ask for and that this build made.
fn needed(wanted: &Wanted<'_>, needs: Vec<String>, known: &[PathBuf]) -> Vec<PathBuf> {
    let mut open: Vec<String> = known.iter().flat_map(|path| beside::needs(path)).chain(needs).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let made = [wanted.build_dir(), wanted.out()].into_iter();
    let made = made.flat_map(|folder| files::below(&folder).unwrap_or_default());
    let made: BTreeMap<String, PathBuf> = made
        .filter(|path| beside::is_shared_library(path))
        .map(|path| (beside::file_name(&path), path))
        .collect();
    let (mut found, mut seen): (Vec<PathBuf>, Vec<String>) =
        (Vec::new(), known.iter().map(|path| beside::file_name(path)).collect());
    while let Some(name) = open.pop() {
        if let Some(path) = made.get(&name).filter(|_| !seen.contains(&name)) {
            open.extend(beside::needs(path));
            found.push(path.clone());
        }
        seen.push(name);
    }
    found
}

/// Names what came out instead.
fn missing((stage, log): (Stage, &Path), wanted: &Wanted<'_>, text: &str, file: &Path) -> Error {
    let (tree, out) = (wanted.build_dir(), wanted.out());
    let within = |folder: &Path, shown: &str| -> Vec<String> {
        let programs = files::below(folder)
            .unwrap_or_default()
            .into_iter()
            .filter(|path| is_executable(path) && beside::is_elf(path) && !beside::is_shared_library(path));
        programs
            .filter_map(|path| Some(format!("{shown}{}", path.strip_prefix(folder).ok()?.display())))
            .collect()
    };
    let mut programs = within(&tree, "");
    programs.extend(within(&out, "{out}/"));
    programs.sort_by_key(|name| (name.matches('/').count(), name.len()));
    programs.truncate(PROGRAMS);
    let hint = if file.is_dir() {
        "it is a folder: `output` and `libraries` in [program.NAME.command] name files".to_owned()
    } else if programs.is_empty() {
        // Makefiles may go on after errors.
        format!(
            "it was looked for at {}, and no other program came out; all that the commands said is in {}: mend them",
            file.display(),
            log.display()
        )
    } else {
        format!(
            "what came out is {}: mend `output` or `libraries` in [program.NAME.command]",
            programs.join(", ")
        )
    };
    let error = format!("{stage}: the build of program `{}` left no {text}", wanted.name);
    Error::new(ExitCode::Build, error).with_hint(hint)
}

impl Kept {
    pub(super) fn load(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(KEPT)).ok()?).ok()
    }

    /// What an earlier run kept, if it is still that.
    pub(super) fn found(self, wanted: &Wanted<'_>) -> Result<Made> {
        let made = self.made(wanted, true, Usage::default());
        if beside::digest(&made.path, &made.libraries)? != made.digest {
            return Err(Error::internal(format!("{} is not what was built", made.path.display())));
        }
        Ok(made)
    }

    pub(super) fn made(self, wanted: &Wanted<'_>, fresh: bool, usage: Usage) -> Made {
        let kept = wanted.kept();
        let path = kept.join(&self.program);
        let libraries: Vec<PathBuf> = self.libraries.iter().map(|name| kept.join(name)).collect();
        let traces = fs::read(kept.join(FUNCTIONS)).ok().map(Traces);
        Made {
            path,
            libraries,
            debug_info: Vec::new(),
            digest: self.made,
            fresh,
            full: wanted.program.keep.is_none(),
            traces,
            witness: Vec::new(),
            usage,
        }
    }
}
