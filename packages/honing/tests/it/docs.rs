//! The pages say what the code does: keys, exit codes, events, schema and links.

mod examples;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use honing_core::{
    ExitCode,
    config::Config,
    event::{Event, Record},
};
use serde_json::Value;

use crate::{pages::root, support::Fixture};

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).expect(name)
}

/// Keys, defaults and words of `pgo.toml`, from its JSON Schema.
#[derive(Default)]
struct Found {
    /// Each key with its defaults, as TOML; a key may be in several tables.
    keys: BTreeMap<String, BTreeSet<String>>,
    /// Values of enumerations.
    words: BTreeSet<String>,
}

impl Found {
    fn walk(&mut self, schema: &Value) {
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            for (key, property) in properties {
                let defaults = self.keys.entry(key.clone()).or_default();
                match property.get("default") {
                    Some(Value::Object(_) | Value::Null) | None => {}
                    Some(default) => {
                        defaults.insert(default.to_string());
                    }
                }
            }
        }
        let single = schema.get("const").into_iter();
        let several = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        self.words.extend(single.chain(several).filter_map(Value::as_str).map(str::to_owned));
        match schema {
            Value::Object(inner) => inner.values().for_each(|value| self.walk(value)),
            Value::Array(inner) => inner.iter().for_each(|value| self.walk(value)),
            _ => {}
        }
    }
}

#[test]
fn every_key_of_pgo_toml_is_described_with_its_default() {
    let schema: Value = serde_json::from_str(&Config::json_schema(honing_engine::CRAFTS)).unwrap();
    let mut found = Found::default();
    found.walk(&schema);
    let page = page("docs/pgo-toml.md");
    let mut missing = Vec::new();
    for (key, defaults) in &found.keys {
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with(&format!("| `{key}` |"))).collect();
        if rows.is_empty() {
            missing.push(format!("key `{key}`"));
        }
        for default in defaults {
            if !rows.iter().any(|row| row.contains(&format!("`{default}`"))) {
                missing.push(format!("default `{default}` of `{key}`"));
            }
        }
    }
    for word in &found.words {
        if !page.contains(&format!("`\"{word}\"`")) {
            missing.push(format!("value `\"{word}\"`"));
        }
    }
    assert!(found.keys.len() > 30 && !found.words.is_empty(), "the schema has another shape now");
    assert!(missing.is_empty(), "docs/pgo-toml.md lacks {missing:#?}");
}

#[test]
fn every_exit_code_is_described() {
    let page = page("docs/exit-codes.md");
    for code in ExitCode::ALL {
        let row = format!("| {} | {} |", code.code(), code.meaning());
        assert!(page.contains(&row), "docs/exit-codes.md has no row that starts with {row:?}");
    }
}

#[test]
fn every_item_of_the_checklist_is_described() {
    let page = page("docs/release_process.md");
    for key in honing_core::checklist::Key::ALL {
        let row = format!("| {} |", key.title());
        assert!(page.contains(&row), "docs/release_process.md has no row that starts with {row:?}");
        let name = serde_json::to_value(key).unwrap();
        assert!(page.contains(&format!("`{}`", name.as_str().unwrap())), "{name}");
    }
}

/// Each example is what the code prints: no field more, none less.
#[test]
fn every_event_has_an_exact_example() {
    let page = page("docs/events.md");
    // serde lists what it knows when it meets what it does not.
    let refusal = serde_json::from_str::<Event>(r#"{"event": "?"}"#).unwrap_err().to_string();
    let (_, list) = refusal.split_once("expected one of").unwrap();
    let names: BTreeSet<&str> = list.split('`').skip(1).step_by(2).collect();
    assert!(names.contains("run_started") && names.len() > 10, "{refusal}");

    let mut shown = BTreeSet::new();
    for line in blocks(&page, "json").flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()) {
        let example: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let record: Record =
            serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(serde_json::to_value(&record).unwrap(), example, "an example is not exact");
        fields(&example)
            .iter()
            .for_each(|field| assert!(page.contains(&format!("`{field}`")), "field `{field}`"));
        shown.insert(example["event"].as_str().unwrap_or_default().to_owned());
    }
    let missing: Vec<&&str> = names.iter().filter(|name| !shown.contains(**name)).collect();
    assert!(missing.is_empty(), "docs/events.md has no example of {missing:?}");
}

/// The example is a report: no field more, none less, and each is described, here or with the events.
#[test]
fn the_report_has_an_exact_example() {
    let (report, events) = (page("docs/report.md"), page("docs/events.md"));
    let examples: Vec<String> = blocks(&report, "json").collect();
    assert_eq!(examples.len(), 1);
    let example: Value = serde_json::from_str(&examples[0]).unwrap();
    let document: honing_report::Document = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(serde_json::to_value(&document).unwrap(), example, "the example is not exact");
    let [program] = &document.programs[..] else { panic!("the example has one program") };
    assert!(!program.history.is_empty() && program.refresh.is_some() && program.profile.is_some());
    for field in fields(&example) {
        let described = [&report, &events].iter().any(|page| page.contains(&format!("`{field}`")));
        assert!(described, "field `{field}`");
    }
}

#[test]
fn every_action_of_the_dashboard_is_described() {
    let page = page("docs/dashboard.md");
    let missing: Vec<_> =
        honing_dashboard::Keymap::names().filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/dashboard.md lacks {missing:?}");
}

#[test]
fn the_recorded_run_is_replayed_as_lines() {
    let events = root().join("packages/dashboard/tests/fixtures/tracker/events.jsonl");
    let fixture = Fixture::empty("anywhere");
    let lines = fixture.succeeds(&["replay", events.to_str().unwrap()]);
    assert!(lines.stderr.contains("Record done") && lines.stdout.contains("tracker ("), "{lines:?}");
}

#[test]
fn the_schema_in_the_repository_is_the_generated_one() {
    let kept = page("pgo/pgo.schema.json");
    assert!(
        kept == Config::json_schema(honing_engine::CRAFTS),
        "pgo/pgo.schema.json is old; again: cargo xtask pgo schema > pgo/pgo.schema.json"
    );
}

/// Every message that the page explains is one that the code says; `…` stands for the rest.
#[test]
fn troubleshooting_quotes_real_messages() {
    let mut code = String::new();
    for package in ["cargo", "core", "engine", "honing", "manifest", "paired", "profdata", "report"] {
        sources(&root().join("packages").join(package).join("src"), &mut code);
    }
    // A text that goes on in the next line of the source is one text.
    let code = join_continued(&code).replace("\\\"", "\"");
    let page = page("docs/troubleshooting.md");
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert!(headings.len() > 10);
    let mut unknown = Vec::new();
    for heading in headings {
        let parts = heading.trim_matches('`').split('…').map(str::trim).filter(|part| !part.is_empty());
        unknown
            .extend(parts.filter(|part| !code.contains(*part)).map(|part| format!("{part:?} of {heading}")));
    }
    assert!(unknown.is_empty(), "docs/troubleshooting.md explains what nobody says: {unknown:#?}");
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut pages = Vec::new();
    markdown(root(), false, &mut pages);
    markdown(&root().join("docs"), true, &mut pages);
    assert!(pages.len() > 5, "{pages:?}");
    let mut broken = Vec::new();
    for path in &pages {
        let text = fs::read_to_string(path).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            let outside = target.contains("://") || target.starts_with("mailto:");
            if !outside && !file.is_empty() && !path.with_file_name(file).exists() {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The fenced blocks of a language.
fn blocks<'a>(page: &'a str, language: &str) -> impl Iterator<Item = String> + use<'a> {
    let fence = format!("```{language}");
    let mut lines = page.lines();
    std::iter::from_fn(move || {
        lines.find(|line| *line == fence)?;
        Some(lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>().join("\n"))
    })
}

/// Names of all fields, nested ones too.
fn fields(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(inner) => {
            inner.iter().flat_map(|(key, value)| fields(value).into_iter().chain([key.clone()])).collect()
        }
        Value::Array(inner) => inner.iter().flat_map(fields).collect(),
        _ => BTreeSet::new(),
    }
}

/// Text literals that are continued by a backslash, joined.
fn join_continued(code: &str) -> String {
    let mut parts = code.split("\\\n");
    let mut joined = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| joined.push_str(part.trim_start()));
    joined
}

fn sources(dir: &Path, code: &mut String) {
    for path in fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            sources(&path, code);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

fn markdown(dir: &Path, deep: bool, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path()) {
        if deep && path.is_dir() {
            markdown(&path, deep, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}
