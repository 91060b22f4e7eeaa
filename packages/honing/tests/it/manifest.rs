//! `manifest`: Cargo profiles as real cargo resolves them, and edits of a real Cargo.toml.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::unix::fs::{PermissionsExt, symlink},
    process::{Child, Command},
    time::{Duration, Instant},
};

use crate::support::{Fixture, Ran};

/// The tiny program with a Cargo profile, in the endings of another system.
pub(crate) fn with_profile() -> Fixture {
    let fixture = Fixture::tiny();
    let text = fixture.read("Cargo.toml") + "\n# as shipped\n[profile.release]\nlto = false # for now\n";
    fixture.write("Cargo.toml", &text.replace('\n', "\r\n"));
    fixture
}

/// What [`with_profile`] should come to.
pub(crate) const EDITED: &str =
    "\r\n# as shipped\r\n[profile.release]\r\nlto = \"fat\" # for now\r\ncodegen-units = 1\r\n";

/// The flags that cargo gives to rustc for a profile.
fn rustc_flags(fixture: &Fixture, profile: &str, env: &[(&str, &str)]) -> String {
    let mut command = Command::new("cargo");
    command.args(["build", "--offline", "--verbose", "--profile", profile]).current_dir(&fixture.root);
    for (name, _) in fixture.honing(&[]).get_envs() {
        command.env_remove(name);
    }
    let output = command.envs(env.iter().copied()).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{words}");
    words.lines().find(|line| line.contains("--crate-name tiny")).expect(&words).to_owned()
}

/// The row of a setting.
fn row<'a>(ran: &'a Ran, key: &str) -> &'a str {
    let found = ran.stdout.lines().find(|line| line.trim_start().starts_with(&format!("{key} ")));
    found.expect(&ran.stdout)
}

#[test]
fn without_a_terminal_it_only_shows() {
    let fixture = with_profile();
    let before = fs::read(fixture.path("Cargo.toml")).unwrap();
    let ran = fixture.succeeds(&["manifest"]);
    assert!(row(&ran, "lto").contains("false        Cargo.toml:13    \"fat\""), "{}", ran.stdout);
    assert!(row(&ran, "codegen-units").contains("16           cargo's default  1"), "{}", ran.stdout);
    assert!(row(&ran, "panic").contains("\"unwind\"     cargo's default  -"), "{}", ran.stdout);
    assert!(ran.stdout.contains("-lto = false # for now\n+lto = \"fat\" # for now\n+codegen-units = 1\n"));
    assert!(ran.stderr.contains("the same command with --yes"), "{}", ran.stderr);
    assert_eq!(fs::read(fixture.path("Cargo.toml")).unwrap(), before);
}

#[test]
fn what_is_shown_is_what_cargo_does_and_what_is_written_is_what_cargo_reads() {
    let fixture = with_profile();
    fixture.write(".cargo/config.toml", "[profile.release]\nstrip = \"symbols\"\n");
    // Cargo's home has a configuration, too, and need not be above the workspace.
    let home = fixture.root.with_file_name("home of cargo");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("config.toml"), "[profile.release]\nstrip = false\ndebug = 1\n").unwrap();
    let home = home.to_str().unwrap();
    let env = [("CARGO_PROFILE_RELEASE_LTO", "thin"), ("CARGO_INCREMENTAL", "1"), ("CARGO_HOME", home)];
    let mut command = fixture.honing(&["manifest"]);
    let ran = crate::support::finish(command.envs(env).output().unwrap());
    assert!(row(&ran, "lto").contains("\"thin\"     CARGO_PROFILE_RELEASE_LTO"), "{}", ran.stdout);
    assert!(row(&ran, "strip").contains("\"symbols\"  .cargo/config.toml:2"), "{}", ran.stdout);
    let from_home = format!("\"limited\"  {home}/config.toml:3");
    assert!(row(&ran, "debug").contains(&from_home), "{}", ran.stdout);
    assert!(row(&ran, "incremental").contains("true       CARGO_INCREMENTAL"), "{}", ran.stdout);
    assert!(row(&ran, "incremental").ends_with("CARGO_INCREMENTAL sets it, so change it there"));
    assert!(!ran.stdout.contains("+incremental"), "an edit would be without effect: {}", ran.stdout);
    let flags = rustc_flags(&fixture, "release", &env);
    for flag in ["-C lto=thin", "-C strip=symbols", "-C debuginfo=1", "-C incremental="] {
        assert!(flags.contains(flag), "{flag}: {flags}");
    }

    fs::create_dir_all(fixture.path("pgo/profiles/tiny")).unwrap();
    let ran = fixture.succeeds(&["manifest", "--yes"]);
    assert!(ran.stderr.contains("Changed Cargo.toml"), "{}", ran.stderr);
    assert!(ran.stderr.contains("train again: pgo/profiles/tiny"), "{}", ran.stderr);
    let text = fixture.read("Cargo.toml");
    assert!(text.ends_with(EDITED), "{text:?}");
    let flags = rustc_flags(&fixture, "release", &[]);
    for flag in ["-C lto=fat", "-C codegen-units=1", "-C strip=symbols"] {
        assert!(flags.contains(flag), "{flag}: {flags}");
    }
    let again = fixture.succeeds(&["manifest", "--yes"]);
    assert!(again.stderr.contains("Nothing to change"), "{}", again.stderr);
    assert_eq!(fixture.read("Cargo.toml"), text);
}

#[test]
fn a_profile_of_its_own() {
    let fixture = with_profile();
    let ran = fixture.succeeds(&["manifest", "new", "release-pgo", "--inherits", "release", "--yes"]);
    assert!(ran.stderr.contains("profile = \"release-pgo\" in pgo/pgo.toml"), "{}", ran.stderr);
    let text = fixture.read("Cargo.toml");
    let added = "lto = false # for now\r\n\r\n[profile.release-pgo]\r\ninherits = \"release\"\r\nlto = \"fat\"\r\ncodegen-units = 1\r\n";
    assert!(text.ends_with(added), "{text:?}");
    let flags = rustc_flags(&fixture, "release-pgo", &[]);
    assert!(flags.contains("-C lto=fat") && flags.contains("-C codegen-units=1"), "{flags}");
    assert!(!rustc_flags(&fixture, "release", &[]).contains("-C lto=fat"), "release is as it was");

    fixture.replace("pgo/pgo.toml", "package = \"tiny\"", "package = \"tiny\"\nprofile = \"release-pgo\"");
    let ran = fixture.succeeds(&["manifest"]);
    assert!(ran.stdout.starts_with("Cargo profile `release-pgo` (tiny), inherits from `release`\n"));
    assert!(ran.stderr.contains("Nothing to change"), "{}", ran.stderr);

    let refusals: [(&[&str], &str, &str); 5] = [
        (&["release-pgo"], "line 15: `profile.release-pgo` is there already", "another name"),
        (&["debug"], "`debug` cannot be the name of a Cargo profile", "release-pgo"),
        (&["a.b"], "`a.b` cannot be the name", "release-pgo"),
        (&["fast", "--inherits", "relase"], "no Cargo profile called `relase`", "did you mean `release`?"),
        (&[], "<NAME>", "--help"),
    ];
    for (args, says, hint) in refusals {
        let ran = fixture.run(&[&["manifest", "new"], args].concat());
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(says) && ran.stderr.contains(hint), "{args:?}: {}", ran.stderr);
    }
    let ran = fixture.run(&["manifest", "--check", "new", "fast"]);
    assert_eq!((ran.code, ran.stderr.contains("--check does not go with")), (2, true), "{}", ran.stderr);
    assert_eq!(fixture.read("Cargo.toml"), text);

    fixture.replace("Cargo.toml", "inherits = \"release\"\r\n", "");
    let ran = fixture.run(&["manifest"]);
    let says = "`release-pgo` inherits from neither `dev` nor `release`";
    assert_eq!((ran.code, ran.stderr.contains(says)), (2, true), "{}", ran.stderr);
}

#[test]
fn check_judges_by_what_is_pinned() {
    let fixture = with_profile();
    let ran = fixture.run(&["manifest", "--check"]);
    assert_eq!((ran.code, ran.stderr.contains("pins no setting")), (2, true), "{}", ran.stderr);

    let pins = "package = \"tiny\"\ncargo_profile = { lto = true, panic = \"unwind\" }";
    fixture.replace("pgo/pgo.toml", "package = \"tiny\"", pins);
    let ran = fixture.run(&["manifest", "--check"]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    let says = "error: Cargo profile `release` has lto = false (Cargo.toml:13), and pgo/pgo.toml:9 pins \"fat\"\n hint: `honing manifest` proposes";
    assert!(ran.stderr.contains(says), "{}", ran.stderr);

    fixture.succeeds(&["manifest", "--yes"]);
    let ran = fixture.succeeds(&["manifest", "--check"]);
    assert!(ran.stderr.contains("Checked"), "{}", ran.stderr);
    let mut command = fixture.honing(&["manifest", "--check", "--format", "json"]);
    let ran = crate::support::finish(command.env("CARGO_PROFILE_RELEASE_PANIC", "abort").output().unwrap());
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(ran.stderr.contains("CARGO_PROFILE_RELEASE_PANIC comes before Cargo.toml"), "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let panic = &json["profiles"][0]["settings"][5];
    assert_eq!((&panic["key"], &panic["pinned"]), (&"panic".into(), &"pgo/pgo.toml:9".into()), "{json:#}");
    assert_eq!((&panic["value"], &panic["wants"]), (&"\"abort\"".into(), &"\"unwind\"".into()));
    assert_eq!(fixture.run(&["manifest", "--check", "--yes"]).code, 2);
}

#[test]
fn a_pin_declines_a_proposal() {
    let fixture = with_profile();
    let pins = "package = \"tiny\"\ncargo_profile.lto = false\ncargo_profile.codegen-units = 16";
    fixture.replace("pgo/pgo.toml", "package = \"tiny\"", pins);
    let ran = fixture.succeeds(&["manifest", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["edit"]["changes"], serde_json::json!([]));
    fixture.replace("pgo/pgo.toml", "codegen-units = 16", "codegen-units = 2");
    let ran = fixture.succeeds(&["manifest", "--format", "json", "--yes"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["edit"]["applied"], true);
    let change = &json["edit"]["changes"][0];
    assert_eq!((&change["key"], &change["after"]), (&"codegen-units".into(), &"2".into()));
    assert!(fixture.read("Cargo.toml").ends_with("lto = false # for now\r\ncodegen-units = 2\r\n"));
}

#[test]
fn the_root_of_the_workspace_is_edited_in_its_own_way_of_writing() {
    let fixture = Fixture::tiny();
    fs::create_dir(fixture.path("app")).unwrap();
    fs::rename(fixture.path("src"), fixture.path("app/src")).unwrap();
    fixture.write("app/Cargo.toml", "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    let root = "profile.dev.debug = 0\n[workspace]\nmembers = [\"app\"]\nresolver = \"2\"";
    fixture.write("Cargo.toml", root);
    let mut command = fixture.honing(&["manifest", "--yes"]);
    let ran = crate::support::finish(command.current_dir(fixture.path("app")).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let wanted = "profile.dev.debug = 0\nprofile.release.lto = \"fat\"\nprofile.release.codegen-units = 1\n[workspace]\nmembers = [\"app\"]\nresolver = \"2\"";
    assert_eq!(fixture.read("Cargo.toml"), wanted);
    assert!(rustc_flags(&fixture, "release", &[]).contains("-C lto=fat"));
}

#[test]
fn a_link_stays_a_link_and_a_mode_a_mode() {
    let fixture = with_profile();
    fs::create_dir(fixture.path("kept")).unwrap();
    let (link, file) = (fixture.path("Cargo.toml"), fixture.path("kept/manifest.toml"));
    fs::rename(&link, &file).unwrap();
    symlink("kept/manifest.toml", &link).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    fixture.succeeds(&["manifest", "--yes"]);
    assert_eq!(fs::read_link(&link).unwrap().to_str(), Some("kept/manifest.toml"));
    assert!(fixture.read("kept/manifest.toml").ends_with(EDITED));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(fixture.path("kept")).unwrap().count(), 1, "nothing else is left there");
}

#[test]
fn a_read_only_file_is_left_alone() {
    let fixture = with_profile();
    let before = fixture.read("Cargo.toml");
    fs::set_permissions(fixture.path("Cargo.toml"), fs::Permissions::from_mode(0o444)).unwrap();
    let ran = fixture.run(&["manifest", "--yes"]);
    assert_eq!((ran.code, ran.stderr.contains("Cargo.toml is read-only")), (15, true), "{}", ran.stderr);
    assert_eq!(fixture.read("Cargo.toml"), before);
}

/// The program on a terminal of its own.
struct Terminal {
    child: Child,
    screen: File,
    seen: String,
}

impl Terminal {
    fn start(fixture: &Fixture, args: &[&str]) -> Self {
        let pty = nix::pty::openpty(None, None).unwrap();
        let end = || pty.slave.try_clone().unwrap();
        let mut command = fixture.honing(args);
        // Colours, whatever this test was started from.
        command.env("TERM", "xterm-256color").env_remove("NO_COLOR");
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        Self { child, screen: File::from(pty.master), seen: String::new() }
    }

    fn wait_for(&mut self, words: &str) {
        let start = Instant::now();
        let mut bytes = [0; 1024];
        while !self.seen.contains(words) {
            assert!(start.elapsed() < Duration::from_secs(60), "no {words:?} in\n{}", self.seen);
            let count = self.screen.read(&mut bytes).expect(&self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }

    /// Types a line, and says what the program ends with and shows until then.
    fn answer(mut self, line: &str) -> (i32, String) {
        self.screen.write_all(line.as_bytes()).unwrap();
        // What is left, and then an error: the terminal's other end is closed.
        let mut rest = Vec::new();
        let _ = self.screen.read_to_end(&mut rest);
        self.seen.push_str(&String::from_utf8_lossy(&rest));
        (self.child.wait().unwrap().code().unwrap_or(-1), self.seen)
    }
}

#[test]
fn on_a_terminal_it_asks() {
    const QUESTION: &str = "Change Cargo.toml? [y/N] ";
    let fixture = with_profile();
    let before = fixture.read("Cargo.toml");
    for no in ["n\n", "\n", "what\n", "\u{4}"] {
        let mut terminal = Terminal::start(&fixture, &["manifest"]);
        terminal.wait_for(QUESTION);
        let (code, seen) = terminal.answer(no);
        assert_eq!((code, seen.contains("Nothing was changed")), (0, true), "{no:?}: {seen}");
        assert_eq!(fixture.read("Cargo.toml"), before);
    }
    let ci = Terminal::start(&fixture, &["manifest", "--ci"]);
    let (code, seen) = ci.answer("y\n");
    assert_eq!((code, seen.contains(QUESTION), seen.contains("--yes")), (0, false, true), "{seen}");

    // Somebody saves the file while the question stands.
    let mut terminal = Terminal::start(&fixture, &["manifest"]);
    terminal.wait_for(QUESTION);
    let saved = format!("{before}# saved meanwhile\r\n");
    fixture.write("Cargo.toml", &saved);
    let (code, seen) = terminal.answer("y\n");
    assert_eq!((code, seen.contains("has changed since it was read")), (15, true), "{seen}");
    assert_eq!(fixture.read("Cargo.toml"), saved);

    fixture.write("Cargo.toml", &before);
    let mut terminal = Terminal::start(&fixture, &["manifest"]);
    terminal.wait_for(QUESTION);
    assert!(terminal.seen.contains("\u{1b}[32m+codegen-units = 1"), "green: {}", terminal.seen);
    let (code, seen) = terminal.answer("y\n");
    assert_eq!((code, seen.contains("Changed Cargo.toml")), (0, true), "{seen}");
    assert!(fixture.read("Cargo.toml").ends_with(EDITED));
}
