//! What goes wrong ends with the documented code, and with an annotation that names the fix.

use std::fs;

use super::{
    assert_groups_closed, assert_sections_closed, commands, events, fixture, github, gitlab, json, run,
};
use crate::{
    stored::{folder, recorded},
    support::{Fixture, TRIPLE, processes_of},
};

/// What is wrong with a stored profile, and what is said of it.
struct Case {
    name: &'static str,
    break_it: fn(&Fixture),
    code: i32,
    exit: &'static str,
    /// The file, and whether the annotation has a line in it.
    file: (&'static str, bool),
    says: &'static str,
    fix: &'static str,
}

const CASES: [Case; 4] = [
    Case {
        name: "corrupt",
        break_it: |fixture| fs::write(folder(fixture).join("profile.honing"), "x").unwrap(),
        code: 12,
        exit: "profile",
        file: ("FOLDER/profile.honing", false),
        says: "not the profile that the manifest names",
        fix: "restore it from version control (with Git LFS: git lfs pull), or train and record a new one: \
              honing",
    },
    Case {
        name: "of another triple",
        break_it: |fixture| {
            let file = folder(fixture).join("manifest.toml");
            let text = fs::read_to_string(&file).unwrap();
            fs::write(file, text.replace(TRIPLE, "aarch64-unknown-linux-gnu")).unwrap();
        },
        code: 14,
        exit: "stale",
        file: ("FOLDER/manifest.toml", false),
        says: "a profile of `tiny` for aarch64-unknown-linux-gnu, not of `tiny` for",
        fix: "record one, `honing`",
    },
    Case {
        name: "missing",
        break_it: |fixture| fs::remove_dir_all(folder(fixture)).unwrap(),
        code: 14,
        exit: "stale",
        file: ("pgo/pgo.toml", true),
        says: "no profile of `tiny` for",
        fix: "train and record one with `honing --program tiny`",
    },
    Case {
        name: "stale",
        break_it: |fixture| {
            fixture.replace("src/lib.rs", "steps += 1;", "steps += 1 + u64::from(n == 77 && steps > 9);");
        },
        code: 14,
        exit: "stale",
        file: ("FOLDER/manifest.toml", false),
        says: "tiny: the stored profile is stale",
        fix: "train anew: `honing --program tiny`",
    },
];

#[test]
fn a_stored_profile_that_cannot_serve_is_annotated_with_its_fix() {
    let fixture = recorded();
    let dir = folder(&fixture);
    let kept: Vec<_> = ["profile.honing", "manifest.toml"]
        .map(|name| (dir.join(name), fs::read(dir.join(name)).unwrap()))
        .into();
    for case in CASES {
        (case.break_it)(&fixture);
        for command in ["check", "build"] {
            as_on_github(&fixture, &case, command);
            as_on_gitlab(&fixture, &case, command);
        }
        fs::create_dir_all(&dir).unwrap();
        kept.iter().for_each(|(file, bytes)| fs::write(file, bytes).unwrap());
    }
}

impl Case {
    fn file(&self) -> String {
        self.file.0.replace("FOLDER", &format!("pgo/profiles/tiny/{TRIPLE}"))
    }
}

fn as_on_github(fixture: &Fixture, case: &Case, command: &str) {
    let ran = run(github(fixture, &[command]));
    let what = format!("{} {command}\n{}", case.name, ran.stderr);
    assert_eq!(ran.code, case.code, "{what}");
    let told = commands(&ran.stderr);
    // Some end before a stage begins.
    let _ = assert_groups_closed(&told);
    let errors: Vec<_> = told.iter().filter(|told| told.name == "error").collect();
    assert_eq!(errors.len(), 1, "{what}");
    let error = errors[0];
    assert!(error.property("title").contains(&format!("exit code {}", case.code)), "{what}");
    assert_eq!(error.property("file"), case.file(), "{what}");
    assert!(fixture.path(error.property("file")).is_file(), "{what}");
    assert_eq!(error.property("line").is_empty(), !case.file.1, "{what}");
    for part in [case.says, case.fix] {
        assert!(error.data.contains(part), "{part:?} in {what}");
        // A person reads it in the log, and in the summary, as well.
        assert!(
            ran.stderr.contains(part) && fixture.read("runner/GITHUB_STEP_SUMMARY").contains(part),
            "{what}"
        );
    }
    let outputs = fixture.read("runner/GITHUB_OUTPUT");
    assert!(outputs.contains(&format!("\n{}\n", case.exit)), "{outputs}");
    let share = outputs.split("match<<").nth(1).and_then(|rest| rest.lines().nth(1)).unwrap();
    assert_eq!(share.ends_with(" %"), case.name == "stale", "{outputs}");
    let last = events(fixture).pop().unwrap();
    assert_eq!((&last["event"], &last["code"]), (&"run_finished".into(), &case.code.into()), "{what}");
}

fn as_on_gitlab(fixture: &Fixture, case: &Case, command: &str) {
    let ran = run(gitlab(fixture, &[command]));
    let what = format!("{} {command}\n{}", case.name, ran.stderr);
    assert_eq!(ran.code, case.code, "{what}");
    let _ = assert_sections_closed(&ran.stderr);
    assert!(commands(&ran.stderr).is_empty(), "{what}");
    assert!(ran.stderr.contains("\u{1b}[1m\u{1b}[31merror"), "no colour: {what}");
    assert!(ran.stderr.contains(case.says) && ran.stderr.contains(case.fix), "{what}");
    let report = json(fixture, "target/honing/ci/gl-code-quality-report.json");
    let issue = report.as_array().unwrap().iter().find(|issue| issue["severity"] == "critical").expect(&what);
    assert_eq!(issue["location"]["path"], case.file(), "{what}");
    assert_eq!(issue["location"]["lines"]["begin"] != 1, case.file.1, "{what}");
    let description = issue["description"].as_str().unwrap();
    assert!(description.contains(case.says) && description.contains(case.fix), "{description}");
}

#[test]
fn a_slip_in_pgo_toml_is_shown_at_its_place() {
    let fixture = fixture(6, "count", "count");
    fixture.replace("pgo/pgo.toml", "role = \"train\"", "role = \"trian\"");
    let ran = run(github(&fixture, &["--to", "optimize"]));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let told = commands(&ran.stderr);
    let error = told.iter().find(|told| told.name == "error").unwrap();
    let place = ["file", "line", "col"].map(|name| error.property(name));
    assert_eq!(place, ["pgo/pgo.toml", "10", "8"], "{told:#?}");
    assert!(error.data.ends_with("hint: did you mean `train`?"), "{told:#?}");
    // The folder is that of this run, which did not come far.
    assert_eq!(events(&fixture).len(), 1);
    assert!(fixture.read("runner/GITHUB_STEP_SUMMARY").contains("did you mean `train`?"));
    // A command that is no run.
    let ran = run(github(&fixture, &["status"]));
    let told = commands(&ran.stderr);
    assert_eq!((ran.code, told[0].property("line")), (2, "10"), "{}", ran.stderr);
}

#[test]
fn a_command_line_that_is_wrong_is_annotated_too() {
    let fixture = fixture(6, "count", "count");
    for (args, says) in [
        (&["--budget", "soon"][..], "`soon` is not a duration"),
        (&["chek"], "some similar subcommands exist: 'schema', 'checklist', 'check'"),
        (&["--form", "train"], "unexpected argument '--form'"),
        (&["dash"], "unexpected argument '--ci'"),
        (&["train", "--manual"], "leave --ci out, or train with workloads"),
    ] {
        let ran = run(github(&fixture, args));
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        let told = commands(&ran.stderr);
        assert!(
            told.iter().any(|told| told.name == "error" && told.data.contains(says)),
            "{says}: {}",
            ran.stderr
        );
    }
}

#[test]
#[cfg(unix)]
fn an_interruption_closes_its_group() {
    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };
    let fixture = fixture(6, "hang", "count");
    fixture.succeeds(&["--to", "instrument"]);
    let mut command = github(&fixture, &["--from", "train"]);
    let child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let run = Pid::from_raw(child.id().cast_signed());
    let trains = |line: &String| line.contains("/instrument/tiny hang");
    let start = std::time::Instant::now();
    let wait = || std::thread::sleep(std::time::Duration::from_millis(50));
    while !processes_of(&fixture.root).iter().any(trains) {
        if start.elapsed().as_secs() > 60 {
            let _ = kill(run, Signal::SIGKILL);
            panic!("training does not begin");
        }
        wait();
    }
    kill(run, Signal::SIGINT).unwrap();
    let ran = crate::support::finish(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    let told = commands(&ran.stderr);
    assert!(told.iter().any(|told| told.name == "group" && told.data == "tiny: train"), "{told:#?}");
    assert!(assert_groups_closed(&told) > 0, "{told:#?}");
    let error = told.last().unwrap();
    assert!(error.name == "error" && error.data.contains("the same command goes on from there"), "{told:#?}");
    assert_eq!(processes_of(&fixture.root), Vec::<String>::new());
}

#[test]
fn a_checklist_that_does_not_hold_is_annotated_beside_its_list() {
    let fixture = recorded();
    fs::remove_dir_all(folder(&fixture)).unwrap();
    let ran = run(github(&fixture, &["checklist"]));
    assert_eq!(ran.code, 14);
    assert!(ran.stdout.starts_with("# ") && commands(&ran.stdout).is_empty(), "{}", ran.stdout);
    let told = commands(&ran.stderr);
    let error = told.iter().find(|command| command.name == "error").unwrap();
    assert!(error.data.contains("items do not hold: Profile stored and whole (no profile of"), "{error:?}");
    assert!(error.data.contains("hint: git has one: `git restore"), "{error:?}");
    assert!(error.data.contains("train and record one with `honing"), "{error:?}");
}
