//! Real clients: one aria2c seeds a file, another downloads it, and only the tracker can have
//! introduced them: local discovery and peer exchange are off, and so is DHT where aria2 allows it
//! (its UDP tracker client lives in the DHT's socket; there each DHT starts empty, without an entry
//! point, so it knows nobody to ask).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may fail too")]

mod support;

use std::{
    fs,
    io::Write,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use honing_tracker::{bencode, types::InfoHash};
use sha1::{Digest, Sha1};
use support::{Local, Reaped, wait_until};

const PIECE: usize = 32 * 1024;

#[test]
fn aria2_over_http() {
    if aria2_is_here() {
        let local = Local::start(|_| ());
        exchange(&local, &format!("http://{}/announce", local.http[0]), false);
    }
}

#[test]
fn aria2_over_udp() {
    if aria2_is_here() {
        let local = Local::start(|config| config.http.listen.clear());
        exchange(&local, &format!("udp://{}/announce", local.udp[0]), true);
    }
}

fn aria2_is_here() -> bool {
    let found = Command::new("aria2c").arg("--version").stdout(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return true;
    }
    let text = "SKIPPED: needs aria2c (Debian package aria2)";
    assert!(std::env::var_os("HONING_NO_SKIP").is_none(), "{text}; HONING_NO_SKIP forbids it");
    // Not eprintln!, which the test harness would keep to itself.
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
    false
}

fn exchange(local: &Local, announce: &str, dht: bool) {
    let dir = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..300_000_u32).flat_map(|at| at.wrapping_mul(at).to_le_bytes()).collect();
    let (torrent, info_hash) = torrent(announce, &content);
    let file = dir.path().join("t.torrent");
    fs::write(&file, torrent).unwrap();
    for name in ["seeder", "leecher"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    fs::write(dir.path().join("seeder/data"), &content).unwrap();

    let counts = || local.tracker.store.scrape(&info_hash);
    let start = |role: &str, more: &[&str]| aria2(&dir.path().join(role), &file, dht, more);
    let mut seeder = start("seeder", &["--check-integrity", "--seed-ratio=0"]);
    wait_until("the seeder announces", || {
        assert!(seeder.0.try_wait().unwrap().is_none(), "the seeder has ended");
        counts().seeders == 1
    });
    let mut leecher = start("leecher", &["--seed-time=0"]);
    let status = leecher.wait();
    let log = fs::read_to_string(dir.path().join("leecher/log")).unwrap_or_default();
    assert!(status.success(), "{status}: {log}");
    assert!(fs::read(dir.path().join("leecher/data")).unwrap() == content, "content differs");
    // It leaves with `stopped`; the seeder stays.
    wait_until("the leecher leaves", || counts().leechers == 0);
    assert_eq!(counts().seeders, 1);
}

/// An aria2c that ends with this test, at the latest after a minute.
fn aria2(dir: &Path, torrent: &Path, dht: bool, more: &[&str]) -> Reaped {
    // Free a moment ago; aria2c does not take port 0.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("aria2c")
        .args(["--no-conf", "--quiet", "--disable-ipv6", "--stop=60", "--log=log"])
        .args(["--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false"])
        .args(["--enable-peer-exchange=false", "--allow-overwrite", "--follow-torrent=mem"])
        .arg(format!("--enable-dht={dht}"))
        .arg(format!("--listen-port={port}"))
        .arg(format!("--dht-listen-port={port}"))
        .arg(format!("--stop-with-process={}", std::process::id()))
        .args(more)
        .arg(torrent)
        .current_dir(dir)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    Reaped(child)
}

/// A torrent of one file called `data`.
fn torrent(announce: &str, content: &[u8]) -> (Vec<u8>, InfoHash) {
    let mut info = vec![b'd'];
    bencode::integer_entry(&mut info, "length", content.len() as u64);
    bencode::bytes(&mut info, b"name");
    bencode::bytes(&mut info, b"data");
    bencode::integer_entry(&mut info, "piece length", PIECE as u64);
    bencode::bytes(&mut info, b"pieces");
    let pieces: Vec<u8> = content.chunks(PIECE).flat_map(Sha1::digest).collect();
    bencode::bytes(&mut info, &pieces);
    info.push(b'e');
    let mut out = vec![b'd'];
    bencode::bytes(&mut out, b"announce");
    bencode::bytes(&mut out, announce.as_bytes());
    bencode::bytes(&mut out, b"info");
    out.extend_from_slice(&info);
    out.push(b'e');
    (out, InfoHash(Sha1::digest(&info).into()))
}
