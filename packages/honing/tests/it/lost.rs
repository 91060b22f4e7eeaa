//! Training that would teach nothing, or something else, without a word: processes that a command leaves
//! running, another program's counters, profiles that cannot be written, a program that starts itself
//! anew, inputs that cannot be read.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    broken::is_root,
    support::{Fixture, TRIPLE, finish, processes_of, skip},
};

/// Counts, in several ways of getting there.
const PROGRAM: &str = r#"
use std::{os::unix::process::CommandExt, process::Command, thread::sleep, time::Duration};
extern "C" { fn setuid(user: u32) -> i32; fn chroot(folder: *const u8) -> i32; }
#[inline(never)]
fn steps(mut n: u64) -> u64 {
    let mut steps = 0;
    while n != 1 { n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 }; steps += 1; }
    steps
}
#[inline(never)]
fn before_exec(n: u64) -> u64 { if n % 3 == 0 { n / 3 } else { n + 1 } }
fn count(to: &str) { println!("{:?}", (1..to.parse().unwrap()).map(steps).max()); }
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    match words[..] {
        ["later", to] => { sleep(Duration::from_millis(1500)); count(to); }
        ["stay"] => { count("2000"); sleep(Duration::from_secs(90)); }
        ["anew", to] => {
            println!("{:?}", (1..100_000).map(before_exec).max());
            sleep(Duration::from_millis(300));
            let _ = Command::new(&args[0]).args(["late", to]).exec();
        }
        ["worker", user, to] => {
            assert_eq!(unsafe { setuid(user.parse().unwrap()) }, 0);
            count(to);
        }
        ["master", user, to] => {
            count("100");
            assert!(Command::new(&args[0]).args(["worker", user, to]).status().unwrap().success());
        }
        ["caged", to] => {
            assert_eq!(unsafe { chroot(b"cage\0".as_ptr()) }, 0);
            sleep(Duration::from_millis(300));
            count(to);
        }
        ["parent", to] => {
            for _ in 0..3 {
                assert!(Command::new(&args[0]).args(["late", to]).status().unwrap().success());
            }
        }
        ["late", to] => { sleep(Duration::from_millis(300)); count(to); }
        [to] => count(to),
        _ => panic!("{words:?}"),
    }
}
"#;

fn fixture() -> Fixture {
    let fixture = Fixture::tiny();
    fixture.write("src/main.rs", PROGRAM);
    fixture
}

/// The training workload is this command, with these further keys.
fn train_on(fixture: &Fixture, words: &[&str], keys: &str) {
    let config = format!(
        "[program.tiny.cargo]\npackage = \"tiny\"\n\n[program.tiny.workload.learn]\nrole = \"train\"\n\
         command = {words:?}\n{keys}\n"
    );
    fixture.write("pgo/pgo.toml", &config);
}

/// The weight that the merged profile has in the function with `part` in its name.
fn weight(fixture: &Fixture, part: &str) -> u64 {
    let file = "target/honing/tiny/merge/tiny.profdata";
    let text = fixture.succeeds(&["show", file, "--top", "1000", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&text.stdout).unwrap();
    let functions = shown["hottest"].as_array().unwrap();
    let found = functions.iter().find(|one| one["name"].as_str().unwrap().contains(part));
    found.map_or(0, |one| one["weight"].as_str().unwrap().parse().unwrap())
}

#[test]
fn what_a_command_leaves_running_is_waited_for_or_told() {
    let fixture = fixture();
    // It forks and leaves, in a session of its own, as a daemon does; and so does a stranger.
    let script = "setsid \"$0\" later 3000 & sleep 88 & exit 0";
    train_on(&fixture, &["sh", "-c", script, "{program}"], "");
    let ran = fixture.succeeds(&["--to", "merge"]);
    assert!(weight(&fixture, "steps") > 100_000, "{}", ran.stderr);
    assert!(ran.stderr.contains("its command has ended and left tiny (pid "), "{}", ran.stderr);
    assert!(ran.stderr.contains("left other programs running, which were ended: "), "{}", ran.stderr);

    // A worker of a service that ends after its master does.
    let script = "trap 'exit 0' TERM; setsid \\\"$0\\\" later 3000 & echo up; while :; do sleep 0.05; done";
    let config = format!(
        "[program.tiny.cargo]\npackage = \"tiny\"\n\n[program.tiny.workload.serve]\nrole = \"train\"\n\
         service.start = [\"sh\", \"-c\", \"{script}\", \"{{program}}\"]\nservice.load = [\"sleep\", \"0.2\"]\n\
         service.ready.log = \"up\"\n"
    );
    fixture.write("pgo/pgo.toml", &config);
    let ran = fixture.succeeds(&["--to", "merge"]);
    assert!(weight(&fixture, "steps") > 100_000, "{}", ran.stderr);

    // One that stays is no command.
    train_on(&fixture, &["sh", "-c", "setsid \"$0\" stay & exit 0", "{program}"], "timeout = \"2s\"");
    let ran = fixture.run(&["--to", "merge"]);
    assert_eq!(ran.code, 11, "{}", ran.stderr);
    for part in ["left tiny (pid ", "did not end within 2s", "before it wrote a profile", "as a `service`"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }

    // What it counted until then is kept in continuous mode.
    fixture.replace(
        "pgo/pgo.toml",
        "package = \"tiny\"",
        "package = \"tiny\"\n[program.tiny.llvm]\nflush = \"continuous\"",
    );
    let ran = fixture.succeeds(&["--to", "merge"]);
    assert!(ran.stderr.contains("what it counted until then is in the profile"), "{}", ran.stderr);
    assert!(weight(&fixture, "steps") > 10_000);
    assert_eq!(processes_of(&fixture.root), Vec::<String>::new());
}

#[test]
fn a_program_that_starts_itself_anew_is_told_and_keeps_both_parts_in_continuous_mode() {
    let fixture = fixture();
    train_on(&fixture, &["{program}", "anew", "3000"], "");
    let ran = fixture.succeeds(&["--to", "merge"]);
    assert!(ran.stderr.contains("in its own place (exec)"), "{}", ran.stderr);
    assert_eq!(weight(&fixture, "before_exec"), 0);
    // One that starts another process loses nothing.
    train_on(&fixture, &["{program}", "parent", "3000"], "");
    let ran = fixture.succeeds(&["--to", "merge"]);
    assert!(!ran.stderr.contains("exec"), "{}", ran.stderr);
    train_on(&fixture, &["{program}", "anew", "3000"], "");
    fixture.replace(
        "pgo/pgo.toml",
        "package = \"tiny\"",
        "package = \"tiny\"\n[program.tiny.llvm]\nflush = \"continuous\"",
    );
    fixture.succeeds(&["--to", "merge"]);
    assert!(weight(&fixture, "before_exec") > 50_000);
    assert!(weight(&fixture, "steps") > 100_000);
}

#[test]
fn another_programs_counters_stay_out() {
    let fixture = fixture();
    // It has the same hot function, and one of its own.
    let helper = PROGRAM
        .replace("fn before_exec", "fn of_another_program")
        .replace("before_exec", "of_another_program");
    fixture.write("helper.rs", &helper);
    let compile = ["-O", "-Cprofile-generate", "helper.rs", "-o", "helper"];
    let compiled = Command::new("rustc").args(compile).current_dir(&fixture.root).output().unwrap();
    assert!(compiled.status.success(), "{compiled:?}");
    train_on(&fixture, &["sh", "-c", "./helper 5000 && \"$0\" 2000 && \"$0\" 2000", "{program}"], "");
    let ran = fixture.succeeds(&["--to", "optimize"]);
    for part in
        ["workload `learn`: 1 of 3 raw profiles left out: another instrumented program", "LLVM_PROFILE_FILE"]
    {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert!(ran.stderr.contains("100.0 % of the profile's weight"), "{}", ran.stderr);

    train_on(&fixture, &["sh", "-c", "./helper 5000", "{program}"], "");
    let ran = fixture.run(&["--to", "merge"]);
    assert_eq!(ran.code, 12, "{}", ran.stderr);
    assert!(ran.stderr.contains("left no profile of the trained program"), "{}", ran.stderr);
}

/// What many processes leave is merged meanwhile, and counts as if each file had been kept.
#[test]
fn many_processes_leave_one_sum() {
    let fixture = fixture();
    let script = "for n in $(seq 200); do \"$0\" $((n + 1000)); done; ./helper 3000";
    fixture.write("helper", "#!/bin/sh\n");
    fs::set_permissions(fixture.path("helper"), fs::Permissions::from_mode(0o755)).unwrap();
    train_on(&fixture, &["sh", "-c", script, "{program}"], "");
    let raw = fixture.path("target/honing/tiny/train/learn/raw");
    let trained = |args: &[&str]| {
        let ran = fixture.succeeds(&[&["--from", "train", "--to", "merge", "--force"], args].concat());
        let profile = fs::read(fixture.path("target/honing/tiny/merge/tiny.profdata")).unwrap();
        (ran.stderr + &ran.stdout, profile, fs::read_dir(&raw).unwrap().count())
    };
    fixture.succeeds(&["--to", "instrument"]);
    let (said, kept, files) = trained(&["--keep-raw"]);
    assert!(files == 200 && !said.contains("at once"), "{files}: {said}");
    let (said, merged, files) = trained(&[]);
    assert!(said.contains("200 raw profiles, ") && said.contains(" on the disk at once"), "{said}");
    assert_eq!(files, 1);
    assert!(kept == merged, "counts differ");
    // Another weight needs no training.
    fixture.replace("pgo/pgo.toml", "role = \"train\"", "role = \"train\"\nweight = 3");
    let ran = fixture.succeeds(&["--to", "merge"]);
    assert!(weight(&fixture, "steps") > 0 && !ran.stderr.contains("raw profiles, "), "{}", ran.stderr);
}

/// A program in two modules writes two raw profiles, and both are its own.
#[test]
fn a_shared_library_of_the_program_counts() {
    let fixture = Fixture::tiny();
    let cargo = "[package]\nname = \"shared\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\ncrate-type = [\"dylib\"]\n";
    fixture.write("shared/Cargo.toml", cargo);
    fixture.write(
        "shared/src/lib.rs",
        "#[inline(never)]\npub fn in_the_library(to: u64) -> u64 { (1..to).fold(7, |sum, n| if sum % 3 == 0 { sum ^ n } else { sum + n }) }\n",
    );
    fixture.replace(
        "Cargo.toml",
        "[workspace]",
        "[dependencies]\nshared = { path = \"shared\" }\n\n[workspace]\n",
    );
    fixture.replace("src/main.rs", "println!", "println!(\"{}\", shared::in_the_library(to));\n    println!");
    let sysroot = crate::broken::sysroot();
    // As `cargo run` sets it.
    let built = fixture.path("target/honing/build");
    let script = format!(
        "LD_LIBRARY_PATH=$(find {} -path '*instrument*/deps/libshared.so' -printf %h -quit):{}/lib/rustlib/{TRIPLE}/lib \"$0\" 2000",
        built.display(),
        sysroot.display()
    );
    train_on(&fixture, &["sh", "-c", &script, "{program}"], "");
    let ran = fixture.succeeds(&["--to", "merge"]);
    assert!(!ran.stderr.contains("left out"), "{}", ran.stderr);
    assert!(weight(&fixture, "in_the_library") > 1000);
}

#[test]
fn a_worker_that_gave_up_its_rights_is_profiled_or_missed() {
    if !is_root() {
        return skip("root, which alone can give up its rights");
    }
    let fixture = fixture();
    let open = |mode| {
        let folder = fixture.root.parent().unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
    };
    train_on(&fixture, &["{program}", "master", "65534", "3000"], "");
    open(0o755);
    fixture.succeeds(&["--to", "merge"]);
    assert!(weight(&fixture, "steps") > 100_000, "the worker's part");
    let raw = fixture.path("target/honing/tiny/train/learn/raw");
    assert_eq!(fs::read_dir(&raw).unwrap().count(), 1, "the sum of both");
    assert_eq!(
        fs::metadata(&raw).unwrap().permissions().mode() & 0o777,
        0o755,
        "open no longer than the run"
    );

    // One that changes its root folder writes it where nobody looks.
    fs::create_dir(fixture.path("cage")).unwrap();
    let script = "\"$0\" 2000 && \"$0\" caged 3000";
    train_on(&fixture, &["sh", "-c", script, "{program}"], "");
    let ran = fixture.succeeds(&["--to", "merge"]);
    assert!(ran.stderr.contains("changed its root folder (chroot)"), "{}", ran.stderr);
    train_on(&fixture, &["{program}", "master", "65534", "3000"], "");

    // Where the worker cannot even get there, the training says so.
    open(0o700);
    let ran = fixture.run(&["train", "--force"]);
    assert_eq!(ran.code, 12, "{}", ran.stderr);
    for part in
        ["could not write its profile", "LLVM Profile Error", "Permission denied", "flush = \"continuous\""]
    {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
}

/// Links and what is no file in a corpus hold nothing up, and change nothing unless they change.
#[test]
fn a_corpus_may_hold_anything() {
    let fixture = fixture();
    fixture.write("corpus/a.txt", "text");
    symlink("..", fixture.path("corpus/up")).unwrap();
    symlink("nowhere", fixture.path("corpus/dangling")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(fixture.path("corpus/socket")).unwrap();
    let fifo = Command::new("mkfifo").arg(fixture.path("corpus/fifo")).status().unwrap();
    assert!(fifo.success());
    symlink("corpus", fixture.path("linked")).unwrap();
    train_on(&fixture, &["{program}", "2000"], "inputs = [\"linked\"]");
    let start = Instant::now();
    let ran = fixture.succeeds(&["--to", "train"]);
    assert!(start.elapsed() < Duration::from_secs(120));
    assert!(
        ran.stderr.contains("linked/fifo is a FIFO and is left out of the digest, and so is 1 more"),
        "{}",
        ran.stderr
    );
    let trained = || {
        fixture.stages(&["--to", "train"]).into_iter().any(|stage| stage == ("train".into(), "done".into()))
    };
    assert!(!trained());
    fs::remove_file(fixture.path("corpus/dangling")).unwrap();
    symlink("elsewhere", fixture.path("corpus/dangling")).unwrap();
    assert!(trained(), "a link that says something else");
    fixture.write("corpus/a.txt", "other text");
    assert!(trained(), "through the link that is the input itself");

    // As the input itself, such a thing is refused, and nothing waits for it.
    for name in ["fifo", "socket"] {
        fixture.replace("pgo/pgo.toml", "inputs = [\"linked\"]", &format!("inputs = [\"corpus/{name}\"]"));
        let ran = fixture.run(&["--to", "train"]);
        assert_eq!(ran.code, 15, "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("corpus/{name} is a ")), "{}", ran.stderr);
        fixture.replace("pgo/pgo.toml", &format!("inputs = [\"corpus/{name}\"]"), "inputs = [\"linked\"]");
    }
}

/// A digest of a very large corpus ends with a signal.
#[test]
fn a_signal_ends_the_reading_of_a_corpus() {
    let fixture = fixture();
    // Holes: as much to read as it says, and nothing on the disk.
    let large = fs::File::create(fixture.path("large")).unwrap();
    large.set_len(1 << 40).unwrap();
    train_on(&fixture, &["{program}", "2000"], "inputs = [\"large\"]");
    let mut child = fixture.honing(&["--to", "train"]);
    child.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let child = child.spawn().unwrap();
    let reads =
        || {
            fs::read_dir(format!("/proc/{}/fd", child.id())).into_iter().flatten().flatten().any(|fd| {
                fs::read_link(fd.path()).is_ok_and(|file| file == Path::new(&fixture.path("large")))
            })
        };
    let start = Instant::now();
    while !reads() {
        assert!(start.elapsed() < Duration::from_secs(60), "it does not read");
        std::thread::sleep(Duration::from_millis(20));
    }
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let (process, start) = (child.id().to_string(), Instant::now());
    let (told, over) = std::sync::mpsc::channel();
    let rescue = std::thread::spawn(move || {
        let timed_out = over.recv_timeout(Duration::from_secs(20)).is_err();
        timed_out.then(|| Command::new("kill").args(["-KILL", &process]).status())
    });
    let ran = finish(child.wait_with_output().unwrap());
    let _ = told.send(());
    rescue.join().unwrap();
    assert!(start.elapsed() < Duration::from_secs(20), "the signal did not end it");
    assert_eq!(ran.code, 130, "{}", ran.stderr);
}
