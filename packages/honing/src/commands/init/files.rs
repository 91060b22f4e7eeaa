//! Files of the workspace, read and written.

use std::{fs, io::ErrorKind, path::Path};

use honing_core::{Error, Result};

/// The text of a file; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path, &error)),
    }
}

/// Writes a file, in a folder that may be new.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let failed = |error: std::io::Error| failed("write", path, &error);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    fs::write(path, text).map_err(failed)
}

pub(super) fn failed(what: &str, path: &Path, error: &std::io::Error) -> Error {
    honing_engine::named_error(what, path, error)
}
