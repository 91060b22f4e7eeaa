//! Tests of requests and of the checks on answers.

use proptest::prelude::*;

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
        (Ask::Scrape(vec![1, 1]), 56, Expect::Scrape { hashes: 2, distinct: 0 }),
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
    assert!(text.contains("&event=started&numwant=7&"), "{text}");
    assert!(text.ends_with("\r\n\r\n"));
    let expect = http_request(&mut out, &Ask::Scrape(vec![1, 2, 1]));
    assert_eq!(expect, Expect::Scrape { hashes: 3, distinct: 2 });
}

#[test]
fn udp_answers_are_judged() {
    let answer = |action: u32, length: usize| {
        let mut bytes = vec![1; length];
        bytes[..4].copy_from_slice(&action.to_be_bytes());
        bytes
    };
    let wants = |want| Expect::Announce { want };
    let scrape = Expect::Scrape { hashes: 2, distinct: 0 };
    for (bytes, expect, ipv6, right) in [
        (answer(0, 16), Expect::Connect, false, true),
        (answer(0, 17), Expect::Connect, false, false),
        (answer(1, 32), wants(2), false, true),
        (answer(1, 32), wants(1), false, false),
        (answer(1, 32), wants(-1), true, false),
        (answer(1, 38), wants(-1), true, true),
        (answer(1, 19), wants(-1), false, false),
        (answer(2, 32), scrape, false, true),
        (answer(2, 20), scrape, false, false),
        (answer(3, 12), scrape, false, false),
        (answer(3, 12), Expect::Refusal, false, true),
        (answer(2, 20), Expect::Refusal, false, false),
        (answer(0, 16), wants(1), false, false),
    ] {
        assert_eq!(udp_answer(&bytes, expect, ipv6).is_ok(), right, "{bytes:?} for {expect:?}");
    }
}

#[test]
fn http_answers_are_judged() {
    let announce = Expect::Announce { want: 1 };
    let scrape = Expect::Scrape { hashes: 3, distinct: 1 };
    for (body, expect, right) in [
        ("d8:intervali9e5:peers6:abcdefe", announce, true),
        ("d8:intervali9e5:peers0:6:peers618:abcdefabcdefabcdefe", announce, true),
        ("d8:intervali9e5:peers6:abcdef6:peers618:abcdefabcdefabcdefe", announce, false),
        ("d8:intervali9e5:peers5:abcdee", announce, false),
        ("d8:intervali0e5:peers6:abcdefe", announce, false),
        ("d5:peers6:abcdefe", announce, false),
        ("d14:failure reason2:noe", announce, false),
        ("d14:failure reason2:noe", Expect::Refusal, true),
        ("d8:intervali9e5:peers0:e", Expect::Refusal, false),
        ("d5:filesd1:adeee", scrape, true),
        ("d5:filesdee", scrape, false),
        ("<html>", announce, false),
    ] {
        assert_eq!(http_answer(200, body.as_bytes(), expect).is_ok(), right, "{body}");
        assert!(http_answer(404, body.as_bytes(), expect).is_err());
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), ipv6: bool) {
        for expect in [
            Expect::Connect, Expect::Announce { want: 1 }, Expect::Refusal, Expect::Silence,
            Expect::Scrape { hashes: 1, distinct: 1 },
        ] {
            let _ = udp_answer(&bytes, expect, ipv6);
            let _ = http_answer(200, &bytes, expect);
        }
        let _ = (transaction(&bytes), connection_id(&bytes));
    }
}
