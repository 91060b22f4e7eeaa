//! LLVM 22's `llvm-profdata` as the oracle: the same bytes, the same listing, the same overlap, for
//! real profiles that are recorded here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests that record profiles and run a tool"
)]

mod common;

use common::listing::{assert_same, lines, show};
use common::tools;
use honing_match::{BuildFunctions, Crates, instrumented, match_build, overlap};
use honing_profdata::{IndexedVersion, Merger, Policy, Profile, ValueKind, read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A program with the raw profiles of its runs.
struct Recorded {
    name: &'static str,
    binary: PathBuf,
    profiles: Vec<PathBuf>,
}

/// Programs that are built and run once for all tests.
struct Corpus {
    folder: tempfile::TempDir,
    programs: Vec<Recorded>,
}

/// Rust programs: name, source, flags.
const RUST: [(&str, &str, &[&str]); 9] = [
    ("units", "mixed.rs", &[]),
    ("one-unit", "mixed.rs", &["-Ccodegen-units=1"]),
    ("fat-lto", "mixed.rs", &["-Clto=fat", "-Ccodegen-units=1"]),
    ("many-units", "mixed.rs", &["-Ccodegen-units=64"]),
    ("unoptimized", "mixed.rs", &["-Copt-level=0"]),
    ("v0-names", "mixed.rs", &["-Csymbol-mangling-version=v0"]),
    ("no-id", "mixed.rs", &["-Clink-arg=-Wl,--build-id=none", "-Cpanic=abort"]),
    ("no-values", "mixed.rs", &["-Cllvm-args=-disable-vp=true"]),
    ("tokens", "tokens.rs", &[]),
];
/// Arguments of the runs: rounds and threads.
const RUNS: [[&str; 2]; 4] = [["3", "0"], ["40", "1"], ["200", "4"], ["1000", "2"]];

fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut programs = Vec::new();
        for (name, source, flags) in RUST {
            let binary = folder.path().join(name);
            let mut flags = flags.to_vec();
            flags.push("-Cprofile-generate");
            tools::rustc(source, &binary, &flags);
            programs.push(recorded(name, binary));
        }
        if tools::there("clang-22") {
            for (name, level) in [("c", "-O2"), ("c-unoptimized", "-O0")] {
                let binary = folder.path().join(name);
                let mut clang = Command::new("clang-22");
                clang.args([level, "-fprofile-generate", "-o"]).arg(&binary);
                tools::run(clang.arg(common::program("mixed.c")));
                programs.push(recorded(name, binary));
            }
        } else {
            tools::skip("clang-22 (Debian packages clang-22, libclang-rt-22-dev) for C programs");
        }
        Corpus { folder, programs }
    })
}

fn recorded(name: &'static str, binary: PathBuf) -> Recorded {
    let record = |(run, args): (usize, &[&str; 2])| {
        let profile = binary.with_extension(format!("{run}.profraw"));
        tools::record(&binary, args, &profile);
        profile
    };
    let profiles = RUNS.iter().enumerate().map(record).collect();
    Recorded { name, binary, profiles }
}

fn ours(files: &[(PathBuf, u64)]) -> Profile {
    let mut merger = Merger::new(Policy::default());
    for (file, weight) in files {
        let report = merger.add(&std::fs::read(file).unwrap(), *weight).unwrap();
        assert_eq!(report.losses, [], "{}", file.display());
    }
    merger.finish().unwrap().profile
}

fn once(files: &[PathBuf]) -> Vec<(PathBuf, u64)> {
    files.iter().map(|file| (file.clone(), 1)).collect()
}

fn theirs(oracle: &Path, files: &[(PathBuf, u64)], flags: &[&str]) -> Vec<u8> {
    let out = tempfile::NamedTempFile::new().unwrap();
    let mut merge = Command::new(oracle);
    // One thread: with more, the order of files and with it the order of equal counts varies.
    merge.args(["merge", "-num-threads=1"]).args(flags).arg("-o").arg(out.path());
    for (file, weight) in files {
        merge.arg(format!("-weighted-input={weight},{}", file.display()));
    }
    tools::run(&mut merge);
    std::fs::read(out.path()).unwrap()
}

#[test]
fn each_profile_becomes_the_same_bytes() {
    let Some(oracle) = tools::oracle() else {
        return;
    };
    let mut profiles = 0;
    for program in &corpus().programs {
        for file in &program.profiles {
            let files = once(std::slice::from_ref(file));
            let profile = ours(&files);
            let bytes = profile.to_indexed(IndexedVersion::Exactly(13)).unwrap();
            assert!(bytes == theirs(&oracle, &files, &[]), "{}: indexed", file.display());
            let text = theirs(&oracle, &files, &["--text"]);
            assert!(profile.to_text() == text, "{}: text", file.display());
            assert!(read(&text).unwrap().profile.to_text() == text, "{}: read", file.display());
            profiles += 1;
        }
    }
    assert!(profiles >= 36, "only {profiles} profiles");
}

#[test]
fn the_lowest_version_shows_the_same() {
    let Some(oracle) = tools::oracle() else {
        return;
    };
    for program in &corpus().programs {
        let files = once(&program.profiles);
        let bytes = ours(&files).to_indexed(IndexedVersion::Lowest).unwrap();
        let merged = theirs(&oracle, &files, &[]);
        let (ours, theirs) = (show(&oracle, &bytes), show(&oracle, &merged));
        assert!(ours.len() > 3, "{}", program.name);
        assert_same(&ours, &theirs, program.name);
    }
}

#[test]
fn pools_of_several_programs_show_the_same() {
    let Some(oracle) = tools::oracle() else {
        return;
    };
    let all: Vec<PathBuf> = corpus().programs.iter().flat_map(|program| program.profiles.clone()).collect();
    // The program without values has the functions of the first with another number of sites.
    let all: Vec<PathBuf> =
        all.into_iter().filter(|file| !file.to_string_lossy().contains("no-values")).collect();
    let bytes = ours(&once(&all)).to_indexed(IndexedVersion::Lowest).unwrap();
    let merged = theirs(&oracle, &once(&all), &[]);
    assert_same(&show(&oracle, &bytes), &show(&oracle, &merged), "all programs");
}

#[test]
fn weights_count_counters_as_llvm_does() {
    let Some(oracle) = tools::oracle() else {
        return;
    };
    for program in &corpus().programs {
        let files: Vec<_> = program.profiles.iter().cloned().zip([3, 1, 20, 7]).collect();
        let ours = ours(&files);
        let theirs = read(&theirs(&oracle, &files, &[])).unwrap().profile;
        let counters = |profile: &Profile| -> Vec<Vec<u64>> {
            profile.functions().map(|function| function.counts().to_vec()).collect()
        };
        assert_eq!(counters(&ours), counters(&theirs), "{}", program.name);
        // Values that a later file is the first to have are not weighted by LLVM; here they are.
        let values = |profile: &Profile| -> u64 {
            let sites =
                profile.functions().flat_map(|f| ValueKind::ALL.map(move |kind| f.sites(kind).flatten()));
            sites.flatten().map(|(_, count)| *count).sum()
        };
        assert!(values(&ours) >= values(&theirs), "{}", program.name);
    }
}

#[test]
fn a_mix_of_formats_becomes_the_same_bytes() {
    let Some(oracle) = tools::oracle() else {
        return;
    };
    for program in &corpus().programs {
        let [first, second, ..] = program.profiles.as_slice() else { panic!("two runs at least") };
        let folder = corpus().folder.path();
        let indexed = folder.join(format!("{}.profdata", program.name));
        let text = folder.join(format!("{}.proftext", program.name));
        std::fs::write(&indexed, theirs(&oracle, &once(std::slice::from_ref(second)), &[])).unwrap();
        std::fs::write(&text, theirs(&oracle, &once(std::slice::from_ref(first)), &["--text"])).unwrap();
        let files = once(&[first.clone(), indexed, text]);
        let bytes = ours(&files).to_indexed(IndexedVersion::Exactly(13)).unwrap();
        let merged = theirs(&oracle, &files, &[]);
        assert_same(&show(&oracle, &bytes), &show(&oracle, &merged), program.name);
    }
}

#[test]
fn overlap_is_the_same_to_the_last_printed_digit() {
    let Some(oracle) = tools::oracle() else {
        return;
    };
    let indexed = |file: &Path| {
        let bytes = theirs(&oracle, &once(&[file.to_path_buf()]), &[]);
        let out = file.with_extension("profdata");
        std::fs::write(&out, &bytes).unwrap();
        (read(&bytes).unwrap().profile, out)
    };
    let files: Vec<PathBuf> = corpus().programs.iter().flat_map(|program| program.profiles.clone()).collect();
    let profiles: Vec<_> = files.iter().map(|file| indexed(file)).collect();
    let mut compared = 0;
    for (at, (base, base_file)) in profiles.iter().enumerate() {
        // The next run of the same program, the first of another, and itself.
        for other in [at + 1, at + 4, at] {
            let Some((test, test_file)) = profiles.get(other) else {
                continue;
            };
            let shown = tools::run(Command::new(&oracle).arg("overlap").arg(base_file).arg(test_file));
            let shown = String::from_utf8(shown).unwrap();
            let expected: Vec<&str> = shown.lines().skip_while(|line| !line.starts_with("Program")).collect();
            assert_eq!(
                lines(&overlap(base, test, false)),
                expected,
                "{} {}",
                base_file.display(),
                test_file.display()
            );
            compared += 1;
        }
    }
    assert!(compared >= 100, "only {compared} pairs");
}

#[test]
fn a_binary_declares_what_its_profile_has() {
    for program in &corpus().programs {
        let binary = instrumented(&std::fs::read(&program.binary).unwrap()).unwrap();
        let profile = ours(&once(&program.profiles[..1]));
        let declared: Vec<_> =
            binary.functions.iter().map(|f| (f.name.as_slice(), f.cfg_hash, f.counters as usize)).collect();
        let recorded: Vec<_> =
            profile.functions().map(|f| (f.name_bytes(), f.cfg_hash(), f.counts().len())).collect();
        assert_eq!(declared, recorded, "{}", program.name);
        let matched = match_build(&profile, &BuildFunctions::from(&binary), &Crates::default()).all;
        assert_eq!(
            (matched.weight_matched, matched.functions_matched),
            (profile.weight(), matched.functions)
        );
    }
}

#[test]
fn the_compiler_makes_the_same_binary_of_ours() {
    let Some(oracle) = tools::oracle() else {
        return;
    };
    for program in corpus().programs.iter().filter(|program| !program.name.starts_with('c')) {
        let (name, source, flags) = RUST.into_iter().find(|(name, ..)| *name == program.name).unwrap();
        let files = once(&program.profiles);
        let profile = ours(&files);
        // The newest version is LLVM's, byte by byte: other tests see to that.
        let lowest = profile.to_indexed(IndexedVersion::Lowest).unwrap();
        let [theirs, ours] =
            [theirs(&oracle, &files, &[]), lowest].map(|profile| built(source, flags, Some(&profile[..])));
        assert!(ours == theirs, "{name}: the binary differs from LLVM's");
        // And the profile was used at all.
        if flags.is_empty() {
            assert!(built(source, flags, None) != ours, "{name}: no effect");
        }
    }
}

/// The program as it is built with this profile.
fn built(source: &str, flags: &[&str], profile: Option<&[u8]>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("merged.profdata");
    let mut flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    if let Some(profile) = profile {
        std::fs::write(&file, profile).unwrap();
        flags.push(format!("-Cprofile-use={}", file.display()));
    }
    let binary = folder.path().join("optimized");
    tools::rustc(source, &binary, &flags.iter().map(String::as_str).collect::<Vec<_>>());
    std::fs::read(binary).unwrap()
}
