//! Packages are told apart by what cargo calls them, not by their names alone.

use crate::support::{Fixture, TINY_CONFIG};

/// A member `tool 0.1.0` that depends on a `tool 0.0.9` in a folder.
fn twins() -> Fixture {
    let fixture = Fixture::tiny();
    let package = |version: &str| {
        format!(
            "[package]\nname = \"tool\"\nversion = \"{version}\"\nedition = \"2021\"\n\n[features]\nown = []\n\n"
        )
    };
    let old = package("0.0.9").replace("own", "old");
    fixture.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"2\"\nmembers = [\"new\", \"other\"]\nexclude = [\"old\"]\n",
    );
    fixture.write("old/Cargo.toml", &old);
    fixture.write("old/src/lib.rs", "pub fn old() -> u64 { 1 }\n");
    fixture.write(
        "new/Cargo.toml",
        &format!("{}[dependencies]\nolder = {{ package = \"tool\", path = \"../old\" }}\n", package("0.1.0")),
    );
    let main = fixture.read("src/main.rs").replace("println!(", "assert!(older::old() > 0);\n    println!(");
    fixture.write("new/src/main.rs", &main);
    // Its dependency is not the member that is called so.
    fixture.write(
        "other/Cargo.toml",
        "[package]\nname = \"other\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\ntool = { path = \"../old\" }\n",
    );
    fixture.write("other/src/main.rs", "fn main() { println!(\"{}\", tool::old()); }\n");
    std::fs::remove_dir_all(fixture.path("src")).unwrap();
    config(&fixture, "tool@0.1.0");
    fixture
}

fn config(fixture: &Fixture, package: &str) {
    let text = TINY_CONFIG.replace("package = \"tiny\"", &format!("package = \"{package}\"\nbin = \"tool\""));
    let other = "[program.other.cargo]\npackage = \"other\"\nfeatures = [\"tool/old\"]\n";
    fixture.write("pgo/pgo.toml", &format!("{text}\n{other}"));
}

#[test]
fn a_member_and_its_dependency_share_a_name() {
    let fixture = twins();
    let ran = fixture.succeeds(&["-P", "tiny", "--offline", "--to", "optimize"]);
    assert!(ran.stdout.contains("100.0 % of the profile's weight"), "{}", ran.stdout);
    let ran = fixture.succeeds(&["-P", "other", "--offline", "build", "--no-pgo"]);
    assert!(ran.stdout.contains("tool/old"), "{}", ran.stdout);

    let new = fixture.path("new").display().to_string();
    let specs = ["tool", "tool@0.1", &format!("path+file://{new}#tool@0.1.0"), &format!("file://{new}")];
    for spec in specs {
        config(&fixture, spec);
        let plan = fixture.succeeds(&["-P", "tiny", "plan", "--explain"]);
        assert!(plan.stdout.contains(" --package tool@0.1.0 "), "{spec}: {}", plan.stdout);
        // Only the words changed, not the package.
        assert!(plan.stdout.contains("tiny: baseline: up to date"), "{spec}: {}", plan.stdout);
    }
    config(&fixture, "tool@0.0.9");
    let ran = fixture.run(&["-P", "tiny", "plan"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("no package called `tool@0.0.9`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `tool@0.1.0`?"), "{}", ran.stderr);
}
