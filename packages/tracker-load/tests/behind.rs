//! `--behind`: a tracker that the load starts and ends. It is ours, in this test's own program.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail too")]

use std::{
    fs,
    net::{SocketAddr, UdpSocket},
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use honing_tracker::{Config, Server};
use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::{SignalKind, signal};

const ADDR: &str = "HONING_TEST_TRACKER_BEHIND";
/// The file that it writes when it is asked to end.
const ENDED: &str = "HONING_TEST_TRACKER_ENDED";

/// Not a test: what the tests start.
#[test]
#[ignore = "the program behind"]
fn tracker() {
    let Ok(addr) = std::env::var(ADDR) else { return };
    let mut config = Config::default();
    config.udp.listen = vec![addr.parse().unwrap()];
    config.http.listen = vec![];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _guard = runtime.enter();
    let mut asked = signal(SignalKind::terminate()).unwrap();
    let server = Server::bind(config).unwrap();
    let shutdown = async move {
        asked.recv().await;
    };
    runtime.block_on(server.run(shutdown)).unwrap();
    fs::write(std::env::var_os(ENDED).unwrap(), "in order").unwrap();
}

fn free() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A load on the tracker behind it, which is this program.
fn load(addr: SocketAddr, args: &[&str]) -> Command {
    let own = std::env::current_exe().unwrap();
    let behind = format!("'{}' --ignored --exact tracker", own.display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_honing-tracker-load"));
    let addr = addr.to_string();
    command.args(["--udp", &addr, "--behind", &behind, "--behind-udp", &addr]).args(args).env(ADDR, &addr);
    command
}

fn is_free(addr: SocketAddr) -> bool {
    let until = Instant::now() + Duration::from_secs(5);
    while UdpSocket::bind(addr).is_err() {
        if Instant::now() > until {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
    true
}

#[test]
fn it_is_there_before_the_load_and_gone_after_it() {
    let (addr, folder) = (free(), tempfile::tempdir().unwrap());
    let ended = folder.path().join("ended");
    let mut load = load(addr, &["--requests", "2000", "--strict", "--max-failures", "0"]);
    let Output { status, stdout, stderr } = load.env(ENDED, &ended).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert!(status.success(), "{stderr}");
    let json: serde_json::Value = serde_json::from_slice(&stdout).unwrap();
    assert!(json["requests"]["completed"].as_u64() >= Some(2000), "{json}");
    assert_eq!(fs::read_to_string(ended).unwrap(), "in order");
    // At once: whoever comes next may need the port.
    UdpSocket::bind(addr).unwrap();
}

#[test]
fn it_is_gone_when_the_load_is_killed() {
    for signal in [Signal::TERM, Signal::KILL] {
        let addr = free();
        let mut running = load(addr, &["--duration", "60s"]).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        while UdpSocket::bind(addr).is_ok() && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
        kill_process(Pid::from_child(&running), signal).unwrap();
        assert_eq!(running.wait().unwrap().code(), None, "{signal:?}");
        assert!(is_free(addr), "after {signal:?}");
    }
}

#[test]
fn what_keeps_it_from_answering_is_said() {
    let addr = free().to_string();
    for (behind, code, part) in [
        ("/no/such/program", 1, "--behind: /no/such/program: "),
        ("false", 1, "false ended before the load did (exit status: 1)"),
        ("", 2, "--behind names no program"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_honing-tracker-load"));
        command.args(["--udp", &addr, "--requests", "1", "--behind", behind, "--behind-udp", &addr]);
        let start = Instant::now();
        let Output { status, stderr, .. } = command.output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(part), "{stderr}");
        assert!(start.elapsed() < Duration::from_secs(5), "{behind}");
    }
}
