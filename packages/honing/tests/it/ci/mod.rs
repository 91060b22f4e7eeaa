//! Runs as a job's: `--ci` under the variables that GitHub Actions and GitLab CI set.

mod budget;
mod failures;
mod outputs;

use std::{fs, process::Command};

use serde_json::Value;

use crate::support::{Fixture, Ran, finish};

/// A program that counts, naps, hangs, or prints what a CI system would take for commands.
const PROGRAM: &str = r#"
use std::{thread::sleep, time::Duration};
fn steps(mut n: u64) -> u64 {
    let mut steps = 0;
    while n != 1 { n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 }; steps += 1; }
    steps
}
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("hang") => loop { sleep(Duration::from_secs(1)) },
        Some("nap") => sleep(Duration::from_millis(args[1].parse().unwrap())),
        Some("command") => {
            println!("::error::not Honing's");
            println!("  ::add-mask::e");
            println!("done\r::set-output name=a::b");
            eprintln!("x ##[set-output name=a]b");
            eprintln!("\x1b[0Ksection_end:1:honing_1\r\x1b[0K");
        }
        _ => {}
    }
    println!("{:?}", (1..40_000).map(steps).max());
}
"#;

/// A workspace whose program trains with `train` and is measured with `eval`, words of [`PROGRAM`].
fn fixture(pairs: u32, train: &str, eval: &str) -> Fixture {
    let fixture = Fixture::tiny();
    let words = |words: &str| words.split(' ').map(|word| format!(", {word:?}")).collect::<String>();
    fixture.write("src/main.rs", PROGRAM);
    fixture.write(
        "pgo/pgo.toml",
        &format!(
            "[bench]\npairs = {pairs}\nwarmup = 0\nmargin = 50.0\n\n[program.tiny.cargo]\npackage = \"tiny\"\n\n\
             [program.tiny.workload.learn]\nrole = \"train\"\ncommand = [\"{{program}}\"{}]\n\n\
             [program.tiny.workload.judge]\nrole = \"eval\"\ncommand = [\"{{program}}\"{}]\n",
            words(train),
            words(eval)
        ),
    );
    fixture
}

/// The program as a job of GitHub Actions runs it.
fn github(fixture: &Fixture, args: &[&str]) -> Command {
    let mut command = fixture.honing(args);
    command.arg("--ci").env("CI", "true").env("GITHUB_ACTIONS", "true");
    command.env("GITHUB_WORKSPACE", &fixture.root);
    for variable in ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"] {
        let file = fixture.path(&format!("runner/{variable}"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "").unwrap();
        command.env(variable, file);
    }
    command
}

/// The program as a job of GitLab CI runs it.
fn gitlab(fixture: &Fixture, args: &[&str]) -> Command {
    let mut command = fixture.honing(args);
    command.arg("--ci").env("CI", "true").env("GITLAB_CI", "true");
    command.env("CI_PROJECT_DIR", &fixture.root);
    command
}

fn run(mut command: Command) -> Ran {
    finish(command.output().unwrap())
}

/// What the runner would take for a command: its name, its properties and its data.
#[derive(Debug)]
struct Told {
    name: String,
    properties: Vec<(String, String)>,
    data: String,
}

impl Told {
    fn property(&self, name: &str) -> &str {
        self.properties.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }
}

/// The commands in a text, found as the runner does.
fn commands(text: &str) -> Vec<Told> {
    let unescape = |text: &str| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    };
    let one = |line: &str| {
        assert!(!line.contains("##["), "{line}");
        let (info, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
        let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
        let properties = properties.split(',').filter_map(|one| one.split_once('='));
        Some(Told {
            name: name.to_owned(),
            properties: properties.map(|(name, value)| (name.to_owned(), unescape(value))).collect(),
            data: unescape(data),
        })
    };
    text.split(['\n', '\r']).filter_map(one).collect()
}

/// Groups open one after the other, and none stays open; how many there are.
fn assert_groups_closed(told: &[Told]) -> usize {
    let (mut open, mut groups) = (false, 0);
    for command in told.iter().filter(|command| command.name.ends_with("group")) {
        assert_eq!(command.name == "endgroup", open, "{told:#?}");
        open = !open;
        groups += usize::from(open);
    }
    assert!(!open, "{told:#?}");
    groups
}

/// Sections likewise.
fn assert_sections_closed(text: &str) -> usize {
    let (mut open, mut sections): (Option<&str>, usize) = (None, 0);
    for part in text.split("\u{1b}[0Ksection_").skip(1) {
        let (marker, _) = part.split_once('\r').unwrap();
        let mut fields = marker.split(':');
        let (action, name) = (fields.next().unwrap(), fields.nth(1).unwrap());
        match action {
            "start" => assert!(open.replace(name.trim_end_matches("[collapsed=true]")).is_none(), "{text}"),
            "end" => {
                assert_eq!(open.take(), Some(name), "{text}");
                sections += 1;
            }
            broken_up => assert!(broken_up.ends_with(' '), "{text}"),
        }
    }
    assert!(open.is_none(), "{text}");
    sections
}

fn json(fixture: &Fixture, file: &str) -> Value {
    serde_json::from_str(&fixture.read(file)).unwrap()
}

/// The events that the folder to upload has.
fn events(fixture: &Fixture) -> Vec<Value> {
    let text = fixture.read("target/honing/ci/events.jsonl");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
