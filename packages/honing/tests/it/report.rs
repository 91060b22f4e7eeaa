//! The report of a run: that every run leaves one, that it can be made again, and that a browser
//! shows it on a phone without asking for anything.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use honing_report::Document;

use crate::support::{Fixture, skip};

/// Longest that a browser may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The folders of all runs, the oldest first.
fn runs(fixture: &Fixture) -> Vec<PathBuf> {
    let mut runs: Vec<PathBuf> =
        fs::read_dir(fixture.path("target/honing/runs")).unwrap().flatten().map(|run| run.path()).collect();
    runs.sort();
    runs
}

fn document(run: &Path) -> Document {
    serde_json::from_str(&fs::read_to_string(run.join("report.json")).unwrap()).unwrap()
}

fn files(run: &Path) -> Vec<Vec<u8>> {
    ["report.json", "report.md", "report.html"].map(|name| fs::read(run.join(name)).unwrap()).into()
}

#[test]
fn every_run_leaves_its_report() {
    let fixture = Fixture::tiny();
    fixture.succeeds(&["--ci"]);
    let first = runs(&fixture).pop().unwrap();
    let found = document(&first);
    assert_eq!(found.end.as_ref().map(|end| end.code), Some(0));
    let program = &found.programs[0];
    assert!(program.outcome.is_some() && !program.measured.is_empty() && program.profile.is_some());
    assert_eq!(program.measured[0].margin, Some(0.5));
    let refresh = program.refresh.as_ref().expect("all three builds ran");
    assert_eq!((refresh.this_run, refresh.full), (true, Some(true)), "{refresh:?}");

    fixture.replace("pgo/pgo.toml", r#""{program}", "2000""#, r#""{program}", "2000", "--", "x""#);
    fixture.replace(
        "src/main.rs",
        "fn main() {",
        "fn main() { if std::env::args().count() > 3 { std::process::exit(3) }",
    );
    let ran = fixture.run(&["--ci"]);
    assert_eq!(ran.code, 11, "{}", ran.stderr);
    let second = runs(&fixture).pop().unwrap();
    let failed = document(&second);
    let end = failed.end.as_ref().unwrap();
    assert_eq!(end.code, 11);
    let error = end.error.as_ref().unwrap();
    assert!(ran.stderr.contains(error.lines().next().unwrap()), "{error}");
    assert_eq!(failed.programs[0].history.len(), 1, "the first run is its history");

    let (before, earlier) = (files(&second), files(&first));
    let printed = fixture.succeeds(&["report"]).stdout;
    let paths =
        ["html", "md", "json"].map(|kind| format!("{}\n", second.join(format!("report.{kind}")).display()));
    assert_eq!(printed, paths.concat());
    fixture.succeeds(&["report", first.file_name().unwrap().to_str().unwrap()]);
    assert!(files(&second) == before && files(&first) == earlier, "made again, a report is another one");
    let unknown = fixture.run(&["report", "nope"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("no run `nope`"), "{}", unknown.stderr);

    let events = fs::read_to_string(second.join("events.jsonl")).unwrap();
    fs::write(second.join("events.jsonl"), events.replacen("\"schema\":2", "\"schema\":1", 1)).unwrap();
    let refused = fixture.run(&["report"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("events of version 1; this Honing reads version 2"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_report_that_cannot_be_written_does_not_fail_the_run() {
    let fixture = Fixture::tiny();
    let in_the_way = r#""sh", "-c", "for run in target/honing/runs/*; do mkdir -p $run/report.json; done; {program} 2000""#;
    fixture.replace("pgo/pgo.toml", r#""{program}", "2000""#, in_the_way);
    let ran = fixture.succeeds(&["--ci", "--to", "train"]);
    assert!(ran.stderr.contains("no report of this run was written: cannot write"), "{}", ran.stderr);
}

/// A page of 360 px that says how much wider than that the report is.
fn frame(report: &str) -> String {
    let report = report.replace('&', "&amp;").replace('"', "&quot;");
    format!(
        "<!DOCTYPE html><iframe id=\"f\" style=\"width: 360px; height: 800px; border: 0\" srcdoc=\"{report}\"></iframe>\
         <script>addEventListener('load', () => {{\
         const page = document.getElementById('f').contentDocument;\
         const beyond = page.documentElement.scrollWidth - 360;\
         const high = page.documentElement.scrollHeight;\
         document.title = `beyond ${{beyond}} high ${{high}}`; }});</script>"
    )
}

/// What a browser came to on a page: its title, and what it said on its console.
struct Browsed {
    title: String,
    console: Vec<String>,
}

fn browse(browser: &Path, page: &str) -> Browsed {
    let dir = tempfile::tempdir().unwrap();
    let (file, out, err) = (dir.path().join("page.html"), dir.path().join("out"), dir.path().join("err"));
    fs::write(&file, page).unwrap();
    let mut child = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--hide-scrollbars", "--dump-dom"])
        .arg(format!("--user-data-dir={}", dir.path().join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(start.elapsed() < PATIENCE, "{} took longer than {PATIENCE:?}", browser.display());
    let dom = fs::read_to_string(&out).unwrap();
    let title = dom.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    let console = String::from_utf8_lossy(&fs::read(&err).unwrap())
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .map(str::to_owned)
        .collect();
    Browsed { title: title.map(|(title, _)| title.to_owned()).unwrap_or_default(), console }
}

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file())
}

#[test]
fn a_browser_shows_it_on_a_phone_and_asks_for_nothing() {
    let Some(browser) = browser() else { return skip("chromium") };
    let fixture = Fixture::tiny();
    let events =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../dashboard/tests/fixtures/tracker/events.jsonl");
    let run = "target/honing/runs/20261125T161704Z-15794";
    fixture.write(&format!("{run}/events.jsonl"), &fs::read_to_string(events).unwrap());
    fixture.succeeds(&["report"]);
    let report = fixture.read(&format!("{run}/report.html"));
    let seen = browse(&browser, &frame(&report));
    let high = seen.title.strip_prefix("beyond 0 high ").unwrap_or_else(|| panic!("{:?}", seen.title));
    assert!(high.parse::<u32>().unwrap() > 2000, "hardly anything is shown: {high}");
    assert!(seen.console.is_empty(), "{:?}", seen.console);

    // The same page with what must not be there is caught: the policy forbids it, and it is wide.
    let wrong = "<img src=\"http://127.0.0.1:9/x.png\"><div style=\"width: 500px\">wide</div><main>";
    let seen = browse(&browser, &frame(&report.replacen("<main>", wrong, 1)));
    assert!(seen.title.starts_with("beyond 1"), "{:?}", seen.title);
    assert!(seen.console.iter().any(|line| line.contains("Content Security Policy")), "{:?}", seen.console);
}
