//! What `llvm-profdata` prints, as something to compare.

use super::tools;
use honing_match::{Overlap, OverlapPart};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// What `llvm-profdata show` says of a profile, by function. Unknown call targets of one site are
/// added up: LLVM pairs them by the order of files, this library by their size.
pub fn show(oracle: &Path, profile: &[u8]) -> BTreeMap<String, Vec<String>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), profile).unwrap();
    let flags = ["show", "--all-functions", "--counts", "--ic-targets", "--memop-sizes"];
    let shown = tools::run(Command::new(oracle).args(flags).arg(file.path()));
    let shown = String::from_utf8(shown).unwrap();
    let mut functions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut function = String::new();
    let mut unknown: BTreeMap<String, u64> = BTreeMap::new();
    for line in shown.lines() {
        let indent = line.len() - line.trim_start().len();
        if indent == 2 && line.ends_with(':') && !line.starts_with('\t') {
            function = line.trim().to_owned();
            continue;
        }
        if line.starts_with("Instrumentation level") {
            function = "totals".to_owned();
        }
        if let Some(hash) = line.strip_prefix("    Hash: ") {
            // The order of the hashes of one name is that of LLVM's inputs.
            let name = function.split('\n').next().unwrap_or_default();
            function = format!("{name}\n{hash}");
        }
        let lines = functions.entry(function.clone()).or_default();
        match line.trim().strip_prefix('[').filter(|_| line.contains("** External Symbol **")) {
            Some(entry) => {
                let mut fields = entry.split(',');
                let site = format!("{function} {}", fields.next().unwrap().trim());
                let count = fields.nth(1).unwrap().trim().split(' ').next().unwrap();
                *unknown.entry(site).or_default() += count.parse::<u64>().unwrap();
            }
            None => lines.push(line.to_owned()),
        }
    }
    functions.insert("unknown targets".into(), unknown.iter().map(|entry| format!("{entry:?}")).collect());
    functions
}

/// Compares two listings and shows the first function that differs.
pub fn assert_same(ours: &BTreeMap<String, Vec<String>>, theirs: &BTreeMap<String, Vec<String>>, what: &str) {
    assert!(ours.keys().eq(theirs.keys()), "{what}: other functions");
    for (function, lines) in ours {
        assert_eq!(Some(lines), theirs.get(function), "{what}: {function}");
    }
}

/// An overlap as `llvm-profdata overlap` prints it.
pub fn lines(overlap: &Overlap) -> Vec<String> {
    let mut lines = vec!["Program level:".to_owned()];
    lines.push(format!("  # of functions overlap: {}", overlap.overlap.functions));
    let (mismatched, unique) = (overlap.mismatch.functions, overlap.unique.functions);
    if mismatched > 0 {
        lines.push(format!("  # of functions mismatch: {mismatched}"));
    }
    if unique > 0 {
        lines.push(format!("  # of functions only in test_profile: {unique}"));
    }
    let mut part = |name: &str, pick: fn(&OverlapPart) -> f64| {
        let (base, test) = (pick(&overlap.base), pick(&overlap.test));
        if base < 1.0 && test < 1.0 {
            return;
        }
        lines.push(format!("  {name} profile overlap: {:.3}%", pick(&overlap.overlap) * 100.0));
        if mismatched > 0 {
            lines.push(format!(
                "  Mismatched count percentage ({name}): {:.3}%",
                pick(&overlap.mismatch) * 100.0
            ));
        }
        if unique > 0 {
            let share = pick(&overlap.unique) * 100.0;
            lines.push(format!("  Percentage of {name} profile only in test_profile: {share:.3}%"));
        }
        lines.push(format!("  {name} profile base count sum: {base:.0}"));
        lines.push(format!("  {name} profile test count sum: {test:.0}"));
    };
    part("Edge", |part| part.edges);
    part("IndirectCall", |part| part.values[0]);
    part("MemOP", |part| part.values[1]);
    lines
}
