//! Trackers over UDP that are not ours. Each double does one thing that public trackers do.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail too")]

mod support;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use honing_tracker_load::{findings::Finding, stats::Kind};
use support::{by_the_book, head, load, only_remark, peers, spotless, udp};

const REQUESTS: u64 = 2_000;

#[test]
fn a_tracker_by_the_book_is_spotless() {
    spotless(&load(&[udp(by_the_book)], &[], "udp-only", REQUESTS, true));
}

#[test]
fn more_peers_than_wanted_are_a_remark() {
    let addr = udp(|packet| match packet.action {
        1 => Some(peers(packet, 60)),
        _ => by_the_book(packet),
    });
    let report = load(&[addr], &[], "udp-only", REQUESTS, false);
    let seen = only_remark(&report, Finding::MorePeers);
    assert!(["60 peers, 50 wanted", "60 peers, 0 wanted"].contains(&seen.came.as_str()), "{seen:?}");
    assert!(seen.example.request.starts_with("UDP announce to swarm "), "{seen:?}");
    assert!(seen.example.answer.starts_with("00000001 "), "{seen:?}");
}

#[test]
fn no_peers_wanted_taken_as_any_number_is_a_remark() {
    let addr = udp(|packet| match packet.action {
        1 if packet.wanted() <= 0 => Some(peers(packet, 30)),
        _ => by_the_book(packet),
    });
    let seen = only_remark(&load(&[addr], &[], "udp-only", REQUESTS, false), Finding::MorePeers);
    assert_eq!(seen.came, "30 peers, 0 wanted");
    assert!(seen.example.request.contains(", stopped, 0 peers"), "{seen:?}");
}

#[test]
fn no_peers_are_wanted_only_by_those_who_leave() {
    let addr = udp(|packet| match packet.action {
        1 => ((packet.wanted() == 0) == packet.stopped()).then(|| peers(packet, 0)),
        _ => by_the_book(packet),
    });
    spotless(&load(&[addr], &[], "udp-only", REQUESTS, true));
}

#[test]
fn a_tracker_that_answers_each_named_hash_once_gets_each_once() {
    let addr = udp(|packet| match packet.action {
        2 if packet.known() => {
            let mut hashes: Vec<_> = packet.bytes[16..].chunks(20).collect();
            hashes.sort();
            hashes.dedup();
            Some([head(2, packet.transaction), vec![0; 12 * hashes.len()]].concat())
        }
        _ => by_the_book(packet),
    });
    spotless(&load(&[addr], &[], "udp-only", REQUESTS, true));
}

#[test]
fn a_scrape_that_is_capped_is_a_remark() {
    let addr = udp(|packet| match packet.action {
        2 if packet.known() => {
            Some([head(2, packet.transaction), vec![0; 12 * packet.hashes().min(50)]].concat())
        }
        _ => by_the_book(packet),
    });
    let seen = only_remark(&load(&[addr], &[], "udp-only", REQUESTS, false), Finding::FewerSwarms);
    assert_eq!(seen.came, "counts of 50 swarms, 74 named");
}

#[test]
fn a_wrong_connection_id_that_is_answered_is_a_remark() {
    let addr = udp(|packet| match packet.action {
        2 => Some([head(2, packet.transaction), vec![0; 12 * packet.hashes()]].concat()),
        _ => by_the_book(packet),
    });
    let seen = only_remark(&load(&[addr], &[], "udp-only", REQUESTS, false), Finding::NotRefused);
    assert_eq!(seen.came, "an answer with action 2");
    assert!(seen.example.request.contains("wrong connection id"), "{seen:?}");
}

#[test]
fn an_error_with_transaction_id_0_is_a_remark_and_no_time_out() {
    let addr = udp(|packet| match packet.action {
        0..=2 => by_the_book(packet),
        _ => Some([head(3, 0), b"unknown action".to_vec()].concat()),
    });
    let report = load(&[addr], &[], "udp-only", REQUESTS, false);
    let seen = only_remark(&report, Finding::TransactionZero);
    assert!(seen.example.request.contains("unknown action"), "{seen:?}");
    assert!(seen.example.answer.starts_with("00000003 00000000 "), "{seen:?}");
    // A busy machine may be late with a few; waited for in vain, each of them would be sent again.
    assert!(10 * report.requests.retransmits < seen.count, "{report:?}");
    assert!(report.requests.strays <= report.requests.retransmits, "{report:?}");
}

#[test]
fn silence_to_wrong_requests_is_a_remark_and_waited_for_once() {
    let addr = udp(|packet| match packet.action {
        2 if !packet.known() => None,
        0..=2 => by_the_book(packet),
        _ => None,
    });
    let start = Instant::now();
    let report = load(&[addr], &[], "udp-only", 10 * REQUESTS, false);
    let seen = only_remark(&report, Finding::SilentOnWrong);
    assert_eq!(seen.came, "nothing, though sent 2 times");
    // Some were cut short, and silence is what those deserve.
    assert!(seen.count > report.requests.malformed / 2, "{seen:?}");
    // One of each kind and worker is sent again, and what a busy machine is late with.
    assert!((1..seen.count / 10).contains(&report.requests.retransmits), "{report:?}");
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
}

#[test]
fn silence_to_a_right_request_is_a_failure() {
    let addr = udp(|packet| match packet.action {
        1 if packet.stopped() => None,
        _ => by_the_book(packet),
    });
    let report = load(&[addr], &[], "udp-only", 60, false);
    let seen = &report.failures[&Finding::Silence];
    assert_eq!((report.requests.timeouts, report.requests.errors), (seen.count, 0));
    assert_eq!(seen.came, "nothing, though sent 3 times");
    assert!(seen.example.request.contains(", stopped, "), "{seen:?}");
    assert!(report.requests.retransmits >= 2 * seen.count, "{report:?}");
}

#[test]
fn what_cannot_be_read_is_a_failure() {
    let addr = udp(|packet| match packet.action {
        1 if packet.stopped() => Some([peers(packet, 1), vec![0]].concat()),
        _ => by_the_book(packet),
    });
    let report = load(&[addr], &[], "udp-only", REQUESTS, false);
    let seen = &report.failures[&Finding::Unreadable];
    assert_eq!(seen.came, "7 bytes of peers, not a multiple of 6");
    assert_eq!((report.requests.errors, report.requests.timeouts), (seen.count, 0));
    assert!(report.remarks.is_empty(), "{:?}", report.lines());
}

#[test]
fn strict_makes_remarks_failures_and_no_lost_tracker() {
    let addr = udp(|packet| match packet.action {
        1 => Some([head(1, packet.transaction), vec![0; 12]].concat()),
        _ => by_the_book(packet),
    });
    let report = load(&[addr], &[], "udp-only", REQUESTS, true);
    let seen = &report.failures[&Finding::NoInterval];
    assert_eq!(report.by_kind[&Kind::UdpAnnounce].errors, seen.count);
    assert_eq!(report.by_kind[&Kind::UdpAnnounce].completed, 0);
    assert!(report.remarks.is_empty() && report.failed() > 0.5);
}

#[test]
fn the_binary_tells_of_remarks_in_json_and_in_words() {
    let addr = udp(|packet| match packet.action {
        1 => Some([head(1, packet.transaction), vec![0; 12]].concat()),
        _ => by_the_book(packet),
    });
    let load = |more: &[&str]| {
        let args = ["--udp", &addr.to_string(), "--mix", "udp-only", "--requests", "300"];
        let output = Command::new(env!("CARGO_BIN_EXE_honing-tracker-load"))
            .args(args.iter().chain(more))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text(output.stdout)).unwrap();
        (output.status.code().unwrap(), json, text(output.stderr))
    };
    let (code, json, words) = load(&[]);
    let remark = &json["remarks"]["no_interval"];
    assert_eq!((code, &json["failures"], &json["strict"]), (0, &serde_json::json!({}), &false.into()));
    assert_eq!(remark["count"], json["by_kind"]["udp_announce"]["sent"]);
    for field in ["expected", "came"] {
        assert!(remark[field].is_string(), "{remark}");
    }
    assert!(remark["example"]["request"].is_string() && remark["example"]["answer"].is_string());
    assert!(words.contains("remark no_interval: "), "{words}");
    assert!(words.contains(" times; expected an interval above 0 (BEP 3, BEP 15); came "), "{words}");
    let (code, json, words) = load(&["--strict"]);
    assert_eq!((code, &json["remarks"]), (1, &serde_json::json!({})));
    assert!(json["failures"]["no_interval"]["count"].is_u64(), "{json}");
    assert!(words.contains("failure no_interval: ") && words.contains(" % of requests failed"), "{words}");
}
