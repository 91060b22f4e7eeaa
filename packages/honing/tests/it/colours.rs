//! What cargo and rustc print for people is parsed without its colours, whoever asked for them.

use crate::support::{Fixture, finish};

/// Variables, text of cargo's configuration, and arguments for cargo.
type Way = (&'static [(&'static str, &'static str)], &'static str, &'static [&'static str]);

#[test]
fn colours_and_silence_change_nothing() {
    let ways: [Way; 3] = [
        (
            &[
                ("CARGO_TERM_COLOR", "always"),
                ("CARGO_TERM_HYPERLINKS", "true"),
                ("CARGO_TERM_PROGRESS_TERM_INTEGRATION", "true"),
                ("CARGO_TERM_VERBOSE", "true"),
            ],
            "",
            &[],
        ),
        (
            &[("CLICOLOR_FORCE", "1"), ("FORCE_COLOR", "1")],
            "[term]\nquiet = true\nprogress.when = \"never\"\n",
            &[],
        ),
        (&[], "[term]\ncolor = \"always\"\n", &["--", "--config", "term.color=\"always\"", "--color=always"]),
    ];
    for (env, config, args) in ways {
        let fixture = Fixture::tiny();
        fixture.write(".cargo/config.toml", config);
        let run = |first: &[&str]| {
            let args: Vec<&str> = first.iter().chain(args).copied().collect();
            finish(fixture.honing(&args).envs(env.iter().copied()).output().unwrap())
        };
        let ran = run(&["--to", "optimize", "--format", "json"]);
        assert_eq!(ran.code, 0, "{env:?} {config} {}", ran.stderr);
        let events: Vec<serde_json::Value> =
            ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let matched = events.iter().find(|event| event["event"] == "matched").expect(&ran.stdout);
        assert_eq!(matched["applied"]["share"], 1.0, "{env:?} {config} {matched}");
        let progress: Vec<_> = events.iter().filter(|event| event["event"] == "progress").collect();
        assert!(progress.iter().any(|event| event["total"] == 1), "{env:?} {config} {progress:?}");
        let traces = |event: &&serde_json::Value| {
            event["line"].as_str().is_some_and(|line| line.contains("Funcname=") || line.contains("Building"))
        };
        assert_eq!(events.iter().find(traces), None, "{env:?} {config}");

        fixture.replace("src/main.rs", "fn main() {", "fn main() {\n    nobody_knows();");
        let ran = run(&["--to", "baseline"]);
        assert_eq!(ran.code, 10, "{}", ran.stderr);
        let first = "cargo build failed (exit code 101): error[E0425]: cannot find function `nobody_knows`";
        assert!(ran.stderr.contains(first), "{env:?} {config} {}", ran.stderr);
    }
}
