//! Profiles from elsewhere that are none, or not whole.

use super::{Case, Row, table};
use crate::support::Fixture;

fn profile(case: &mut Case<'_>, bytes: &[u8]) {
    let path = case.outside("elsewhere/p.profdata");
    std::fs::write(&path, bytes).unwrap();
    case.arg("--profile").arg(path);
}

fn merged(case: &Case<'_>) -> Vec<u8> {
    std::fs::read(case.at.path("target/honing/tiny/merge/tiny.profdata")).unwrap()
}

const ROWS: [Row; 9] = [
    Row {
        name: "no such file",
        breaks: |_| {},
        args: &["--profile", "gone.profdata"],
        code: 12,
        says: &["--profile", "gone.profdata", "No such file"],
        hint: "name a merged profile",
    },
    Row {
        name: "an empty file",
        breaks: |case| profile(case, b""),
        args: &[],
        code: 12,
        says: &["--profile", "elsewhere/p.profdata is empty"],
        hint: "copy",
    },
    Row {
        name: "garbage",
        breaks: |case| profile(case, &[7; 4096]),
        args: &[],
        code: 12,
        says: &["--profile", "p.profdata is not a merged LLVM profile"],
        hint: "honing merge --from DIR -o FILE.profdata",
    },
    Row {
        name: "a Git LFS pointer",
        breaks: |case| profile(case, b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
        args: &[],
        code: 12,
        says: &["--profile", "p.profdata is a Git LFS pointer"],
        hint: "git lfs pull",
    },
    Row {
        name: "a raw profile",
        breaks: |case| profile(case, b"\x81rforpl\xff\x0a\0\0\0\0\0\0\x01"),
        args: &[],
        code: 12,
        says: &["--profile", "p.profdata is a raw profile"],
        hint: "honing merge --from DIR -o FILE.profdata",
    },
    Row {
        name: "half a profile",
        breaks: |case| {
            let whole = merged(case);
            profile(case, &whole[..whole.len() / 2]);
        },
        args: &[],
        code: 12,
        says: &["--profile", "p.profdata is cut short"],
        hint: "copy",
    },
    Row {
        name: "a profile without its last part",
        breaks: |case| {
            let whole = merged(case);
            profile(case, &whole[..whole.len() - 200]);
        },
        args: &[],
        code: 12,
        says: &["--profile", "p.profdata is cut short"],
        hint: "copy",
    },
    Row {
        name: "a folder",
        breaks: |case| {
            std::fs::create_dir_all(case.outside("elsewhere/folder")).unwrap();
            let folder = case.outside("elsewhere/folder");
            case.arg("--profile").arg(folder);
        },
        args: &[],
        code: 12,
        says: &["--profile", "elsewhere/folder", "directory"],
        hint: "name a merged profile",
    },
    Row {
        name: "the wrong one, seen before the first compile",
        breaks: |case| {
            profile(case, b"\0\x01garbage");
            case.at.replace("src/main.rs", "steps += 1", "stepz += 1");
        },
        args: &["--to", "baseline"],
        code: 12,
        says: &["--profile"],
        hint: "honing merge --from DIR -o FILE.profdata",
    },
];

/// `--ci` removes raw profiles after the merge; a merge that has to be made again then
/// needs another training, which is no reason to fail.
#[test]
fn raw_profiles_that_were_removed_are_made_again() {
    let fixture = Fixture::tiny();
    fixture.succeeds(&["--ci", "--to", "merge"]);
    assert!(!fixture.path("target/honing/tiny/train/learn").exists());
    fixture.is_up_to_date(&["--ci", "--to", "merge"]);
    fixture.replace("pgo/pgo.toml", "seed = 7", "seed = 7\nweight = 3");
    let plan = fixture.succeeds(&["plan", "--explain"]);
    assert!(plan.stdout.contains("raw profiles were removed"), "{}", plan.stdout);
    let ran = fixture.stages(&["--ci", "--to", "merge"]);
    let redone: Vec<&str> =
        ran.iter().filter(|(_, state)| state == "done").map(|(stage, _)| stage.as_str()).collect();
    assert_eq!(redone, ["train", "merge"]);
}

#[test]
fn profiles_from_elsewhere() {
    table(&Fixture::tiny(), &ROWS);
}
