//! What the dashboard costs, and how fast it answers: docs/dashboard.md has the bars.

use std::{
    fs,
    io::Write,
    time::{Duration, Instant},
};

use super::seen::Seen;
use crate::support::Fixture;

/// Prints 20 lines every 10 ms, or is the load that waits meanwhile.
const FLOOD: &str = r#"
fn main() {
    let pause = std::time::Duration::from_millis(10);
    match std::env::args().nth(1).as_deref() {
        Some("wait") => std::thread::sleep(pause * 6000),
        Some("flood") => for at in 0_u64.. {
            (0..20).for_each(|line| println!("   Compiling crate-{at}-{line} v1.2.3 (/src/some/where/else)"));
            std::thread::sleep(pause);
        },
        _ => println!("{}", std::process::id()),
    }
}
"#;

const CONFIG: &str = r#"[tool.load.cargo]
package = "tiny"

[program.tiny.cargo]
package = "tiny"
[program.tiny.llvm]
flush = "continuous"

[program.tiny.workload.flood]
role = "train"
service.start = ["{program}", "flood"]
service.ready.log = "Compiling"
service.load = ["{tool:load}", "wait"]
"#;

/// A workload that says nothing for a minute.
const SILENT: &str = "role = \"train\"\ncommand = [\"{program}\", \"wait\"]\n";

/// Time that is measured.
const SPAN: Duration = Duration::from_secs(10);

#[test]
#[ignore = "measures for a minute: cargo test -p honing --test it dashboard_speed -- --ignored --nocapture"]
fn dashboard_speed() {
    let fixture = Fixture::tiny();
    fixture.write("src/main.rs", FLOOD);
    fixture.write("pgo/pgo.toml", CONFIG);

    let start = Instant::now();
    let mut seen = Seen::honing(&fixture, &["dash"]);
    while !seen.text().contains("nothing runs") {
        std::thread::sleep(Duration::from_micros(500));
    }
    let opened = start.elapsed();
    seen.shows("would run");
    let mut keys = Vec::new();
    for key in ["5", "6", "4", "3", "2", "1"].repeat(5) {
        let start = Instant::now();
        seen.press(key);
        while !seen.text().contains(&format!("▶ {key} ")) {
            std::thread::sleep(Duration::from_micros(500));
        }
        keys.push(start.elapsed());
    }
    let slowest = keys.into_iter().max().unwrap();
    let idle = busy(&seen, SPAN);
    seen.press("s");
    seen.stage("train", "running");
    seen.press("5");
    seen.shows("crate-");
    let flooded = busy(&seen, SPAN);
    let start = Instant::now();
    seen.press("6");
    seen.shows("▶ 6 ");
    let flooded_key = start.elapsed();
    seen.press("\u{3}\u{3}");
    seen.stage("train", "cancelled");
    seen.press("q");
    seen.ends_with(130);

    let (before, _) = CONFIG.split_once("role =").unwrap();
    fixture.write("pgo/pgo.toml", &format!("{before}{SILENT}"));
    let mut seen = Seen::honing(&fixture, &[]);
    seen.stage("train", "running");
    let waiting = busy(&seen, SPAN);
    seen.signal("TERM");
    seen.ends_with(130);

    let mut out = std::io::stderr();
    writeln!(
        out,
        "opens in {opened:?}; a key is on the screen in {slowest:?} at most, {flooded_key:?} under flood"
    )
    .unwrap();
    let idle_words = [idle.0, waiting.0].map(percent);
    writeln!(out, "share of a core: idle {}, while a silent stage works {}", idle_words[0], idle_words[1])
        .unwrap();
    writeln!(out, "at 2000 lines a second {}, of it the drawing {}", percent(flooded.0), percent(flooded.1))
        .unwrap();
    assert!(opened < Duration::from_millis(100), "{opened:?}");
    assert!(slowest.max(flooded_key) < Duration::from_millis(50), "{slowest:?} {flooded_key:?}");
    assert!(idle.0.max(waiting.0) < 0.01 && flooded.1 < 0.03, "{idle:?} {waiting:?} {flooded:?}");
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Share of a core over `span`: of the whole process, and of the thread that draws.
fn busy(seen: &Seen, span: Duration) -> (f64, f64) {
    let pid = seen.child.process_id().unwrap();
    let read = || (ticks(&format!("/proc/{pid}/stat")), ticks(&format!("/proc/{pid}/task/{pid}/stat")));
    let before = read();
    std::thread::sleep(span);
    let after = read();
    // Linux counts in hundredths of a second for whoever asks.
    let share = |before: u64, after: u64| (after - before) as f64 / 100.0 / span.as_secs_f64();
    (share(before.0, after.0), share(before.1, after.1))
}

/// Time in user space and kernel.
fn ticks(path: &str) -> u64 {
    let stat = fs::read_to_string(path).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
