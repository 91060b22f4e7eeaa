//! What gcc is told, so that what one build's program counts is found by another build, in another folder.

use std::path::{Component, Path};

use honing_core::{Error, ExitCode, Result};
use honing_gcov::Bundle;

use crate::io::files;

/// Set for every call of gcc whose words are read: with another language they are others.
pub const LOCALE: (&str, &str) = ("LC_ALL", "C");

/// What has gcc say what it misses in the one form that is read, last on the command line: a build may want others.
pub const SAYING: [&str; 5] = [
    "-fdiagnostics-color=never",
    "-fdiagnostics-format=text",
    "-fmessage-length=0",
    "-Wmissing-profile",
    "-Wcoverage-mismatch",
];

/// Flags of the build whose program counts, for compiling and linking.
///
/// Without `GCOV_PREFIX` a process writes below `stray`; with it, what `variables` of the kind say, the name
/// alone counts. `build` is the build's folder: names are made of what is below, so that they do not tell where it
/// was. Counters of several threads are added up in one step where the machine can, which loses none and costs less
/// than a lock.
pub fn generate(build: &Path, stray: &Path) -> Vec<String> {
    vec![
        format!("-fprofile-generate={}", stray.display()),
        prefix(build),
        "-fprofile-update=prefer-atomic".into(),
    ]
}

/// Flags of the build that uses the profile in `folder`, see [`lay_out`].
///
/// A file that is missing is said, not passed over, as gcc does otherwise; a function that has changed is no error.
/// Counters that do not add up, as those of several threads may not, are corrected.
pub fn profile_use(build: &Path, folder: &Path) -> Vec<String> {
    vec![
        format!("-fprofile-use={}", folder.display()),
        prefix(build),
        "-fprofile-correction".into(),
        "-Wmissing-profile".into(),
        "-Wcoverage-mismatch".into(),
        "-Wno-error=missing-profile".into(),
        "-Wno-error=coverage-mismatch".into(),
    ]
}

fn prefix(build: &Path) -> String {
    format!("-fprofile-prefix-path={}", build.display())
}

/// The name of the file with the counters of the object file `object`, which is compiled in the folder `run_in`
/// (`mangle_path` of gcc's `coverage.cc`).
pub fn file_name(build: &Path, run_in: &Path, object: &Path) -> String {
    let whole = run_in.join(object).with_extension("gcda");
    let below = whole.strip_prefix(build).unwrap_or(&whole);
    let parts = below.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        Component::ParentDir => Some("^".into()),
        Component::RootDir => Some(String::new()),
        Component::CurDir | Component::Prefix(_) => None,
    });
    parts.collect::<Vec<_>>().join("#")
}

/// Lays the files of a merged profile out in `folder`, for gcc. What lay there is removed.
///
/// # Errors
/// Profile, where the bytes are no merged profile; where a file cannot be written.
pub fn lay_out(profile: &[u8], folder: &Path) -> Result<()> {
    let bundle = Bundle::read(profile)
        .map_err(|error| Error::new(ExitCode::Profile, format!("gcc's merged profile: {error}")))?;
    files::empty_dir(folder)?;
    bundle.files().try_for_each(|(name, data)| {
        let path = folder.join(name);
        path.parent().map_or(Ok(()), files::make_dir)?;
        files::write_atomically(&path, &data.to_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_as_gcc_makes_them() {
        let name = |run_in, object| file_name(Path::new("/b"), Path::new(run_in), Path::new(object));
        assert_eq!(name("/b", "src/main.o"), "src#main.gcda");
        assert_eq!(name("/b/sub", "../obj/x.y.o"), "sub#^#obj#x.y.gcda");
        assert_eq!(name("/b/sub", "./x.lo"), "sub#x.gcda");
        assert_eq!(name("/b", "/elsewhere/x.o"), "#elsewhere#x.gcda");
    }
}
