//! What a program needs beside itself: shared libraries, and debug information in files of its own.
//!
//! `cargo run` has the loader look into the folders of the build. Those belong to the next build as
//! well, so the libraries are copied together with the binary, into [`FOLDER`] beside it, and
//! whatever runs the binary has the loader look there first. What the three flavours run is then what
//! they were built with, however often a builder is asked in between.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use honing_core::{Digest, Result};
use object::{
    Endianness,
    read::elf::{ElfFile64, FileHeader},
};

use crate::{children::Command, io::files};

/// The folder beside a program that has its shared libraries.
pub(super) const FOLDER: &str = "libraries.d";
#[cfg(windows)]
pub(super) const LIBRARY_PATH: &str = "PATH";
#[cfg(target_os = "macos")]
pub(super) const LIBRARY_PATH: &str = "DYLD_FALLBACK_LIBRARY_PATH";
#[cfg(not(any(windows, target_os = "macos")))]
pub(super) const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// Copies a file, or a folder with everything in it: macOS keeps debug information in one.
pub(crate) fn copy_whole(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return files::copy(from, to);
    }
    files::empty_dir(to)?;
    let failed = |cause: std::io::Error| files::error("read", from, &cause);
    for entry in std::fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        copy_whole(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Copies libraries to where the program's copy is; their names relative to that folder.
pub(crate) fn copy_libraries(libraries: &[PathBuf], to: &Path) -> Result<Vec<String>> {
    let copy = |path: &PathBuf| -> Result<String> {
        files::make_dir(&to.join(FOLDER))?;
        let name = format!("{FOLDER}/{}", file_name(path));
        files::copy(path, &to.join(&name))?;
        Ok(name)
    };
    libraries.iter().map(copy).collect()
}

/// Copies files, such as debug information, to where the program's copy is; their names.
pub(crate) fn copy_files(all: &[PathBuf], to: &Path) -> Result<Vec<String>> {
    let copy = |path: &PathBuf| copy_whole(path, &to.join(file_name(path))).map(|()| file_name(path));
    all.iter().map(copy).collect()
}

/// The digest of a program: of the binary alone, or with the code in its libraries.
pub(crate) fn digest(binary: &Path, libraries: &[PathBuf]) -> Result<Digest> {
    let own = files::digest(binary)?;
    if libraries.is_empty() {
        return Ok(own);
    }
    let mut all = own.to_string();
    for path in libraries {
        all.push_str(&format!("\n{} {}", file_name(path), files::digest(path)?));
    }
    Ok(Digest::of(all.as_bytes()))
}

/// Copies a program's libraries along with it.
pub(crate) fn bring(from_program: &Path, to_program: &Path) -> Result<()> {
    let (from, to) = (from_program.with_file_name(FOLDER), to_program.with_file_name(FOLDER));
    if from.is_dir() { copy_whole(&from, &to) } else { Ok(()) }
}

/// Has the loader look first for the libraries of `programs` as they were built.
pub(crate) fn find_first(command: &mut Command, programs: &[&Path]) {
    let own = programs.iter().map(|program| program.with_file_name(FOLDER));
    let own: Vec<PathBuf> = own.filter(|folder| folder.is_dir()).collect();
    if own.is_empty() {
        return;
    }
    let before = command.env.get(OsStr::new(LIBRARY_PATH)).cloned().unwrap_or_default();
    let before = std::env::split_paths(&before).filter(|path| !path.as_os_str().is_empty());
    // A folder with a `:` in its name cannot be named here, by cargo neither.
    if let Ok(all) = std::env::join_paths(own.into_iter().chain(before.collect::<Vec<_>>())) {
        command.env(LIBRARY_PATH, all);
    }
}

/// The libraries beside `program` that it cannot start without, those of libraries included; all,
/// where the format of the program is none that this reads.
pub(crate) fn needed(program: &Path) -> Vec<PathBuf> {
    let mut left = shared_libraries(&program.with_file_name(FOLDER));
    if left.is_empty() || !is_elf(program) {
        return left;
    }
    let (mut found, mut open) = (Vec::new(), needs(program));
    while let Some(name) = open.pop() {
        if let Some(at) = left.iter().position(|path| file_name(path) == name) {
            let path = left.swap_remove(at);
            open.extend(needs(&path));
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Files in a folder that are named as shared libraries are, in the order of their names.
pub(super) fn shared_libraries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries.filter(|path| is_shared_library(path)).collect();
    found.sort();
    found
}

/// Whether a file is named as shared libraries are: `libz.so`, `libz.so.1`, `z.dylib`, `z.dll`.
pub(crate) fn is_shared_library(path: &Path) -> bool {
    let name = file_name(path);
    let mut parts = name.split('.').skip(1);
    parts.any(|part| matches!(part, "so" | "dylib" | "dll"))
        && name.rsplit('.').next().is_some_and(|last| {
            matches!(last, "so" | "dylib" | "dll") || last.bytes().all(|byte| byte.is_ascii_digit())
        })
}

pub(super) fn is_elf(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 4];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && &start == b"\x7fELF"
}

/// Names of the shared libraries that a 64-bit ELF file asks for; none of any other file.
pub(super) fn needs(path: &Path) -> Vec<String> {
    // What is no such file need not be read.
    if is_elf(path) {
        std::fs::read(path).map(|bytes| needs_of(&bytes)).unwrap_or_default()
    } else {
        Vec::new()
    }
}

/// The same of a file's bytes.
pub(super) fn needs_of(bytes: &[u8]) -> Vec<String> {
    let names = || -> Option<Vec<String>> {
        let file = ElfFile64::<Endianness>::parse(bytes).ok()?;
        let (endian, header) = (file.endian(), file.elf_header());
        let sections = header.sections(endian, bytes).ok()?;
        let (entries, strings) = sections.dynamic(endian, bytes).ok()??;
        let strings = sections.strings(endian, bytes, strings).ok()?;
        let name = |entry: &object::elf::Dyn64<Endianness>| {
            let is_needed = entry.d_tag.get(endian) == object::elf::DT_NEEDED;
            let at = u32::try_from(entry.d_val.get(endian)).ok().filter(|_| is_needed)?;
            Some(String::from_utf8_lossy(strings.get(at).ok()?).into_owned())
        };
        Some(entries.iter().filter_map(name).collect())
    };
    names().unwrap_or_default()
}

/// Whether a 64-bit ELF file has a section of that name.
pub(super) fn has_section(bytes: &[u8], name: &str) -> bool {
    let found = || -> Option<bool> {
        let file = ElfFile64::<Endianness>::parse(bytes).ok()?;
        let (endian, header) = (file.endian(), file.elf_header());
        let sections = header.sections(endian, bytes).ok()?;
        Some(sections.section_by_name(endian, name.as_bytes()).is_some())
    };
    found().unwrap_or(false)
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_libraries_are_told_by_their_names() {
        let rows = [
            ("libz.so", true),
            ("libz.so.1.3", true),
            ("libz.dylib", true),
            ("z.dll", true),
            ("libz.so.dwp", false),
            ("libz.a", false),
            ("libz.rlib", false),
            ("so", false),
            ("libz.so.d", false),
            ("z.d", false),
        ];
        for (name, is) in rows {
            assert_eq!(is_shared_library(Path::new(name)), is, "{name}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_test_needs_a_c_library_and_nothing_beside_itself() {
        let own = std::env::current_exe().unwrap();
        assert!(needs(&own).iter().any(|name| name.starts_with("libc.")), "{:?}", needs(&own));
        assert!(needed(&own).is_empty() && needs(Path::new("Cargo.toml")).is_empty());
    }
}
