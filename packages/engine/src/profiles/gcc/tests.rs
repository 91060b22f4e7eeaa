//! With real gcc: a program of two files is trained in one folder and optimized in another.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use honing_core::applied::{Applied, LostWhy, Match, MatchedBy};
use honing_gcov::{Bundle, Counters, Values};

use super::{LOCALE, Said, file_name, generate, kind, lay_out, merge, profile_use, said, sets::Sets};
use crate::profiles::{Input, Profile, ProfileKind, Traces};

const MAIN: &str = "#include <stdio.h>\n#include <stdlib.h>\nlong work(long n, int kind);\n\
    int main(int argc, char **argv) {\n\
    long n = argc > 1 ? atol(argv[1]) : 1, sum = 0;\n\
    for (long i = 0; i < n; i++) sum += work(i, (int)(i % 3));\n\
    printf(\"%ld\\n\", sum);\n return 0;\n}\n";
const WORK: &str = "#include <string.h>\ntypedef long (*step)(long);\n\
    static long twice(long n) { return n * 2; }\n\
    static long more(long n) { if (n % 5 == 0) return n + 7; return n + 1; }\n\
    static long odd(long n) { char b[64]; memset(b, (int)n, (size_t)(n % 60)); return n ^ b[0]; }\n\
    static step steps[] = { twice, more, odd };\n\
    long work(long n, int kind) { long s = steps[kind](n); for (int i = 0; i < 3; i++) s += n / (kind + 1); return s; }\n";
const SOURCES: [&str; 2] = ["main", "work"];

/// Whether there is a gcc that can be read; without `HONING_NO_SKIP` the test passes where not.
fn has_gcc() -> bool {
    let version = Command::new("gcc").arg("-dumpversion").output();
    let version = version.ok().and_then(|said| String::from_utf8(said.stdout).ok());
    let major = version.and_then(|text| text.trim().split('.').next()?.parse::<u32>().ok());
    let has = major.is_some_and(|major| (12..20).contains(&major));
    if !has {
        assert!(std::env::var_os("HONING_NO_SKIP").is_none_or(|value| value.is_empty()), "no gcc 12 to 19");
        println!("SKIPPED: needs gcc 12 to 19");
    }
    has
}

struct Build(PathBuf);

impl Build {
    fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/main.c"), MAIN).unwrap();
        fs::write(folder.join("src/work.c"), WORK).unwrap();
        Self(folder.to_owned())
    }

    fn gcc(&self, args: &[String]) -> Output {
        let output =
            Command::new("gcc").args(args).current_dir(&self.0).env(LOCALE.0, LOCALE.1).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// What gcc said of the profile's file for one source.
    fn compile(&self, source: &str, flags: &[String]) -> Vec<Said> {
        let of = |ending: &str| format!("src/{source}.{ending}");
        let mut args = vec!["-O2".into(), "-c".into(), of("c"), "-o".into(), of("o")];
        args.extend_from_slice(flags);
        let stderr = String::from_utf8(self.gcc(&args).stderr).unwrap();
        said(&stderr, &file_name(&self.0, &self.0, Path::new(&of("o"))))
    }

    fn instrument(&self) -> PathBuf {
        let flags = generate(&self.0, &self.0.join("stray"));
        SOURCES.iter().for_each(|source| drop(self.compile(source, &flags)));
        let link = ["src/main.o", "src/work.o", "-o", "program"].map(str::to_owned);
        self.gcc(&[flags.as_slice(), &link].concat());
        self.0.join("program")
    }

    /// What a build with the profile in `folder` hands over.
    fn traces(&self, folder: &Path) -> Traces {
        let said = SOURCES.iter().flat_map(|source| self.compile(source, &profile_use(&self.0, folder)));
        Traces(said.map(|said| said.to_line() + "\n").collect::<String>().into_bytes())
    }
}

fn run(program: &Path, raw: &Path, work: u32, times: usize) {
    fs::create_dir_all(raw).unwrap();
    let start = |_| {
        let mut command = Command::new(program);
        command
            .arg(work.to_string())
            .stdout(std::process::Stdio::null())
            .envs(kind::into(raw))
            .spawn()
            .unwrap()
    };
    // All at once: they take turns at each file.
    let running: Vec<_> = (0..times).map(start).collect();
    running.into_iter().for_each(|mut child| assert!(child.wait().unwrap().success()));
}

fn inputs(raw: &Path, weight: u64) -> Vec<Input> {
    let found = merge::find(&[raw.to_owned()]).unwrap();
    assert_eq!(found.len(), SOURCES.len(), "{found:?}");
    found.into_iter().map(|path| Input { path, weight, sum_of: None }).collect()
}

fn applied(profile: &dyn Profile, traces: Traces) -> Match {
    match profile.matched(Vec::new(), Ok((traces, MatchedBy::Trace)), None).applied {
        Applied::Measured(found) => found,
        Applied::Unknown { why } => panic!("{why}"),
    }
}

/// Counts of arcs and of calls by file: addresses, which other kinds record, are new in each process.
fn counts(bundle: &Bundle) -> Vec<(String, Vec<Counters>)> {
    let of = |data: &honing_gcov::Data| {
        let counters = data.functions.iter().flatten().flat_map(|function| function.counters.clone());
        let mut counters: Vec<Counters> =
            counters.filter(|counters| [0, 4].contains(&counters.kind)).collect();
        for counters in &mut counters {
            if let Values::Sites(sites) = &mut counters.values {
                sites.iter_mut().for_each(|site| site.values.sort());
            }
        }
        counters
    };
    bundle.files().map(|(name, data)| (name.to_owned(), of(data))).collect()
}

#[test]
fn a_profile_is_used_in_another_folder_and_a_changed_function_is_named() {
    if !has_gcc() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [a, b, often, seldom] = ["a", "b/deeper", "often", "seldom"].map(|name| folder.path().join(name));
    let program = Build::new(&a).instrument();
    run(&program, &often, 1000, 40);
    run(&program, &seldom, 9, 1);
    assert!(!a.join("stray").exists(), "a process wrote beside its folder");
    let merged = merge::merge(&[inputs(&often, 3), inputs(&seldom, 1)].concat(), 0.0).unwrap();
    assert_eq!(merged.losses, [""; 0]);
    let work = merged.bundle.file("src#work.gcda").unwrap();
    assert_eq!(work.runs, 3 * 40 + 1, "a process was not counted");
    let all = work.functions.iter().flatten().map(|function| function.weight()).sum::<u128>();
    assert!(all >= 3 * 40 * 1000 * 4, "{all}");
    as_libgcov_merges(&program, folder.path(), [&often, &seldom]);

    // Stored, unpacked, laid out elsewhere.
    let profile = Sets::of(merged.bundle);
    let (name, stored) = profile.pack().unwrap();
    assert_eq!(super::Gcda.stored_names(), [name]);
    let profile = super::Gcda.unpack(stored).unwrap();
    let laid = folder.path().join("laid");
    lay_out(profile.bytes(), &laid).unwrap();
    let build = Build::new(&b);
    let found = applied(&*profile, build.traces(&laid));
    assert_eq!((found.share, found.lost.len()), (1.0, 0));
    assert_eq!((found.functions, found.matched), (5, 5));

    // Names with the folder in them find nothing, which is said.
    let elsewhere = profile_use(Path::new("/elsewhere"), &laid);
    assert_eq!(build.compile("main", &elsewhere), [Said::Missing("src#main.gcda".into())]);

    // Another control flow: its counters are not applied, all others are.
    fs::write(b.join("src/work.c"), WORK.replace("if (n % 5 == 0)", "if (n % 5 == 0 && n > 3)")).unwrap();
    let found = applied(&*profile, build.traces(&laid));
    let [lost] = found.lost.as_slice() else { panic!("{found:?}") };
    assert_eq!((lost.function.as_str(), lost.why), ("more", LostWhy::ControlFlow));
    assert!((0.01..0.2).contains(&lost.weight), "{lost:?}");
    assert!((found.share + lost.weight - 1.0).abs() < 1e-9, "{found:?}");
    // A file that nothing was compiled with.
    let found = applied(&*profile, Traces(b"used\tsrc#main.gcda\n".to_vec()));
    assert!(found.share < 0.5 && found.kin < 0.5 && found.lost.len() == 4, "{found:?}");
}

/// libgcov adds up the same, where all processes write into one folder. (gcc's own tool is no judge: gcov-tool 12.2
/// ends with an internal error on values.)
fn as_libgcov_merges(program: &Path, folder: &Path, [often, seldom]: [&Path; 2]) {
    let together = folder.join("together");
    run(program, &together, 1000, 40);
    run(program, &together, 9, 1);
    let ours = merge::merge(&[inputs(often, 1), inputs(seldom, 1)].concat(), 0.0).unwrap().bundle;
    let theirs = merge::merge(&inputs(&together, 1), 0.0).unwrap().bundle;
    assert_eq!(counts(&ours), counts(&theirs));
    let totals = |bundle: &Bundle| {
        bundle.files().map(|(_, data)| (data.runs, data.peaks, data.stamp)).collect::<Vec<_>>()
    };
    assert_eq!(totals(&ours), totals(&theirs));
}

#[test]
fn what_cannot_be_merged_is_said() {
    if !has_gcc() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [a, raw, other] = ["a", "raw", "other"].map(|name| folder.path().join(name));
    run(&Build::new(&a).instrument(), &raw, 100, 2);
    let whole = fs::read(raw.join("src#work.gcda")).unwrap();
    // Another build, in which a function is another.
    let build = Build::new(&a);
    fs::write(a.join("src/work.c"), WORK.replace("if (n % 5 == 0)", "if (n % 5 == 0 && n > 3)")).unwrap();
    run(&build.instrument(), &other, 100, 1);
    let error = merge::merge(&[inputs(&raw, 1), inputs(&other, 1)].concat(), 0.0).unwrap_err();
    assert!(error.to_string().contains("src#work.gcda: two builds do not agree on function"), "{error}");
    // A torn file counts by its size.
    fs::write(raw.join("src#work.gcda"), &whole[..whole.len() - 100]).unwrap();
    let error = merge::merge(&inputs(&raw, 1), 50.0).unwrap_err();
    assert!(error.to_string().contains("of the weight is lost, and 50 % may be"), "{error}");
    let accepted = merge::merge(&inputs(&raw, 1), 99.0).unwrap();
    assert_eq!((accepted.bundle.files().len(), accepted.losses.len()), (1, 1));
    fs::write(raw.join("src#main.gcda"), b"").unwrap();
    let error = merge::merge(&inputs(&raw, 1), 100.0).unwrap_err();
    assert!(error.to_string().contains("no profile of gcc can be read"), "{error}");
    assert!(super::Gcda.take(whole).is_err(), "one file is no merged profile");
}

#[test]
fn what_libgcov_says_of_a_lost_profile_is_heard() {
    fn heard(line: &str) -> Option<&str> {
        super::Gcda.complaint(line)
    }
    let line = "libgcov profiling error:/r/src#work.gcda:Not a gcov data file";
    let behind = format!("done.{line}");
    assert_eq!(heard(&behind), Some(line));
    assert!(heard("profiling:/proc/x:Cannot create directory").is_some());
    assert!(heard("profiling:/proc/x/src#work.gcda:Skip").is_some());
    assert!(heard("profiling: 12 % done").is_none());
}
