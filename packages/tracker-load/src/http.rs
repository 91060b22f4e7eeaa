//! The HTTP side: a keep-alive connection per worker and address family.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::framing::{self, Answer, MAX_ANSWER};

/// Longest wait for a connection; on loopback it is there at once or not at all.
const CONNECT: Duration = Duration::from_secs(2);
/// Longest answer as sent: head, chunk sizes and trailer come on top of the body.
const MAX_SENT: usize = MAX_ANSWER * 2;

/// A connection with at most one request under way.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    /// It has served a request before, so that the tracker may have closed it by now.
    pub used: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Trouble {
    /// The connection broke, or the tracker closed it.
    Lost(io::Error),
    /// There is one, but it cannot be read.
    Unreadable(String),
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
    /// [`Trouble`]; `UnexpectedEof` when the tracker has hung up.
    pub fn receive(&mut self) -> Result<Option<Answer<'_>>, Trouble> {
        let ended = self.fill()?;
        match framing::read(&self.buffer[..self.filled], ended).map_err(Trouble::Unreadable)? {
            Some(answer) => {
                self.used = true;
                Ok(Some(answer))
            }
            None if ended => Err(Trouble::Lost(io::ErrorKind::UnexpectedEof.into())),
            None => Ok(None),
        }
    }

    /// Takes what has arrived; true when no more will.
    fn fill(&mut self) -> Result<bool, Trouble> {
        loop {
            if self.filled == self.buffer.len() {
                if self.filled >= MAX_SENT {
                    return Err(Trouble::Unreadable(format!("an answer of more than {MAX_SENT} bytes")));
                }
                self.buffer.resize(self.filled * 2, 0);
            }
            match self.stream.read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Ok(true),
                Ok(length) => {
                    self.filled += length;
                    // Room is left, so there was no more; asking again would only cost time.
                    if self.filled < self.buffer.len() {
                        return Ok(false);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) => return Err(Trouble::Lost(error)),
            }
        }
    }
}
