//! The reader of the indexed format: any bytes give a profile or an error.
#![no_main]

use honing_profdata::{Format, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if Format::detect(bytes) == Some(Format::Indexed) {
        let _ = read(bytes);
    }
});
