//! Whether anybody else has a file open.

use std::path::Path;

/// What the kernel says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Nobody has it open.
    Free,
    /// Somebody has it open, or mapped into memory.
    Open,
    /// This system, or this file system, does not tell.
    Unknown,
}

/// Asks for a lease: the kernel grants it only where the file is open nowhere else. It is given back at once.
#[cfg(target_os = "linux")]
pub(crate) fn in_use(path: &Path) -> Use {
    use std::os::fd::AsRawFd;

    use nix::libc;

    /// Not in libc for every system; `include/uapi/asm-generic/fcntl.h`.
    const F_SETSIG: libc::c_int = 10;
    let Ok(file) = std::fs::File::open(path) else { return Use::Unknown };
    let fd = file.as_raw_fd();
    // SAFETY: plain system calls on a descriptor that is open here; no memory is passed.
    unsafe {
        // Whoever opens it meanwhile would have us ended by SIGIO; SIGURG does nothing.
        if libc::fcntl(fd, F_SETSIG, libc::SIGURG) != 0 {
            return Use::Unknown;
        }
        if libc::fcntl(fd, libc::F_SETLEASE, libc::F_WRLCK) == 0 {
            libc::fcntl(fd, libc::F_SETLEASE, libc::F_UNLCK);
            return Use::Free;
        }
    }
    match nix::errno::Errno::last() {
        nix::errno::Errno::EAGAIN => Use::Open,
        _ => Use::Unknown,
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn in_use(_: &Path) -> Use {
    Use::Unknown
}

/// Whether a file that is only mapped counts as free here: a file system over others hands the mapping on.
#[cfg(target_os = "linux")]
pub(crate) fn misses_mappings(folder: &Path) -> bool {
    use nix::sys::statfs::{OVERLAYFS_SUPER_MAGIC, statfs};
    statfs(folder).map_or(true, |system| system.filesystem_type() == OVERLAYFS_SUPER_MAGIC)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn misses_mappings(_: &Path) -> bool {
    true
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn an_open_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = std::fs::File::create(&path).unwrap();
        let open = in_use(&path);
        drop(file);
        let free = in_use(&path);
        // Some file systems know no leases.
        assert!(matches!((open, free), (Use::Open, Use::Free) | (Use::Unknown, Use::Unknown)));
        assert_eq!(in_use(&folder.path().join("none")), Use::Unknown);
    }
}
