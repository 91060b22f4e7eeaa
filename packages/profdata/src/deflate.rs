//! Deflate, with and without zlib's wrapping: LLVM's names sections and the packed format.

use crate::policy::ZLIB_MAX_RATIO;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Level of zlib that LLVM packs names with (`BestSizeCompression`); good enough for us, too.
const LEVEL: u32 = 9;

/// Whether deflated bytes have zlib's header and checksum around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrapping {
    /// They have.
    Zlib,
    /// They do not: something else carries a checksum.
    Raw,
}

/// Deflates bytes. The error says what is wrong.
pub(crate) fn pack(bytes: &[u8], wrapping: Wrapping) -> Result<Vec<u8>, &'static str> {
    let mut packed = Vec::with_capacity(bytes.len() / 2 + 64);
    let mut zlib = Compress::new(Compression::new(LEVEL), wrapping == Wrapping::Zlib);
    loop {
        let fed = usize::try_from(zlib.total_in()).unwrap_or(bytes.len());
        let rest = bytes.get(fed..).unwrap_or_default();
        packed.reserve(bytes.len() / 2 + 64);
        let status = zlib
            .compress_vec(rest, &mut packed, FlushCompress::Finish)
            .map_err(|_| "zlib refuses to pack them")?;
        if status == Status::StreamEnd {
            return Ok(packed);
        }
    }
}

/// Inflates bytes to exactly `unpacked_size`. The error says what is wrong.
pub(crate) fn unpack(packed: &[u8], unpacked_size: u64, wrapping: Wrapping) -> Result<Vec<u8>, &'static str> {
    // What zlib cannot expand to is a lie; say so before anything is allocated.
    let most = (packed.len() as u64).saturating_mul(ZLIB_MAX_RATIO);
    if unpacked_size > most {
        return Err("a blob claims to expand more than zlib can");
    }
    let size = usize::try_from(unpacked_size).map_err(|_| "a size is too large")?;
    let mut bytes = vec![0; size];
    let mut zlib = Decompress::new(wrapping == Wrapping::Zlib);
    let status =
        zlib.decompress(packed, &mut bytes, FlushDecompress::Finish).map_err(|_| "zlib data is corrupt")?;
    if status != Status::StreamEnd || zlib.total_out() != unpacked_size {
        return Err("zlib data is cut off");
    }
    Ok(bytes)
}
