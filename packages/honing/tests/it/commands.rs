//! Programs that commands build, with real make and a real clang.

use std::{fs, process::Command};

use crate::support::{Fixture, Ran, commit, git, skip};

/// Two files; what is hot is local to one of them.
const MAIN: &str = "#include <stdio.h>\n#include <stdlib.h>\nunsigned run(unsigned rounds);\n\
    int main(int argc, char **argv) {\n    printf(\"%u\\n\", run(argc > 1 ? atoi(argv[1]) : 1000));\n    return 0;\n}\n";
const WORK: &str = "static __attribute__((noinline)) unsigned mix(unsigned h, unsigned c) { return (h ^ c) * 16777619u; }\n\
    static __attribute__((noinline)) unsigned odd(unsigned h) { return h & 1 ? h * 3 + 1 : h / 2; }\n\
    unsigned run(unsigned rounds) {\n    unsigned h = 2166136261u;\n\
    for (unsigned i = 0; i < rounds; i++) h = i % 7 ? mix(h, i) : odd(h);\n    return h;\n}\n";
const MAKEFILE: &str = "CFLAGS = -O2\nprog: main.o work.o\n\t$(CC) $(LDFLAGS) -o $@ main.o work.o\n\
    %.o: %.c\n\t$(CC) $(CFLAGS) $(MORE) -c $< -o $@\n";

const CONFIG: &str = r#"[policy]
ships = ["improved", "no_change", "inconclusive", "regressed", "not_measured"]
[bench]
pairs = 6
warmup = 0
margin = 50.0

[program.prog.command]
dir = "src"
in_source = true
version = "1.2"
build = ["make", "CC={cc}", "MORE={cflags}", "LDFLAGS={ldflags}", "-j{jobs}"]
output = "prog"

[program.prog.workload.learn]
role = "train"
command = ["{program}", "300000"]

[program.prog.workload.judge]
role = "eval"
command = ["{program}", "400000"]
"#;

fn has(name: &str) -> bool {
    Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Whether there is a clang.
pub(crate) fn has_clang() -> bool {
    has("clang-22") || has("clang")
}

/// The program; `None` where there is no clang, which is said.
pub(crate) fn prog() -> Option<Fixture> {
    prog_in("prog")
}

/// The same in a folder that is called so.
pub(crate) fn prog_in(folder: &str) -> Option<Fixture> {
    if !(has("make") && has_clang()) {
        skip("make and clang with its profile runtime (Debian: clang-22 libclang-rt-22-dev)");
        return None;
    }
    let fixture = Fixture::empty(folder);
    fixture.write("src/Makefile", MAKEFILE);
    fixture.write("src/main.c", MAIN);
    fixture.write("src/work.c", WORK);
    fixture.write("pgo/pgo.toml", CONFIG);
    fixture.write(".gitignore", "target/\n");
    git(&fixture, &["init", "--quiet"]);
    commit(&fixture, "first");
    Some(fixture)
}

fn configured(fixture: &Fixture, from: &str, to: &str) {
    fixture.replace("pgo/pgo.toml", from, to);
}

#[test]
fn from_source_to_what_ships() {
    let Some(fixture) = prog() else { return };
    let stages = fixture.stages(&["--ci"]);
    let names: Vec<&str> = stages.iter().map(|(stage, _)| stage.as_str()).collect();
    assert_eq!(
        names,
        ["preflight", "baseline", "instrument", "train", "merge", "optimize", "bench", "record"]
    );
    fixture.is_up_to_date(&["--ci"]);
    commit(&fixture, "profile");
    fixture.is_up_to_date(&["--ci"]);
    // The sources are as they were.
    assert!(!fixture.path("src/main.o").exists() && !fixture.path("src/prog").exists());
    let status = fixture.succeeds(&["status"]).stdout;
    assert!(status.contains("match      100.0 %") && status.contains("same toolchain"), "{status}");
    // Local functions have the same names in every folder.
    let clone = fixture.clone_in("elsewhere");
    let checked = clone.succeeds(&["check"]);
    assert!(
        checked.stderr.contains("applied 100.0 %") || checked.stdout.contains("applied 100.0 %"),
        "{checked:?}"
    );
    let built = clone.succeeds(&["build"]);
    assert!(built.stdout.contains("built with the stored profile"), "{built:?}");
    // A hot function with another control flow is named.
    clone.replace(
        "src/work.c",
        "return (h ^ c) * 16777619u;",
        "if (c & 1) h ^= c * 5; return (h ^ c) * 16777619u;",
    );
    let refused = clone.run(&["check"]);
    assert_eq!(refused.code, 14, "{refused:?}");
    assert!(refused.stderr.contains("mix"), "{refused:?}");
    let planned = fixture.succeeds(&["plan", "--explain"]).stdout;
    assert!(planned.contains("-fprofile-generate") && planned.contains("-fprofile-use="), "{planned}");
    fixture.replace("src/work.c", "h * 3 + 1", "h * 5 + 1");
    let planned = fixture.succeeds(&["plan", "--explain"]).stdout;
    assert!(planned.contains("input work.c changed"), "{planned}");
}

/// gcc's profiles name folders: they apply in another one all the same, and gcc says what they lack.
#[test]
fn gcc_from_source_to_what_ships() {
    let Some(fixture) = prog() else { return };
    configured(&fixture, "in_source = true", "in_source = true\ncompiler = \"gcc\"");
    fixture.succeeds(&["--ci"]);
    fixture.is_up_to_date(&["--ci"]);
    commit(&fixture, "profile");
    let clone = fixture.clone_in("elsewhere");
    let checked = clone.succeeds(&["check"]);
    let all = checked.stdout + &checked.stderr;
    assert!(all.contains("applied 100.0 %"), "{all}");
    clone.replace(
        "src/work.c",
        "return (h ^ c) * 16777619u;",
        "if (c & 1) h ^= c * 5; return (h ^ c) * 16777619u;",
    );
    let refused = clone.run(&["check"]);
    assert_eq!(refused.code, 14, "{refused:?}");
    assert!(refused.stderr.contains("mix"), "{refused:?}");
    // A file that the training did not have is missing, and a profile of nothing else is of no use.
    clone.replace(
        "src/Makefile",
        "prog: main.o work.o\n\t$(CC) $(LDFLAGS) -o $@ main.o work.o",
        "prog: main.o other.o\n\t$(CC) $(LDFLAGS) -o $@ main.o other.o",
    );
    fs::rename(clone.path("src/work.c"), clone.path("src/other.c")).unwrap();
    let refused = clone.run(&["check"]);
    assert_eq!(refused.code, 14, "{refused:?}");
}

/// cmake and meson call gcc with whole paths, by which it tells local functions.
#[test]
fn gcc_s_profile_applies_in_another_folder_where_sources_have_whole_paths() {
    for in_source in [false, true] {
        whole_paths_apply(in_source);
    }
}

fn whole_paths_apply(in_source: bool) {
    let Some(fixture) = prog() else { return };
    configured(&fixture, "in_source = true", &format!("in_source = {in_source}\ncompiler = \"gcc\""));
    configured(&fixture, "\"make\", ", "\"make\", \"-f\", \"{dir}/Makefile\", \"SRC={dir}\", ");
    fixture.replace("src/Makefile", "%.o: %.c", "%.o: $(SRC)/%.c");
    fixture.succeeds(&["--ci"]);
    commit(&fixture, "profile");
    let clone = fixture.clone_in("a-folder-of-another-name");
    let checked = clone.succeeds(&["check"]);
    let all = checked.stdout + &checked.stderr;
    assert!(all.contains("applied 100.0 %"), "{all}");
    let optimized = |at: &Fixture| fs::read(at.path("target/honing/prog/optimize/prog")).unwrap();
    assert!(optimized(&clone) == optimized(&fixture), "another program comes out");
    clone.replace(
        "src/work.c",
        "return h & 1 ? h * 3 + 1 : h / 2;",
        "if (h % 5 == 1) h ^= 99; return h & 1 ? h * 3 + 1 : h / 2;",
    );
    let refused = clone.run(&["check"]);
    assert!(refused.stderr.contains("odd"), "{refused:?}");
}

struct Row {
    name: &'static str,
    breaks: fn(&Fixture),
    args: &'static [&'static str],
    code: i32,
    says: &'static [&'static str],
}

const ROWS: [Row; 20] = [
    Row {
        name: "an empty word where the program belongs",
        breaks: |at| configured(at, "build = [\"make\", ", "build = [\"\", "),
        args: &["--to", "baseline"],
        code: 2,
        says: &["`build` begins with an empty word"],
    },
    Row {
        name: "the output is a folder",
        breaks: |at| configured(at, "build = [\"make\", ", "build = [\"sh\", \"-c\", \"mkdir prog\", "),
        args: &["--to", "baseline"],
        code: 10,
        says: &["left no prog", "it is a folder"],
    },
    Row {
        name: "the output is empty",
        breaks: |at| configured(at, "build = [\"make\", ", "build = [\"sh\", \"-c\", \": > prog\", "),
        args: &["--to", "baseline"],
        code: 10,
        says: &["prog of program `prog` is empty, which is no program"],
    },
    Row {
        name: "a check that fails in silence",
        breaks: |at| configured(at, "build = [", "check = [\"sh\", \"-c\", \"exit 3\"]\nbuild = ["),
        args: &["--to", "baseline"],
        code: 15,
        says: &["`check` of the", "ended with exit code 3: it said nothing"],
    },
    Row {
        name: "flags do not reach compilations",
        breaks: |at| configured(at, "MORE={cflags}", "MORE="),
        args: &["--to", "instrument"],
        code: 10,
        says: &["no compilation had -fprofile-generate", "{cflags}"],
    },
    Row {
        name: "flags do not reach the link",
        breaks: |at| {
            // With the runtime by hand, the link itself would not notice.
            configured(at, "MORE={cflags}", "MORE={cflags} -fno-profile-generate");
            configured(at, "\"LDFLAGS={ldflags}\", ", "");
        },
        args: &["--to", "instrument"],
        code: 10,
        says: &["no link had -fprofile-generate", "{ldflags}"],
    },
    Row {
        name: "another file comes out",
        breaks: |at| configured(at, "output = \"prog\"", "output = \"bin/prog\""),
        args: &["--to", "baseline"],
        code: 10,
        says: &["left no bin/prog", "what came out is prog"],
    },
    Row {
        name: "nothing comes out, as where a makefile goes on after errors",
        breaks: |at| configured(at, "build = [\"make\", ", "build = [\"true\", "),
        args: &["--to", "baseline"],
        code: 10,
        says: &["left no prog", "no other program came out; all that the commands said is in ", ".log: mend"],
    },
    Row {
        name: "a source that does not compile",
        breaks: |at| at.write("src/work.c", "unsigned run(unsigned rounds) { return nothing; }\n"),
        args: &["--to", "baseline"],
        code: 10,
        says: &["`build` of program `prog` ended with", "work.c:1:", "error: ", "make 'CC="],
    },
    Row {
        name: "a placeholder that there is not",
        breaks: |at| configured(at, "MORE={cflags}", "MORE={cflag}"),
        args: &["plan"],
        code: 2,
        says: &["pgo/pgo.toml:12:", "`{cflag}` is not a placeholder", "{cflags}"],
    },
    Row {
        name: "the profile where there is none",
        breaks: |at| configured(at, "MORE={cflags}", "MORE={profile}"),
        args: &["plan"],
        code: 2,
        says: &["pgo/pgo.toml:12:", "`{profile}` is there in the build with a profile alone"],
    },
    Row {
        name: "no output",
        breaks: |at| configured(at, "output = \"prog\"\n", ""),
        args: &["plan"],
        code: 2,
        says: &["`output` is missing"],
    },
    Row {
        name: "no build",
        breaks: |at| configured(at, "build = [", "configure = ["),
        args: &["plan"],
        code: 2,
        says: &["`build` is missing"],
    },
    Row {
        name: "an output elsewhere",
        breaks: |at| configured(at, "output = \"prog\"", "output = \"../prog\""),
        args: &["plan"],
        code: 2,
        says: &["`../prog` is no file below {build_dir} or {out}"],
    },
    Row {
        name: "a kept copy",
        breaks: |at| configured(at, "in_source = true", "in_source = true\nkeep = \"main\""),
        args: &["plan"],
        code: 2,
        says: &["a tree that is kept cannot be a copy"],
    },
    Row {
        name: "a program that is not there",
        breaks: |at| configured(at, "build = [", "prepare = [\"autoconf-of-nowhere\"]\nbuild = ["),
        args: &["--to", "baseline"],
        code: 15,
        says: &["there is no program `autoconf-of-nowhere` on PATH"],
    },
    Row {
        name: "a compiler that is not there",
        breaks: |at| configured(at, "in_source = true", "in_source = true\ncc = \"clang-of-nowhere\""),
        args: &["--to", "baseline"],
        code: 15,
        says: &["there is no compiler `clang-of-nowhere` on PATH"],
    },
    Row {
        name: "a folder that is not there",
        breaks: |at| configured(at, "dir = \"src\"", "dir = \"source\""),
        args: &["--to", "baseline"],
        code: 2,
        says: &["`dir`: there is no folder"],
    },
    Row {
        name: "arguments that nobody takes",
        breaks: |_| {},
        args: &["--to", "baseline", "--", "V=1"],
        code: 2,
        says: &["no command of a build takes what stands after `--`", "{args}"],
    },
    Row {
        name: "features",
        breaks: |_| {},
        args: &["--to", "baseline", "--features", "x"],
        code: 2,
        says: &["--features says nothing to a program that commands build"],
    },
];

#[test]
fn errors_say_what_and_why_and_what_next() {
    for row in ROWS {
        let Some(fixture) = prog() else { return };
        (row.breaks)(&fixture);
        let Ran { code, stderr, stdout } = fixture.run(row.args);
        assert_eq!(code, row.code, "{}: {stdout}{stderr}", row.name);
        for words in row.says {
            assert!(stderr.contains(words), "{}: no {words:?} in {stderr}", row.name);
        }
        assert!(stderr.contains("hint: ") || code == 2, "{}: {stderr}", row.name);
    }
}

#[test]
fn a_wrong_argument_of_the_last_build_is_found_before_the_first() {
    let Some(fixture) = prog() else { return };
    fixture.write(
        "pgo/pgo.toml",
        &format!(
            "{CONFIG}\n[program.prog.command.optimize]\n\
        check = [\"make\", \"-n\", \"{{args}}\"]\n\
        build = [\"make\", \"CC={{cc}}\", \"MORE={{cflags}}\", \"LDFLAGS={{ldflags}}\", \"{{args}}\"]\n"
        ),
    );
    let refused = fixture.run(&["--to", "optimize", "--", "prgo"]);
    assert_eq!(refused.code, 15, "{refused:?}");
    assert!(
        refused.stderr.contains("`check` of the optimize") && refused.stderr.contains("prgo"),
        "{refused:?}"
    );
    assert!(!fixture.path("target/honing/prog/baseline").exists());
    // A mended one repeats only the builds that take it.
    fixture.succeeds(&["--to", "optimize", "--", "prog"]);
    let again = fixture.succeeds(&["--to", "optimize", "--", "work.o", "prog"]).stderr;
    for stage in ["Baseline", "Instrument", "Train", "Merge"] {
        assert!(again.contains(&format!("{stage} up to date")), "{again}");
    }
    assert!(again.contains("Optimize done"), "{again}");
}

/// Two programs go on in one tree, which nobody empties.
/// What a build sets for its compilers is tried with the probe; programs that set the same share one.
#[test]
fn a_probe_is_made_with_the_variables_of_the_build() {
    let Some(fixture) = prog() else { return };
    let both = |env: &str| {
        let (_, of_prog) = CONFIG.split_once("[program").unwrap();
        let other = format!("[program{of_prog}").replace("[program.prog.", "[program.other.");
        let other = other.replace("in_source = true", &format!("in_source = true\nenv = {{ {env} }}"));
        fixture.write("pgo/pgo.toml", &format!("{CONFIG}\n{other}"));
        let _ = fs::remove_dir_all(fixture.path("target"));
        let ran = fixture.run(&["--ci", "--to", "baseline", "--format", "json"]);
        (ran.stdout.matches(" probe.c -o ").count(), ran)
    };
    // One of each program is with counters, and one with a profile.
    for (env, probes) in [("", 2), ("CFLAGS = \"-O2\"", 2), ("CPATH = \"/nowhere\"", 4)] {
        let (made, ran) = both(env);
        assert_eq!((made, ran.code), (probes, 0), "{env}: {ran:?}");
    }
    let (_, refused) = both("CCC_OVERRIDE_OPTIONS = \"+-no-such-flag\"");
    assert_eq!(refused.code, 15, "{refused:?}");
    assert!(refused.stderr.contains("-no-such-flag"), "{refused:?}");
    assert!(!fixture.path("target/honing/prog/baseline").exists());
}

#[test]
fn a_tree_that_is_kept_goes_on() {
    let Some(fixture) = prog() else { return };
    fixture.write(
        "src/Makefile",
        "prog: main.o work.o\n\t$(CC) $(LDFLAGS) -o $@ main.o work.o\n\
        %.o: $(SRC)/%.c\n\techo compiled $< >> log\n\t$(CC) -O2 $(MORE) -c $< -o $@\n",
    );
    let table = |name: &str| {
        format!(
            "[program.{name}.command]\ndir = \"src\"\nkeep = \"main\"\noutput = \"prog\"\n\
        build = [\"make\", \"-f\", \"{{dir}}/Makefile\", \"SRC={{dir}}\", \"CC={{cc}}\", \"MORE={{cflags}}\", \"LDFLAGS={{ldflags}}\"]\n"
        )
    };
    fixture.write("pgo/pgo.toml", &(table("one") + &table("two")));
    fixture.succeeds(&["--to", "baseline"]);
    let log = fixture.read("target/honing/build/command-trees/main/log");
    assert_eq!(log.lines().count(), 2, "{log}");
    assert_eq!(
        fs::read(fixture.path("target/honing/one/baseline/prog")).unwrap(),
        fs::read(fixture.path("target/honing/two/baseline/prog")).unwrap()
    );
    fixture.is_up_to_date(&["--to", "baseline"]);
    fixture.write("src/work.c", &WORK.replace("* 3", "* 5"));
    let told = fixture.succeeds(&["--to", "baseline"]);
    let all = told.stdout + &told.stderr;
    assert!(all.contains("two.baseline wrote last into the tree `main`"), "{all}");
    assert_eq!(fixture.read("target/honing/build/command-trees/main/log").lines().count(), 3);
}

/// What a build did not do is told, and what is no flavour's own is refused.
#[test]
fn what_is_left_of_other_builds_is_seen() {
    let Some(fixture) = prog() else { return };
    // A kept tree, in which make sees nothing to do.
    configured(&fixture, "in_source = true", "keep = \"main\"");
    configured(&fixture, "\"make\", ", "\"make\", \"-f\", \"{dir}/Makefile\", \"VPATH={dir}\", ");
    fixture.succeeds(&["--to", "baseline"]);
    let refused = fixture.run(&["--to", "instrument"]);
    assert_eq!(refused.code, 10, "{refused:?}");
    assert!(refused.stderr.contains("compiled nothing by {cc} or {cxx}"), "{refused:?}");
    configured(
        &fixture,
        "build = [",
        "prepare = [\"rm\", \"-f\", \"main.o\", \"work.o\", \"prog\"]\nbuild = [",
    );
    fixture.succeeds(&["--to", "instrument"]);
    configured(&fixture, "prepare = [\"rm\", \"-f\", \"main.o\", \"work.o\", \"prog\"]\n", "");
    let refused = fixture.run(&["--to", "baseline"]);
    assert_eq!(refused.code, 10, "{refused:?}");
    let all = "nothing was compiled; all is what a build with PGO left in the tree";
    assert!(refused.stderr.contains(all), "{refused:?}");
    let again = fixture.run(&["--to", "baseline"]);
    assert!(again.code == 10 && again.stderr.contains(all), "{again:?}");
    // What make compiles anew where there is a profile, and not for the baseline.
    let make = "\"make\", \"-B\", \"-f\", \"{dir}/Makefile\", \"VPATH={dir}\", \"CC={cc}\", \"MORE={cflags}\", \"LDFLAGS={ldflags}\"";
    let partly = format!(
        "baseline.build = [\"sh\", \"-c\", \"rm -f main.o prog; make -f {{dir}}/Makefile VPATH={{dir}} CC={{cc}}\"]\nbuild = [{make}]\nold = ["
    );
    let text = fixture.read("pgo/pgo.toml").replace("build = [", &partly);
    let text: Vec<&str> = text.lines().filter(|line| !line.starts_with("old = ")).collect();
    fixture.write("pgo/pgo.toml", &text.join("\n"));
    fixture.succeeds(&["--to", "optimize", "--from", "instrument"]);
    for _ in 0..2 {
        let refused = fixture.run(&["--to", "baseline", "--force"]);
        assert_eq!(refused.code, 10, "{refused:?}");
        let some =
            "1 of 2 objects that were linked, such as work.o, are what a build with PGO left in the tree";
        assert!(refused.stderr.contains(some), "{refused:?}");
    }
    configured(&fixture, "rm -f main.o prog", "rm -f main.o work.o prog");
    fixture.succeeds(&["--to", "baseline"]);
    // An object file of the person's own among the sources.
    let Some(fixture) = prog() else { return };
    let compiled =
        Command::new("cc").args(["-c", "work.c"]).current_dir(fixture.path("src")).status().unwrap();
    assert!(compiled.success());
    let told = fixture.succeeds(&["--to", "instrument"]);
    let all = told.stdout + &told.stderr;
    assert!(
        all.contains("1 of 2 objects that were linked were not compiled by {cc}") && all.contains("work.o"),
        "{all}"
    );
    // A script that starts the program.
    fixture.write("src/Makefile", "prog:\n\tprintf '#!/bin/sh\\n' > $@\n");
    let refused = fixture.run(&["--to", "baseline"]);
    assert_eq!(refused.code, 10, "{refused:?}");
    assert!(refused.stderr.contains("is a script"), "{refused:?}");
}

/// A source that is saved while it is built is built again, and a tool that one flavour has is no other source.
#[test]
fn a_source_that_changes_meanwhile_and_a_tool_of_one_flavour() {
    let Some(fixture) = prog() else { return };
    fixture.write("saved.c", &WORK.replace("* 3 + 1", "* 5 + 1"));
    let builds = "[\"sh\", \"-c\", \"make CC={cc} 'MORE={cflags}' 'LDFLAGS={ldflags}' && if [ -e {workspace}/saved.c ]; then mv {workspace}/saved.c {workspace}/src/work.c; fi\"]\noptimize.prepare = [\"true\"]\nold = [";
    let text = fixture.read("pgo/pgo.toml").replace("build = [", &format!("build = {builds}"));
    let text: Vec<&str> = text.lines().filter(|line| !line.starts_with("old = ")).collect();
    fixture.write("pgo/pgo.toml", &text.join("\n"));
    let ran = fixture.succeeds(&["--ci"]);
    assert!(ran.stderr.contains("work.c changed while it was built; building again"), "{ran:?}");
    let runs = |flavour: &str| {
        let program = fixture.path(&format!("target/honing/prog/{flavour}/prog"));
        Command::new(program).arg("300000").output().unwrap().stdout
    };
    assert_eq!(runs("baseline"), runs("optimize"));
    fixture.is_up_to_date(&["--ci"]);
}

/// Names of C++ look like several of Rust's.
#[test]
fn functions_of_classes_and_namespaces_are_matched() {
    let Some(fixture) = prog() else { return };
    fixture.write(
        "src/main.cc",
        "#include <cstdio>\n#include <cstdlib>\n#define COLD __attribute__((noinline))\nnamespace ns { COLD int h(int n) { \
         return n % 3 ? n : 7; } }\nstruct A { COLD int f(int n) { return n & 1 ? ns::h(n) : n / 2; } };\n\
         int main(int argc, char **argv) { int s = 0; A a; for (int i = 0; i < atoi(argv[argc - 1]); i++) s += a.f(i); \
         printf(\"%d\\n\", s); }\n",
    );
    fixture.write("src/Makefile", "prog: main.cc\n\t$(CXX) -O2 $(MORE) $(LDFLAGS) main.cc -o $@\n");
    configured(&fixture, "\"CC={cc}\"", "\"CXX={cxx}\"");
    let ran = fixture.succeeds(&["--to", "optimize"]);
    let all = ran.stdout + &ran.stderr;
    assert!(all.contains("100.0 % of the profile's weight (3 of 3 functions)"), "{all}");
}

/// A library that the program looks for where it was built: each flavour has its own all the same.
#[test]
fn shared_libraries_come_along() {
    let Some(fixture) = prog() else { return };
    fixture.write(
        "src/Makefile",
        "prog: main.o libwork.so.1\n\t$(CC) $(LDFLAGS) -Wl,--disable-new-dtags,-rpath,$(CURDIR) -o $@ main.o libwork.so.1\n\
        libwork.so.1: work.c\n\t$(CC) -O2 -fPIC -shared $(MORE) $(LDFLAGS) -Wl,-soname,$@ work.c -o $@\n\
        main.o: main.c\n\t$(CC) -O2 $(MORE) -c $< -o $@\n",
    );
    let ran = fixture.succeeds(&["--to", "optimize"]);
    let all = ran.stdout + &ran.stderr;
    assert!(all.contains("100.0 % of the profile's weight (4 of 4 functions)"), "{all}");
    let of = |flavour: &str| {
        fs::read(fixture.path(&format!("target/honing/prog/{flavour}/libraries.d/libwork.so.1"))).unwrap()
    };
    assert!(of("baseline") != of("instrument") && of("baseline") != of("optimize"));
    assert!(!fixture.path("target/honing/build/command/prog/tree/libwork.so.1").exists());
}

#[test]
fn init_begins_with_what_is_there() {
    let Some(fixture) = prog() else { return };
    fs::remove_dir_all(fixture.path("pgo")).unwrap();
    let made = fixture.succeeds(&["init", "--command=src"]);
    assert!(made.stdout.contains("Found Makefile") || made.stderr.contains("Found Makefile"), "{made:?}");
    let text = fixture.read("pgo/pgo.toml");
    assert!(text.contains("in_source = true") && text.contains("CC={cc} {cflags}"), "{text}");
    fixture.succeeds(&["--to", "optimize"]);
    let refused = fixture.run(&["init", "--command=nowhere"]);
    assert_eq!(refused.code, 2, "{refused:?}");
}
