//! A run that is killed at any moment leaves nothing that a later run mistakes for
//! finished, no process and no port.
//!
//! `HONING_KILLS=50 cargo test -p honing --test it kill` is the long form.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use crate::support::{Fixture, finish, processes_of};

const KILLS_IN_CI: u64 = 3;

/// Counts, or serves: each connection makes it count once.
const PROGRAM: &str = r#"
use std::io::{Read, Write};
fn steps(mut n: u64) -> u64 {
    let mut steps = 0;
    while n != 1 { n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 }; steps += 1; }
    steps
}
fn main() {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("serve") => {
            let listener = std::net::TcpListener::bind(args.next().unwrap()).unwrap();
            println!("listening");
            for stream in listener.incoming().take(20) {
                let longest = (1..3000).map(steps).max();
                let _ = writeln!(stream.unwrap(), "{longest:?}");
            }
            // Counting is over when the load is: the signal finds the same counters each time.
            std::thread::sleep(std::time::Duration::MAX);
        }
        Some("load") => {
            let address = args.next().unwrap();
            for _ in 0..20 {
                let mut text = String::new();
                std::net::TcpStream::connect(&address).unwrap().read_to_string(&mut text).unwrap();
                assert!(text.starts_with("Some"));
            }
            // Lets a service on a busy machine count its last connection before it is stopped.
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        Some("hang") => loop {
            std::thread::sleep(std::time::Duration::from_secs(1));
        },
        _ => println!("{:?}", (1..40_000).map(steps).max()),
    }
}
"#;

const CONFIG: &str = r#"[bench]
pairs = 4
warmup = 0
margin = 50.0

[tool.load.cargo]
package = "tiny"

[program.tiny.cargo]
package = "tiny"
[program.tiny.llvm]
flush = "continuous"

[program.tiny.workload.command]
role = "both"
command = ["{program}"]

[program.tiny.workload.service]
role = "both"
service.start = ["{program}", "serve", "127.0.0.1:{port:tcp}"]
service.ready.log = "listening"
service.load = ["{tool:load}", "load", "127.0.0.1:{port:tcp}"]
"#;

fn fixture() -> Fixture {
    let fixture = Fixture::tiny();
    fixture.write("src/main.rs", PROGRAM);
    fixture.write("pgo/pgo.toml", CONFIG);
    // With several units rustc's instrumented builds differ now and then on a busy machine
    // (2 of 12), and the profile carries the binary's id.
    fixture.replace("Cargo.toml", "[workspace]", "[profile.release]\ncodegen-units = 1\n\n[workspace]");
    fixture
}

#[test]
fn killed_at_random_moments() {
    let fixture = fixture();
    let start = Instant::now();
    fixture.succeeds(&["--ci"]);
    let whole = start.elapsed();
    let profile = || fs::read(fixture.path("target/honing/tiny/merge/tiny.profdata")).unwrap();
    let expected = profile();

    let kills =
        std::env::var("HONING_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS_IN_CI);
    let mut moments = Moments(0x5eed);
    for kill in 0..kills {
        let _ = fs::remove_dir_all(fixture.path("target"));
        let after = whole.mul_f64(moments.next());
        let mut run = fixture.honing(&["--ci"]).spawn().unwrap();
        std::thread::sleep(after);
        run.kill().unwrap();
        run.wait().unwrap();
        let gone = gone_within(&fixture, Duration::from_secs(5));
        assert!(gone.is_empty(), "kill {kill} after {after:?} left {gone:#?}");

        let next = fixture.run(&["--ci"]);
        assert_eq!(next.code, 0, "kill {kill} after {after:?}\n{}\n{}", next.stdout, next.stderr);
        assert!(profile() == expected, "kill {kill} after {after:?}: another profile");
        fixture.is_up_to_date(&["--ci"]);
    }
}

/// The same on the tracker, whose training is not deterministic: whole runs, minutes each.
#[test]
#[ignore = "ten minutes: HONING_KILLS=3 cargo test -p honing --test it kill -- --ignored"]
fn killed_on_the_tracker() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let fixture = Fixture::empty("tracker");
    let target = fixture.path("target");
    let config = fixture.path("pgo.toml");
    fs::copy(repository.join("pgo/pgo.toml"), &config).unwrap();
    let run = || {
        let args = ["--ci", "--pairs", "2", "--target-dir", target.to_str().unwrap()];
        let mut command = fixture.honing(&args);
        command.args(["--config", config.to_str().unwrap()]).current_dir(repository);
        command
    };
    let kills = std::env::var("HONING_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(3);
    let mut moments = Moments(0x7ac4);
    for kill in 0..kills {
        let _ = fs::remove_dir_all(&target);
        let after = Duration::from_secs(120).mul_f64(moments.next());
        let mut child = run().spawn().unwrap();
        std::thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
        let gone = gone_within(&fixture, Duration::from_secs(5));
        assert!(gone.is_empty(), "kill {kill} after {after:?} left {gone:#?}");
        let next = finish(run().output().unwrap());
        assert_eq!(next.code, 0, "kill {kill} after {after:?}\n{}\n{}", next.stdout, next.stderr);
        assert!(next.stdout.contains("optimize/honing-tracker\n"), "{}", next.stdout);
    }
}

/// What a workload left behind in a session of its own goes with the run, too. Then the launchers are
/// killed with it: what a person does with `pkill -9 honing`.
#[test]
fn killed_with_an_orphan_and_with_its_launchers() {
    let fixture = fixture();
    let (usual, orphan) = (
        "command = [\"{program}\"]",
        "command = [\"sh\", \"-c\", \"setsid sleep 89 & exec $0 hang\", \"{program}\"]",
    );
    fixture.replace("pgo/pgo.toml", usual, orphan);
    let mut run = fixture.honing(&["--ci"]).spawn().unwrap();
    let is_orphan = |line: &String| line.ends_with(": sleep 89 ");
    wait_for("orphan", || processes_of(&fixture.root).iter().any(is_orphan));
    run.kill().unwrap();
    run.wait().unwrap();
    let gone = gone_within(&fixture, Duration::from_secs(5));
    assert!(gone.is_empty(), "{gone:#?}");

    fixture.replace("pgo/pgo.toml", orphan, "command = [\"{program}\", \"hang\"]");
    let mut run = fixture.honing(&["--ci"]).spawn().unwrap();
    let hanging = |line: &String| line.contains("tiny hang") && !line.contains("__honing-launch");
    wait_for("workload", || processes_of(&fixture.root).iter().any(hanging));
    for line in processes_of(&fixture.root).into_iter().filter(|line| line.contains("__honing-launch")) {
        let pid = line.split(':').next().unwrap().to_owned();
        std::process::Command::new("kill").args(["-9", &pid]).status().unwrap();
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let gone = gone_within(&fixture, Duration::from_secs(5));
    assert!(gone.is_empty(), "{gone:#?}");
}

pub(crate) fn gone_within(fixture: &Fixture, time: Duration) -> Vec<String> {
    let start = Instant::now();
    loop {
        let left = processes_of(&fixture.root);
        if left.is_empty() || start.elapsed() > time {
            return left;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    let start = Instant::now();
    while !there() {
        assert!(start.elapsed() < Duration::from_secs(60), "no {what} within a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Shares of a whole, the same in every run of the test (splitmix64).
pub(crate) struct Moments(pub(crate) u64);

impl Moments {
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A launcher that is told to stop its child, or to let it go on, reaches what is in a process group of its own, an
/// orphan too.
#[test]
#[cfg(target_os = "linux")]
fn what_is_stopped_stands_still_in_any_process_group() {
    use std::{io::Write, process::Stdio};

    let fixture = Fixture::empty("stopped");
    let loops = "while :; do echo >> FILE; sleep 0.005; done";
    let (below, orphan) = (loops.replace("FILE", "below"), loops.replace("FILE", "orphan"));
    let script = format!("setsid -f sh -c '{orphan}'; timeout 60 sh -c '{below}'; true");
    let mut launcher = fixture.honing(&["__honing-launch", "report.json", "-", "", "sh", "-c", &script]);
    let mut launcher = launcher.stdin(Stdio::piped()).spawn().unwrap();
    let mut control = launcher.stdin.take().unwrap();
    let size = |file: &str| fs::metadata(fixture.path(file)).map_or(0, |file| file.len());
    let sizes = || ["below", "orphan"].map(size);
    let all_grow = |before: [u64; 2]| sizes().iter().zip(before).all(|(now, before)| *now > before);
    wait_for("beginning", || all_grow([0, 0]));
    for _ in 0..3 {
        control.write_all(&[nix::libc::SIGSTOP as u8]).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        let stopped = sizes();
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(sizes(), stopped);
        control.write_all(&[nix::libc::SIGCONT as u8]).unwrap();
        wait_for("going on", || all_grow(stopped));
    }
    drop(control);
    launcher.wait().unwrap();
}
