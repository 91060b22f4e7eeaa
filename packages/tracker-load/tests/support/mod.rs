//! Trackers that do one thing in their own way, on loopback, for as long as a test takes.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail too")]
#![allow(dead_code, reason = "each test file takes what it needs")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    thread,
    time::Duration,
};

use honing_tracker_load::{
    Plan, Report, Until,
    findings::{Finding, Seen},
    limits::Mode,
    mix::Mix,
    run,
};

/// Longer than any test waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request over UDP as far as a double cares.
pub(crate) struct Packet<'a> {
    pub(crate) connection: u64,
    pub(crate) action: u32,
    pub(crate) transaction: u32,
    pub(crate) bytes: &'a [u8],
}

impl Packet<'_> {
    /// The connection id is the one that the doubles give.
    pub(crate) fn known(&self) -> bool {
        self.connection == 1
    }

    pub(crate) fn hashes(&self) -> usize {
        (self.bytes.len() - 16) / 20
    }

    pub(crate) fn wanted(&self) -> i32 {
        i32::from_be_bytes(self.bytes[92..96].try_into().unwrap())
    }

    pub(crate) fn stopped(&self) -> bool {
        self.bytes[83] == 3
    }
}

/// The head of an answer.
pub(crate) fn head(action: u32, transaction: u32) -> Vec<u8> {
    [action.to_be_bytes(), transaction.to_be_bytes()].concat()
}

/// An announce answer with so many peers.
pub(crate) fn peers(packet: &Packet<'_>, count: usize) -> Vec<u8> {
    [head(1, packet.transaction), vec![1; 12], vec![7; 6 * count]].concat()
}

/// What BEP 15 asks for; `None` is silence.
pub(crate) fn by_the_book(packet: &Packet<'_>) -> Option<Vec<u8>> {
    let Packet { action, transaction, .. } = *packet;
    match action {
        0 => Some([head(0, transaction), 1_u64.to_be_bytes().to_vec()].concat()),
        1 if packet.known() => Some(peers(packet, 0)),
        2 if packet.known() => Some([head(2, transaction), vec![0; 12 * packet.hashes()]].concat()),
        _ => Some([head(3, transaction), b"no".to_vec()].concat()),
    }
}

/// A tracker over UDP.
pub(crate) fn udp(mut answer: impl FnMut(&Packet<'_>) -> Option<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let addr = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut bytes = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut bytes) {
            let bytes = &bytes[..length];
            let word = |at: usize| bytes.get(at..at + 4).map(|word| word.try_into().unwrap());
            let Some(transaction) = word(12).map(u32::from_be_bytes) else { continue };
            let connection = u64::from_be_bytes(bytes[..8].try_into().unwrap());
            let action = u32::from_be_bytes(word(8).unwrap());
            if let Some(answer) = answer(&Packet { connection, action, transaction, bytes }) {
                socket.send_to(&answer, from).unwrap();
            }
        }
    });
    addr
}

/// The bencoded body that BEP 3 and 48 ask for, for the target of a request.
pub(crate) fn body(target: &str) -> Vec<u8> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let hashes: Vec<_> = query.split('&').filter_map(|pair| pair.strip_prefix("info_hash=")).collect();
    if !query.contains("info_hash=") || query.contains("info_hash=%zz") {
        return b"d14:failure reason2:noe".to_vec();
    }
    if path == "/announce" {
        return b"d8:intervali9e5:peers0:e".to_vec();
    }
    let mut hashes: Vec<_> = hashes.into_iter().map(unescape).collect();
    hashes.sort();
    let files = hashes.iter().flat_map(|hash| [b"20:", hash.as_slice(), b"de"].concat());
    [b"d5:filesd".to_vec(), files.collect(), b"ee".to_vec()].concat()
}

fn unescape(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((byte, after)) = rest.split_first() {
        let escaped = (*byte == b'%').then(|| u8::from_str_radix(&text_of(&after[..2]), 16).unwrap());
        rest = if escaped.is_some() { &after[2..] } else { after };
        bytes.push(escaped.unwrap_or(*byte));
    }
    bytes
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An HTTP answer with these fields and its length.
pub(crate) fn sized(status: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// What a double sends back, and whether it hangs up then.
pub(crate) enum Reply {
    Send(Vec<u8>),
    SendAndClose(Vec<u8>),
    Close,
}

/// A tracker over HTTP, with keep-alive: `answer` gets the target of each request.
pub(crate) fn http(answer: impl Fn(&str) -> Reply + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let answer = answer.clone();
            thread::spawn(move || serve(stream, &answer));
        }
    });
    addr
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&str) -> Reply) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut request, mut bytes) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = stream.read(&mut bytes) {
        request.extend_from_slice(&bytes[..length]);
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = text_of(&request);
        let (reply, closes) = match answer(text.split(' ').nth(1).unwrap()) {
            Reply::Send(reply) => (reply, false),
            Reply::SendAndClose(reply) => (reply, true),
            Reply::Close => (vec![], true),
        };
        request.clear();
        // In two pieces, as what is sent in chunks arrives.
        let (first, second) = reply.split_at(reply.len() / 2);
        if stream.write_all(first).is_err() || stream.write_all(second).is_err() || closes {
            return;
        }
    }
}

/// A run of so many requests.
pub(crate) fn load(
    udp: &[SocketAddr],
    http: &[SocketAddr],
    mix: &str,
    requests: u64,
    strict: bool,
) -> Report {
    run(&Plan {
        udp: udp.to_vec(),
        http: http.to_vec(),
        mix: Mix::named(mix).unwrap(),
        seed: 7,
        mode: Mode::Closed,
        concurrency: 4,
        warmup: None,
        until: Until::Requests(requests),
        strict,
    })
    .unwrap()
}

/// Nothing failed, and this is all that was remarked: the remark.
pub(crate) fn only_remark(report: &Report, finding: Finding) -> Seen {
    let requests = report.requests;
    assert_eq!((requests.errors, requests.timeouts), (0, 0), "{:#?}", report.lines());
    assert_eq!(requests.completed, requests.sent);
    assert_eq!(report.failed(), 0.0);
    let kinds: Vec<_> = report.remarks.keys().copied().collect();
    assert_eq!(kinds, [finding], "{:#?}", report.lines());
    let seen = report.remarks[&finding].clone();
    assert_eq!(seen.expected, finding.expected());
    assert!(seen.count > 0 && !seen.came.is_empty() && !seen.example.request.is_empty());
    seen
}

/// Nothing was said against any answer.
pub(crate) fn spotless(report: &Report) {
    assert_eq!(report.lines(), Vec::<String>::new());
    assert_eq!(report.requests.completed, report.requests.sent, "{report:?}");
}
