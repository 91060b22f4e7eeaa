//! The reader of instrumented binaries: any bytes give functions or an error.
#![no_main]

use honing_match::instrumented;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = instrumented(bytes);
});
