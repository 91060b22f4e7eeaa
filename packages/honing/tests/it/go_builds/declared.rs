//! Profiles from elsewhere that pgo.toml names as a training.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use super::{has, service};
use crate::support::Fixture;

const COMMAND: &str =
    "command = [\"{program}\", \"-rounds\", \"8000000\", \"-profile\", \"{dir}/cpu.pprof\"]";

/// Answers every request with what is there then; its address.
fn instance(answer: &Arc<Mutex<Vec<u8>>>) -> String {
    let (listener, answer) = (TcpListener::bind("127.0.0.1:0").unwrap(), Arc::clone(answer));
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            let body = answer.lock().unwrap().clone();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    address
}

#[test]
fn they_train_and_are_told() {
    if !has("go") {
        return;
    }
    let fixture = service("package = \"./cmd/svc\"");
    fixture.succeeds(&["--to", "train", "--keep-raw"]);
    let raw = fs::read(fixture.path("target/honing/svc/train/learn/raw/0000-cpu.pprof")).unwrap();
    let answer = Arc::new(Mutex::new(raw.clone()));
    let url = format!("http://{}/debug/pprof/profile?seconds=1&token=hush1", instance(&answer));
    let named = format!("weight = 3\ngo.profiles = [\"profiles/*.pprof\", \"more\", \"{url}\"]");
    fixture.replace("pgo/pgo.toml", COMMAND, &named);

    let refused = fixture.run(&["--to", "train"]);
    assert_eq!(refused.code, 15, "{refused:?}");
    assert!(refused.stderr.contains("there is no profile at `profiles/*.pprof`"), "{refused:?}");

    for file in ["profiles/a.pprof", "profiles/b.pprof", "more/below/a.pprof", "more/note.txt"] {
        fs::create_dir_all(fixture.path(file).parent().unwrap()).unwrap();
        fs::write(fixture.path(file), &raw).unwrap();
    }
    let ran = fixture.succeeds(&["--ci"]);
    let told = "workload `learn`: profiles/a.pprof: the program has 100.0 % of the profile's weight";
    assert!(ran.stdout.contains(told) || ran.stderr.contains(told), "{ran:?}");
    let manifest = manifest(&fixture);
    assert_eq!(manifest.matches("[[part]]").count(), 4, "{manifest}");
    for from in ["profiles/a.pprof", "profiles/b.pprof", "more/below/a.pprof", "127.0.0.1_"] {
        assert!(manifest.contains(&format!("from = \"{from}")), "{from}: {manifest}");
    }
    assert_eq!(manifest.matches("workloads = [\"learn\"]\ntrained = \"").count(), 4, "{manifest}");
    assert!(manifest.contains("weight = 3\n") && manifest.contains("window_s = "), "{manifest}");
    fixture.is_up_to_date(&["--ci"]);
    // A stored profile needs none of them.
    fs::rename(fixture.path("more"), fixture.path("away")).unwrap();
    fixture.succeeds(&["check"]);
    fs::rename(fixture.path("away"), fixture.path("more")).unwrap();

    fs::write(fixture.path("profiles/c.pprof"), &raw).unwrap();
    let planned = fixture.succeeds(&["plan", "--explain"]).stdout;
    assert!(planned.contains("workload `learn` profiles profiles/*.pprof changed"), "{planned}");
    what_is_wrong_is_named(&fixture, &answer, &raw);
    assert!(!everything_below(&fixture.path("target/honing/svc")).contains("hush"));
    assert!(!everything_below(&fixture.path("target/honing/runs")).contains("hush"));
    assert!(!planned.contains("hush"), "{planned}");
}

fn what_is_wrong_is_named(fixture: &Fixture, answer: &Mutex<Vec<u8>>, raw: &[u8]) {
    let foreign = "honing go edges 1\nunit: samples/count\nperiod: 10000000\nedges: 1\nweight: 9\n\n\
                   func example.org/other.f\n1 9 example.org/other.g\n";
    for (bytes, words) in [
        (&raw[..raw.len() / 2], "profiles/c.pprof cannot be used"),
        (b"", "profiles/c.pprof cannot be used: the profile is empty"),
        (foreign.as_bytes(), "profiles/c.pprof is a profile of another program"),
    ] {
        fs::write(fixture.path("profiles/c.pprof"), bytes).unwrap();
        let refused = fixture.run(&["--to", "merge"]);
        assert_eq!(refused.code, 12, "{refused:?}");
        assert!(refused.stderr.contains(words) && refused.stderr.contains("`learn`"), "{words}: {refused:?}");
    }
    fs::remove_file(fixture.path("profiles/c.pprof")).unwrap();
    // The program is another one now, so that it is trained again.
    fixture.replace("work/work.go", "16777619", "16777621");
    *answer.lock().unwrap() = b"<html>log in</html>".to_vec();
    let refused = fixture.run(&["--to", "merge"]);
    assert_eq!(refused.code, 11, "{refused:?}");
    assert!(refused.stderr.contains("gives no profile") && !refused.stderr.contains("hush"), "{refused:?}");
}

fn manifest(fixture: &Fixture) -> String {
    let folder = fixture.path("pgo/profiles/svc");
    let platform = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    fs::read_to_string(platform.join("manifest.toml")).unwrap()
}

fn everything_below(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.push_str(&everything_below(&path));
        } else {
            all.push_str(&String::from_utf8_lossy(&fs::read(&path).unwrap()));
        }
    }
    all
}

#[test]
fn a_place_that_cannot_be_one_is_refused() {
    if !has("go") {
        return;
    }
    let fixture = service("package = \"./cmd/svc\"");
    fixture.replace("pgo/pgo.toml", COMMAND, "go.profiles = [\"PLACE\"]");
    let whole = fixture.read("pgo/pgo.toml");
    for (place, words) in [
        ("https://a/profile?token=hush", "`https://a/profile`: instances are asked by http:// only"),
        ("http://me:hush@a/profile", "in front of its host"),
        ("{dir}/a.pprof", "no placeholders"),
        (" ", "a place without a name"),
    ] {
        fixture.write("pgo/pgo.toml", &whole.replace("PLACE", place));
        let refused = fixture.run(&["status"]);
        assert_eq!(refused.code, 2, "{place}: {refused:?}");
        assert!(refused.stderr.contains(words) && !refused.stderr.contains("hush"), "{place}: {refused:?}");
    }
    for (from, to) in [("[\"PLACE\"]", "[]"), ("[\"PLACE\"]", "[\"a\"]\ngo.bench.args = [\"-bench\", \".\"]")]
    {
        fixture.write("pgo/pgo.toml", &whole.replace(from, to));
        let refused = fixture.run(&["status"]);
        assert!(refused.stderr.contains("exactly one of `bench` and `profiles`"), "{refused:?}");
    }
}
