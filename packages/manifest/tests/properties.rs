//! Edits of manifests in any mix of shapes: what is undone is the old text byte by byte, nothing
//! but the wanted keys differs, comments and line endings stay.

use honing_manifest::{Edit, Value};
use proptest::{collection::vec, prelude::*, sample::select};

const KEYS: [&str; 6] = ["lto", "codegen-units", "opt-level", "debug", "panic", "split-debuginfo"];

#[derive(Debug, Clone)]
struct Setting {
    key: &'static str,
    value: &'static str,
    equals: &'static str,
    after: &'static str,
}

fn setting() -> impl Strategy<Value = Setting> {
    let value = select(vec!["1", "true", "\"fat\"", "'s'", "\"\"\"x\n[profile.release]\n\"\"\"", "0x10"]);
    let equals = select(vec![" = ", "=", "   =  "]);
    (select(KEYS.to_vec()), value, equals, select(vec!["", " ", " # c", "\t#c: [x] 'y"]))
        .prop_map(|(key, value, equals, after)| Setting { key, value, equals, after })
}

/// Settings of one profile, each key once, perhaps with a package of its own.
fn profile() -> impl Strategy<Value = (Vec<Setting>, bool)> {
    (vec(setting(), 0..4), any::<bool>()).prop_map(|(mut settings, package)| {
        let mut seen = Vec::new();
        settings.retain(|setting| {
            !seen.contains(&setting.key) && {
                seen.push(setting.key);
                true
            }
        });
        (settings, package)
    })
}

/// How the profiles are written.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Headers,
    /// The overrides of packages come first.
    HeadersBackwards,
    HeaderAndInline,
    HeaderAndDotted,
    RootDotted,
    RootInline,
}

fn lines(prefix: &str, settings: &[Setting]) -> String {
    let one = |it: &Setting| format!("{prefix}{}{}{}{}\n", it.key, it.equals, it.value, it.after);
    settings.iter().map(one).collect()
}

fn inline(settings: &[Setting], package: bool) -> String {
    let single = |it: &&Setting| !it.value.contains('\n');
    let mut all: Vec<String> =
        settings.iter().filter(single).map(|it| format!("{}{}{}", it.key, it.equals, it.value)).collect();
    if package {
        all.push("package.x.opt-level = 2".into());
    }
    format!("{{{}}}", all.join(", "))
}

/// What stands before all headers, and the profiles' own part.
fn written(shape: Shape, profiles: &[(&str, (Vec<Setting>, bool))]) -> (String, String) {
    let (mut root, mut own) = (String::new(), String::new());
    match shape {
        Shape::HeaderAndInline | Shape::HeaderAndDotted => own.push_str("[profile] # all\n"),
        Shape::RootInline => {
            let each = |(name, (settings, package)): &(&str, (Vec<Setting>, bool))| {
                format!("{name} = {}", inline(settings, *package))
            };
            root = format!("profile = {{ {} }}\n", profiles.iter().map(each).collect::<Vec<_>>().join(", "));
        }
        _ => {}
    }
    for (name, (settings, package)) in profiles {
        let header = format!("[profile.{name}]\n{}", lines("", settings));
        let below = format!("# heavy\n[profile.{name}.package.x]\nopt-level = 2\n");
        match shape {
            Shape::Headers => own.push_str(&header),
            Shape::HeadersBackwards if *package => own.push_str(&format!("{below}{header}")),
            Shape::HeadersBackwards => own.push_str(&below),
            Shape::HeaderAndInline => own.push_str(&format!("{name} = {} # i\n", inline(settings, *package))),
            Shape::HeaderAndDotted => own.push_str(&lines(&format!("{name}."), settings)),
            Shape::RootDotted => root.push_str(&lines(&format!("profile.{name}."), settings)),
            Shape::RootInline => {}
        }
        if matches!(shape, Shape::Headers) && *package {
            own.push_str(&below);
        }
    }
    (root, own)
}

fn manifest() -> impl Strategy<Value = String> {
    use Shape::*;
    let shape =
        select(vec![Headers, HeadersBackwards, HeaderAndInline, HeaderAndDotted, RootDotted, RootInline]);
    let filler = select(vec![
        "",
        "\n",
        "\n\n# a word\n\n",
        "# right above\n",
        "[package]\nname = \"x\"\n",
        "[dependencies]\n\n  a = { version = \"1\" } # why\n",
        "[[bin]]\nname = \"b\"\n\n[[bin]]\nname = \"c\"",
        "[target.'cfg(unix)'.dependencies]\nx.workspace = true\n",
    ]);
    let ends = (any::<bool>(), any::<bool>(), any::<bool>());
    (shape, profile(), proptest::option::of(profile()), vec(filler, 3), ends).prop_map(
        |(shape, release, dev, fillers, (crlf, cut, mark))| {
            let mut profiles = vec![("release", release)];
            profiles.extend(dev.map(|dev| ("dev", dev)));
            let (root, own) = written(shape, &profiles);
            let mut seen = Vec::new();
            let fillers: Vec<&str> = fillers
                .into_iter()
                .filter(|it| {
                    !it.contains('[')
                        || !seen.contains(it) && {
                            seen.push(*it);
                            true
                        }
                })
                .collect();
            let at = fillers.len() / 2;
            let text = format!("{root}{}\n{own}{}", fillers[..at].join("\n"), fillers[at..].join("\n"));
            let text = if cut { text.trim_end() } else { &text };
            let text = if crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
            if mark { format!("\u{feff}{text}") } else { text }
        },
    )
}

fn wishes() -> impl Strategy<Value = Vec<(&'static str, &'static str, Value)>> {
    let value = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (0..300i64).prop_map(Value::from),
        select(vec!["fat", "s", "a \"quoted\" \\ word", "ä b"]).prop_map(Value::from),
    ];
    vec((select(vec!["release", "dev", "release-pgo"]), select(KEYS.to_vec()), value), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn an_edit_changes_what_was_wanted_and_can_be_undone(text in manifest(), wishes in wishes()) {
        let mut expected: toml::Table = text.parse().unwrap();
        let mut edit = Edit::new(text.as_str()).unwrap();
        for (profile, key, value) in &wishes {
            edit.set(profile, key, value.clone(), "").unwrap();
            let none = || toml::Value::Table(toml::Table::new());
            let profiles = expected.entry("profile").or_insert_with(none).as_table_mut().unwrap();
            let table = profiles.entry(*profile).or_insert_with(none).as_table_mut().unwrap();
            table.insert((*key).into(), value.clone());
        }
        let new = edit.new_text();
        prop_assert_eq!(&new.parse::<toml::Table>().unwrap(), &expected);
        prop_assert_eq!(edit.undo(new).unwrap(), text.as_str());
        prop_assert_eq!(new.matches('#').count(), text.matches('#').count(), "{}", new);
        if text.contains("\r\n") {
            prop_assert_eq!(new.matches('\n').count(), new.matches("\r\n").count(), "{}", new);
        }
        prop_assert_eq!(new.ends_with('\n'), text.ends_with('\n') || text.trim_start_matches('\u{feff}').is_empty());
    }

    #[test]
    fn no_text_makes_it_panic(text in "([\\[\\]a=.\"'#\\{\\}, 1\\r\\nä]|profile|release|lto|\n\\[|\u{feff}){0,24}") {
        if let Ok(mut edit) = Edit::new(text.as_str()) {
            let _ = edit.set("release", "lto", "fat".into(), "");
            prop_assert_eq!(edit.undo(edit.new_text()).unwrap(), text.as_str());
        }
        if let Ok(edit) = Edit::new("[profile.release]\n") {
            let _ = edit.undo(&text);
        }
    }
}
