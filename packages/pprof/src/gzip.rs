//! Gzip, with a bound on what comes out.

use crate::error::Error;
use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};
use std::borrow::Cow;
use std::io::{Read as _, Write as _};

/// The first bytes of a gzip file.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The bytes as they are, or what they unpack to.
pub(crate) fn unpack(bytes: &[u8], max_bytes: u64) -> Result<Cow<'_, [u8]>, Error> {
    let too_large = Error::TooLarge { what: "the profile", limit: max_bytes };
    if !bytes.starts_with(&MAGIC) {
        return if bytes.len() as u64 > max_bytes { Err(too_large) } else { Ok(Cow::Borrowed(bytes)) };
    }
    let mut unpacked = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes).take(max_bytes.saturating_add(1));
    reader.read_to_end(&mut unpacked).map_err(|error| Error::Gzip(error.to_string()))?;
    if unpacked.len() as u64 > max_bytes { Err(too_large) } else { Ok(Cow::Owned(unpacked)) }
}

/// Packs bytes; the same bytes give the same file.
pub(crate) fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    // A Vec takes all that is written to it.
    let packed = packer.write_all(bytes).and_then(|()| packer.finish());
    packed.unwrap_or_default()
}
