//! Sums that are written down on the way, as a training does: the same as one merge of everything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::fixture;
use honing_profdata::{IndexedVersion, Merger, Policy};

fn of(texts: &[&str]) -> Merger {
    let mut merger = Merger::new(Policy::KEEP_ALL);
    texts.iter().for_each(|text| drop(merger.add(text.as_bytes(), 1).unwrap()));
    merger
}

const F2: &str = ":ir\nf\n7\n2\n40\n1\n";
const F3: &str = ":ir\nf\n7\n3\n40\n1\n5\n";
const OTHER_HASH: &str = ":ir\nf\n8\n3\n1\n1\n1\n";
const G: &str = ":ir\ng\n7\n1\n9\n";

#[test]
fn a_sum_takes_what_finishing_keeps_whole() {
    let empty = of(&[]);
    assert!(empty.fits(&of(&[F2, G])));
    assert!(of(&[F2]).fits(&of(&[F2, G, OTHER_HASH])));
    // One function with two numbers of counters: which one stays is told at the end, by all files.
    assert!(!empty.fits(&of(&[F2, F3])));
    assert!(!of(&[F2, G]).fits(&of(&[F3])));
    assert!(!of(&[F2]).fits(&of(&[F2, F3])));
    // Entries of functions only, and of blocks.
    let entries = ":ir\n:entry_first\n:single_byte_coverage\nf\n7\n2\n1\n1\n";
    assert!(of(&[F2]).fits(&of(&[&entries.replace(":single_byte_coverage\n", "")])));
}

#[test]
fn functions_without_names_do_not_fit() {
    let whole = fixture("rust-units.1.profraw.gz");
    let mut named = Merger::new(Policy::KEEP_ALL);
    named.add(&whole, 1).unwrap();
    assert!(of(&[]).fits(&named));
    let unnamed = (0..whole.len()).rev().step_by(8).find_map(|end| {
        let mut cut = Merger::new(Policy::KEEP_ALL);
        let report = cut.add(&whole[..end], 1).ok()?;
        (report.weight_lost() == 0 && !named.fits(&cut)).then_some(cut)
    });
    assert!(unnamed.is_some(), "no cut loses the names only");
}

#[test]
fn what_is_written_on_the_way_changes_nothing() {
    let files = ["rust-units.1.profraw.gz", "rust-units.2.profraw.gz"].map(fixture);
    let torn = &files[1][..64];
    let finish = |merger: Merger| {
        let merged = merger.finish_anyway().unwrap();
        (merged.profile.to_indexed(IndexedVersion::Lowest).unwrap(), merged.summary)
    };
    let mut all = Merger::new(Policy::KEEP_ALL);
    for file in [&files[0], &files[1], &files[0]] {
        all.add(file, 3).unwrap();
    }
    all.add(torn, 3).unwrap_err();
    let mut sum = Merger::new(Policy::KEEP_ALL);
    for file in [&files[0], &files[1]] {
        let mut batch = Merger::new(Policy::KEEP_ALL);
        batch.add(file, 1).unwrap();
        assert!(sum.fits(&batch));
        sum.absorb(batch);
    }
    let written = (files[0].len() + files[1].len()) as u64;
    let (sum, _) = finish(sum);
    let mut rest = Merger::new(Policy::KEEP_ALL);
    rest.add(&sum, 3).unwrap();
    rest.stands_for(sum.len() as u64, written, 3);
    rest.add(&files[0], 3).unwrap();
    rest.add(torn, 3).unwrap_err();
    let ((all, judged), (rest, judged_too)) = (finish(all), finish(rest));
    assert!(all == rest, "the profiles differ");
    assert_eq!(judged.share_lost(), judged_too.share_lost());
    assert!(judged.share_lost() > 0.0);
}
