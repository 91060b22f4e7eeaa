//! Tables of answers: what is said about each.

use proptest::prelude::*;

use super::*;

/// The kinds that are found, a failure alone.
fn kinds(judged: Judged) -> Vec<Finding> {
    match judged {
        Ok(notes) => notes.iter().map(|note| note.finding).collect(),
        Err(note) => vec![note.finding],
    }
}

fn wants(want: i32) -> Expect {
    Expect::Announce { want }
}

#[test]
fn failures_are_what_no_client_can_use() {
    for (finding, failure) in [
        (Finding::Silence, true),
        (Finding::Refused, true),
        (Finding::Unreadable, true),
        (Finding::Connection, true),
        (Finding::MorePeers, false),
        (Finding::SilentOnWrong, false),
        (Finding::TransactionZero, false),
    ] {
        assert_eq!(finding.is_failure(), failure, "{finding:?}");
    }
}

#[test]
fn udp_answers_are_judged() {
    let answer = |action: u32, length: usize| {
        let mut bytes = vec![1; length];
        bytes[..4].copy_from_slice(&action.to_be_bytes());
        bytes
    };
    let mut no_interval = answer(1, 20);
    no_interval[8..12].fill(0);
    let mut negative = answer(1, 20);
    negative[8] = 255;
    let scrape = Expect::Scrape { hashes: 2 };
    for (bytes, expect, ipv6, found) in [
        (answer(0, 16), Expect::Connect, false, &[][..]),
        (answer(0, 17), Expect::Connect, false, &[Finding::TrailingBytes]),
        (answer(0, 15), Expect::Connect, false, &[Finding::Unreadable]),
        (answer(1, 32), wants(2), false, &[]),
        (answer(1, 32), wants(1), false, &[Finding::MorePeers]),
        (answer(1, 26), wants(0), false, &[Finding::MorePeers]),
        (answer(1, 620), wants(-1), false, &[]),
        (answer(1, 32), wants(-1), true, &[Finding::Unreadable]),
        (answer(1, 38), wants(-1), true, &[]),
        (answer(1, 19), wants(-1), false, &[Finding::Unreadable]),
        (no_interval, wants(-1), false, &[Finding::NoInterval]),
        (negative, wants(-1), false, &[Finding::NoInterval]),
        (answer(2, 32), scrape, false, &[]),
        (answer(2, 20), scrape, false, &[Finding::FewerSwarms]),
        (answer(2, 8), scrape, false, &[Finding::FewerSwarms]),
        (answer(2, 44), scrape, false, &[Finding::MoreSwarms]),
        (answer(2, 31), scrape, false, &[Finding::Unreadable]),
        (answer(3, 12), scrape, false, &[Finding::Refused]),
        (answer(3, 8), wants(1), false, &[Finding::Refused]),
        (answer(3, 12), Expect::Refusal, false, &[]),
        (answer(2, 20), Expect::Refusal, false, &[Finding::NotRefused]),
        (answer(0, 16), wants(1), false, &[Finding::Unreadable]),
        (answer(7, 20), wants(1), false, &[Finding::Unreadable]),
    ] {
        assert_eq!(kinds(udp_answer(&bytes, expect, ipv6)), found, "{bytes:?} for {expect:?}");
    }
}

#[test]
fn http_answers_are_judged() {
    let announce = wants(1);
    let scrape = Expect::Scrape { hashes: 1 };
    for (body, expect, found) in [
        ("d8:intervali9e5:peers6:abcdefe", announce, &[][..]),
        ("d8:intervali9e5:peers0:6:peers618:abcdefabcdefabcdefe", announce, &[]),
        ("d8:intervali9e5:peers6:abcdef6:peers618:abcdefabcdefabcdefe", announce, &[Finding::MorePeers]),
        ("d8:intervali9e5:peers5:abcdee", announce, &[Finding::Unreadable]),
        ("d8:intervali9e5:peersi5ee", announce, &[Finding::Unreadable]),
        ("d8:intervali9e5:peersld2:ip1:x4:porti1eeee", announce, &[Finding::PeersNotCompact]),
        ("d8:intervali9e5:peersld2:ip1:xeee", announce, &[Finding::Unreadable]),
        ("d8:intervali9e5:peersli1eee", announce, &[Finding::Unreadable]),
        ("d8:intervali9e5:peerslee", announce, &[Finding::PeersNotCompact]),
        ("d8:intervali0e5:peers6:abcdefe", announce, &[Finding::NoInterval]),
        ("d5:peers6:abcdefe", announce, &[Finding::NoInterval]),
        ("d8:intervali9ee", announce, &[Finding::NoPeers]),
        ("d5:peers6:abcdef8:intervali9ee", announce, &[Finding::UnsortedKeys]),
        ("d8:intervali9e5:peers6:abcdefe\n", announce, &[Finding::TrailingBytes]),
        ("d14:failure reason2:noe", announce, &[Finding::Refused]),
        ("d14:failure reason2:noe", Expect::Refusal, &[]),
        ("d8:intervali9e5:peers0:e", Expect::Refusal, &[Finding::NotRefused]),
        ("d5:filesd1:adeee", scrape, &[]),
        ("d5:filesdee", scrape, &[Finding::FewerSwarms]),
        ("d5:filesd1:ade1:bdeee", scrape, &[Finding::MoreSwarms]),
        ("de", scrape, &[Finding::Unreadable]),
        ("<html>", announce, &[Finding::Unreadable]),
        ("<html>", Expect::Refusal, &[Finding::Unreadable]),
        ("", announce, &[Finding::Unreadable]),
    ] {
        assert_eq!(kinds(http_answer(200, body.as_bytes(), expect)), found, "{body}");
        let status = match expect {
            Expect::Refusal => Finding::RefusedByStatus,
            _ => Finding::Refused,
        };
        assert_eq!(kinds(http_answer(404, body.as_bytes(), expect)), [status], "{body}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), ipv6: bool) {
        for expect in [
            Expect::Connect, wants(1), Expect::Refusal, Expect::Silence, Expect::Scrape { hashes: 1 },
        ] {
            let _ = udp_answer(&bytes, expect, ipv6);
            let _ = http_answer(200, &bytes, expect);
        }
        let _ = (transaction(&bytes), connection_id(&bytes), action(&bytes));
    }
}
