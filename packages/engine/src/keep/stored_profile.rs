//! The store in the repository: `pgo/profiles/<program>/<triple>/` holds a profile in its
//! compact form and the manifest that a person can review.
//!
//! The two are replaced together: the new manifest is written beside the old one first,
//! then the profile is replaced, then the manifest. Whoever reads after a kill in between
//! finds out by the digest which manifest belongs to the profile.

use std::path::{Path, PathBuf};

use honing_core::{
    Digest, Error, ExitCode, Result,
    config::Positions,
    outcome::{Asked, Standing},
    recorded::Manifest,
};

use crate::{
    chain::{session::Session, subject::Subject},
    io::files,
    keep::{committed, history},
    profiles::Profile,
};

/// Name of the manifest.
pub(crate) const MANIFEST: &str = "manifest.toml";
/// Name of the manifest while the profile is being replaced.
const NEXT: &str = "manifest.toml.next";

/// What is stored for a program.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The manifest.
    pub manifest: Manifest,
    /// The folder, relative to the workspace.
    pub folder: PathBuf,
    file: PathBuf,
}

/// `pgo/profiles/<program>/<triple>`, beside `pgo.toml`, relative to the workspace.
pub(crate) fn folder(session: &Session, subject: &Subject<'_>) -> PathBuf {
    folders(session, subject.name).join(&subject.triple)
}

/// The folder of all triples of a program.
pub(crate) fn folders(session: &Session, program: &str) -> PathBuf {
    let beside = session.config_path.parent().unwrap_or(Path::new(""));
    beside.join("profiles").join(program)
}

/// Why a program ships without its stored profile, if it does: what was recorded of it does not fulfil
/// the policy of today. Without a profile, or with one that cannot be read, that is told elsewhere.
pub(crate) fn left_out(session: &Session, subject: &Subject<'_>) -> Option<String> {
    let stored = load(session, subject).ok().flatten()?;
    let choice = stored.manifest.choice(&session.config.policy, subject.program);
    let why = || format!("{}; the policy ships it otherwise (policy.ships)", choice.outcome.word());
    (!choice.ships).then(why)
}

/// What is stored for `subject`; `None` where nothing is.
///
/// # Errors
/// Profile, where the manifest cannot be read; stale, where it is another program's.
pub fn load(session: &Session, subject: &Subject<'_>) -> Result<Option<Stored>> {
    let folder = folder(session, subject);
    let dir = session.root.join(&folder);
    finish_interrupted(&dir)?;
    let path = dir.join(MANIFEST);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(files::error("read", &path, &error).with_code(ExitCode::Profile)),
    };
    let shown = folder.join(MANIFEST);
    let manifest = Manifest::parse(&text, &shown)?;
    if (manifest.program.as_str(), manifest.target.as_str()) != (subject.name, subject.triple.as_str()) {
        let message = format!(
            "{}: a profile of `{}` for {}, not of `{}` for {}",
            shown.display(),
            manifest.program,
            manifest.target,
            subject.name,
            subject.triple
        );
        return Err(Error::new(Standing::Foreign.exit(Asked::Use, true), message)
            .in_file(shown, None)
            .with_hint(honing_core::advise!(
                "profiles belong to one program and one triple: record one, `{pgo}`"
            )));
    }
    let file = dir.join(&manifest.profile.file);
    Ok(Some(Stored { manifest, folder, file }))
}

/// The same, where a profile is needed.
///
/// # Errors
/// Stale, where there is none.
pub(crate) fn need(session: &Session, subject: &Subject<'_>) -> Result<Stored> {
    if let Some(stored) = load(session, subject)? {
        return Ok(stored);
    }
    let folder = folder(session, subject);
    let others = others(&session.root.join(&folder));
    let also = if others.is_empty() { String::new() } else { format!(" (there is one for {others})") };
    let message = format!("no profile of `{}` for {} is stored{also}", subject.name, subject.triple);
    // The file that lacks is nowhere to be shown; the program that it is for is.
    let position = Positions::new(&session.config_text).nearest(&["program", subject.name]);
    let error = Error::new(Standing::Missing.exit(Asked::Use, true), message);
    let shown = folder.display();
    let git = if history::has(session, &folder) {
        format!("git has one: `git restore -- {shown}`; or ")
    } else {
        String::new()
    };
    Err(error.in_file(&session.config_path, Some(position)).with_hint(honing_core::advise!(
        "{git}train and record one with `{pgo} --program {}`; {shown} is where it goes",
        subject.name
    )))
}

/// The other triples that something is stored for.
fn others(dir: &Path) -> String {
    let Some(entries) = dir.parent().and_then(|parent| std::fs::read_dir(parent).ok()) else {
        return String::new();
    };
    let stored = entries.flatten().filter(|entry| entry.path().join(MANIFEST).is_file());
    let mut names: Vec<String> =
        stored.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names.join(", ")
}

impl Stored {
    /// Its files, relative to the workspace.
    pub(crate) fn files(&self) -> [String; 2] {
        let file = |name: &str| self.folder.join(name).display().to_string();
        [file(&self.manifest.profile.file), file(MANIFEST)]
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// Profile, where the file is gone, or not the one that the manifest names.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let bytes = std::fs::read(&self.file).map_err(|error| self.broken(&error.to_string()))?;
        if Digest::of(&bytes) != self.manifest.profile.digest {
            if committed::line_ends_changed(&bytes, &self.manifest.profile.digest) {
                return Err(self.broken("its line ends were changed, as git does with text").with_hint(
                    honing_core::advise!("restoring it would damage it again. Have git leave profiles as they are: `*.honing -text` \
                     in a `.gitattributes` beside the programs' folders, which is written with each new \
                     profile. Then record one: {pgo}"),
                ));
            }
            return Err(self.broken("not the profile that the manifest names: its digest is another one"));
        }
        Ok(bytes)
    }

    fn broken(&self, why: &str) -> Error {
        let shown = self.folder.join(&self.manifest.profile.file);
        Error::new(ExitCode::Profile, format!("{}: {why}", shown.display())).in_file(shown, None).with_hint(
            honing_core::advise!(
                "restore it from version control (with Git LFS: git lfs pull), or train and record a new \
             one: {pgo}"
            ),
        )
    }

    /// The profile.
    ///
    /// # Errors
    /// Profile, where the file is gone, damaged, or of a newer Honing.
    pub(crate) fn open(&self, subject: &Subject<'_>) -> Result<Box<dyn Profile>> {
        subject.kind().unpack(self.bytes()?).map_err(|why| self.broken(&why))
    }
}

/// Replaces profile and manifest together.
/// Files of other `names` are gone then.
pub(crate) fn save(dir: &Path, manifest: &Manifest, profile: &[u8], names: &[&str]) -> Result<()> {
    let text = manifest.to_toml()?;
    // `<program>/<triple>` below the folder with all profiles.
    if let Some(profiles) = dir.ancestors().nth(2) {
        committed::protect(profiles)?;
    }
    files::write_atomically(&dir.join(NEXT), text.as_bytes())?;
    files::write_if_changed(&dir.join(&manifest.profile.file), profile)?;
    let path = dir.join(MANIFEST);
    std::fs::rename(dir.join(NEXT), &path).map_err(|error| files::error("write", &path, &error))?;
    for other in names.iter().filter(|name| **name != manifest.profile.file) {
        let _ = std::fs::remove_file(dir.join(other));
    }
    Ok(())
}

/// Ends what a kill interrupted between the profile and its manifest.
fn finish_interrupted(dir: &Path) -> Result<()> {
    let next = dir.join(NEXT);
    let Ok(text) = std::fs::read_to_string(&next) else { return Ok(()) };
    let belongs = Manifest::parse(&text, &next).is_ok_and(|manifest| {
        files::digest(&dir.join(&manifest.profile.file)).is_ok_and(|digest| digest == manifest.profile.digest)
    });
    let ended =
        if belongs { std::fs::rename(&next, dir.join(MANIFEST)) } else { std::fs::remove_file(&next) };
    ended.map_err(|error| files::error("write", &next, &error))
}
