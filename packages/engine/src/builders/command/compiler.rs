//! The compilers of a program: which they are, and what PGO has them told.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use honing_core::{Digest, Error, Result};

use crate::{
    builders::command::tables::{Compiler, Program},
    io::{files, programs::on_path},
    profiles::{
        ProfileKind,
        gcc::{self, Gcda},
        llvm::{Counters, Flush},
    },
};

/// The compilers, as they were found.
#[derive(Debug, Clone)]
pub(super) struct Compilers {
    pub(super) family: Compiler,
    /// The C compiler.
    pub(super) cc: PathBuf,
    /// The C++ compiler; a program in C needs none.
    pub(super) cxx: Option<PathBuf>,
    /// Of the files of both.
    pub(super) digest: Digest,
    /// The first line of what the C compiler says of itself.
    pub(super) version: String,
    /// The triple that it compiles for.
    pub(super) triple: String,
}

/// What PGO has compilers told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) compile: Vec<String>,
    pub(super) link: Vec<String>,
}

/// What a build is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Use<'a> {
    Nothing,
    /// To count; where processes write that nobody told where to.
    Generate(Flush, &'a Path),
    /// With the profile there.
    Profile(&'a Path),
}

/// Names of local functions have the file in front, by its base name: with all of its path, a profile would fit
/// in one folder alone.
const LOCAL_NAMES: [&str; 2] = ["-mllvm", "-static-func-full-module-prefix=false"];
/// What clang says of functions that a profile lacks is told by the match, and must not stop a build with -Werror.
const QUIET: [&str; 2] = ["-Wno-profile-instr-unprofiled", "-Wno-profile-instr-out-of-date"];

impl Compiler {
    /// What training yields.
    pub(super) fn kind(self) -> &'static dyn ProfileKind {
        match self {
            Self::Clang => &Counters,
            Self::Gcc => &Gcda,
        }
    }

    /// What compilers are told, for a build in a folder.
    pub(super) fn flags(self, what: Use<'_>, build_dir: &Path) -> Flags {
        let alike = |flags: Vec<String>| Flags { link: flags.clone(), compile: flags };
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        match (self, what) {
            (_, Use::Nothing) => Flags::default(),
            (Self::Clang, Use::Generate(flush, _)) => {
                let mut compile = words(&["-fprofile-generate"]);
                compile.extend(words(&LOCAL_NAMES));
                if flush == Flush::Continuous {
                    compile.extend(words(&[
                        "-mllvm",
                        "-runtime-counter-relocation",
                        "-mllvm",
                        "-disable-vp=true",
                    ]));
                }
                Flags { compile, link: words(&["-fprofile-generate"]) }
            }
            (Self::Clang, Use::Profile(profile)) => {
                let use_it = format!("-fprofile-use={}", profile.display());
                let mut compile = vec![use_it.clone()];
                compile.extend(words(&LOCAL_NAMES));
                compile.extend(words(&QUIET));
                Flags { compile, link: vec![use_it] }
            }
            (Self::Gcc, Use::Generate(_, stray)) => alike(gcc::generate(build_dir, stray)),
            (Self::Gcc, Use::Profile(folder)) => alike(gcc::profile_use(build_dir, folder)),
        }
    }

    /// What has the compiler list the functions that it compiles; gcc says by itself what it lacks.
    pub(super) fn tracing(self) -> Vec<String> {
        match self {
            Self::Clang => vec!["-mllvm".into(), "-pgo-trace-func-hash=".into()],
            Self::Gcc => Vec::new(),
        }
    }

    /// Puts a profile where a build finds it: a file, or a folder that it is laid out in.
    pub(super) fn lay_out(self, profile: &[u8], there: &Path) -> Result<()> {
        match self {
            Self::Clang => files::write_atomically(there, profile),
            Self::Gcc => gcc::lay_out(profile, there),
        }
    }

    /// What a call has where the flags of PGO have reached it.
    pub(super) fn mark(self, what: Use<'_>) -> Option<&'static str> {
        match (self, what) {
            (_, Use::Nothing) => None,
            (_, Use::Generate(..)) => Some("-fprofile-generate"),
            (_, Use::Profile(_)) => Some("-fprofile-use="),
        }
    }
}

/// Newest versions first, as distributions name them.
const VERSIONS: std::ops::RangeInclusive<u32> = 5..=39;

/// Finds the compilers of a program.
///
/// # Errors
/// Preflight, where one is named or needed and is not there.
pub(super) fn find(
    program: &Program,
    env: &BTreeMap<OsString, OsString>,
    dir: &Path,
) -> Result<(PathBuf, Option<PathBuf>)> {
    let (cc, cxx) = program.compiler.names();
    let given = |name: &str| {
        let path = if name.contains('/') {
            Some(dir.join(name)).filter(|path| path.is_file())
        } else {
            on_path(OsStr::new(name), env)
        };
        path.ok_or_else(|| {
            Error::preflight(format!("there is no compiler `{name}` on PATH"))
                .with_hint(install(program.compiler))
        })
    };
    let usual = |name: &str| {
        let versions = VERSIONS.rev().map(|version| format!("{name}-{version}"));
        std::iter::once(name.to_owned()).chain(versions).find_map(|name| on_path(OsStr::new(&name), env))
    };
    let cc = match &program.cc {
        Some(name) => given(name)?,
        None => usual(cc).ok_or_else(|| {
            Error::preflight(format!("there is no `{cc}` on PATH")).with_hint(install(program.compiler))
        })?,
    };
    let cxx = match &program.cxx {
        Some(name) => Some(given(name)?),
        None => beside(&cc, cxx).or_else(|| usual(cxx)),
    };
    Ok((cc, cxx))
}

/// The C++ compiler of the same version.
fn beside(cc: &Path, cxx: &str) -> Option<PathBuf> {
    let name = cc.file_name()?.to_str()?;
    let version =
        name.rsplit_once('-').filter(|(_, version)| version.bytes().all(|byte| byte.is_ascii_digit()));
    let name = version.map_or(cxx.to_owned(), |(_, version)| format!("{cxx}-{version}"));
    Some(cc.with_file_name(name)).filter(|path| path.is_file())
}

fn install(compiler: Compiler) -> String {
    let (packages, example) = match compiler {
        Compiler::Clang => ("clang libclang-rt-dev", "clang-22"),
        Compiler::Gcc => ("gcc g++", "gcc-12"),
    };
    format!(
        "install it (Debian: apt-get install {packages}), or name one: cc = \"{example}\" in [program.NAME.command]"
    )
}
