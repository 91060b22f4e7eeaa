//! A running tracker over real sockets: both protocols, both families, bad traffic, shutdown.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may fail too")]

mod support;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
};

use support::{Local, PATIENCE, get};

struct Udp {
    socket: UdpSocket,
    id: [u8; 8],
}

impl Udp {
    fn connect(tracker: SocketAddr) -> Self {
        let home = if tracker.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
        let socket = UdpSocket::bind(home).unwrap();
        socket.connect(tracker).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut client = Self { socket, id: 0x0417_2710_1980_u64.to_be_bytes() };
        let answer = client.ask(0, &[]);
        client.id = answer[8..16].try_into().unwrap();
        client
    }

    /// Sends a request and checks that the answer is to it.
    fn ask(&self, action: u32, body: &[u8]) -> Vec<u8> {
        let packet = [&self.id, &action.to_be_bytes()[..], &[1, 2, 3, 4], body].concat();
        self.socket.send(&packet).unwrap();
        let mut answer = [0; 2048];
        let length = self.socket.recv(&mut answer).unwrap();
        assert_eq!(answer[..4], action.to_be_bytes());
        assert_eq!(answer[4..8], [1, 2, 3, 4]);
        answer[..length].to_vec()
    }

    fn announce(&self, port: u16, left: u64) -> Vec<u8> {
        let mut body = vec![b'a'; 40];
        body.extend_from_slice(&[0; 8]);
        body.extend_from_slice(&left.to_be_bytes());
        body.extend_from_slice(&[0; 20]);
        body.extend_from_slice(&(-1_i32).to_be_bytes());
        body.extend_from_slice(&port.to_be_bytes());
        self.ask(1, &body)
    }
}

#[test]
fn udp_over_both_families_with_every_way_to_receive() {
    for (workers, reuse_port) in [(1, false), (2, false), (2, cfg!(unix))] {
        let local = Local::start(|config| {
            config.udp.workers = workers.try_into().unwrap();
            config.udp.reuse_port = reuse_port;
        });
        for (addr, size) in [(local.udp[0], 6), (local.udp[1], 18)] {
            let client = Udp::connect(addr);
            assert_eq!(client.announce(1, 0).len(), 20);
            assert_eq!(client.announce(2, 1).len(), 20 + size);
        }
        let scrape = Udp::connect(local.udp[0]).ask(2, &[b'a'; 20]);
        assert_eq!(scrape[8..], [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2]);
        local.stop();
    }
}

#[test]
fn http_and_udp_share_their_swarms() {
    let local = Local::start(|_| ());
    Udp::connect(local.udp[0]).announce(1, 0);
    let swarm = "a".repeat(20);
    let target = format!("/announce?info_hash={swarm}&peer_id=bbbbbbbbbbbbbbbbbbbb&port=2&left=1");
    for addr in &local.http {
        let (head, body) = get(*addr, &target);
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert!(body.starts_with(b"d8:completei1e10:downloadedi0e10:incompletei"));
        assert!(body.windows(6).any(|peer| peer == [127, 0, 0, 1, 0, 1]));
    }
    let (_, body) = get(local.http[0], &format!("/scrape?info_hash={swarm}"));
    assert!(body.ends_with(b"d8:completei1e10:downloadedi0e10:incompletei2eeee"));
    assert_eq!(get(local.http[0], "/health").1[..15], *b"{\"status\":\"ok\",");
}

#[test]
fn a_connection_serves_more_than_one_request() {
    let local = Local::start(|_| ());
    let mut stream = TcpStream::connect(local.http[0]).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /scrape HTTP/1.1\r\nhost: t\r\n\r\n").unwrap();
        let mut answer = [0; 1024];
        let length = stream.read(&mut answer).unwrap();
        assert!(answer[..length].ends_with(b"d14:failure reason20:info_hash is missinge"));
    }
    // Open, but idle: it must not hold up the end.
    local.stop();
}

#[test]
fn noise_does_not_take_it_down() {
    let local = Local::start(|_| ());
    let mut rng = fastrand::Rng::with_seed(1);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for length in (0..2000).chain([9000, 60_000]) {
        let mut packet = vec![0; length];
        rng.fill(&mut packet);
        socket.send_to(&packet, local.udp[0]).unwrap();
        if length % 100 == 0 {
            let mut stream = TcpStream::connect(local.http[0]).unwrap();
            // The tracker may have hung up before all is written.
            let _ = stream.write_all(&packet);
        }
    }
    Udp::connect(local.udp[0]).announce(1, 0);
    assert!(get(local.http[0], "/health").0.starts_with("HTTP/1.1 200 OK"));
    local.stop();
}
