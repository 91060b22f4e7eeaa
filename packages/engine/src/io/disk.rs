//! How much room a disk has.

use std::path::Path;

/// Bytes that this user can still write on the disk of `path`.
#[cfg(unix)]
pub(crate) fn free(path: &Path) -> Option<u64> {
    let stat = nix::sys::statvfs::statvfs(path).ok()?;
    #[allow(clippy::useless_conversion, reason = "the widths differ between systems")]
    Some(u64::from(stat.blocks_available()) * u64::from(stat.fragment_size()))
}

/// Bytes that this user can still write on the disk of `path`: unknown here.
#[cfg(not(unix))]
pub(crate) fn free(_: &Path) -> Option<u64> {
    None
}
