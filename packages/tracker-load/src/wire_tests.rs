//! Tests of requests.

use super::*;

const PEER: Peer = Peer { swarm: 1, name: 0x1234, port: 6881, left: 5 };

fn announce(want: i32) -> Ask {
    Ask::Announce(Announce { peer: PEER, event: Event::Started, want })
}

#[test]
fn udp_requests_have_the_sizes_of_bep_15() {
    let mut out = Vec::new();
    for (ask, length, expect) in [
        (Ask::Connect, 16, Expect::Connect),
        (announce(7), 98 + 11, Expect::Announce { want: 7 }),
        (Ask::Scrape(vec![1, 2]), 56, Expect::Scrape { hashes: 2 }),
        (Ask::Malformed(Malformed::Short(9)), 9, Expect::Silence),
        (Ask::Malformed(Malformed::Invalid), 36, Expect::Refusal),
        (Ask::Malformed(Malformed::Unknown), 16, Expect::Refusal),
    ] {
        assert_eq!(udp_request(&mut out, &ask, 5, 6), expect);
        assert_eq!(out.len(), length, "{ask:?}");
    }
}

#[test]
fn http_requests_are_escaped_and_whole() {
    let mut out = Vec::new();
    assert_eq!(http_request(&mut out, &announce(7)), Expect::Announce { want: 7 });
    let text = String::from_utf8(out.clone()).unwrap();
    assert!(text.starts_with("GET /announce?info_hash="), "{text}");
    assert!(text.contains("&peer_id=-HN0100-432100000000&port=6881&"), "{text}");
    assert!(text.contains("&event=started&numwant=7&compact=1&"), "{text}");
    assert!(text.ends_with("\r\n\r\n"));
    let expect = http_request(&mut out, &Ask::Scrape(vec![1, 2, 3]));
    assert_eq!(expect, Expect::Scrape { hashes: 3 });
}

#[test]
fn who_does_not_care_how_many_peers_come_leaves_it_out_over_http_and_says_it_over_udp() {
    let mut out = Vec::new();
    assert_eq!(http_request(&mut out, &announce(-1)), Expect::Announce { want: -1 });
    let text = String::from_utf8(out.clone()).unwrap();
    assert!(text.contains("&event=started&compact=1&"), "{text}");
    assert!(!text.contains("numwant"), "{text}");
    udp_request(&mut out, &announce(-1), 5, 6);
    assert_eq!(out[92..96], [255; 4]);
}
