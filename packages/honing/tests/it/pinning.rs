//! Pinned symbols: names that stay while versions, debug info and folders change, in
//! workspaces of every kind, beside other wrappers, and through `exec`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{Fixture, TINY_CONFIG, finish};

/// A proc-macro, a build script, a library and a binary in one package, two majors of one
/// dependency, two packages with one library name, two with one package name, a crate
/// for host and target, and a cycle of dev-dependencies. (file, text)
const WORKSPACE: [(&str, &str); 24] = [
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"base\", \"helper\", \"both\", \"mac\", \"one\", \"two\"]\n\
         exclude = [\"left\", \"right\"]\n\n[profile.release]\nopt-level = 1\n",
    ),
    (
        "app/Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[features]\nmore = []\n\n\
         [dependencies]\nbase = { path = \"../base\" }\nboth = { path = \"../both\" }\nmac = { path = \"../mac\" }\n\
         one = { package = \"one-imp\", path = \"../one\" }\ntwo = { package = \"two-imp\", path = \"../two\" }\n\
         left = { package = \"util\", path = \"../left\" }\nright = { package = \"util\", path = \"../right\" }\n\
         shlex1 = { package = \"shlex\", version = \"1\" }\nshlex2 = { package = \"shlex\", version = \"2\" }\n\n\
         [build-dependencies]\nboth = { path = \"../both\" }\n",
    ),
    (
        "app/build.rs",
        "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
         println!(\"cargo::rustc-env=NUMBER={}\", both::number());\n}\n",
    ),
    (
        "app/src/lib.rs",
        "#[inline(never)]\npub fn all(word: &str) -> u64 {\n    let words = shlex1::split(word).iter().len() + shlex2::split(word).iter().len();\n    \
         words as u64 + one::imp() + two::imp() + left::util() + right::util() + both::number() + base::sum(&[1_u64, 2])\n}\n\
         #[test]\nfn adds_up() {\n    assert_eq!(all(\"a b\"), 2 + 1 + 2 + 10 + 20 + 7 + 3);\n}\n",
    ),
    (
        "app/src/main.rs",
        "fn main() {\n    println!(\"{} {} {}\", env!(\"NUMBER\"), app::all(\"a 'b c'\"), mac::seven!());\n}\n",
    ),
    (
        "app/tests/app.rs",
        "#[test]\nfn app() {\n    let ran = std::process::Command::new(env!(\"CARGO_BIN_EXE_app\")).output().unwrap();\n    \
         assert_eq!(ran.stdout, b\"7 45 7\\n\");\n}\n",
    ),
    (
        "base/Cargo.toml",
        "[package]\nname = \"base\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dev-dependencies]\nhelper = { path = \"../helper\" }\n",
    ),
    (
        "base/src/lib.rs",
        "/// ```\n/// assert_eq!(base::sum(&[1_u64]), 1);\n/// ```\n#[inline(never)]\n\
         pub fn sum<T: Copy + Into<u64>>(of: &[T]) -> u64 {\n    of.iter().map(|one| (*one).into()).sum()\n}\n\
         #[test]\nfn helped() {\n    assert_eq!(helper::twice(&[1, 2]), 6);\n}\n",
    ),
    (
        "helper/Cargo.toml",
        "[package]\nname = \"helper\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nbase = { path = \"../base\" }\n",
    ),
    ("helper/src/lib.rs", "pub fn twice(of: &[u64]) -> u64 {\n    2 * base::sum(of)\n}\n"),
    ("both/Cargo.toml", "[package]\nname = \"both\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
    ("both/src/lib.rs", "#[inline(never)]\npub fn number() -> u64 {\n    7\n}\n"),
    (
        "mac/Cargo.toml",
        "[package]\nname = \"mac\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nproc-macro = true\n\n\
         [dependencies]\nboth = { path = \"../both\" }\n",
    ),
    (
        "mac/src/lib.rs",
        "#[proc_macro]\npub fn seven(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n    \
         both::number().to_string().parse().unwrap()\n}\n",
    ),
    (
        "one/Cargo.toml",
        "[package]\nname = \"one-imp\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nname = \"imp\"\n",
    ),
    ("one/src/lib.rs", "#[inline(never)]\npub fn imp() -> u64 {\n    1\n}\n"),
    (
        "two/Cargo.toml",
        "[package]\nname = \"two-imp\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nname = \"imp\"\n",
    ),
    ("two/src/lib.rs", "#[inline(never)]\npub fn imp() -> u64 {\n    2\n}\n"),
    ("left/Cargo.toml", "[package]\nname = \"util\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
    ("left/src/lib.rs", "#[inline(never)]\npub fn util() -> u64 {\n    10\n}\n"),
    ("right/Cargo.toml", "[package]\nname = \"util\"\nversion = \"0.2.0\"\nedition = \"2024\"\n"),
    ("right/src/lib.rs", "#[inline(never)]\npub fn util() -> u64 {\n    20\n}\n"),
    ("pgo/pgo.toml", "[program.app.cargo]\npackage = \"app\"\n"),
    ("raw/.keep", ""),
];

fn workspace(name: &str) -> Fixture {
    let fixture = Fixture::empty(name);
    for (file, text) in WORKSPACE {
        fixture.write(file, text);
    }
    // The versions that this workspace was built with, so that nothing is looked up.
    fs::copy(repository().join("Cargo.lock"), fixture.path("Cargo.lock")).unwrap();
    fixture
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// What the instrumented program's functions are called.
fn names(fixture: &Fixture, program: &str) -> BTreeSet<String> {
    fixture.succeeds(&["instrument"]);
    let binary = fs::read(fixture.path(&format!("target/honing/{program}/instrument/{program}"))).unwrap();
    let functions = honing_match::instrumented(&binary).unwrap().functions;
    let names: BTreeSet<String> =
        functions.into_iter().map(|function| String::from_utf8_lossy(&function.name).into_owned()).collect();
    assert!(names.iter().any(|name| name.contains("main")), "{names:?}");
    names
}

/// Folders of target directories.
fn folders(fixture: &Fixture) -> Vec<String> {
    let entries = fs::read_dir(fixture.path("target/honing/build")).unwrap().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The target directory of a flavour; a digest of its flags ends the name.
fn flavour(fixture: &Fixture, folder: &str, name: &str) -> PathBuf {
    let entries = fs::read_dir(fixture.path(folder)).unwrap().flatten().map(|entry| entry.path());
    let is_it = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(name);
    let found: Vec<PathBuf> = entries.filter(is_it).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn names_stay_in_a_workspace_of_every_kind() {
    let fixture = workspace("alles dabei");
    let profiles = fixture.path("raw/%p_%m.profraw");
    let mut tests =
        fixture.honing(&["exec", "--flavour", "instrument", "--", "cargo", "test", "--workspace"]);
    let tests = finish(tests.env("LLVM_PROFILE_FILE", profiles).output().unwrap());
    assert_eq!(tests.code, 0, "{}\n{}", tests.stdout, tests.stderr);
    assert_eq!(tests.stdout.matches("test result: ok. 1 passed").count(), 4, "{}", tests.stdout);
    assert!(fs::read_dir(fixture.path("raw")).unwrap().count() > 2);
    let before = names(&fixture, "app");
    for of in ["3imp", "4util", "4base", "4both", "5shlex"] {
        assert!(before.iter().any(|name| name.contains(of)), "{of} in {before:#?}");
    }
    // The two packages called `util` are told apart, and nothing else needs to be.
    let folder = folders(&fixture).into_iter().find(|name| name.starts_with("pinned-2-")).unwrap();
    let instrumented = flavour(&fixture, &format!("target/honing/build/{folder}"), "instrument");
    let apart = fs::read_to_string(instrumented.join("honing-rustc.json")).unwrap();
    assert_eq!(apart.matches("/util").count(), 0, "{apart}");
    assert!(apart.contains(": \"left\"") && apart.contains(": \"right\""), "{apart}");

    let elsewhere = workspace("anderswo");
    for package in ["app", "base", "left", "one"] {
        elsewhere.replace(&format!("{package}/Cargo.toml"), "version = \"0.1.0\"", "version = \"0.7.3\"");
    }
    elsewhere.replace("app/Cargo.toml", "more = []", "more = []\ndefault = [\"more\"]");
    elsewhere.replace("Cargo.toml", "opt-level = 1", "opt-level = 1\ndebug = 1\nstrip = true");
    assert_eq!(names(&elsewhere, "app"), before);
    assert!(folders(&elsewhere).contains(&folder), "its name says nothing of this machine");
}

/// Of build scripts and macros; the flags of a flavour are not for them.
#[cfg(unix)]
#[test]
fn what_is_for_this_machine_is_compiled_once() {
    let fixture = workspace("einmal");
    fixture.write(
        "pgo/pgo.toml",
        "[program.app.cargo]\npackage = \"app\"\n\n[program.app.workload.all]\nrole = \"train\"\ncommand = [\"{program}\"]\n",
    );
    let ran = fixture.succeeds(&["--to", "optimize", "--format", "json"]);
    let events: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let compiled = |package: &str| {
        let line = |event: &&serde_json::Value| {
            event["line"].as_str().is_some_and(|line| line.contains(&format!("Compiling {package} ")))
        };
        let stages: Vec<_> =
            events.iter().filter(line).map(|event| event["stage"].as_str().unwrap()).collect();
        stages.join(" ")
    };
    assert_eq!(
        (compiled("mac"), compiled("base")),
        ("baseline".into(), "baseline instrument optimize".into())
    );
    // A build from nothing is one of everything that is for the target.
    let summary = events.iter().rfind(|event| event["event"] == "program_finished").unwrap();
    let full = summary["summary"]["costs"].as_array().unwrap().iter().filter(|cost| cost["full"] == true);
    assert_eq!(full.count(), 3, "{summary:#}");
    let again = fixture.succeeds(&["--to", "optimize", "--ci"]);
    assert_eq!(again.stdout.matches("up to date").count(), 6, "{}", again.stdout);
    // It can be moved, and a folder that an earlier version left is used.
    let pinned = folders(&fixture).into_iter().find(|name| name.starts_with("pinned-")).unwrap();
    fs::rename(fixture.path("target"), fixture.path("elsewhere")).unwrap();
    let link = flavour(&fixture, &format!("elsewhere/honing/build/{pinned}"), "optimize-app").join("release");
    assert!(link.join("deps").is_dir());
    fs::remove_file(&link).unwrap();
    fs::create_dir(&link).unwrap();
    fixture.succeeds(&["optimize", "--target-dir", "elsewhere"]);
    assert!(link.join("deps").is_dir() && !link.is_symlink());
}

#[test]
fn switching_gives_the_names_that_were_asked_for() {
    let fixture = Fixture::tiny();
    let pin = |yes: bool| {
        let config = TINY_CONFIG
            .replace("[program.tiny.cargo]", &format!("[program.tiny.cargo]\npin_symbols = {yes}"));
        fixture.write("pgo/pgo.toml", &config);
    };
    let pinned = names(&fixture, "tiny");
    pin(false);
    let plan = fixture.succeeds(&["plan", "--explain"]).stdout;
    assert!(plan.contains("because: symbols pinned (scheme 2) -> cargo's own"), "{plan}");
    let cargos = names(&fixture, "tiny");
    assert!(!cargos.is_subset(&pinned), "{cargos:?}");
    // Same folder, same everything: what is there is what was asked for.
    pin(true);
    assert_eq!(names(&fixture, "tiny"), pinned);
    fixture.replace("Cargo.toml", "0.1.0", "0.2.0");
    assert_eq!(names(&fixture, "tiny"), pinned);
    pin(false);
    let bumped = names(&fixture, "tiny");
    assert!(bumped != cargos && bumped != pinned);
    let all = ["CACHEDIR.TAG", "ask", "honing-rustc", "host", "lockfile.settled", "pinned-2.2", "plain.2"];
    assert_eq!(folders(&fixture), all);

    let settings = fixture.succeeds(&["show-config"]).stdout;
    assert!(settings.contains("program.tiny.cargo.pin_symbols"), "{settings}");
}

#[test]
fn vendored_packages_keep_the_names_that_the_registrys_have() {
    let fixture = Fixture::tiny();
    fixture.replace("Cargo.toml", "[workspace]", "[dependencies]\nshlex = \"2\"\n\n[workspace]\n");
    fixture.replace("src/main.rs", "1..to", "(shlex::split(\"a\").iter().len() as u64)..to");
    fs::copy(repository().join("Cargo.lock"), fixture.path("Cargo.lock")).unwrap();
    let of_registry = names(&fixture, "tiny");
    let vendor = Command::new("cargo").arg("vendor").current_dir(&fixture.root).output().unwrap();
    let vendor = finish(vendor);
    assert_eq!(vendor.code, 0, "{}", vendor.stderr);
    fixture.write(".cargo/config.toml", &vendor.stdout);
    fs::remove_dir_all(fixture.path("target")).unwrap();
    assert_eq!(names(&fixture, "tiny"), of_registry);
    assert!(fixture.path("vendor/shlex/.cargo-checksum.json").is_file());
}

/// A wrapper that notes how it was called, and what was in a file of arguments.
fn shim(fixture: &Fixture, name: &str) -> PathBuf {
    let path = fixture.path(&format!("mit Leerzeichen/{name}"));
    fixture.write(
        &format!("mit Leerzeichen/{name}"),
        "#!/bin/sh\nlast=; for last; do :; done\n\
         echo \"${0##*/} $*\" >> \"${0%/*}/calls\"\n\
         case $last in @*) cat \"${last#@}\" >> \"${0%/*}/file\";; esac\nexec \"$@\"\n",
    );
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&path, executable).unwrap();
    path
}

/// Calls that compile the program, and whether their metadata is `key`.
fn calls(fixture: &Fixture, key: &str) -> Vec<String> {
    let calls = fixture.read("mit Leerzeichen/calls");
    let compile =
        calls.lines().filter(|line| line.contains("--crate-name tiny") && line.contains("--target"));
    let compile: Vec<String> = compile.map(str::to_owned).collect();
    assert!(compile.iter().all(|line| line.contains(&format!("metadata={key}"))), "{calls}");
    fs::remove_file(fixture.path("mit Leerzeichen/calls")).unwrap();
    compile
}

/// The metadata that the tiny program is pinned to; it is the same for good.
const TINY_KEY: &str = "adfbd2a7c5c40db2";

#[test]
fn other_wrappers_are_called_within_ours() {
    let fixture = Fixture::tiny_in("auch hier");
    let (outer, inner) = (shim(&fixture, "outer"), shim(&fixture, "inner"));
    // From cargo's configuration, relative to its folder.
    let config = "[build]\nrustc-wrapper = \"mit Leerzeichen/outer\"\n";
    fixture.write(".cargo/config.toml", config);
    fixture.succeeds(&["baseline"]);
    let seen = calls(&fixture, TINY_KEY);
    assert!(seen.len() == 1 && seen[0].starts_with("outer ") && !seen[0].contains("inner"), "{seen:?}");
    // From the environment, with a workspace wrapper, through two of ours.
    fs::remove_file(fixture.path(".cargo/config.toml")).unwrap();
    let nested = ["exec", "--flavour", "baseline", "--", crate::support::HONING];
    let mut nested = fixture.honing(&nested);
    nested.args(["exec", "--flavour", "baseline", "--", "cargo", "build"]);
    nested.env("RUSTC_WRAPPER", &outer).env("RUSTC_WORKSPACE_WRAPPER", &inner);
    let nested = finish(nested.output().unwrap());
    assert_eq!(nested.code, 0, "{}", nested.stderr);
    let seen = calls(&fixture, TINY_KEY);
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen[0].starts_with("outer ") && seen[0].contains("/inner "), "{seen:?}");
    assert!(seen[1].starts_with("inner "), "{seen:?}");
}

#[test]
fn arguments_in_a_file_are_read() {
    let fixture = Fixture::tiny();
    let outer = shim(&fixture, "outer");
    // More than Linux takes in one word, so that cargo writes a file.
    let features: String =
        (0..6000).map(|at| format!("a-feature-with-a-name-of-some-length-{at} = []\n")).collect();
    fixture.replace("Cargo.toml", "[features]\n", &format!("[features]\n{features}"));
    let ran = fixture.honing(&["baseline"]).env("RUSTC_WRAPPER", &outer).output().unwrap();
    let ran = finish(ran);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(fixture.read("mit Leerzeichen/calls").contains("/cargo-argfile."));
    let arguments = fixture.read("mit Leerzeichen/file");
    assert!(arguments.contains(&format!("\nmetadata={TINY_KEY}\n")), "{}", &arguments[..2000]);
}

#[test]
fn exec_becomes_the_command() {
    let fixture = Fixture::tiny();
    let baseline = ["exec", "--flavour", "baseline", "--", "sh", "-c"];
    let mut script = fixture.honing(&baseline);
    script.arg("echo $$ $CARGO_BUILD_TARGET; pwd; exit 7").current_dir(fixture.path("src"));
    script.stdout(std::process::Stdio::piped());
    let child = script.spawn().unwrap();
    let pid = child.id();
    let ran = finish(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 7);
    // The same process: signals and the terminal are its own.
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(
        lines[0].starts_with(&format!("{pid} ")) && lines[0].len() > pid.to_string().len() + 1,
        "{lines:?}"
    );
    assert_eq!(lines[1], fixture.path("src").to_string_lossy());

    let no_profile = fixture.run(&["exec", "--", "true"]);
    assert_eq!(no_profile.code, 14, "{}", no_profile.stderr);
    assert!(no_profile.stderr.contains("--to optimize"), "{}", no_profile.stderr);
    fixture.succeeds(&["--to", "optimize"]);
    fixture.succeeds(&["exec", "--", "cargo", "build", "--release"]);
    // Pinned and with the profile, it is what optimize made.
    let built = "build/pinned-2.2/exec-optimize-tiny/x86_64-unknown-linux-gnu/release/tiny";
    let optimized = fs::read(fixture.path("target/honing/tiny/optimize/tiny")).unwrap();
    assert!(fs::read(fixture.path(&format!("target/honing/{built}"))).unwrap() == optimized);

    fixture.write("pgo/pgo.toml", &format!("{TINY_CONFIG}\n[program.other.cargo]\npackage = \"tiny\"\n"));
    let open = fixture.run(&["exec", "--flavour", "baseline", "--", "true"]);
    assert!(open.code == 2 && open.stderr.contains("-P tiny"), "{}", open.stderr);
    assert_eq!(fixture.run(&["exec", "-P", "other", "--flavour", "baseline", "--", "true"]).code, 0);
    assert_eq!(fixture.run(&["exec", "-P", "tiny", "--", "no-such-program"]).code, 15);
}

/// Of crates.io, with tests in the package: name, version, binary.
const WELL_KNOWN: [(&str, &str, &str); 3] =
    [("ripgrep", "15.2.0", "rg"), ("fd-find", "10.5.0", "fd"), ("hexyl", "0.17.0", "hexyl")];

/// Some minutes, and downloads: `cargo test -p honing --test it -- --ignored well_known`.
#[test]
#[ignore = "builds and tests three programs of crates.io"]
fn well_known_programs_pass_their_tests_pinned() {
    let scratch = Fixture::empty("scratch");
    let wanted: String =
        WELL_KNOWN.iter().map(|(name, version, _)| format!("{name} = \"={version}\"\n")).collect();
    let manifest = "[package]\nname = \"scratch\"\nedition = \"2024\"\n\n[dependencies]\nshlex = \"2\"\n";
    scratch.write("Cargo.toml", &format!("{manifest}{wanted}"));
    scratch.write("src/lib.rs", "");
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(&scratch.root).exec().unwrap();
    // A package without a library is no dependency, and yet it is unpacked.
    let shlex = metadata.packages.iter().find(|package| package.name.as_str() == "shlex").unwrap();
    let unpacked = shlex.manifest_path.ancestors().nth(2).unwrap();
    for (name, version, binary) in WELL_KNOWN {
        let fixture = Fixture::empty(name);
        let from = unpacked.join(format!("{name}-{version}/."));
        let copied = Command::new("cp").arg("-r").arg(from).arg(&fixture.root).output().unwrap();
        assert_eq!(finish(copied).code, 0);
        fixture.write(
            "pgo/pgo.toml",
            &format!("[program.it.cargo]\npackage = \"{name}\"\nbin = \"{binary}\"\n"),
        );
        let ran = fixture.run(&["exec", "--flavour", "baseline", "--", "cargo", "test", "--no-fail-fast"]);
        let lines = ran.stdout.lines().filter(|line| line.starts_with("test result"));
        println!("{name} {version}: {}\n{}", ran.code, lines.collect::<Vec<_>>().join("\n"));
        assert_eq!(ran.code, 0, "{name}\n{}\n{}", ran.stdout, ran.stderr);
        assert!(folders(&fixture).contains(&"pinned-2.2".to_owned()));
    }
}
