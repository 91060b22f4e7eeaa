//! A person's flags stay where they are: whatever source of rustflags, linkers and wrappers cargo has,
//! each flavour is built with the same, and build scripts see nothing of PGO.

use std::{fs, path::PathBuf, process::Command};

use crate::support::{Fixture, Ran, TRIPLE, finish};

/// Prints the cfgs that it was compiled with, and what its build script saw of rustflags.
const MAIN: &str = r#"fn main() {
    let set = [cfg!(one), cfg!(two), cfg!(three)];
    println!("{set:?} {:?}", env!("SEEN"));
}
"#;
const SCRIPT: &str = r#"fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(one, two, three)");
    let seen = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    assert!(!seen.contains("profile") && !seen.contains("llvm-args") && !seen.contains("lto"), "{seen}");
    println!("cargo::rustc-env=SEEN={}", seen.replace('\u{1f}', " "));
}
"#;

fn program() -> Fixture {
    let fixture = Fixture::tiny();
    fixture.write("src/main.rs", MAIN);
    fixture.write("build.rs", SCRIPT);
    fixture
}

/// Builds all flavours, which have to say the same.
fn flavours_say(fixture: &Fixture, set: &[(&str, &str)], args: &[&str], expected: &str) {
    let mut all = vec!["--to", "optimize"];
    all.extend(args);
    let mut run = fixture.honing(&all);
    for (name, value) in set {
        run.env(name, value);
    }
    let ran = finish(run.output().unwrap());
    assert_eq!(ran.code, 0, "{set:?} {args:?}: {}", ran.stderr);
    for stage in ["baseline", "instrument", "optimize"] {
        let binary = fixture.path(&format!("target/honing/tiny/{stage}/tiny"));
        let said =
            finish(Command::new(binary).env("LLVM_PROFILE_FILE", "/dev/null").output().unwrap()).stdout;
        assert_eq!(said.trim(), expected, "{stage} with {set:?} {args:?}");
    }
}

#[test]
fn rustflags_of_every_source_reach_every_flavour() {
    let fixture = program();
    let config = |text: &str| fixture.write(".cargo/config.toml", text);
    let one = "[true, false, false] \"--cfg one\"";
    // An included file: for one's own machine, say.
    config("include = [\"mine.toml\"]\n");
    fixture.write(".cargo/mine.toml", "[build]\nrustflags = [\"--cfg\", \"one\"]\n");
    flavours_say(&fixture, &[], &[], one);
    // Files that are joined with a variable.
    let joined = "[true, true, false] \"--cfg one --cfg two\"";
    flavours_say(&fixture, &[("CARGO_BUILD_RUSTFLAGS", "--cfg two")], &[], joined);
    // A file on the command line, through `--`.
    config("");
    fixture.write("more.toml", "[build]\nrustflags = [\"--cfg\", \"one\"]\n");
    flavours_say(&fixture, &[], &["--", "--config", "more.toml"], one);
    let inline = format!("target.{TRIPLE}.rustflags=['--cfg', 'one']");
    flavours_say(&fixture, &[], &["--", "--config", &inline], one);
    // Sections that cargo takes as true, and joins.
    config(
        "[target.'cfg(debug_assertions)']\nrustflags = [\"--cfg\", \"one\"]\n\
         [target.'cfg(unix)']\nrustflags = [\"--cfg\", \"three\"]\n",
    );
    flavours_say(&fixture, &[], &[], "[true, false, true] \"--cfg one --cfg three\"");
    // Sources that come before all others.
    flavours_say(&fixture, &[("RUSTFLAGS", "--cfg two")], &[], "[false, true, false] \"--cfg two\"");
    flavours_say(&fixture, &[("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}one")], &[], one);
}

#[test]
fn a_target_and_a_wrapper_of_an_included_file_count() {
    let fixture = program();
    let wrapper = shim(&fixture, "tools/wrap");
    fixture.write(".cargo/config.toml", "include = [\"mine.toml\"]\n");
    fixture.write(
        ".cargo/mine.toml",
        &format!("[build]\ntarget = \"{TRIPLE}\"\nrustc-wrapper = \"{}\"\n", wrapper.display()),
    );
    flavours_say(&fixture, &[], &[], "[false, false, false] \"\"");
    let calls = fixture.read("tools/calls");
    assert!(calls.contains("-Cprofile-generate=.") && calls.contains("-Cprofile-use="), "{calls}");
    // The chain is in the log.
    let runs = fs::read_dir(fixture.path("target/honing/runs")).unwrap().flatten();
    let log = fs::read_to_string(runs.last().unwrap().path().join("tiny.optimize.log")).unwrap();
    let chain = format!("honing-rustc → {} → ", wrapper.display());
    assert!(log.contains(&chain), "{log}");
}

/// A program that notes how it was called, and becomes what it was called with.
fn shim(fixture: &Fixture, name: &str) -> PathBuf {
    fixture.write(name, "#!/bin/sh\necho \"$*\" >> \"${0%/*}/calls\"\nexec \"$@\"\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(fixture.path(name), executable).unwrap();
    fixture.path(name)
}

#[test]
fn relative_paths_are_seen_from_where_the_person_is() {
    let fixture = program();
    shim(&fixture, "src/here/wrap");
    fixture.write("src/here/cc", "#!/bin/sh\necho linked >> \"${0%/*}/calls\"\nexec cc \"$@\"\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(fixture.path("src/here/cc"), executable).unwrap();
    let linker = format!("CARGO_TARGET_{}_LINKER", TRIPLE.replace('-', "_").to_uppercase());
    let mut run = fixture.honing(&["--to", "optimize"]);
    run.current_dir(fixture.path("src/here")).env("RUSTC_WRAPPER", "./wrap").env(&linker, "./cc");
    let ran = finish(run.env("CARGO_TARGET_DIR", "there").output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let calls = fixture.read("src/here/calls");
    assert!(calls.contains("--crate-name tiny") && calls.contains("linked"), "{calls}");
    assert!(fixture.path("src/here/there/honing/tiny/optimize/tiny").is_file());
    // Files are named from elsewhere, and `plan` knows them all the same.
    fixture.write(".cargo/config.toml", "[build]\ndep-info-basedir = \"src\"\n");
    fixture.succeeds(&["baseline"]);
    fixture.write("src/main.rs", &format!("{}// changed\n", fixture.read("src/main.rs")));
    let mut plan = fixture.honing(&["plan", "--explain"]);
    let plan = finish(plan.current_dir(fixture.path("src")).output().unwrap()).stdout;
    assert!(plan.contains("src/main.rs changed"), "{plan}");
}

#[test]
fn another_workspaces_configuration_is_its_own() {
    let (here, there) = (Fixture::tiny_in("here"), program());
    here.write(".cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"two\"]\ntarget-dir = \"wrong\"\n");
    there.write(".cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"one\"]\ntarget-dir = \"out\"\n");
    let manifest = there.path("Cargo.toml");
    let ran = here.succeeds(&["baseline", "--manifest-path", &manifest.to_string_lossy()]);
    let binary = there.path("out/honing/tiny/baseline/tiny");
    assert!(binary.is_file(), "{}", ran.stderr);
    let said = finish(Command::new(binary).output().unwrap()).stdout;
    assert_eq!(said.trim(), "[true, false, false] \"--cfg one\"");
    // What is advised is for that workspace, too.
    let early = here.run(&["bench", "--manifest-path", &manifest.to_string_lossy()]);
    let advised = format!("honing --manifest-path {} --only optimize", manifest.display());
    assert!(early.code != 0 && early.stderr.contains(&advised), "{}", early.stderr);
}

#[test]
fn what_the_linker_reads_and_lints_do_not_stop_the_probe() {
    let fixture = program();
    fixture.write("link/exports.map", "{ main; };\n");
    // The probe is no place to find fault with: it is not the person's code.
    let flags = "-Clink-arg=-Wl,--dynamic-list=link/exports.map -Dwarnings -Dmissing_docs -Dunused";
    fixture.write("src/main.rs", &format!("//! Documented.\n{MAIN}"));
    flavours_say(&fixture, &[("RUSTFLAGS", flags)], &[], &format!("[false, false, false] \"{flags}\""));
}

#[test]
fn flags_of_pgo_in_rustflags_are_refused() {
    let fixture = Fixture::tiny();
    for (flag, from) in [
        ("-Cprofile-use=/tmp/x.profdata", "RUSTFLAGS"),
        ("-Cprofile-generate", "RUSTFLAGS"),
        ("-Cinstrument-coverage", ".cargo/config.toml"),
    ] {
        let mut run = fixture.honing(&["preflight"]);
        let _ = fs::remove_file(fixture.path(".cargo/config.toml"));
        if from == "RUSTFLAGS" {
            run.env("RUSTFLAGS", flag);
        } else {
            fixture.write(".cargo/config.toml", &format!("[build]\nrustflags = [\"{flag}\"]\n"));
        }
        let Ran { code, stderr, .. } = finish(run.output().unwrap());
        assert!(code == 15 && stderr.contains(flag) && stderr.contains(from), "{code} {stderr}");
    }
}

#[test]
fn what_a_build_script_builds_is_not_the_programs() {
    let fixture = Fixture::tiny();
    // A helper with the same target and the wrapper that cargo passes on, run at once.
    fixture.write(
        "build.rs",
        r#"use std::{env, path::PathBuf, process::Command};
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let triple = env::var("TARGET").unwrap();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap());
    cargo.args(["build", "--release", "--manifest-path", "helper/Cargo.toml", "--target", &triple]);
    assert!(cargo.arg("--target-dir").arg(out.join("helper")).status().unwrap().success());
    assert!(Command::new(out.join("helper").join(triple).join("release/helper")).status().unwrap().success());
}
"#,
    );
    fixture.write(
        "helper/Cargo.toml",
        "[package]\nname = \"helper\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n",
    );
    fixture.write("helper/src/main.rs", "fn main() {\n    println!(\"helper\");\n}\n");
    let ran = fixture.succeeds(&["--to", "optimize"]);
    assert!(ran.stdout.contains("match      100.0 %"), "{}", ran.stdout);
    let left =
        Command::new("find").args([".", "-name", "*.profraw"]).current_dir(&fixture.root).output().unwrap();
    let left = finish(left).stdout;
    assert_eq!(
        left.lines().filter(|line| !line.contains("/train/") && !line.contains("/preflight/")).count(),
        0,
        "{left}"
    );
}

#[test]
fn a_flavour_that_cargo_calls_otherwise_is_refused() {
    let fixture = Fixture::tiny();
    // A variable tells flavours apart for a build script, which passes it on.
    fixture.write(
        "build.rs",
        "fn main() {\n    println!(\"cargo::rerun-if-changed=no such file\");\n    \
         println!(\"cargo::rustc-check-cfg=cfg(early)\");\n    \
         if std::fs::metadata(\"target/honing/tiny/baseline\").is_err() {\n        println!(\"cargo::rustc-cfg=early\");\n    }\n}\n",
    );
    let ran = fixture.run(&["--to", "optimize"]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(ran.stderr.contains("only one has") && ran.stderr.contains("early"), "{}", ran.stderr);
}

/// Of each way that cc crates have with rustc's flags: not reading them, reading them and stopping at
/// what has no value, reading them and handing some to clang.
const C_COMPILERS: [(&str, &str, bool); 4] = [
    ("1.0.90", "gcc", true),
    ("1.2.30", "clang-22", true),
    ("1.2.60", "clang-22", false),
    ("1.11.1", "gcc", true),
];

#[test]
fn a_program_with_c_in_it_gets_a_verdict() {
    for (version, compiler, pinned) in C_COMPILERS {
        if Command::new(compiler).arg("--version").output().is_err() {
            crate::support::skip(compiler);
            continue;
        }
        let fixture = Fixture::tiny();
        fixture.replace(
            "Cargo.toml",
            "[workspace]",
            &format!("[build-dependencies]\ncc = \"={version}\"\n\n[workspace]"),
        );
        fixture.write("c/twice.c", "unsigned long twice(unsigned long n) { return 2 * n; }\n");
        fixture.write(
            "build.rs",
            "fn main() {\n    println!(\"cargo::rerun-if-changed=c\");\n    cc::Build::new().file(\"c/twice.c\").compile(\"twice\");\n}\n",
        );
        fixture.replace(
            "src/main.rs",
            "fn main() {",
            "unsafe extern \"C\" {\n    fn twice(n: u64) -> u64;\n}\nfn main() {\n    assert_eq!(unsafe { twice(21) }, 42);",
        );
        fs::remove_dir_all(fixture.path("pgo")).unwrap();
        fixture.succeeds(&["init"]);
        let unpinned = if pinned { "" } else { "\npin_symbols = false" };
        fixture.replace("pgo/pgo.toml", "package = \"tiny\"", &format!("package = \"tiny\"{unpinned}"));
        let run = ["--pairs", "6"];
        let ran = finish(fixture.honing(&run).env("CC", compiler).output().unwrap());
        let what = format!("cc {version}, {compiler}, pinned {pinned}: {}\n{}", ran.stderr, ran.stdout);
        assert_eq!(ran.code, 0, "{what}");
        assert!(
            ran.stdout.contains("match      100.0 %") && ran.stdout.contains("change, 99 % interval"),
            "{what}"
        );
    }
}
