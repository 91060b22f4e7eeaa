//! Files that are put in a profile's place, told by how they begin.

use crate::edges::PREPROFILE;
use crate::error::Error;
use crate::stored;

/// How a pointer of Git LFS begins.
const GIT_LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Refuses what is known not to be a profile.
pub(crate) fn refuse(bytes: &[u8]) -> Result<(), Error> {
    if bytes.is_empty() {
        Err(Error::Empty)
    } else if bytes.starts_with(GIT_LFS) {
        Err(Error::GitLfs)
    } else if bytes.starts_with(PREPROFILE.as_bytes()) {
        Err(Error::Preprofile)
    } else if stored::is_stored(bytes) {
        Err(Error::StoredForm)
    } else {
        Ok(())
    }
}
