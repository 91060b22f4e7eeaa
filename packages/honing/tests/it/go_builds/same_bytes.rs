//! The same commit and profile make the same bytes, in any folder.

use std::fs;

use super::{has, service};
use crate::support::{Fixture, commit};

#[test]
fn two_folders_make_the_same_program() {
    if !has("go") {
        return;
    }
    let fixture = service("package = \"./cmd/svc\"");
    fixture.succeeds(&[]);
    commit(&fixture, "profile");
    let clone = fixture.clone_in("another-folder");
    let build = |at: &Fixture, out: &str| {
        // The stamp of version control, too: what ships has it.
        let mut command = at.honing(&["build", "--output", out]);
        let ran = crate::support::finish(command.env("GOFLAGS", "-buildvcs=true").output().unwrap());
        assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
        fs::read(at.path(out)).unwrap()
    };
    let (one, other) = (build(&fixture, "bin/svc"), build(&clone, "bin/svc"));
    assert!(one == other, "the bytes differ");
    let has = |needle: &str| one.windows(needle.len()).any(|part| part == needle.as_bytes());
    assert!(has("vcs.modified=false") && has("-pgo=default.pgo"));
    assert!(!has(fixture.root.to_str().unwrap()));
}
