//! Every way to write a Cargo profile, and what an edit makes of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, which clippy.toml's allowances do not reach"
)]

use honing_manifest::{Edit, Error, Value};

/// Sets settings of `release`, and makes sure that it can be undone.
fn edited(text: &str, settings: &[(&str, Value)]) -> String {
    let mut edit = Edit::new(text).unwrap();
    for (key, value) in settings {
        edit.set("release", key, value.clone(), "because")
            .unwrap_or_else(|error| panic!("{error} in {text:?}"));
    }
    assert_eq!(edit.undo(edit.new_text()).unwrap(), text);
    edit.new_text().to_owned()
}

/// lto and codegen-units, which most texts below have one of or none.
fn both(text: &str) -> String {
    edited(text, &[("lto", "fat".into()), ("codegen-units", 1.into())])
}

#[test]
fn every_shape_keeps_its_own_way_of_writing() {
    let table = [
        // Headers.
        ("", "[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n"),
        (
            "[package]\nname = \"x\"\n",
            "[package]\nname = \"x\"\n\n[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n",
        ),
        (
            "[package]\nname = \"x\"",
            "[package]\nname = \"x\"\n\n[profile.release]\nlto = \"fat\"\ncodegen-units = 1",
        ),
        (
            "[package]\r\nname = \"x\"\r\n",
            "[package]\r\nname = \"x\"\r\n\r\n[profile.release]\r\nlto = \"fat\"\r\ncodegen-units = 1\r\n",
        ),
        ("[a]\n\n\n", "[a]\n\n[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n\n\n"),
        ("# only this\n", "# only this\n\n[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n"),
        ("[profile.release]", "[profile.release]\nlto = \"fat\"\ncodegen-units = 1"),
        (
            "[profile.release] # as shipped\n",
            "[profile.release] # as shipped\nlto = \"fat\"\ncodegen-units = 1\n",
        ),
        (
            "[profile.release]\nlto = true  # slow\n# debug = true\n\n[a]\n",
            "[profile.release]\nlto = \"fat\"  # slow\ncodegen-units = 1\n# debug = true\n\n[a]\n",
        ),
        ("  [profile.release]\n\tlto=false\n", "  [profile.release]\n\tlto=\"fat\"\n\tcodegen-units=1\n"),
        (
            "[ profile . \"release\" ]\nlto = 'thin'\n",
            "[ profile . \"release\" ]\nlto = \"fat\"\ncodegen-units = 1\n",
        ),
        (
            "[profile.release]\r\nlto = true # x\r\n",
            "[profile.release]\r\nlto = \"fat\" # x\r\ncodegen-units = 1\r\n",
        ),
        // A byte order mark.
        ("\u{feff}", "\u{feff}[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n"),
        (
            "\u{feff}[profile.release]\nlto = 1\n",
            "\u{feff}[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n",
        ),
        // Other profiles, and what stands below.
        (
            "[profile.dev]\ndebug = 0\n# below\n\n# of a\n[a]\n",
            "[profile.dev]\ndebug = 0\n# below\n\n[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n\n# of a\n[a]\n",
        ),
        (
            "[profile.dev]\ndebug = 0\n[a]\n",
            "[profile.dev]\ndebug = 0\n\n[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n\n[a]\n",
        ),
        (
            "[a]\n\n# heavy\n[profile.release.package.x]\nopt-level = 2\n",
            "[a]\n\n[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n\n# heavy\n[profile.release.package.x]\nopt-level = 2\n",
        ),
        (
            "[profile.release.package.x]\nopt-level = 2\n[profile.release]\nlto = true\n",
            "[profile.release.package.x]\nopt-level = 2\n[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n",
        ),
        (
            "[profile.release]\n[profile.release.package.\"*\"]\nopt-level = 2\n",
            "[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n[profile.release.package.\"*\"]\nopt-level = 2\n",
        ),
        ("[profile]\n", "[profile]\n\n[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n"),
        (
            "[[bin]]\nname = \"x\"\n[profile.dev]\n[[bin]]\nname = \"y\"\n",
            "[[bin]]\nname = \"x\"\n[profile.dev]\n\n[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n\n[[bin]]\nname = \"y\"\n",
        ),
        // Dotted keys.
        (
            "profile.release.lto = true\n[a]\n",
            "profile.release.lto = \"fat\"\nprofile.release.codegen-units = 1\n[a]\n",
        ),
        (
            "profile.dev.debug = 0 # x\n[a]\n",
            "profile.dev.debug = 0 # x\nprofile.release.lto = \"fat\"\nprofile.release.codegen-units = 1\n[a]\n",
        ),
        (
            "[profile]\nrelease.package.x.opt-level = 2\ndev.debug = 0\n",
            "[profile]\nrelease.package.x.opt-level = 2\nrelease.lto = \"fat\"\nrelease.codegen-units = 1\ndev.debug = 0\n",
        ),
        (
            "[profile.release]\npackage.x.opt-level = 2\n",
            "[profile.release]\npackage.x.opt-level = 2\nlto = \"fat\"\ncodegen-units = 1\n",
        ),
        // Inline tables.
        ("profile = {}\n", "profile = { release.lto = \"fat\", release.codegen-units = 1 }\n"),
        (
            "[profile]\nrelease = { lto = true } # x\n",
            "[profile]\nrelease = { lto = \"fat\", codegen-units = 1 } # x\n",
        ),
        ("[profile]\nrelease = { }\n", "[profile]\nrelease = { lto = \"fat\", codegen-units = 1 }\n"),
        (
            "profile = { dev = { debug = 0 } }\n",
            "profile = { dev = { debug = 0 }, release.lto = \"fat\", release.codegen-units = 1 }\n",
        ),
        (
            "[profile]\nrelease = {\n  lto = true, # x\n}\n",
            "[profile]\nrelease = {\n  lto = \"fat\", codegen-units = 1, # x\n}\n",
        ),
        // What only looks like it.
        (
            "a = \"\"\"\n[profile.release]\nlto = true\n\"\"\"\n[profile.release]\n",
            "a = \"\"\"\n[profile.release]\nlto = true\n\"\"\"\n[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n",
        ),
        (
            "a = \"\"\"\n# x\"\"\"\n[profile.release.package.x]\n",
            "a = \"\"\"\n# x\"\"\"\n[profile.release]\nlto = \"fat\"\ncodegen-units = 1\n\n[profile.release.package.x]\n",
        ),
        (
            "[profile.release]\nrustflags = [\n  \"-Cx\", # y\n]\n\n[z]\nn = nan\n",
            "[profile.release]\nrustflags = [\n  \"-Cx\", # y\n]\nlto = \"fat\"\ncodegen-units = 1\n\n[z]\nn = nan\n",
        ),
    ];
    for (text, wanted) in table {
        assert_eq!(both(text), wanted, "of {text:?}");
    }
}

#[test]
fn what_says_it_already_is_not_touched() {
    let text = "[profile.release]\nlto = 'fat'\n";
    let mut edit = Edit::new(text).unwrap();
    edit.set("release", "lto", "fat".into(), "").unwrap();
    assert_eq!((edit.new_text(), edit.changes().len()), (text, 0));
}

#[test]
fn changes_say_what_was_there() {
    let mut edit = Edit::new("[profile.release]\nlto = 'thin'\n").unwrap();
    edit.set("release", "lto", "fat".into(), "why").unwrap();
    edit.set("release", "incremental", false.into(), "because").unwrap();
    let of = |at: usize| {
        let change = &edit.changes()[at];
        (change.key.as_str(), change.before.as_deref(), change.after.as_str(), change.reason.as_str())
    };
    assert_eq!(of(0), ("lto", Some("'thin'"), "\"fat\"", "why"));
    assert_eq!(of(1), ("incremental", None, "false", "because"));
}

#[test]
fn a_new_profile_stands_with_the_others() {
    let mut edit = Edit::new("[profile.release]\nlto = true\n\n[a]\n").unwrap();
    edit.add_profile("release-pgo", "release", "").unwrap();
    edit.set("release-pgo", "codegen-units", 1.into(), "").unwrap();
    let wanted = "[profile.release]\nlto = true\n\n[profile.release-pgo]\ninherits = \"release\"\ncodegen-units = 1\n\n[a]\n";
    assert_eq!(edit.new_text(), wanted);
    assert!(matches!(edit.add_profile("release-pgo", "dev", ""), Err(Error::Exists { line: 4, .. })));
    assert!(matches!(edit.add_profile("debug", "dev", ""), Err(Error::Name { .. })));
    assert_eq!(edit.new_text(), wanted);
}

#[test]
fn what_is_in_the_way_is_named() {
    let error = |text: &str| {
        let mut edit = match Edit::new(text) {
            Ok(edit) => edit,
            Err(error) => return error.to_string(),
        };
        let error = edit.set("release", "lto", "fat".into(), "").unwrap_err();
        assert_eq!(edit.new_text(), text);
        error.to_string()
    };
    assert_eq!(error("[a]\nprofile = 1\n[profile\n"), "line 3, column 9: unclosed table, expected `]`");
    assert_eq!(error("\nprofile = 1\n"), "line 2: `profile` is a single value and not a table");
    assert_eq!(error("[[profile]]\n"), "line 1: `profile` is a list and not a table");
    assert_eq!(error("[profile.release.lto]\n"), "line 1: `profile.release.lto` is a table and not a value");
    assert_eq!(
        error("[profile.release]\nlto = []\n"),
        "line 2: `profile.release.lto` is a list and not a value"
    );
}

#[test]
fn another_text_is_not_undone() {
    let mut edit = Edit::new("[profile.release]\nlto = true\n").unwrap();
    edit.set("release", "lto", "fat".into(), "").unwrap();
    for other in ["", "[profile.release]\nlto = \"off\"\n", "# x\n[profile.release]\nlto = \"fat\"\n", "ä"] {
        assert_eq!(edit.undo(other), Err(Error::Changed), "{other:?}");
    }
}

#[test]
fn an_item_goes_behind_the_others_of_a_list_and_changes_nothing_else() {
    let path = ["package", "exclude"];
    let table = [
        ("[package]\nname = \"x\"\n", "[package]\nname = \"x\"\nexclude = [\"/pgo\"]\n"),
        ("package.name = \"x\"\n", "package.name = \"x\"\npackage.exclude = [\"/pgo\"]\n"),
        ("[package]\nexclude = []\n", "[package]\nexclude = [\"/pgo\"]\n"),
        ("[package]\nexclude = [ 'a' ] # c\n", "[package]\nexclude = [ 'a', \"/pgo\" ] # c\n"),
        ("[package]\nexclude = ['a',] # c\n", "[package]\nexclude = ['a', \"/pgo\",] # c\n"),
        (
            "[package]\r\nexclude = [\r\n\t'a', # first\r\n]\r\n",
            "[package]\r\nexclude = [\r\n\t'a', # first\r\n\t\"/pgo\",\r\n]\r\n",
        ),
        (
            "[package]\nexclude = [\n  'a',\n  'b' ]\n",
            "[package]\nexclude = [\n  'a',\n  'b',\n  \"/pgo\" ]\n",
        ),
        ("[package]\nexclude = ['/pgo']\n", "[package]\nexclude = ['/pgo']\n"),
        ("[[x]]\n", "[[x]]\n\n[package]\nexclude = [\"/pgo\"]\n"),
    ];
    for (old, new) in table {
        assert_eq!(honing_manifest::with_item(old, &path, "/pgo").as_deref(), Ok(new), "{old:?}");
    }
    let refused = |text| honing_manifest::with_item(text, &path, "/pgo").unwrap_err().to_string();
    let other = refused("[package]\nexclude.workspace = true\n");
    assert_eq!(other, "line 2: `package.exclude` is a table and not a list");
}

#[test]
fn a_value_is_never_replaced() {
    let path = ["alias", "xtask"];
    let added = |text| honing_manifest::with_value(text, &path, "run".into());
    assert_eq!(added("").as_deref(), Ok("[alias]\nxtask = \"run\"\n"));
    assert_eq!(added("[alias]\nb = \"build\"").as_deref(), Ok("[alias]\nb = \"build\"\nxtask = \"run\""));
    let error = added("[alias]\nxtask = [\"run\"]\n").unwrap_err();
    assert_eq!(error.to_string(), "line 2: `alias.xtask` is there already");
}
