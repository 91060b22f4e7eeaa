//! The UDP side: one connected socket per address family, shared by all workers; transaction ids
//! tell their answers apart.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use crate::{
    judge::{self, Expect},
    stream::Ask,
    wire,
};

/// How long the first answer may take at the start of a run.
const FIRST: Duration = Duration::from_millis(500);
/// Tries at the start of a run.
const TRIES: u32 = 4;
/// Receive buffer that is asked for, in bytes.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Room for an answer: longer than any that fits into a datagram without fragments.
pub const RECEIVE: usize = 2048;

/// Opens a socket to `target` and makes sure that a tracker is there.
///
/// # Errors
/// `ConnectionRefused` when nobody listens, `TimedOut` when nobody answers.
pub fn open(target: SocketAddr) -> io::Result<UdpSocket> {
    let socket = match target {
        SocketAddr::V4(_) => UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)),
        SocketAddr::V6(_) => UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)),
    }?;
    // All workers share the socket: with many of them, answers come in bursts that the usual
    // buffer would drop. The system may grant less; losses then show as retransmissions.
    let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER);
    socket.connect(target)?;
    socket.set_read_timeout(Some(FIRST))?;
    let (mut packet, mut answer) = (Vec::new(), [0; RECEIVE]);
    // Not 0, which some trackers write into errors.
    for transaction in 1..=TRIES {
        wire::udp_request(&mut packet, &Ask::Connect, 0, transaction);
        socket.send(&packet)?;
        match socket.recv(&mut answer) {
            Ok(length) => {
                if let Err(note) = judge::udp_answer(&answer[..length], Expect::Connect, false) {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, note.to_string()));
                }
                socket.set_nonblocking(true)?;
                return Ok(socket);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => (),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::from(io::ErrorKind::TimedOut))
}
