//! The HTTP side: a keep-alive connection per worker and address family.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Longest wait for a connection; on loopback it is there at once or not at all.
const CONNECT: Duration = Duration::from_secs(2);
/// Longest answer that is read; a tracker's have a few kilobytes.
const MAX_ANSWER: usize = 1 << 20;

/// A connection with at most one request under way.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    /// It has served a request before, so that the tracker may have closed it by now.
    pub used: bool,
}

/// An answer that has arrived in full.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Those of the system, `ConnectionRefused` above all.
    pub fn open(target: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&target, CONNECT)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, buffer: vec![0; 8192], filled: 0, used: false })
    }

    /// The stream, to wait on.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends a request. Requests are smaller than any socket buffer and go out one at a time, so a
    /// send that does not take all of one means that the connection is of no use any more.
    ///
    /// # Errors
    /// Those of the system.
    pub fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.filled = 0;
        if self.stream.write(request)? == request.len() {
            return Ok(());
        }
        Err(io::Error::from(io::ErrorKind::WriteZero))
    }

    /// Reads what is there. `None` when the answer is not complete yet.
    ///
    /// # Errors
    /// `UnexpectedEof` when the tracker has hung up, `InvalidData` when it does not speak HTTP.
    pub fn receive(&mut self) -> io::Result<Option<Answer<'_>>> {
        loop {
            if self.filled == self.buffer.len() {
                if self.filled >= MAX_ANSWER {
                    return Err(bad("answer is too long"));
                }
                self.buffer.resize(self.filled * 2, 0);
            }
            match self.stream.read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                Ok(length) => self.filled += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if let Some((status, body)) = complete(&self.buffer[..self.filled])? {
                self.used = true;
                return Ok(Some(Answer { status, body: &self.buffer[body] }));
            }
        }
    }
}

/// Status and place of the body, once all of the answer is there.
fn complete(bytes: &[u8]) -> io::Result<Option<(u16, std::ops::Range<usize>)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut answer = httparse::Response::new(&mut headers);
    let head = match answer.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(bad("not an HTTP answer")),
    };
    let length = answer
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| std::str::from_utf8(header.value).ok())
        .and_then(|length| length.parse::<usize>().ok())
        .filter(|length| *length <= MAX_ANSWER)
        .ok_or_else(|| bad("no content-length"))?;
    let status = answer.code.ok_or_else(|| bad("no status"))?;
    Ok((bytes.len() >= head + length).then_some((status, head..head + length)))
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_its_last_byte() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        for cut in 0..bytes.len() {
            assert_eq!(complete(&bytes[..cut]).unwrap(), None, "{cut}");
        }
        assert_eq!(complete(bytes).unwrap(), Some((200, 38..41)));
    }

    #[test]
    fn what_is_not_http_is_an_error() {
        for text in ["nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"] {
            assert!(complete(text.as_bytes()).is_err(), "{text}");
        }
    }
}
