//! Compilers, linkers and `llvm-profdata` that are missing, wrong, or do not fit.

use super::{Case, Row, finished, sysroot, table, which};
use crate::support::Fixture;

/// The compiler's own needs.
const COMPILER: [&str; 3] = ["cc", "ld", "as"];

/// An `llvm-profdata` that does as the real one does, but where `except` says otherwise.
fn profdata(case: &mut Case<'_>, except: &str) {
    let real = which("llvm-profdata-22").or_else(|| which("llvm-profdata")).unwrap();
    let script = case.script("llvm-profdata", &format!("{except}\nexec {} \"$@\"", real.display()));
    case.arg("--llvm-profdata").arg(script);
}

/// A `rustc` that does as the real one does, but where `except` says otherwise.
fn rustc(case: &mut Case<'_>, except: &str) {
    let real = sysroot().join("bin/rustc");
    let script = case.script("rustc", &format!("{except}\nexec {} \"$@\"", real.display()));
    case.set("RUSTC", script);
}

/// A `cargo`, first on `PATH`, that does as the real one does, but where `except` says otherwise.
fn cargo(case: &mut Case<'_>, except: &str) {
    let real = sysroot().join("bin/cargo");
    let script = case.script("bin/cargo", &format!("{except}\nexec {} \"$@\"", real.display()));
    let path = std::env::var("PATH").unwrap();
    case.set("PATH", format!("{}:{path}", script.parent().unwrap().display()));
}

const PROFDATA: [Row; 9] = [
    Row {
        name: "--llvm-profdata names no program",
        breaks: |_| {},
        args: &["--llvm-profdata", "/nowhere/llvm-profdata"],
        code: 15,
        says: &["--llvm-profdata", "/nowhere/llvm-profdata"],
        hint: "rustup component add llvm-tools",
    },
    Row {
        name: "no llvm-profdata anywhere",
        breaks: |case| {
            case.config_also("[llvm]\nmerge = \"llvm-profdata\"");
            case.only_on_path(&COMPILER);
        },
        args: &[],
        code: 15,
        says: &["there is no llvm-profdata"],
        hint: "rustup component add llvm-tools",
    },
    Row {
        name: "an llvm-profdata that is not executable",
        breaks: |case| {
            let path = case.outside("llvm-profdata");
            std::fs::write(&path, "text").unwrap();
            case.arg("--llvm-profdata").arg(path);
        },
        args: &[],
        code: 15,
        says: &["llvm-profdata", "ermission denied"],
        hint: "--llvm-profdata",
    },
    Row {
        name: "an llvm-profdata that fails",
        breaks: |case| profdata(case, "echo 'error: out of cheese' >&2; exit 1"),
        args: &[],
        code: 15,
        says: &["no llvm-profdata can read this toolchain's profiles", "out of cheese"],
        hint: "llvm-tools",
    },
    Row {
        name: "an llvm-profdata that writes nothing",
        breaks: |case| profdata(case, "exit 0"),
        args: &[],
        code: 15,
        says: &["no llvm-profdata can read", "wrote no profile"],
        hint: "llvm-tools",
    },
    Row {
        name: "an llvm-profdata that writes garbage",
        breaks: |case| profdata(case, "for last; do :; done; echo garbage > \"$last\"; exit 0"),
        args: &[],
        code: 15,
        says: &["no llvm-profdata can read", "wrote no profile"],
        hint: "llvm-tools",
    },
    Row {
        name: "a merge that fails",
        breaks: |case| {
            profdata(case, "case \"$*\" in *--input-files*) echo 'error: corrupt counter' >&2; exit 1;; esac")
        },
        args: &["--from", "merge", "--force"],
        code: 12,
        says: &["merge: llvm-profdata ended with exit code 1", "corrupt counter"],
        hint: "--from train --force",
    },
    Row {
        name: "a merge that writes nothing",
        breaks: |case| profdata(case, "case \"$*\" in *--input-files*) exit 0;; esac"),
        args: &["--from", "merge", "--force"],
        code: 12,
        says: &["merge: ", "tiny.profdata"],
        hint: "--llvm-profdata",
    },
    Row {
        name: "a merge that writes garbage",
        breaks: |case| {
            let garbage = "case \"$*\" in *--input-files*) for last; do :; done; echo garbage > \"$last\"; exit 0;; esac";
            profdata(case, garbage);
        },
        args: &["--from", "merge", "--force"],
        code: 12,
        says: &["merge: ", "tiny.profdata", "not a merged one"],
        hint: "--llvm-profdata",
    },
];

const COMPILERS: [Row; 17] = [
    Row {
        name: "no linker",
        breaks: |case| drop(case.only_on_path(&[])),
        args: &[],
        code: 15,
        says: &["the toolchain cannot build", "linker `cc` not found"],
        hint: "install a C linker",
    },
    Row {
        name: "a configured linker that is not there",
        breaks: |case| {
            let host = "[target.'cfg(all())']\nlinker = \"/nowhere/ld\"\n";
            case.at.write(".cargo/config.toml", host);
        },
        args: &[],
        code: 15,
        says: &["cargo cannot build a tiny program", "linker `/nowhere/ld` not found"],
        hint: "linker",
    },
    Row {
        name: "RUSTFLAGS that rustc does not know",
        breaks: |case| case.set("RUSTFLAGS", "-Znonsense --zebra"),
        args: &[],
        code: 15,
        says: &["cargo cannot build a tiny program", "zebra"],
        hint: "RUSTFLAGS",
    },
    Row {
        name: "RUSTFLAGS with a path that is not there",
        breaks: |case| case.set("RUSTFLAGS", "-Clinker=/nowhere/ld"),
        args: &[],
        code: 15,
        says: &["the toolchain cannot build", "/nowhere/ld"],
        hint: "RUSTFLAGS",
    },
    Row {
        name: "a target whose standard library is not installed",
        breaks: |_| {},
        args: &["--target", "riscv64gc-unknown-linux-gnu"],
        code: 15,
        says: &["the toolchain cannot build", "riscv64gc-unknown-linux-gnu"],
        hint: "rustup target add riscv64gc-unknown-linux-gnu",
    },
    Row {
        name: "a target that there is not",
        breaks: |_| {},
        args: &["--target", "x86_64-unknown-nonsense"],
        code: 15,
        says: &["x86_64-unknown-nonsense"],
        hint: "rustc --print target-list",
    },
    Row {
        name: "no cargo",
        breaks: |case| case.set("PATH", case.outside("empty")),
        args: &[],
        code: 15,
        says: &["cannot run cargo"],
        hint: "PATH",
    },
    Row {
        name: "RUSTC names no program",
        breaks: |case| case.set("RUSTC", "/nowhere/rustc"),
        args: &[],
        code: 15,
        says: &["cannot run rustc", "/nowhere/rustc"],
        hint: "RUSTC",
    },
    Row {
        name: "a rustc that is too old",
        breaks: |case| {
            rustc(
                case,
                "[ \"$1\" = -vV ] && printf 'rustc 1.60.0\\nhost: x86_64-unknown-linux-gnu\\nrelease: 1.60.0\\nLLVM version: 14.0\\n' && exit 0",
            )
        },
        args: &[],
        code: 15,
        says: &["rustc 1.60.0 is older than 1.88"],
        hint: "rustup update",
    },
    Row {
        name: "a rustc that talks nonsense",
        breaks: |case| rustc(case, "[ \"$1\" = -vV ] && echo nonsense && exit 0"),
        args: &[],
        code: 15,
        says: &["rustc", "-vV", "host"],
        hint: "rustc",
    },
    Row {
        name: "a rustc without the profiler's runtime",
        breaks: |case| {
            let without = "case \"$*\" in *profile-generate*) echo \"error[E0463]: can't find crate for \\`profiler_builtins\\`\" >&2; exit 1;; esac";
            rustc(case, without);
        },
        args: &[],
        code: 15,
        says: &["the toolchain cannot build an instrumented program", "profiler_builtins"],
        hint: "use one from rustup",
    },
    Row {
        name: "a wrapper of rustc that is not there",
        breaks: |case| case.set("RUSTC_WRAPPER", "/nowhere/sccache"),
        args: &[],
        code: 15,
        says: &["could not execute process `/nowhere/sccache"],
        hint: "RUSTC_WRAPPER",
    },
    Row {
        name: "a cargo whose metadata is nonsense",
        breaks: |case| cargo(case, "[ \"$1\" = metadata ] && echo nonsense && exit 0"),
        args: &[],
        code: 15,
        says: &["cannot read the output of cargo metadata"],
        hint: "cargo metadata",
    },
    Row {
        name: "a cargo that is killed",
        breaks: |case| cargo(case, "[ \"$1\" = build ] && kill -KILL $$"),
        args: &[],
        code: 10,
        says: &["baseline: cargo build failed", "SIGKILL"],
        hint: "cargo build --package tiny",
    },
    Row {
        name: "two crates that pinning cannot tell apart",
        breaks: |case| {
            let says = "error: found crates (`x` and `x`) with colliding StableCrateId values";
            cargo(case, &format!("[ \"$1\" = build ] && echo '{says}' >&2 && exit 101"))
        },
        args: &[],
        code: 10,
        says: &["baseline: cargo build failed", "StableCrateId"],
        hint: "pin_symbols = false",
    },
    Row {
        name: "build-std without the library's sources",
        breaks: |case| {
            let says = "error: \"/tc/lib/rustlib/src/rust/library/Cargo.lock\" does not exist, unable to build \
                        with the standard library, try:";
            let then = "        rustup component add rust-src --toolchain nightly-x";
            let says = format!("echo '{says}' >&2 && echo '{then}' >&2");
            cargo(case, &format!("[ \"$1\" = build ] && {says} && exit 101"))
        },
        args: &[],
        code: 10,
        says: &["baseline: cargo build failed", "unable to build with the standard library"],
        hint: "rustup component add rust-src",
    },
    Row {
        name: "a cargo that builds nothing",
        breaks: |case| cargo(case, "[ \"$1\" = build ] && exit 0"),
        args: &[],
        code: 10,
        says: &["baseline: cargo built no artifact called `tiny`"],
        hint: "cargo build --package tiny",
    },
];

#[test]
fn llvm_profdata() {
    table(&Fixture::tiny(), &PROFDATA);
}

#[test]
fn compilers_and_linkers() {
    table(&Fixture::tiny(), &COMPILERS);
}

/// Debian's default is LLVM 14, which does not know the format.
#[test]
fn an_llvm_profdata_of_another_version() {
    if which("llvm-profdata-14").is_none() {
        return crate::support::skip("llvm-profdata-14");
    }
    table(
        &Fixture::tiny(),
        &[Row {
            name: "LLVM 14",
            breaks: |_| {},
            args: &["--llvm-profdata", "llvm-profdata-14"],
            code: 15,
            says: &[
                "no llvm-profdata can read this toolchain's profiles",
                "unsupported instrumentation profile format",
            ],
            hint: "llvm-22",
        }],
    );
}

/// What an earlier run merged, built and recorded stays when this training is spoilt.
#[test]
fn raw_profiles_that_are_cut_short() {
    let fixture = Fixture::tiny();
    fixture.succeeds(&[]);
    let config = fixture.read("pgo/pgo.toml");
    let before = finished(&fixture.root);
    let case = Case::new(&fixture);
    // Cut where nobody merges it meanwhile.
    let cut = "t=$(mktemp); LLVM_PROFILE_FILE=$t \"$0\" 2000; truncate -s 600 $t; \
               mv $t ${{LLVM_PROFILE_FILE%/*}}/cut.profraw";
    case.train_on(&["sh", "-c", cut, "{program}"]);
    let ran = case.run(&[]);
    assert_eq!(ran.code, 12, "{}", ran.stderr);
    let error = "error: merge: no profile with counters among";
    assert!(ran.stderr.contains(error) && ran.stderr.contains(" hint: train again"), "{}", ran.stderr);
    let after = finished(&fixture.root);
    let of_training = |path: &std::path::Path| path.starts_with(fixture.path("target/honing/tiny/train"));
    let kept: Vec<_> = before.iter().filter(|(path, _)| !of_training(path)).collect();
    assert!(kept.len() > 4 && kept.len() < before.len(), "{:?}", before.keys());
    assert!(kept.into_iter().all(|(path, bytes)| after.get(path) == Some(bytes)));
    fixture.write("pgo/pgo.toml", &config);
    fixture.succeeds(&[]);
}
