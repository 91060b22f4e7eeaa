//! Trackers over HTTP that are not ours. Each double does one thing that public trackers, or the
//! proxies in front of them, do.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail too")]

mod support;

use std::io::Write;

use honing_tracker_load::findings::Finding;
use support::{Reply, body, http, load, only_remark, sized, spotless};

const REQUESTS: u64 = 400;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(body).unwrap();
    packed.finish().unwrap()
}

fn chunked(fields: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in body.chunks(11) {
        write!(out, "{:X}\r\n", chunk.len()).unwrap();
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

#[test]
fn gzip_is_unpacked() {
    let addr =
        http(|target| Reply::Send(sized("200 OK", "Content-Encoding: gzip\r\n", &gzip(&body(target)))));
    spotless(&load(&[], &[addr], "train", REQUESTS, true));
}

#[test]
fn chunks_are_read() {
    let addr = http(|target| Reply::Send(chunked("", &body(target))));
    spotless(&load(&[], &[addr], "train", REQUESTS, true));
}

#[test]
fn gzip_in_chunks_is_read() {
    let addr = http(|target| Reply::Send(chunked("Content-Encoding: gzip\r\n", &gzip(&body(target)))));
    spotless(&load(&[], &[addr], "train", REQUESTS, true));
}

#[test]
fn an_answer_that_ends_with_its_connection_is_read() {
    let addr =
        http(|target| Reply::SendAndClose([b"HTTP/1.0 200 OK\r\n\r\n".to_vec(), body(target)].concat()));
    spotless(&load(&[], &[addr], "train", REQUESTS, true));
}

#[test]
fn a_connection_that_is_closed_after_each_answer_is_opened_again() {
    let addr = http(|target| Reply::SendAndClose(sized("200 OK", "Connection: close\r\n", &body(target))));
    let report = load(&[], &[addr], "train", REQUESTS, true);
    spotless(&report);
    assert_eq!(report.requests.reconnects, report.requests.sent);
}

#[test]
fn a_tracker_that_refuses_numwant_below_0_is_served() {
    let addr = http(|target| {
        let refused = target.contains("numwant=-");
        let body = if refused { b"d14:failure reason7:numwante".to_vec() } else { body(target) };
        Reply::Send(sized("200 OK", "", &body))
    });
    spotless(&load(&[], &[addr], "train", REQUESTS, true));
}

#[test]
fn a_refusal_by_status_is_a_remark() {
    let addr = http(|target| {
        let body = body(target);
        let status = if body.starts_with(b"d14:fail") { "400 Bad Request" } else { "200 OK" };
        Reply::Send(sized(status, "", &body))
    });
    let seen = only_remark(&load(&[], &[addr], "train", REQUESTS, false), Finding::RefusedByStatus);
    assert_eq!(seen.came, "status 400");
}

#[test]
fn a_connection_closed_on_a_wrong_request_is_a_remark() {
    let addr = http(|target| match body(target) {
        body if body.starts_with(b"d14:fail") => Reply::Close,
        body => Reply::Send(sized("200 OK", "", &body)),
    });
    only_remark(&load(&[], &[addr], "train", REQUESTS, false), Finding::SilentOnWrong);
}

#[test]
fn a_wrong_request_that_is_answered_is_a_remark() {
    let addr = http(|target| match body(target) {
        body if body.starts_with(b"d14:fail") => {
            Reply::Send(sized("200 OK", "", b"d8:intervali9e5:peers0:e"))
        }
        body => Reply::Send(sized("200 OK", "", &body)),
    });
    only_remark(&load(&[], &[addr], "train", REQUESTS, false), Finding::NotRefused);
}

/// Announces are answered with `announce`, scrapes with `scrape`, the rest by the book.
fn with(announce: &'static [u8], scrape: Option<&'static [u8]>) -> std::net::SocketAddr {
    http(move |target| {
        let mut answer = body(target);
        if !answer.starts_with(b"d14:fail") {
            match (target.starts_with("/announce"), scrape) {
                (true, _) => answer = announce.to_vec(),
                (false, Some(scrape)) => answer = scrape.to_vec(),
                (false, None) => (),
            }
        }
        Reply::Send(sized("200 OK", "", &answer))
    })
}

#[test]
fn answers_that_stray_are_remarks() {
    const EMPTY: &[u8] = b"d8:intervali9e5:peers0:e";
    for (announce, scrape, finding) in [
        (&b"d8:intervali9e5:peerslee"[..], None, Finding::PeersNotCompact),
        (b"d8:intervali9ee", None, Finding::NoPeers),
        (b"d8:intervali0e5:peers0:e", None, Finding::NoInterval),
        (b"d5:peers0:8:intervali9ee", None, Finding::UnsortedKeys),
        (b"d8:intervali9e5:peers0:e\r\n", None, Finding::TrailingBytes),
        (EMPTY, Some(&b"d5:filesdee"[..]), Finding::FewerSwarms),
    ] {
        let report = load(&[], &[with(announce, scrape)], "train", REQUESTS, false);
        let seen = only_remark(&report, finding);
        assert!(seen.example.request.starts_with("HTTP "), "{seen:?}");
        assert!(seen.example.answer.starts_with('d'), "{seen:?}");
    }
}

#[test]
fn more_peers_than_wanted_are_a_remark() {
    const MANY: &[u8] = b"d8:intervali9e5:peers6:abcdefe";
    let seen = only_remark(&load(&[], &[with(MANY, None)], "train", REQUESTS, false), Finding::MorePeers);
    assert_eq!(seen.came, "1 peers, 0 wanted");
}

#[test]
fn an_error_to_a_right_request_is_a_failure() {
    let addr = with(b"d14:failure reason14:not registerede", None);
    let report = load(&[], &[addr], "http-heavy", 60, false);
    let seen = &report.failures[&Finding::Refused];
    assert_eq!(report.requests.errors, seen.count);
    assert_eq!(seen.came, "the error \"not registered\"");
    assert!(seen.example.request.starts_with("HTTP announce to swarm "), "{seen:?}");
    assert!(report.failed() > 0.5);
}

#[test]
fn what_cannot_be_read_is_a_failure() {
    for (fields, text, part) in [
        ("", &b"<html>"[..], "not a bencoded dictionary"),
        ("Content-Encoding: br\r\n", b"x", "of which only gzip"),
        ("Content-Encoding: gzip\r\n", b"x", "damaged gzip"),
    ] {
        // Now and then only, or the run would end early.
        let addr = http(move |target| match target.contains("event=stopped") {
            true => Reply::Send(sized("200 OK", fields, text)),
            false => Reply::Send(sized("200 OK", "", &body(target))),
        });
        let report = load(&[], &[addr], "train", REQUESTS, false);
        let seen = &report.failures[&Finding::Unreadable];
        assert!(seen.came.contains(part), "{seen:?}");
        assert_eq!((report.requests.errors, report.requests.timeouts), (seen.count, 0));
    }
}
