//! Trace, match and rebase with the real compiler: what we say it applies is what it applies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests that compile and run programs"
)]

#[path = "../../profdata/tests/common/mod.rs"]
mod common;

use common::tools;
use honing_match::{
    BuildFunctions, Crates, RebaseReport, Rule, TraceReader, Unpaired, instrumented, match_build, rebase,
};
use honing_profdata::{IndexedVersion, Profile, ValueKind, read};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const TRACE: &str = "-Cllvm-args=-pgo-trace-func-hash=";
const V0: &str = "-Csymbol-mangling-version=v0";

/// Compiles a source; gives the functions of the trace and the other lines.
fn compile(source: &Path, output: &Path, flags: &[&str]) -> (BuildFunctions, Vec<String>) {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command.args(["--edition", "2024", "-Copt-level=2", "--crate-name", "kinds"]).args(flags);
    let result = command.arg("-o").arg(output).arg(source).output().unwrap();
    let errors = String::from_utf8_lossy(&result.stderr).into_owned();
    assert!(result.status.success(), "{command:?}\n{errors}");
    let mut reader = TraceReader::new();
    let rest = errors.lines().filter_map(|line| reader.line(line)).map(|line| line.into_owned()).collect();
    (reader.finish(), rest)
}

fn kinds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/kinds.rs")
}

/// A profile of the program as it is.
fn recorded(folder: &Path, flags: &[&str]) -> (Profile, BuildFunctions, PathBuf) {
    let binary = folder.join("recorded");
    let flags: Vec<&str> =
        ["-Cprofile-generate", "-Cmetadata=a", TRACE].into_iter().chain(flags.iter().copied()).collect();
    let (build, _) = compile(&kinds(), &binary, &flags);
    let raw = tools::record(&binary, &["40"], &folder.join("run.profraw"));
    let profile = read(&raw).unwrap().profile;
    let file = folder.join("recorded.profdata");
    std::fs::write(&file, profile.to_indexed(IndexedVersion::Lowest).unwrap()).unwrap();
    (profile, build, file)
}

/// Symbol and hash of the functions that the compiler found no counters for.
fn missed(lines: &[String]) -> BTreeSet<(String, u64)> {
    let missed = lines.iter().filter_map(|line| {
        let rest = line
            .split_once("no profile data available for function ")
            .or_else(|| line.split_once("function control flow change detected (hash mismatch) "))?
            .1;
        let (name, rest) = rest.split_once(" Hash = ")?;
        Some((name.to_owned(), rest.split(' ').next()?.parse().ok()?))
    });
    missed.collect()
}

/// The same by our own reckoning.
fn expected_missed(profile: &Profile, build: &BuildFunctions) -> BTreeSet<(String, u64)> {
    let has = |name: &[u8], hash: u64| profile.named(name).any(|function| function.cfg_hash() == hash);
    let mut missed = BTreeSet::new();
    for function in build.functions().iter().filter(|function| function.certain) {
        let hash = function.hashes[0];
        let local = [function.module.as_deref().unwrap(), b";", function.symbol.as_slice()].concat();
        if !has(&local, hash) && !has(&function.symbol, hash) {
            missed.insert((String::from_utf8(function.symbol.clone()).unwrap(), hash));
        }
    }
    missed
}

/// Rebases a recorded profile to a build of `source`, and asks the compiler what it makes of it.
fn carried(source: &Path, flags: &[&str]) -> RebaseReport {
    carried_from(flags, source, flags)
}

/// The same, with other flags for the recorded build.
fn carried_from(recorded_flags: &[&str], source: &Path, flags: &[&str]) -> RebaseReport {
    let folder = tempfile::tempdir().unwrap();
    let (profile, before, file) = recorded(folder.path(), recorded_flags);
    let use_file = |file: &Path| format!("-Cprofile-use={}", file.display());
    let warn = "-Cllvm-args=-pgo-warn-missing-function";
    let build_with = |file: &Path| {
        let profile_use = use_file(file);
        let flags =
            [profile_use.as_str(), "-Cmetadata=b", TRACE, warn].into_iter().chain(flags.iter().copied());
        compile(source, &folder.path().join("used"), &flags.collect::<Vec<_>>())
    };
    // One ordinary build with the profile as it is: nothing of it applies but C's `main`.
    let (build, _) = build_with(&file);
    let crates = Crates::new(["kinds"]);
    let stale = match_build(&profile, &build, &crates);
    assert!(stale.all.matched() < 0.01, "{stale:?}");
    let rebased = rebase(&profile, Some(&before), &build);
    let report = rebased.report;
    assert_eq!(report.all.weight, profile.weight());
    assert_eq!(rebased.profile.weight(), report.carried.weight);
    assert_eq!(
        report.carried.weight + report.dropped.iter().map(|(_, part)| part.weight).sum::<u128>(),
        report.all.weight
    );
    let found = match_build(&rebased.profile, &build, &crates);
    assert_eq!((found.all.weight_matched, found.lost.len()), (report.carried.weight, 0));
    assert_eq!(found.all.functions_matched, report.carried.functions);
    // Call targets have the new names.
    if report.carried == report.all {
        let known = |profile: &Profile| {
            let targets = profile.functions().flat_map(|f| f.sites(ValueKind::IndirectCallTarget).flatten());
            targets.filter(|(target, _)| profile.name_of_hash(*target).is_some()).count()
        };
        assert!(known(&profile) > 5);
        assert_eq!(known(&profile), known(&rebased.profile));
    }
    // The compiler agrees, function by function.
    let file = folder.path().join("rebased.profdata");
    std::fs::write(&file, rebased.profile.to_indexed(IndexedVersion::Lowest).unwrap()).unwrap();
    let (again, lines) = build_with(&file);
    let uncertain = again.uncertain() + build.uncertain();
    let (missed, expected) = (missed(&lines), expected_missed(&rebased.profile, &again));
    let differ: Vec<_> = missed.symmetric_difference(&expected).collect();
    assert!(differ.len() as u64 <= 2 * uncertain, "{uncertain} uncertain: {differ:#?}");
    let text: Vec<_> = lines.iter().filter(|line| line.contains("Inconsistent number")).collect();
    assert!(text.is_empty(), "{text:#?}");
    report
}

/// A report for people: without the bytes of names.
fn show(report: &RebaseReport) -> String {
    let heaviest = report.heaviest.iter().map(|d| format!("{} {:?} {}\n", d.weight, d.why, d.name));
    let heaviest: String = heaviest.collect();
    format!("{:?}\n{:?}\n{:?}\n{heaviest}", report.by_rule, report.dropped, report.replacements)
}

fn weight(report: &RebaseReport, why: Unpaired) -> u128 {
    report.dropped.iter().find(|(reason, _)| *reason == why).unwrap().1.weight
}

#[test]
fn trace_and_instrumented_binary_agree() {
    let folder = tempfile::tempdir().unwrap();
    for mangling in [&[][..], &[V0]] {
        for units in ["1", "16", "256"] {
            let units_flag = format!("-Ccodegen-units={units}");
            let flags: Vec<&str> = ["-Cprofile-generate", TRACE, &units_flag]
                .into_iter()
                .chain(mangling.iter().copied())
                .collect();
            let binary = folder.path().join("kinds");
            let (traced, _) = compile(&kinds(), &binary, &flags);
            let declared = BuildFunctions::from(&instrumented(&std::fs::read(&binary).unwrap()).unwrap());
            assert!(declared.len() > 50, "{}", declared.len());
            for function in declared.functions() {
                let name = match &function.module {
                    Some(module) => [module, b";".as_slice(), &function.symbol].concat(),
                    None => function.symbol.clone(),
                };
                let there = traced.with_name(&name).any(|there| there.may_have(function.hashes[0]));
                assert!(there, "{units} units: {}", String::from_utf8_lossy(&name));
            }
            // And hardly any that the linker dropped or that two threads left in doubt.
            let more = traced.len() as u64 - declared.len() as u64;
            assert!(more <= 10 + 20 * traced.uncertain(), "{units} units: {more} more in the trace");
        }
    }
}

#[test]
fn v0_names_carry_everything_over_a_change_of_metadata() {
    let report = carried(&kinds(), &[V0, "-Ccodegen-units=1"]);
    assert_eq!(report.carried, report.all, "{}", show(&report));
    let report = carried(&kinds(), &[V0, "-Ccodegen-units=16"]);
    assert!(report.share() > 0.99, "{}", show(&report));
}

#[test]
fn legacy_names_carry_what_is_not_ambiguous() {
    for units in ["-Ccodegen-units=1", "-Ccodegen-units=16"] {
        let report = carried(&kinds(), &[units]);
        assert_eq!(
            weight(&report, Unpaired::Gone) + weight(&report, Unpaired::ControlFlow),
            0,
            "{}",
            show(&report)
        );
        assert!(report.share() > 0.3, "{}", show(&report));
        // The monomorphizations of `sorted` have equal names; those of other shape are told apart.
        let ambiguous = report.heaviest.iter().filter(|dropped| dropped.why == Unpaired::Ambiguous);
        assert!(ambiguous.count() > 0, "{}", show(&report));
    }
}

#[test]
fn manglings_of_both_kinds_are_paired() {
    let one_unit = "-Ccodegen-units=1";
    for (old, new) in [(&[one_unit][..], &[V0, one_unit][..]), (&[V0, one_unit], &[one_unit])] {
        let legacy = carried(&kinds(), &[one_unit]);
        let across = carried_from(old, &kinds(), new);
        let by_path = across.by_rule.iter().find(|(rule, _)| *rule == Rule::Mangling).unwrap().1;
        assert!(by_path.functions > 20, "{}", show(&across));
        // As much as among legacy names, and for the same reason no more.
        assert!(across.share() > legacy.share() - 0.02, "{}\n{}", show(&legacy), show(&across));
        assert_eq!(weight(&across, Unpaired::ControlFlow), 0, "{}", show(&across));
    }
}

#[test]
fn an_edited_function_and_a_renamed_module() {
    let folder = tempfile::tempdir().unwrap();
    let source = std::fs::read_to_string(kinds()).unwrap();
    let edited = source.replace("mod shapes", "mod figures").replace("shapes::", "figures::").replace(
        "3 => sum += u64::from(*value >> 2),",
        "2 if *value > 7 => sum += 5,\n3 => sum += u64::from(*value >> 2),",
    );
    let file = folder.path().join("edited.rs");
    std::fs::write(&file, edited).unwrap();
    for flags in [&[V0, "-Ccodegen-units=1"][..], &["-Ccodegen-units=1"]] {
        let report = carried(&file, flags);
        let renames: Vec<_> = report.replacements.iter().map(|r| (r.from.as_str(), r.to.as_str())).collect();
        assert_eq!(renames, [("kinds::shapes", "kinds::figures")], "{}", show(&report));
        let renamed = report.by_rule.iter().find(|(rule, _)| *rule == Rule::Renamed).unwrap().1;
        assert!(renamed.functions >= 4, "{}", show(&report));
        assert_eq!(weight(&report, Unpaired::Gone), 0, "{}", show(&report));
        let changed = report.heaviest.iter().filter(|dropped| dropped.why == Unpaired::ControlFlow);
        let changed: Vec<&str> = changed.map(|dropped| dropped.name.as_str()).collect();
        assert_eq!(changed, ["kinds::sums::odd"], "{}", show(&report));
    }
}
