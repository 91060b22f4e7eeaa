//! What `init` writes goes through a run as it is; programs that fail leave the others their turn.

use crate::support::{Fixture, TRIPLE};

const APP: &str = include_str!("../fixtures/two_binaries.toml");
const MEMBERS: &str = r#"
[workspace]
members = ["codegen", "second"]
default-members = [".", "second"]
"#;

/// Prints something for whatever it is asked, and another version with each build.
const MAIN: &str = r#"
fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("--version") => println!("{}", env!("BUILT")),
        _ => println!("{}: {:?} {}", std::env::args().next().unwrap(), std::env::current_exe().unwrap().file_name(), KIND),
    }
}
"#;
const STAMPS: &str = r#"
fn main() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    println!("cargo::rustc-env=BUILT={}", now.as_nanos());
}
"#;

fn workspace() -> Fixture {
    let fixture = Fixture::empty("several");
    let member =
        |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    let main = |kind: &str| MAIN.replace("KIND", &format!("{kind:?}"));
    fixture.write("Cargo.toml", &format!("{APP}{MEMBERS}"));
    fixture.write("build.rs", STAMPS);
    fixture.write(
        "src/app.rs",
        &format!("#[cfg(not(feature = \"more\"))]\ncompile_error!(\"no\");\n{}", main("app")),
    );
    fixture.write("src/helper.rs", "fn main() {}\n");
    for name in ["codegen", "second"] {
        fixture.write(&format!("{name}/Cargo.toml"), &member(name));
        fixture.write(&format!("{name}/build.rs"), STAMPS);
        fixture.write(&format!("{name}/src/main.rs"), &main(name));
    }
    fixture
}

#[test]
fn what_init_writes_is_measured_and_one_that_fails_stops_nobody() {
    let fixture = workspace();
    let init = fixture.succeeds(&["init"]);
    let text = fixture.read("pgo/pgo.toml");
    let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).collect::<Vec<_>>();
    let programs: Vec<&str> =
        lines("[program.").into_iter().filter(|line| !line.contains("workload")).collect();
    assert_eq!(programs, ["[program.second.cargo]", "[program.app.cargo]"], "{text}");
    assert!(text.contains("no such binary.\nfeatures = [\"more\"]"), "{text}");
    for (name, why) in [
        ("guide-helper", "its package has default-run = \"app\""),
        ("codegen", "its package is not a default member"),
    ] {
        assert!(text.contains(&format!("# Not a program: {why}.")), "{text}");
        assert!(text.contains(&format!("# [program.{name}.cargo]")), "{text}");
        assert!(init.stderr.contains(&format!("Left out `{name}`: {why}")), "{}", init.stderr);
    }

    // As it is, but for the time that it takes.
    fixture.replace("pgo/pgo.toml", "time = \"10m\" ", "pairs = 2\nmargin = 50.0 ");
    let ran = fixture.run(&["--to", "bench"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);

    // Without its features there is no such binary, which is said before anything is built.
    let features = text.lines().find(|line| line.starts_with("features = ")).unwrap();
    let whole = fixture.read("pgo/pgo.toml");
    fixture.replace("pgo/pgo.toml", features, "");
    let ran = fixture.run(&["--to", "baseline"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    for says in ["program `app`: binary `app` requires the feature `more`", "features = [\"more\"]"] {
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    }
    fixture.write("pgo/pgo.toml", &whole);

    // The first one cannot be built any more; the second one has its turn all the same.
    fixture.write("second/src/main.rs", "fn main() { let _: u8 = \"\"; }\n");
    fixture.replace("src/app.rs", "env::args().nth(1)", "env::args().nth(2)");
    let ran = fixture.run(&["--to", "optimize"]);
    assert_eq!(ran.code, 10, "{}\n{}", ran.stdout, ran.stderr);
    let failure = "program `second`: baseline: cargo build failed";
    for says in [
        &format!("warning: {failure}"),
        "going on with `app`",
        &format!("error: {failure}"),
        "the other programs are done: `app`",
    ] {
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    }
    assert!(ran.stdout.contains(&format!("app ({TRIPLE})")), "{}", ran.stdout);
    // With both broken both are named, and the code is the first one's.
    let text = fixture.read("pgo/pgo.toml");
    let (before, train) = text.split_once("[program.app.workload.train]").unwrap();
    let fails = "[\"sh\", \"-c\", \"exit 3\", \"{program}\"]";
    let train = train.replacen("[\"{program}\", \"--help\"]", fails, 1);
    fixture.write("pgo/pgo.toml", &format!("{before}[program.app.workload.train]{train}"));
    let ran = fixture.run(&["--to", "optimize"]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(ran.stderr.contains("; program `app`: train: workload `train`"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("the other programs are done"), "{}", ran.stderr);
}

#[test]
fn an_xtask_beside_a_package_changes_nothing_that_ships() {
    let fixture = Fixture::empty("alone");
    let manifest = "[package]\nname = \"alone\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    fixture.write("Cargo.toml", manifest);
    fixture.write("src/main.rs", "fn main() {}\n");
    let cargo = |args: &[&str]| {
        let output =
            std::process::Command::new("cargo").args(args).current_dir(&fixture.root).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    cargo(&["generate-lockfile", "--offline"]);
    let of_package = || {
        let listed = cargo(&["package", "--list", "--allow-dirty"]);
        (
            listed,
            fixture.read("Cargo.lock"),
            cargo(&["metadata", "--offline", "--no-deps"]).matches("bin").count(),
        )
    };
    let before = of_package();
    let added = fixture.succeeds(&["init", "--xtask=https://example.org/honing.git", "--yes"]);
    assert_eq!(of_package(), before);
    assert!(
        added.stdout.contains("+honing = { git = \"https://example.org/honing.git\" }"),
        "{}",
        added.stdout
    );
    assert_eq!(fixture.read("Cargo.toml"), manifest.to_owned() + "exclude = [\"/pgo\", \"/.cargo\"]\n");
    assert!(fixture.path("xtask/Cargo.lock").exists(), "the versions that Honing is tested with");
    let commit = "Commit pgo/, xtask/, .cargo/config.toml, Cargo.toml after the first `cargo xtask`";
    assert!(added.stderr.contains(commit), "{}", added.stderr);
}
