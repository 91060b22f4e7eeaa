//! The packed format: any bytes behind a right checksum give a profile or an error, and every
//! profile comes back from it.
#![no_main]

use honing_profdata::{Format, read};
use libfuzzer_sys::fuzz_target;

/// Bytes of magic and version, then the checksum.
const DIGEST_AT: usize = 12;
const BODY_AT: usize = 28;

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    if Format::detect(&bytes) == Some(Format::Packed) && bytes.len() >= BODY_AT {
        let digest = md5::compute(&bytes[BODY_AT..]).0;
        bytes[DIGEST_AT..BODY_AT].copy_from_slice(&digest);
    }
    let Ok(first) = read(&bytes) else { return };
    let packed = first.profile.to_packed().expect("deflate does not fail");
    let again = read(&packed).expect("what was packed can be read");
    assert_eq!(again.report.losses, []);
    assert!(again.profile.to_text() == first.profile.to_text());
    assert!(again.profile.to_packed().expect("as before") == packed);
});
