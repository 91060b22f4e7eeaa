//! Tests of HTTP requests and answers, byte by byte.

use http_body_util::BodyExt;
use proptest::prelude::*;

use super::*;
use crate::{clock::Clock, config::Config};

const ID: &str = "peer_id=-HN0100-abcdefghijkl";
const SWARM: &str = "info_hash=aaaaaaaaaaaaaaaaaaaa";

fn tracker() -> Tracker {
    Tracker::new(&Config::default(), Clock::manual())
}

fn get(tracker: &Tracker, peer: &str, target: &str) -> (u16, String) {
    send(tracker, peer, &Method::GET, target, &HeaderMap::new())
}

fn send(tracker: &Tracker, peer: &str, method: &Method, target: &str, headers: &HeaderMap) -> (u16, String) {
    let proxy = ["127.0.0.8".parse().unwrap()];
    let from = Origin { peer: peer.parse().unwrap(), trusted_proxies: &proxy };
    let answer = handle(tracker, from, method, &target.parse().unwrap(), headers);
    let status = answer.status().as_u16();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = runtime.block_on(answer.into_body().collect()).unwrap().to_bytes();
    // One character per byte, so that binary answers can be compared as text.
    (status, body.iter().copied().map(char::from).collect())
}

#[test]
fn announce_compact_both_families() {
    let tracker = tracker();
    let ask = |peer, port, more: &str| {
        get(&tracker, peer, &format!("/announce?{SWARM}&{ID}&port={port}&left=1{more}")).1
    };
    let head = |seeders, leechers| {
        format!(
            "d8:completei{seeders}e10:downloadedi0e10:incompletei{leechers}e8:intervali1800e\
             12:min intervali300e5:peers"
        )
    };
    assert_eq!(ask("127.0.0.1", 258, ""), head(0, 1) + "0:e");
    assert_eq!(ask("::1", 259, ""), head(0, 2) + "6:\x7f\0\0\x01\x01\x02e");
    let both = ask("127.0.0.1", 260, "");
    assert_eq!(
        both,
        head(0, 3) + "6:\x7f\0\0\x01\x01\x02" + "6:peers618:" + &"\0".repeat(15) + "\x01\x01\x03e"
    );
    assert_eq!(ask("127.0.0.1", 260, "&event=stopped"), head(0, 2) + "0:e");
}

#[test]
fn announce_as_dictionaries() {
    let tracker = tracker();
    let ask = |peer, port, more: &str| {
        get(&tracker, peer, &format!("/announce?{SWARM}&{ID}&port={port}&compact=0{more}")).1
    };
    ask("127.0.0.1", 1, "");
    ask("::1", 2, "");
    let answer = ask("127.0.0.1", 3, "");
    assert!(
        answer.ends_with(
            "5:peersld2:ip9:127.0.0.17:peer id20:-HN0100-abcdefghijkl4:porti1ee\
             d2:ip3:::17:peer id20:-HN0100-abcdefghijkl4:porti2eeee"
        ),
        "{answer}"
    );
    let answer = ask("127.0.0.1", 3, "&no_peer_id=1");
    assert!(answer.ends_with("5:peersld2:ip9:127.0.0.14:porti1eed2:ip3:::14:porti2eeee"), "{answer}");
}

#[test]
fn scrape_is_sorted_and_without_doubles() {
    let tracker = tracker();
    get(&tracker, "127.0.0.1", &format!("/announce?{SWARM}&{ID}&port=1&left=0&event=completed"));
    let zeros = "info_hash=00000000000000000000";
    let (status, body) = get(&tracker, "127.0.0.1", &format!("/scrape?{SWARM}&{zeros}&{SWARM}"));
    assert_eq!(status, 200);
    assert_eq!(
        body,
        "d5:filesd20:00000000000000000000d8:completei0e10:downloadedi0e10:incompletei0ee\
         20:aaaaaaaaaaaaaaaaaaaad8:completei1e10:downloadedi1e10:incompletei0eeee"
    );
}

#[test]
fn failures_are_bencoded() {
    let tracker = tracker();
    for (target, body) in [
        ("/announce", "d14:failure reason15:port is missinge"),
        ("/announce?info_hash=%1&port=1", "d14:failure reason22:info_hash is not valide"),
        ("/scrape", "d14:failure reason20:info_hash is missinge"),
    ] {
        assert_eq!(get(&tracker, "127.0.0.1", target), (200, body.to_owned()), "{target}");
    }
}

#[test]
fn other_paths_and_methods() {
    let tracker = tracker();
    assert_eq!(get(&tracker, "127.0.0.1", "/").0, 404);
    let none = HeaderMap::new();
    assert_eq!(send(&tracker, "127.0.0.1", &Method::POST, "/announce", &none).0, 405);
    assert_eq!(send(&tracker, "127.0.0.1", &Method::HEAD, "/health", &none).0, 200);
    let (status, body) = get(&tracker, "127.0.0.1", "/health");
    let health: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &health["status"], &health["peers"]), (200, &"ok".into(), &0.into()));
}

#[test]
fn only_trusted_proxies_name_the_client() {
    let tracker = tracker();
    let mut headers = HeaderMap::new();
    headers.insert("x-forwarded-for", "127.9.9.9, 127.0.0.77".parse().unwrap());
    let target = format!("/announce?{SWARM}&{ID}&port=1");
    send(&tracker, "127.0.0.8", &Method::GET, &target, &headers);
    send(&tracker, "127.0.0.9", &Method::GET, &target, &headers);
    let (_, body) = get(&tracker, "127.0.0.1", &target);
    assert!(body.contains("5:peers12:\x7f\0\0\x4d\0\x01\x7f\0\0\x09\0\x01e"), "{body:?}");
}

proptest! {
    #[test]
    fn no_query_makes_it_panic(path in "/(announce|scrape)", query in "[ -~&&[^ \"<>`#{}|\\\\^]]{0,300}") {
        let tracker = tracker();
        let target = format!("{path}?{query}");
        if target.parse::<Uri>().is_ok() {
            prop_assert_eq!(get(&tracker, "::1", &target).0, 200);
        }
    }
}
