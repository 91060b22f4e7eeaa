//! What the pages show can be used: TOML, settings that a sentence mentions, and tests to run. The
//! commands are parsed where they are declared: `cli/documented.rs`, and that of xtask.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use honing_core::config::Config;
use honing_engine::CRAFTS;

use super::sources;
use crate::{
    pages::{self, root},
    support::Fixture,
};

/// What a block of TOML is an example of.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Pgo,
    Manifest,
    CargoConfig,
    Dashboard,
}

fn kind_of(text: &str) -> Kind {
    let has = |table: &str| text.lines().any(|line| line.split(" #").next().unwrap_or_default() == table);
    match () {
        () if has("[package]") || has("[dependencies]") => Kind::Manifest,
        () if has("[alias]") => Kind::CargoConfig,
        () if has("[keys]") => Kind::Dashboard,
        () => Kind::Pgo,
    }
}

/// Every block of TOML is read by who reads such a file. One of `pgo.toml` is a whole one, or a part that
/// goes with a program called `server`.
#[test]
fn examples_of_toml_are_read() {
    let mut found: BTreeMap<Kind, u32> = BTreeMap::new();
    for example in pages::all().into_iter().filter(|shown| shown.language.as_deref() == Some("toml")) {
        let text = &example.text;
        let kind = kind_of(text);
        let read = match kind {
            Kind::Pgo => pgo_toml(text),
            Kind::Manifest => manifest(text),
            Kind::CargoConfig => cargo_config(text),
            Kind::Dashboard => honing_dashboard::Settings::parse(text, Path::new("an example"))
                .map(drop)
                .map_err(|error| error.to_string()),
        };
        if let Err(error) = read {
            panic!("{}: {error} in\n{text}", example.page);
        }
        *found.entry(kind).or_default() += 1;
    }
    assert!(found.len() == 4 && found[&Kind::Pgo] > 10, "{found:?}");
}

/// So is what other repositories would add.
#[test]
fn the_configurations_of_examples_are_read() {
    let folders = fs::read_dir(pages::root().join("docs/examples")).unwrap();
    let files: Vec<_> = folders.map(|entry| entry.unwrap().path().join("pgo.toml")).collect();
    assert!(!files.is_empty());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        pgo_toml(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}

/// The steps of opt-dist in its order, with its arguments: rust-lang/rust, src/tools/opt-dist, main.rs of 053c8a0b,
/// exec.rs of 0124bdb6, training.rs of 01af664d.
#[test]
fn the_pipeline_of_opt_dist_is_planned_as_it_is_there() {
    if !crate::commands::has_clang() {
        return crate::support::skip("clang (Debian: clang-22)");
    }
    let fixture = Fixture::empty("rust");
    let text = fs::read_to_string(pages::root().join("docs/examples/rust-lang-rust/pgo.toml")).unwrap();
    fixture.write("pgo/pgo.toml", &text);
    for file in
        ["compiler/a", "library/a", "src/librustdoc/a", "src/tools/rustdoc/a", "src/llvm-project/a", "x.py"]
    {
        fixture.write(file, "");
    }
    let plan = fixture.succeeds(&["plan", "--explain", "--", "python3", "x.py", "dist"]).stdout;
    let build = "x.py build";
    let shared = "--target x86_64-unknown-linux-gnu --host x86_64-unknown-linux-gnu --stage 2 library/std";
    let kept = "--keep-stage 0 --keep-stage 1";
    let steps: [(&str, &[&str]); 9] = [
        (
            "rustc: instrument: run",
            &[
                build,
                shared,
                "rustdoc cargo",
                "pgo.rustc.generate=",
                "pgo.cargo.generate=",
                "pgo.rustdoc.generate=",
                "--set llvm.thin-lto=false --set llvm.link-shared=true",
            ],
        ),
        (
            "rustc: train: run",
            &["profile_local eprintln", "Check,Debug,Opt --scenarios All --exact-match", "--jobs 16"],
        ),
        (
            "rustdoc: train: run",
            &["profile_local eprintln", "--profiles Doc --scenarios Full --exact-match", "--jobs 16"],
        ),
        (
            "rustc: optimize: run",
            &[build, shared, "rustdoc cargo", "pgo.rustc.use=", "pgo.cargo.use=", "pgo.rustdoc.use="],
        ),
        ("llvm: instrument: run", &["rm -rf", build, shared, "pgo.llvm.generate=", "/prof-%p", kept]),
        (
            "llvm: train: run",
            &["profile_local eprintln", "Debug,Opt --scenarios Full --exact-match", "--jobs 16"],
        ),
        ("llvm: merge: run", &[]),
        ("llvm: optimize: run", &["rm -rf", build, shared, "pgo.llvm.use=", kept]),
        (
            "dist: baseline: run",
            &[
                "python3 x.py dist",
                "pgo.llvm.use=",
                "pgo.rustc.use=",
                "pgo.cargo.use=",
                "pgo.rustdoc.use=",
                kept,
            ],
        ),
    ];
    let mut rest = plan.as_str();
    for (step, words) in steps {
        let (_, after) = rest.split_once(step).unwrap_or_else(|| panic!("no {step} in\n{rest}"));
        let commands: String = after.lines().skip(1).take_while(|line| line.starts_with("    ")).collect();
        let commands = commands.replace('\'', "");
        for word in words {
            assert!(commands.contains(word), "{step}: no {word:?} in\n{commands}");
        }
        rest = after;
    }
}

fn pgo_toml(text: &str) -> Result<(), String> {
    let builds = |line: &str| {
        line.starts_with("[program.")
            && [".cargo]", ".go]", ".command]"].iter().any(|end| line.ends_with(end))
    };
    let is_go = text.lines().any(|line| line.starts_with("go."));
    let whole = if is_go && !text.lines().any(builds) {
        format!("[program.server.go]\n{text}")
    } else if text.lines().any(builds) {
        text.to_owned()
    } else {
        format!("[program.server.cargo]\npackage = \"server\"\n{text}")
    };
    let parsed = Config::parse(&whole, Path::new("an example"), CRAFTS);
    parsed.map(drop).map_err(|error| format!("{error} ({:?})", error.hint()))
}

/// Cargo reads it: that of an xtask outside of a workspace, beside a copy of Honing.
fn manifest(text: &str) -> Result<(), String> {
    let fixture = Fixture::empty("beside");
    fixture.write("workspace/xtask/Cargo.toml", text);
    fixture.write("workspace/xtask/src/main.rs", "fn main() {}\n");
    fixture.write("honing/packages/honing/Cargo.toml", "[package]\nname = \"honing\"\nversion = \"0.1.0\"\n");
    fixture.write("honing/packages/honing/src/lib.rs", "");
    let xtask = fixture.path("workspace/xtask");
    let read = cargo_metadata::MetadataCommand::new().current_dir(xtask).no_deps().exec();
    read.map(drop).map_err(|error| error.to_string())
}

/// Cargo lists its aliases.
fn cargo_config(text: &str) -> Result<(), String> {
    let fixture = Fixture::empty("example");
    fixture.write(".cargo/config.toml", text);
    let listed = Command::new("cargo").arg("--list").current_dir(&fixture.root).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let aliases: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let aliases = aliases["alias"].as_table().unwrap();
    let is_listed = |(name, words): (&String, &toml::Value)| {
        let words = words.as_str().unwrap();
        listed.lines().any(|line| line.trim_start().starts_with(name) && line.trim_end().ends_with(words))
    };
    if aliases.iter().all(is_listed) { Ok(()) } else { Err(format!("cargo lists\n{listed}")) }
}

/// Keys that a text mentions with a value: each fits some table of pgo.toml. `…` stands for any word.
#[test]
fn mentioned_settings_are_accepted() {
    let is_setting = |text: &str| {
        let (key, value) = text.split_once(" = ")?;
        let key_like = |byte: u8| byte.is_ascii_lowercase() || b"_-.".contains(&byte);
        (key.bytes().all(key_like) && !value.is_empty())
            .then(|| (key.to_owned(), value.replace('…', "\"x\"")))
    };
    let (mut mentioned, mut refused) = (0, Vec::new());
    for shown in pages::all().iter().filter(|shown| shown.language.is_none()) {
        let Some((key, value)) = is_setting(&shown.text) else { continue };
        let value = value.replace("\"\"x\"\"", "\"x\"");
        mentioned += 1;
        if let Err(error) = fits_somewhere(&key, &value) {
            refused.push(format!("{}: `{}`: {error}", shown.page, shown.text));
        }
    }
    assert!(mentioned > 20, "{mentioned}");
    assert!(refused.is_empty(), "{refused:#?}");
    for wrong in
        [("command", "[\"cargo\", \"bench\"]"), ("comand", "[\"{program}\"]"), ("role", "\"trains\"")]
    {
        assert!(fits_somewhere(wrong.0, wrong.1).is_err(), "{wrong:?}");
    }
}

/// Puts a setting into each table that there is; the error of the last one where none takes it.
fn fits_somewhere(key: &str, value: &str) -> Result<(), String> {
    const PROGRAM: &str = "[program.p.cargo]\npackage = \"p\"\n";
    let workload = |key: &str| {
        let role = if key == "role" { "" } else { "role = \"train\"\n" };
        let runs = ["command", "cargo.bench", "cargo.test"].contains(&key);
        let command = if runs { "" } else { "command = [\"{program}\"]\n" };
        format!("{PROGRAM}[program.p.workload.w]\n{role}{command}")
    };
    let metric = format!("{}[program.p.workload.w.metric.m]\npattern = '(1)'\n", workload(""));
    let tables = [
        PROGRAM.to_owned(),
        format!("{PROGRAM}[program.p.cargo.cargo_profile]\n"),
        format!("{PROGRAM}[program.p.llvm]\n"),
        "[program.p.command]\nbuild = [\"make\"]\noutput = \"p\"\n".to_owned(),
        // Of a program itself, beside others that it may name.
        "[program.app.cargo]\npackage = \"a\"\n[program.lib.cargo]\npackage = \"l\"\n[program.q.cargo]\npackage = \"q\"\n\
         [program.p.cargo]\npackage = \"p\"\n[program.p]\n"
            .to_owned(),
        "[program.app.cargo]\npackage = \"a\"\n[program.p.cargo]\npackage = \"p\"\n[program.p.workload.w]\nrole = \"train\"\n"
            .to_owned(),
        format!("{PROGRAM}[policy]\n"),
        format!("{PROGRAM}[bench]\n"),
        metric,
        workload(key),
    ];
    let mut refusal = String::new();
    for table in tables {
        // A dotted key may say which table it is in.
        for text in [format!("{key} = {value}\n{table}"), format!("{table}{key} = {value}\n")] {
            match Config::parse(&text, Path::new("an example"), CRAFTS) {
                Ok(_) => return Ok(()),
                Err(error) => refusal = error.to_string(),
            }
        }
    }
    Err(refusal)
}

/// `cargo test` and `cargo bench` name packages and tests that are there.
#[test]
fn tests_that_pages_name_are_there() {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap();
    let packages = metadata.workspace_packages();
    let mut code = String::new();
    sources(&root().join("packages"), &mut code);
    let (mut named, mut missing) = (0, Vec::new());
    for line in pages::commands(&["cargo"]) {
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        let runs = matches!(words.get(1), Some(&"test" | &"bench"));
        let Some(at) = words.iter().position(|word| *word == "-p").filter(|_| runs) else { continue };
        named += 1;
        let Some(package) = packages.iter().find(|package| Some(&package.name.as_str()) == words.get(at + 1))
        else {
            missing.push(format!("{}: {}", line.page, words.join(" ")));
            continue;
        };
        let cargos: Vec<&str> = words.iter().copied().take_while(|word| *word != "--").collect();
        for test in cargos.windows(2).filter(|pair| pair[0] == "--test").map(|pair| pair[1]) {
            if !package.targets.iter().any(|target| target.is_test() && target.name == test) {
                missing.push(format!("{}: no test {test} in {}", line.page, package.name));
            }
        }
        // What is left filters tests: a part of the path of one.
        let filter = cargos.iter().skip(at + 2).filter(|word| !word.starts_with('-'));
        let filter =
            filter.filter(|word| !cargos.windows(2).any(|pair| pair[0] == "--test" && pair[1] == **word));
        for word in filter.filter(|_| words[1] == "test") {
            let is_test = ["fn ", "mod "].iter().any(|item| code.contains(&format!("{item}{word}")));
            if !is_test {
                missing.push(format!("{}: nothing is called {word}", line.page));
            }
        }
    }
    assert!(named > 20 && missing.is_empty(), "{named} named, {missing:#?}");
}
