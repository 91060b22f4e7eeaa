//! Files: read, digest, write whole or not at all; errors that name the file.

use std::{
    collections::HashSet,
    fs,
    io::{Read as _, Seek as _, SeekFrom, Write},
    path::{Path, PathBuf},
};

use honing_core::{Digest, Error, Result, units};
use serde::{Serialize, de::DeserializeOwned};

use crate::io::{plain, tree::Tree};

/// What failed on which file, and what to do next.
pub(crate) fn error(verb: &str, path: &Path, error: &std::io::Error) -> Error {
    failure(
        verb,
        path,
        error,
        ["folder", "disk"].map(|what| format!("choose another {what} with --target-dir")),
    )
}

/// The same of a file that a person named, where another folder for all output helps nothing.
pub fn named_error(verb: &str, path: &Path, error: &std::io::Error) -> Error {
    failure(verb, path, error, ["place", "disk"].map(|what| format!("name another {what} to write to")))
}

fn failure(verb: &str, path: &Path, error: &std::io::Error, [elsewhere, other_disk]: [String; 2]) -> Error {
    use std::io::ErrorKind;
    let failure = Error::internal(format!("cannot {verb} {}: {error}", path.display()));
    match error.kind() {
        ErrorKind::PermissionDenied if verb == "read" => {
            failure.with_code(honing_core::ExitCode::Preflight).with_hint("make it readable for this user")
        }
        ErrorKind::IsADirectory if verb == "read" => {
            failure.with_code(honing_core::ExitCode::Preflight).with_hint("it is a folder: name a file")
        }
        ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::AlreadyExists => failure
            .with_code(honing_core::ExitCode::Preflight)
            .with_hint(format!("something else has that name: move it away, or {elsewhere}")),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => failure
            .with_code(honing_core::ExitCode::Preflight)
            .with_hint(honing_core::advise!("free some space (`{pgo} clean`), or {other_disk}")),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => failure
            .with_code(honing_core::ExitCode::Preflight)
            .with_hint(format!("make it writable for this user, or {elsewhere}")),
        _ => failure,
    }
}

/// Reads a file whole.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|cause| error("read", path, &cause))
}

/// The digest of a file, or of everything in a folder by name and content.
pub(crate) fn digest(path: &Path) -> Result<Digest> {
    Ok(Tree::read(path, None)?.digest)
}

/// Under a tight umask a program's files cannot be read by anybody; they are ours all the same.
pub(crate) fn let_us_read(path: &Path) {
    #[cfg(unix)]
    if fs::File::open(path).is_err_and(|cause| cause.kind() == std::io::ErrorKind::PermissionDenied) {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        // Where that fails, too, reading it says so.
        let _ = fs::set_permissions(path, mode);
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Makes a folder and its parents.
pub(crate) fn make_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|cause| error("create", path, &cause))
}

/// Makes a folder with nothing in it, whatever was there.
pub(crate) fn empty_dir(path: &Path) -> Result<()> {
    remove_dir(path)?;
    make_dir(path)
}

/// Puts a folder that is finished into its place.
pub(crate) fn promote(partial: &Path, finished: &Path) -> Result<()> {
    remove_dir(finished)?;
    fs::rename(partial, finished).map_err(|cause| error("move into place", finished, &cause))
}

/// Removes a folder with everything in it, if it is there.
pub(crate) fn remove_dir(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(error("remove", path, &cause)),
        _ => Ok(()),
    }
}

/// Removes a file, if it is there.
pub(crate) fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(error("remove", path, &cause)),
        _ => Ok(()),
    }
}

/// Copies a file, permissions included.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    // The failure may be either end's; a full disk is always the target's.
    fs::copy(from, to).map(drop).map_err(|cause| error(&format!("copy {} to", from.display()), to, &cause))
}

/// Writes a file so that a reader sees the old content or the new, and nothing else.
///
/// # Errors
/// Preflight or internal, where the disk does not take it.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    write_or(path, bytes, error)
}

/// The same for a file that a person named.
///
/// # Errors
/// Preflight or internal, where the disk does not take it.
pub fn write_named(path: &Path, bytes: &[u8]) -> Result<()> {
    write_or(path, bytes, named_error)
}

fn write_or(path: &Path, bytes: &[u8], error: fn(&str, &Path, &std::io::Error) -> Error) -> Result<()> {
    let failed = |cause: std::io::Error| error("write", path, &cause);
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|cause| error("create", parent, &cause))?;
    let mut file = tempfile::NamedTempFile::new_in(parent).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    make_readable(file.as_file()).map_err(failed)?;
    file.persist(path).map_err(|cause| failed(cause.error))?;
    Ok(())
}

/// Writes a value as JSON, in the same way.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write_atomically(path, &json(path, value)?)
}

/// The same for a file that a person named.
pub(crate) fn write_named_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write_named(path, &json(path, value)?)
}

fn json(path: &Path, value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value)
        .map_err(|cause| Error::internal(format!("cannot write {}: {cause}", path.display())))
}

/// The value that is in a file as JSON; none where it cannot be read.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Temporary files are private; what is put into a repository is not.
#[cfg(unix)]
fn make_readable(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &fs::File) -> std::io::Result<()> {
    Ok(())
}

/// Writes a file only where that changes it, and says whether it did. What asks for
/// the time of the last change (cargo does) then sees a change exactly where there is one.
pub(crate) fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    write_atomically(path, bytes)?;
    Ok(true)
}

/// Adds a line in one write: where many are printed, two for each would be felt.
pub(crate) fn write_line(file: &mut fs::File, line: &str) -> std::io::Result<()> {
    file.write_all(format!("{line}\n").as_bytes())
}

/// Every regular file below `folder`, sorted. Links are followed, and each folder is visited once: a
/// link may lead back up. What is no file is passed over.
pub(crate) fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut visited) = (Vec::new(), HashSet::new());
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let failed = |cause: std::io::Error| error("read", &folder, &cause);
        if !visited.insert(folder.canonicalize().map_err(failed)?) {
            continue;
        }
        let mut folders = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            // A link that leads nowhere is nothing.
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => folders.push(path),
                Ok(metadata) if metadata.is_file() => found.push(path),
                _ => {}
            }
        }
        // By name, so that of two ways to a folder always the same one is taken.
        folders.sort_by(|one, other| other.cmp(one));
        open.append(&mut folders);
    }
    found.sort();
    Ok(found)
}

/// Whether a file system that is mounted `noexec` keeps what is in `path` from being started.
#[cfg(target_os = "linux")]
pub(crate) fn starts_no_programs(path: &Path) -> bool {
    use nix::sys::statvfs::{FsFlags, statvfs};
    statvfs(path).is_ok_and(|found| found.flags().contains(FsFlags::ST_NOEXEC))
}

/// Other systems do not tell.
#[cfg(not(target_os = "linux"))]
pub(crate) fn starts_no_programs(_: &Path) -> bool {
    false
}

/// Bytes in the files below `path`.
pub(crate) fn size(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else { return 0 };
    if !metadata.is_dir() {
        return metadata.len();
    }
    fs::read_dir(path).map_or(0, |entries| entries.flatten().map(|entry| size(&entry.path())).sum())
}

/// Bytes of a file's end that are looked at for its last lines: a program may print gigabytes.
const END: u64 = 256 * 1024;

/// The last lines of a text file that say something, without what is for a terminal; of a very long one its beginning.
pub(crate) fn last_lines(path: &Path, most: usize) -> Vec<String> {
    let end = end_of(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&end);
    let text = plain(&text);
    let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    all[all.len().saturating_sub(most)..].iter().map(|line| units::shown(line).into_owned()).collect()
}

/// The end of a file, from the start of a line on where there is one.
fn end_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = fs::File::open(path)?;
    let before = file.metadata()?.len().saturating_sub(END);
    file.seek(SeekFrom::Start(before))?;
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes)?;
    if let Some(line) = bytes.iter().position(|byte| *byte == b'\n').filter(|_| before > 0) {
        bytes.drain(..=line);
    }
    Ok(bytes)
}

/// The last lines of a text file, for an error message.
pub(crate) fn tail(path: &Path, lines: usize) -> String {
    last_lines(path, lines).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_lines_are_whole_ones_of_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("stdout");
        fs::write(&file, "one\n\n  \ntwo\n").unwrap();
        assert_eq!(last_lines(&file, 5), ["one", "two"]);
        assert_eq!(last_lines(&file, 1), ["two"]);
        let many: String = (0..100_000).map(|line| format!("line {line:06}\n")).collect();
        fs::write(&file, &many).unwrap();
        let all = last_lines(&file, usize::MAX);
        assert!(all.len() < 30_000 && all[0].len() == "line 000000".len(), "{}", all[0]);
        assert_eq!(all.last().unwrap(), "line 099999");
        fs::write(&file, vec![b'x'; 600_000]).unwrap();
        let long = last_lines(&file, 3);
        assert!(long.len() == 1 && long[0].len() < 5_000 && long[0].ends_with(" more)"), "{}", long[0].len());
    }

    #[test]
    fn the_digest_of_a_folder_sees_names_and_contents() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        fs::write(&a, "1").unwrap();
        let first = digest(dir.path()).unwrap();
        fs::rename(&a, &b).unwrap();
        let renamed = digest(dir.path()).unwrap();
        fs::write(&b, "2").unwrap();
        assert!(first != renamed && renamed != digest(dir.path()).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_back_up_and_what_is_no_file_hold_nothing_up() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/one"), "1").unwrap();
        fs::create_dir(dir.path().join("elsewhere")).unwrap();
        fs::write(dir.path().join("elsewhere/two"), "2").unwrap();
        symlink("../..", root.join("a/b/up")).unwrap();
        symlink("nowhere", root.join("a/dangling")).unwrap();
        symlink("../elsewhere", root.join("linked")).unwrap();
        nix::unistd::mkfifo(&root.join("fifo.profraw"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(below(&root).unwrap(), [root.join("a/b/one"), root.join("linked/two")]);
    }

    #[test]
    fn an_equal_write_leaves_the_file_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/er/file");
        assert!(write_if_changed(&path, b"x").unwrap());
        assert!(!write_if_changed(&path, b"x").unwrap());
        assert!(write_if_changed(&path, b"y").unwrap());
    }

    #[test]
    fn another_folder_for_all_output_is_no_advice_for_a_file_that_was_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        for path in [dir.path().to_owned(), dir.path().join("file/below/it")] {
            let hints = [write_atomically(&path, b"x"), write_named(&path, b"x")]
                .map(|written| written.unwrap_err().hint().unwrap_or_default().to_owned());
            assert!(hints[0].contains("--target-dir"), "{hints:?}");
            assert!(hints[1].contains("move it away, or name another place"), "{hints:?}");
        }
        let error = read(dir.path()).unwrap_err();
        assert_eq!(error.hint(), Some("it is a folder: name a file"), "{error}");
    }

    #[test]
    fn errors_name_the_file() {
        let error = read(Path::new("/nowhere/at/all")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all"));
    }
}
