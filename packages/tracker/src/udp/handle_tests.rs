//! Tests of UDP requests and answers, byte by byte.

use proptest::prelude::*;
use zerocopy::byteorder::big_endian::I32;

use super::*;
use crate::{clock::Clock, config::Config, connection::VALIDITY};

const V4_CLIENT: &str = "127.0.0.1:5000";
const V6_CLIENT: &str = "[::1]:5000";

struct Client {
    tracker: Tracker,
    rng: fastrand::Rng,
    out: Vec<u8>,
}

impl Client {
    fn new() -> Self {
        let tracker = Tracker::new(&Config::default(), Clock::manual());
        Self { tracker, rng: fastrand::Rng::with_seed(1), out: Vec::new() }
    }

    fn send(&mut self, from: &str, packet: &[u8]) -> Answer {
        let from = from.parse().unwrap();
        handle(&self.tracker, from, packet, &mut self.rng, &mut self.out)
    }

    fn connect(&mut self, from: &str) -> u64 {
        let packet = header(PROTOCOL_ID, CONNECT);
        assert_eq!(self.send(from, &packet), Answer::Connect);
        assert_eq!(self.out.len(), 16);
        assert_eq!(self.out[..8], [0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef]);
        u64::from_be_bytes(self.out[8..].try_into().unwrap())
    }

    fn announce(&mut self, from: &str, change: impl FnOnce(&mut AnnounceBody)) -> Answer {
        let id = self.connect(from);
        let mut body = body();
        change(&mut body);
        let packet = [header(id, ANNOUNCE).as_slice(), body.as_bytes()].concat();
        assert_eq!(packet.len(), 98, "BEP 15");
        self.send(from, &packet)
    }

    fn numbers(&self) -> Vec<u32> {
        let (numbers, _) = self.out.as_chunks::<4>();
        numbers.iter().map(|bytes| u32::from_be_bytes(*bytes)).collect()
    }

    fn reason(&self) -> &str {
        assert_eq!(self.out[..8], [0, 0, 0, 3, 0xde, 0xad, 0xbe, 0xef]);
        std::str::from_utf8(&self.out[8..]).unwrap()
    }
}

fn header(connection_id: u64, action: u32) -> Vec<u8> {
    let header = Header {
        connection_id: connection_id.into(),
        action: action.into(),
        transaction_id: 0xdead_beef.into(),
    };
    header.as_bytes().to_vec()
}

fn body() -> AnnounceBody {
    AnnounceBody {
        info_hash: InfoHash([7; 20]),
        peer_id: PeerId(*b"-HN0100-abcdefghijkl"),
        downloaded: 0.into(),
        left: 1.into(),
        uploaded: 0.into(),
        event: 2.into(),
        ip: 0.into(),
        key: 0.into(),
        want: I32::new(-1),
        port: 6881.into(),
    }
}

#[test]
fn announce_answers_interval_counts_and_other_peers() {
    let mut client = Client::new();
    assert_eq!(client.announce(V4_CLIENT, |_| ()), Answer::Announce);
    assert_eq!(client.numbers(), [ANNOUNCE, 0xdead_beef, 1800, 1, 0]);
    client.announce(V4_CLIENT, |body| {
        body.port = 6882.into();
        body.left = 0.into();
    });
    assert_eq!(client.numbers()[..5], [ANNOUNCE, 0xdead_beef, 1800, 1, 1]);
    assert_eq!(client.out[20..], [127, 0, 0, 1, 0x1a, 0xe1]);
}

#[test]
fn ipv6_peers_have_18_bytes_and_are_not_told_to_ipv4() {
    let mut client = Client::new();
    client.announce(V6_CLIENT, |_| ());
    client.announce(V6_CLIENT, |body| body.port = 6882.into());
    assert_eq!(client.out.len(), 20 + 18);
    assert_eq!(client.out[20..][..16], std::net::Ipv6Addr::LOCALHOST.octets());
    client.announce(V4_CLIENT, |body| body.port = 6883.into());
    assert_eq!(client.out.len(), 20);
    client.announce("[::ffff:127.0.0.1]:5000", |body| body.port = 6884.into());
    assert_eq!(client.out.len(), 20 + 6, "a mapped address is an IPv4 client");
}

#[test]
fn want_is_capped_by_config_and_by_the_datagram() {
    let mut client = Client::new();
    for port in 1..=400_u16 {
        client.announce(V4_CLIENT, |body| body.port = port.into());
        client.announce(V6_CLIENT, |body| body.port = port.into());
    }
    for (from, want, peers) in [
        (V4_CLIENT, -1, 50),
        (V4_CLIENT, 0, 0),
        (V4_CLIENT, 10, 10),
        (V4_CLIENT, i32::MAX, 200),
        (V6_CLIENT, i32::MAX, 79),
        (V6_CLIENT, i32::MIN, 50),
    ] {
        client.announce(from, |body| body.want = want.into());
        let size = if from == V4_CLIENT { 6 } else { 18 };
        assert_eq!(client.out.len(), 20 + peers * size, "{from} wants {want}");
    }
}

#[test]
fn options_behind_an_announce_are_skipped() {
    let mut client = Client::new();
    let id = client.connect(V4_CLIENT);
    let url_data = [2, 9, b'/', b'a', b'n', b'n', b'o', b'u', b'n', b'c', b'e'];
    for tail in [&url_data[..], &[1, 1, 0], &[2, 255], &[0xff; 300]] {
        let packet = [header(id, ANNOUNCE).as_slice(), body().as_bytes(), tail].concat();
        assert_eq!(client.send(V4_CLIENT, &packet), Answer::Announce);
    }
}

#[test]
fn scrape_answers_in_order_and_stops_at_the_limit() {
    let mut client = Client::new();
    client.announce(V4_CLIENT, |_| ());
    client.announce(V4_CLIENT, |body| {
        body.left = 0.into();
        body.event = 1.into();
        body.port = 6882.into();
    });
    let id = client.connect(V4_CLIENT);
    let packet = [header(id, SCRAPE).as_slice(), &[9; 20], &[7; 20], &[1; 19]].concat();
    assert_eq!(client.send(V4_CLIENT, &packet), Answer::Scrape);
    assert_eq!(client.numbers(), [SCRAPE, 0xdead_beef, 0, 0, 0, 1, 1, 1]);
    let packet = [header(id, SCRAPE), vec![7; 20 * 90]].concat();
    client.send(V4_CLIENT, &packet);
    assert_eq!(client.out.len(), 8 + 12 * MAX_SCRAPE);
}

#[test]
fn ids_expire_and_belong_to_their_address() {
    let mut client = Client::new();
    let id = client.connect(V4_CLIENT);
    let packet = [header(id, SCRAPE), vec![7; 20]].concat();
    client.tracker.clock.advance(VALIDITY);
    assert_eq!(client.send(V4_CLIENT, &packet), Answer::Scrape);
    assert_eq!(client.send("127.0.0.1:9", &packet), Answer::Scrape, "another port");
    assert_eq!(client.send("127.0.0.2:5000", &packet), Answer::Refused);
    client.tracker.clock.advance(1);
    assert_eq!(client.send(V4_CLIENT, &packet), Answer::Refused);
    assert_eq!(client.reason(), "bad id", "no more bytes than were sent");
}

#[test]
fn refusals_say_why() {
    let mut client = Client::new();
    type Change = fn(&mut AnnounceBody);
    let cases: [(Change, &str); 2] =
        [(|body| body.port = 0.into(), "port is 0"), (|body| body.event = 4.into(), "event is not known")];
    for (change, reason) in cases {
        assert_eq!(client.announce(V4_CLIENT, change), Answer::Refused);
        assert_eq!(client.reason(), reason);
    }
    let id = client.connect(V4_CLIENT);
    let with = |action, length| [header(id, action), vec![0; length]].concat();
    for (packet, reason) in [
        (with(ANNOUNCE, 81), "announce is too short"),
        (with(SCRAPE, 19), "scrape names no info hash"),
        (with(ERROR, 0), "action is not known"),
        (with(CONNECT, 0), "action is not known"),
        ([header(1, ANNOUNCE), vec![0; 82]].concat(), "connection id is unknown or expired"),
    ] {
        assert_eq!(client.send(V4_CLIENT, &packet), Answer::Refused);
        assert_eq!(client.reason(), reason);
    }
}

#[test]
fn silence_for_what_is_no_request() {
    let mut client = Client::new();
    for length in 0..16 {
        assert_eq!(client.send(V4_CLIENT, &vec![0; length]), Answer::Ignored);
        assert!(client.out.is_empty());
    }
}

#[test]
fn silent_peers_are_forgotten_after_interval_and_grace() {
    let mut client = Client::new();
    client.announce(V4_CLIENT, |_| ());
    let rules = client.tracker.rules;
    client.tracker.clock.advance(rules.interval + rules.grace - 1);
    client.tracker.sweep();
    assert_eq!(client.tracker.store.totals().peers, 1);
    client.tracker.clock.advance(1);
    client.tracker.sweep();
    assert_eq!(client.tracker.store.totals().peers, 0);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_amplify(packet in prop::collection::vec(any::<u8>(), 0..2048)) {
        let mut client = Client::new();
        let answer = client.send(V4_CLIENT, &packet);
        prop_assert!(matches!(answer, Answer::Ignored | Answer::Refused));
        prop_assert!(client.out.len() <= packet.len());
    }

    #[test]
    fn nor_do_bytes_behind_a_valid_id(
        action in 0_u32..5,
        tail in prop::collection::vec(any::<u8>(), 0..2048),
        v6: bool,
    ) {
        let mut client = Client::new();
        let from = if v6 { V6_CLIENT } else { V4_CLIENT };
        let id = client.connect(from);
        let packet = [header(id, action), tail].concat();
        prop_assert_ne!(client.send(from, &packet), Answer::Ignored);
        prop_assert!(client.out.len() <= MAX_DATAGRAM_V4);
    }
}
