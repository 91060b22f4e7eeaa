//! What was read can be written and read back, as an indexed profile and merged with itself.
#![no_main]

use honing_profdata::{IndexedVersion, Merger, Policy, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(first) = read(bytes) else { return };
    let text = first.profile.to_text();
    let newest = first.profile.to_indexed(IndexedVersion::Exactly(13)).expect("13 carries all");
    let again = read(&newest).expect("what was written can be read");
    assert!(again.report.losses.is_empty(), "{:?}", again.report.losses);
    assert!(again.profile.to_text() == text);
    // On one thread: the leak sanitizer takes a thread that has not quite ended for a leak.
    let lowest = first.profile.to_indexed(IndexedVersion::Lowest).expect("some version does");
    assert!(read(&lowest).expect("it can be read").profile.to_text() == text);
    let mut merger = Merger::new(Policy::KEEP_ALL);
    merger.add(bytes, 1).expect("it was read before");
    merger.add(&newest, 3).expect("it was read before");
    let merged = merger.finish_anyway().expect("it was finished before").profile;
    assert_eq!(merged.len(), first.profile.len());
});
