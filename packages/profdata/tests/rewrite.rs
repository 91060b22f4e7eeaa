//! A profile that is made of another's functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use honing_profdata::{Profile, Rewrite, ValueKind, name_hash, read};

fn text(profile: &Profile) -> String {
    String::from_utf8(profile.to_text()).unwrap()
}

#[test]
fn every_function_under_its_own_name_is_the_same_profile() {
    for (name, bytes) in common::profiles() {
        let Ok(old) = read(&bytes).map(|read| read.profile) else { continue };
        let mut rewrite = Rewrite::of(&old);
        for function in old.functions() {
            let left = rewrite.add(&function, function.name_bytes(), function.cfg_hash(), &[], &|_, v| v);
            assert_eq!(left, 0);
        }
        let new = rewrite.finish();
        assert!(text(&new) == text(&old), "{name}");
        assert_eq!(new.variant(), old.variant(), "{name}");
    }
}

#[test]
fn names_hashes_and_targets_are_others_and_sites_are_left_behind() {
    let text_of =
        |f: &str, hash: u32, values: &str| format!(":ir\n{f}\n{hash}\n2\n7\n5\n{values}callee\n1\n1\n9\n");
    let sites = "2\n0\n1\n2\ncallee:3\nelsewhere:1\n1\n1\n2\n16:3\n32:1\n";
    let old = read(text_of("f", 1, sites).as_bytes()).unwrap().profile;
    let called = |kind: ValueKind, value: u64| match kind {
        ValueKind::IndirectCallTarget if value == name_hash(b"callee") => name_hash(b"f2"),
        _ => value,
    };
    let mut rewrite = Rewrite::of(&old);
    let f = old.named(b"f").next().unwrap();
    assert_eq!(rewrite.add(&f, b"f2", 2, &[ValueKind::MemOpSize], &called), 1);
    let new = rewrite.finish();
    let f2 = new.named(b"f2").next().unwrap();
    assert_eq!((new.len(), f2.cfg_hash(), f2.counts()), (1, 2, &[7, 5][..]));
    assert_eq!(f2.site_count(ValueKind::MemOpSize), 0);
    let targets: Vec<_> = f2.sites(ValueKind::IndirectCallTarget).flatten().copied().collect();
    assert_eq!(targets[0], (name_hash(b"f2"), 3));
    assert_eq!(targets[1].1, 1, "what nobody knows stays");
}
