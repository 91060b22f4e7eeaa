//! Packages, features, Cargo profiles and sources that are not as pgo.toml says.

use super::{Row, table};
use crate::support::Fixture;

const NAMES: [Row; 12] = [
    Row {
        name: "a package that there is not",
        breaks: |case| case.config("package = \"tiny\"", "package = \"tinny\""),
        args: &[],
        code: 2,
        says: &["program `tiny`", "no package called `tinny`", "this workspace"],
        hint: "did you mean `tiny`?",
    },
    Row {
        name: "a missing bin",
        breaks: |case| case.config("package = \"tiny\"", "package = \"tiny\"\nbin = \"server\""),
        args: &[],
        code: 2,
        says: &["program `tiny`", "no binary called `server`", "package `tiny`"],
        hint: "tiny",
    },
    Row {
        name: "two binaries and no choice",
        breaks: |case| case.at.write("src/bin/second.rs", "fn main() {}"),
        args: &[],
        code: 2,
        says: &["program `tiny`", "package `tiny` has 2 binaries"],
        hint: "bin = \"",
    },
    Row {
        name: "a package without a binary",
        breaks: |case| {
            case.at.write("src/lib.rs", "");
            std::fs::remove_file(case.at.path("src/main.rs")).unwrap();
        },
        args: &[],
        code: 2,
        says: &["program `tiny`", "package `tiny` has no binary"],
        hint: "cdylib = true",
    },
    Row {
        name: "no cdylib",
        breaks: |case| case.config("package = \"tiny\"", "package = \"tiny\"\ncdylib = true"),
        args: &[],
        code: 2,
        says: &["program `tiny`", "package `tiny` has no cdylib"],
        hint: "crate-type",
    },
    Row {
        name: "a missing feature",
        breaks: |case| case.config("package = \"tiny\"", "package = \"tiny\"\nfeatures = [\"fast\"]"),
        args: &[],
        code: 2,
        says: &["program `tiny`", "no feature called `fast`", "package `tiny`"],
        hint: "extra",
    },
    Row {
        name: "a missing Cargo profile",
        breaks: |case| case.config("package = \"tiny\"", "package = \"tiny\"\nprofile = \"releese\""),
        args: &[],
        code: 2,
        says: &["program `tiny`", "no Cargo profile called `releese`"],
        hint: "did you mean `release`?",
    },
    Row {
        name: "a tool of a package that there is not",
        breaks: |case| case.config_also("[tool.load.cargo]\npackage = \"tiny-load\""),
        args: &[],
        code: 2,
        says: &["tool `load`", "no package called `tiny-load`"],
        hint: "tiny",
    },
    Row {
        name: "cargo test of a package that there is not",
        breaks: |case| {
            case.config_also(
                "[program.tiny.workload.tests]\nrole = \"train\"\ncargo.test.package = \"tiny-core\"",
            );
        },
        args: &[],
        code: 2,
        says: &["workload `tests`", "no package called `tiny-core`"],
        hint: "tiny",
    },
    Row {
        name: "nothing to train on",
        breaks: |case| case.config("\"train\"", "\"eval\""),
        args: &[],
        code: 2,
        says: &["program `tiny` has no workload with role = \"train\""],
        hint: "--manual",
    },
    Row {
        name: "not in a workspace",
        breaks: |case| case.dir = case.at.root.parent().map(Into::into),
        args: &[],
        code: 2,
        says: &["nor a folder above it is a workspace"],
        hint: "--manifest-path",
    },
    Row {
        name: "the second of two programs is wrong",
        breaks: |case| case.config_also("[program.other.cargo]\npackage = \"othr\""),
        args: &[],
        code: 2,
        says: &["program `other`", "no package called `othr`"],
        hint: "tiny",
    },
];

const SOURCES: [Row; 9] = [
    Row {
        name: "a broken Cargo.toml",
        breaks: |case| case.at.replace("Cargo.toml", "[features]", "[features"),
        args: &[],
        code: 2,
        says: &["cargo metadata", "Cargo.toml"],
        hint: "cargo metadata",
    },
    Row {
        name: "a member that is not there",
        breaks: |case| case.at.replace("Cargo.toml", "[workspace]", "[workspace]\nmembers = [\"gone\"]"),
        args: &[],
        code: 2,
        says: &["cargo metadata", "gone/Cargo.toml"],
        hint: "cargo metadata",
    },
    Row {
        name: "a broken .cargo/config.toml",
        breaks: |case| case.at.write(".cargo/config.toml", "[build\n"),
        args: &[],
        code: 2,
        says: &[".cargo/config.toml"],
        hint: "cargo metadata",
    },
    Row {
        name: "cargo's configuration builds for two targets",
        breaks: |case| {
            let two = "[build]\ntarget = [\"x86_64-unknown-linux-gnu\", \"aarch64-unknown-linux-gnu\"]\n";
            case.at.write(".cargo/config.toml", two);
        },
        args: &[],
        code: 2,
        says: &["`build.target` of cargo's configuration names 2 targets"],
        hint: "--target",
    },
    Row {
        name: "source that does not compile",
        breaks: |case| case.at.replace("src/main.rs", "steps += 1", "stepz += 1"),
        args: &[],
        code: 10,
        says: &["baseline: cargo build failed", "error[E0425]: cannot find value `stepz`", "exit code 101"],
        hint: "cargo build --package tiny",
    },
    Row {
        name: "source that does not link",
        breaks: |case| {
            let call = "unsafe extern \"C\" { fn nowhere(); }\nfn main() {\n    unsafe { nowhere() };";
            case.at.replace("src/main.rs", "fn main() {", call);
        },
        args: &[],
        code: 10,
        says: &["baseline: cargo build failed", "linking with `cc` failed"],
        hint: "cargo build --package tiny",
    },
    Row {
        name: "a build script that fails",
        breaks: |case| case.at.write("build.rs", "fn main() { std::process::exit(3) }"),
        args: &[],
        code: 10,
        says: &["baseline: cargo build failed", "failed to run custom build command for `tiny v0.1.0"],
        hint: "cargo build --package tiny",
    },
    Row {
        name: "--locked, and Cargo.lock is not up to date",
        breaks: |case| case.at.replace("Cargo.toml", "version = \"0.1.0\"", "version = \"0.2.0\""),
        args: &["--locked"],
        code: 10,
        says: &["baseline: cargo build failed", "--locked"],
        hint: "--locked",
    },
    Row {
        name: "a package that needs a newer compiler",
        breaks: |case| case.at.replace("Cargo.toml", "edition", "rust-version = \"1.999\"\nedition"),
        args: &[],
        code: 10,
        says: &["baseline: cargo build failed", "is not supported"],
        hint: "cargo build --package tiny",
    },
];

#[test]
fn names_of_things() {
    table(&Fixture::tiny(), &NAMES);
}

#[test]
fn manifests_and_sources() {
    table(&Fixture::tiny(), &SOURCES);
}
