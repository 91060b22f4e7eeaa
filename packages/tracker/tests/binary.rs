//! The binary as an operator meets it: start, signals, exit codes, messages.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may fail too")]

mod support;

use std::{
    io::{Read, Write},
    net::UdpSocket,
    process::Output,
};

#[cfg(unix)]
use rustix::process::Signal;
use support::{Process, Reaped, command, get};

fn run(args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command().args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_in_order() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut process = Process::start(&[]);
        assert!(get(process.http, "/health").0.starts_with("HTTP/1.1 200"));
        process.signal(signal);
        assert_eq!(process.child.wait().code(), Some(0), "after {signal:?}");
        let log = process.rest_of_log();
        assert!(log.contains(r#""message":"stopped""#), "{log}");
    }
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_it_at_once() {
    let mut process = Process::start(&[]);
    // A request under way keeps the orderly shutdown waiting.
    let mut stream = std::net::TcpStream::connect(process.http).unwrap();
    stream.write_all(b"GET /health HTT").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    process.signal(Signal::TERM);
    std::thread::sleep(std::time::Duration::from_millis(300));
    process.signal(Signal::INT);
    assert_eq!(process.child.wait().code(), Some(130));
    drop(stream);
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let holder = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = holder.local_addr().unwrap().to_string();
    let (code, _, stderr) = run(&["--udp", &addr, "--no-http"]);
    assert_eq!(code, 1);
    assert!(stderr.contains(&format!("cannot listen on udp {addr}: ")), "{stderr}");
    assert!(stderr.contains("port 0 takes a free one"), "{stderr}");
}

#[test]
fn check_tells_whether_a_config_is_valid() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    writeln!(file, "shards = 8").unwrap();
    assert_eq!(run(&["--config", &path, "--check"]), (0, "config is valid\n".into(), "".into()));
    writeln!(file, "shard = 8").unwrap();
    let (code, _, stderr) = run(&["--config", &path, "--check"]);
    assert_eq!(code, 2);
    assert!(stderr.starts_with(&format!("honing-tracker: {path}:2:1: unknown field")), "{stderr}");
}

#[test]
fn health_tells_whether_a_tracker_is_well() {
    let process = Process::start(&[]);
    let address = process.http.to_string();
    assert_eq!(run(&["--http", &address, "--health"]), (0, String::new(), String::new()));
    drop(process);
    let (code, _, stderr) = run(&["--http", &address, "--health"]);
    assert_eq!(code, 1);
    assert!(stderr.starts_with(&format!("honing-tracker: health: {address}: ")), "{stderr}");
    assert_eq!(run(&["--no-http", "--health"]).0, 1);
}

#[test]
fn health_does_not_believe_every_answer() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Closing on an unread request would reset the connection.
        let mut request = [0; 1024];
        assert_ne!(stream.read(&mut request).unwrap(), 0);
        stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap();
    });
    let (code, _, stderr) = run(&["--http", &address, "--health"]);
    answering.join().unwrap();
    assert_eq!(code, 1);
    assert!(stderr.contains("it answered `HTTP/1.1 503 Service Unavailable`"), "{stderr}");
}

#[test]
fn a_bad_command_line_exits_with_2() {
    for args in [&["--udp", "here"][..], &["--no-udp", "--no-http"], &["--workers", "0"]] {
        assert_eq!(run(args).0, 2, "{args:?}");
    }
}

#[test]
fn help_has_examples() {
    let (code, stdout, _) = run(&["--help"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("Examples:"));
}

#[test]
fn the_environment_is_heard() {
    let child =
        command().env("HONING_TRACKER_UDP", "127.0.0.1:0,[::1]:0").args(["--no-http", "--check"]).spawn();
    assert_eq!(Reaped(child.unwrap()).wait().code(), Some(0));
}
