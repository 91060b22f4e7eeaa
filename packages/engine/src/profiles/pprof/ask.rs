//! One question to a running program: bounded in size, and given up once nobody waits for the answer.

use std::{io::Read, sync::mpsc, thread, time::Duration};

/// Most bytes of an answer: profiles are some MiB at most.
const MOST: u64 = 64 << 20;
/// How often it is looked whether somebody still waits.
const POLL: Duration = Duration::from_millis(50);
/// Most of what an error's page says that is passed on.
const SHOWN: usize = 200;

/// What came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    /// The first line, shortened.
    pub(super) fn words(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        text.trim().lines().next().unwrap_or_default().chars().take(SHOWN).collect()
    }
}

/// Why none came.
#[derive(Debug)]
pub(super) enum Silent {
    /// In words, after the URL.
    Failed(String),
    /// Nobody waits any more.
    GivenUp,
}

/// Asks on a thread of its own, which an answer that never comes does not outlive the request's timeout.
pub(super) fn ask(request: minreq::Request, given_up: impl Fn() -> bool) -> Result<Answer, Silent> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || drop(send.send(read(request))));
    loop {
        match receive.recv_timeout(POLL) {
            Ok(answer) => return answer.map_err(Silent::Failed),
            Err(mpsc::RecvTimeoutError::Timeout) if !given_up() => {}
            Err(mpsc::RecvTimeoutError::Timeout) => return Err(Silent::GivenUp),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(Silent::Failed("gives no answer".into()));
            }
        }
    }
}

fn read(request: minreq::Request) -> Result<Answer, String> {
    let answer = request.send_lazy().map_err(|error| format!("gives no profile: {error}"))?;
    let status = answer.status_code;
    let length = |(name, value): &(String, String)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<u64>().ok())?
    };
    let told = answer.headers.iter().find_map(length);
    let mut bytes = Vec::new();
    let read = answer.take(MOST + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("gives no whole answer: {error}"))?;
    if bytes.len() as u64 > MOST {
        return Err(format!("answers with more than {} MiB", MOST >> 20));
    }
    if let Some(told) = told.filter(|told| *told > bytes.len() as u64) {
        return Err(format!("was cut off: {} of {told} bytes came", bytes.len()));
    }
    Ok(Answer { status, bytes })
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
    };

    use super::*;

    fn answered(answer: &'static [u8]) -> Result<Answer, Silent> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(answer).unwrap();
        });
        let found = ask(minreq::get(url).with_timeout(10), || false);
        served.join().unwrap();
        found
    }

    #[test]
    fn an_answer_that_was_cut_off_is_none() {
        let whole = answered(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").unwrap();
        assert_eq!((whole.status, whole.bytes), (200, b"abc".to_vec()));
        let without = answered(b"HTTP/1.1 200 OK\r\n\r\nabc").unwrap();
        assert_eq!(without.bytes, b"abc");
        for cut in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc"[..],
            b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nabc",
        ] {
            let Err(Silent::Failed(words)) = answered(cut) else { panic!("{cut:?}") };
            assert!(words.starts_with("was cut off: 3 of "), "{words}");
        }
    }
}
