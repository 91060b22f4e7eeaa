//! A module is renamed together with other changes: git tells, and one compile finds its functions.

use serde_json::Value;

use crate::support::{Fixture, LOCKFILE, commit, git};

/// A generic function and a type of its own, so that symbols refer back to the module.
const WALK: &str = r#"
pub struct Path<T>(pub T);
pub trait Step { fn step(&self) -> u64; }
impl Step for Path<u64> {
    #[inline(never)]
    fn step(&self) -> u64 { if self.0 % 2 == 0 { self.0 / 2 } else { 3 * self.0 + 1 } }
}
#[inline(never)]
pub fn steps<T: Step>(first: T, then: impl Fn(u64) -> T) -> u64 {
    let (mut at, mut steps) = (first, 0);
    loop {
        let next = at.step();
        steps += 1;
        if next <= 1 { return steps }
        at = then(next);
    }
}
"#;
const MAIN: &str = r#"
use tiny::walk::{Path, steps};
fn main() {
    let to: u64 = std::env::args().nth(1).and_then(|to| to.parse().ok()).unwrap_or(1000);
    println!("{}", (2..to).map(|n| steps(Path(n), Path)).max().unwrap_or(0));
}
"#;

fn recorded() -> Fixture {
    let fixture = Fixture::tiny();
    fixture.write("src/lib.rs", "pub mod walk;\n");
    fixture.write("src/walk.rs", WALK);
    fixture.write("src/main.rs", MAIN);
    fixture.write(".gitignore", "/target\n");
    fixture.write("Cargo.lock", LOCKFILE);
    git(&fixture, &["init", "--quiet"]);
    commit(&fixture, "first");
    fixture.succeeds(&["--to", "optimize"]);
    fixture.succeeds(&["record"]);
    commit(&fixture, "profile");
    fixture
}

/// What `check` applied, in how many builds.
fn checked(fixture: &Fixture) -> (f64, usize) {
    let ran = fixture.run(&["check", "--format", "json"]);
    let events = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found: Vec<_> = events.filter(|event| event["event"] == "matched").collect();
    (found.last().expect(&ran.stderr)["applied"]["share"].as_f64().unwrap(), found.len())
}

#[test]
fn a_renamed_file_keeps_its_counters_in_one_compile() {
    let fixture = recorded();
    git(&fixture, &["mv", "src/walk.rs", "src/a_long_stroll_of_many_steps.rs"]);
    fixture.replace("src/lib.rs", "walk", "a_long_stroll_of_many_steps");
    fixture.replace("src/main.rs", "tiny::walk", "tiny::a_long_stroll_of_many_steps");
    commit(&fixture, "renamed");
    assert_eq!(checked(&fixture), (1.0, 1));
    let used = std::fs::read(fixture.path("target/honing/build/optimize-tiny.profdata")).unwrap();
    let used = honing_profdata::read(&used).unwrap().profile;
    let weight = |part: &str| -> u128 {
        used.functions().filter(|it| it.name().contains(part)).map(|it| it.weight()).sum()
    };
    assert!(weight("4walk") > 0 && weight("27a_long_stroll_of_many_steps") > 0, "added, not replaced");
    // A function that changed as well is another one.
    fixture.replace(
        "src/a_long_stroll_of_many_steps.rs",
        "steps += 1;",
        "steps += 1; if next % 7 == 6 { println!(); }",
    );
    let (share, builds) = checked(&fixture);
    assert!(share > 0.0 && share < 0.9 && builds == 1, "{share} {builds}");
}

/// Without a history nothing is guessed.
#[test]
fn where_git_tells_nothing_it_is_left_to_rebase() {
    let fixture = recorded();
    std::fs::rename(fixture.path("src/walk.rs"), fixture.path("src/stroll.rs")).unwrap();
    fixture.replace("src/lib.rs", "walk", "stroll");
    fixture.replace("src/main.rs", "tiny::walk", "tiny::stroll");
    std::fs::remove_dir_all(fixture.path(".git")).unwrap();
    let (share, _) = checked(&fixture);
    assert!(share < 0.5, "{share}");
}
