//! A pgo.toml as it was before the tables of crafts: the error says how to write it now.

use std::path::Path;

use honing_cargo::tables::{Program, Tool};
use honing_core::config::Config;
use honing_engine::CRAFTS;

use crate::support::{Fixture, TINY_CONFIG};

/// This workspace's own, of commit f29d26d.
const OLD: &str = include_str!("../fixtures/pgo-f29d26d.toml");

/// Does what a hint says, as it is shown.
fn followed(text: &str, hint: &str) -> String {
    let (_, rest) = hint.split_once("remove these lines: ").expect(hint);
    let (lines, paste) = rest.split_once("; and put this at the end of the file:\n").expect(hint);
    let lines: Vec<usize> = lines.split(", ").map(|line| line.parse().unwrap()).collect();
    let kept = text.lines().enumerate().filter(|(at, _)| !lines.contains(&(at + 1)));
    let kept: Vec<&str> = kept.map(|(_, line)| line).collect();
    format!("{}\n{paste}", kept.join("\n"))
}

#[test]
fn what_is_pasted_means_the_same() {
    let parse = |text: &str| Config::parse(text, Path::new("pgo/pgo.toml"), CRAFTS);
    let error = parse(OLD).unwrap_err();
    assert_eq!((error.code().code(), error.place().unwrap().position), (2, Some((14, 1))));
    let new = followed(OLD, error.hint().unwrap());
    let config = parse(&new).unwrap();
    let tool = config.tool["tracker-load"].own.get::<Tool>().unwrap();
    let program = config.program["tracker"].own.get::<Program>().unwrap();
    assert_eq!((tool.package.as_str(), tool.profile.as_str()), ("honing-tracker-load", "release"));
    assert_eq!((program.package.as_str(), program.profile.as_str()), ("honing-tracker", "release"));
    assert!(program.pin_symbols && program.default_features && program.cargo_profile.is_empty());
    let table = |text: &str| text.parse::<toml::Table>().unwrap();
    let (old, new) = (table(OLD), table(&new));
    for key in ["policy", "bench"] {
        assert_eq!(new[key], old[key]);
    }
    assert_eq!(new["program"]["tracker"]["workload"], old["program"]["tracker"]["workload"]);
}

#[test]
fn it_is_refused_before_anything_is_done() {
    let fixture = Fixture::tiny();
    let old = TINY_CONFIG.replace("[program.tiny.cargo]", "[program.tiny]");
    fixture.write("pgo/pgo.toml", &old);
    let ran = fixture.run(&["--ci"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("pgo/pgo.toml:8:1: `package` is now in [program.tiny.cargo]"),
        "{}",
        ran.stderr
    );
    assert!(!fixture.path("target/honing/tiny").exists());
    let values = |json: &str| -> Vec<(String, String)> {
        let all: Vec<serde_json::Value> = serde_json::from_str(json).unwrap();
        let text = |one: &serde_json::Value, key: &str| one[key].as_str().unwrap().to_owned();
        all.iter().map(|one| (text(one, "key"), text(one, "value"))).collect()
    };
    let [followed, expected] = [followed(&old, &ran.stderr), TINY_CONFIG.to_owned()].map(|text| {
        fixture.write("pgo/pgo.toml", &text);
        values(&fixture.succeeds(&["show-config", "--format", "json"]).stdout)
    });
    assert_eq!(followed, expected);
}
