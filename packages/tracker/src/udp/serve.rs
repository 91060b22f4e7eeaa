//! Receive loops: as many as the config says, over one shared socket per address or, with
//! `reuse_port`, each over a socket of its own between which the kernel spreads the clients.

use std::{
    io,
    net::{SocketAddr, UdpSocket as StdSocket},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::{net::UdpSocket, task::yield_now};
use tracing::{debug, trace, warn};

use super::{Answer, handle};
use crate::{config::UdpConfig, stop::Stop, tracker::Tracker};

/// Datagrams answered before other tasks get their turn.
const BATCH: usize = 64;
/// At shutdown, what already waits in the socket is still answered, up to this many datagrams.
const DRAIN: usize = 1024;
/// Longer datagrams are cut off; the longest request that means something has 1496 bytes.
const RECEIVE: usize = 2048;

/// What one receive loop did in its life.
#[derive(Clone, Copy, Debug, Default)]
pub struct Served {
    /// Datagrams answered as asked for.
    pub answered: u64,
    /// Datagrams answered with an error.
    pub refused: u64,
    /// Datagrams that were no requests.
    pub ignored: u64,
}

impl std::ops::AddAssign for Served {
    fn add_assign(&mut self, other: Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.ignored += other.ignored;
    }
}

/// Binds the sockets of one address: one per receive loop. Port 0 becomes the same free port for
/// all of them.
///
/// # Errors
/// Those of the system: port in use, address not of this machine, no right to the port.
pub fn bind(addr: SocketAddr, config: &UdpConfig) -> io::Result<Vec<Arc<UdpSocket>>> {
    let loops = config.workers.get();
    let first = open(addr, config)?;
    let addr = first.local_addr()?;
    let first = Arc::new(UdpSocket::from_std(first)?);
    let mut sockets = vec![first];
    while sockets.len() < loops {
        sockets.push(if config.reuse_port {
            Arc::new(UdpSocket::from_std(open(addr, config)?)?)
        } else {
            Arc::clone(&sockets[0])
        });
    }
    Ok(sockets)
}

fn open(addr: SocketAddr, config: &UdpConfig) -> io::Result<StdSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    if addr.is_ipv6() {
        // Both families can then listen on the same port, each with a socket of its own.
        socket.set_only_v6(true)?;
    }
    #[cfg(unix)]
    if config.reuse_port {
        socket.set_reuse_port(true)?;
    }
    if config.receive_buffer_bytes > 0 {
        // The system may grant less; that is no reason not to start.
        if let Err(error) = socket.set_recv_buffer_size(config.receive_buffer_bytes) {
            debug!(%error, "receive buffer stays as it is");
        }
    }
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket.into())
}

/// Answers datagrams until `stop` says so.
pub async fn serve(socket: Arc<UdpSocket>, tracker: Arc<Tracker>, stop: Stop) -> Served {
    let mut worker = Worker {
        socket: &socket,
        tracker: &tracker,
        rng: fastrand::Rng::new(),
        request: vec![0; RECEIVE],
        answer: Vec::with_capacity(RECEIVE),
        served: Served::default(),
    };
    let mut stop = pin!(stop.requested());
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            ready = socket.readable() => if let Err(error) = ready {
                warn!(%error, "cannot wait for datagrams");
                tokio::time::sleep(Duration::from_millis(100)).await;
            },
        }
        if worker.answer_waiting(BATCH).await == BATCH {
            yield_now().await;
        }
    }
    worker.answer_waiting(DRAIN).await;
    worker.served
}

struct Worker<'a> {
    socket: &'a UdpSocket,
    tracker: &'a Tracker,
    rng: fastrand::Rng,
    request: Vec<u8>,
    answer: Vec<u8>,
    served: Served,
}

impl Worker<'_> {
    /// Answers up to `most` datagrams that are there already; returns how many there were.
    async fn answer_waiting(&mut self, most: usize) -> usize {
        for count in 0..most {
            match self.socket.try_recv_from(&mut self.request) {
                Ok((length, from)) => self.answer_one(length, from).await,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return count,
                // Errors here are about earlier answers (a client has closed its port), not about
                // this socket: go on with the next datagram.
                Err(error) => debug!(%error, "receive"),
            }
        }
        most
    }

    async fn answer_one(&mut self, length: usize, from: SocketAddr) {
        let packet = &self.request[..length];
        let kind = handle(self.tracker, from, packet, &mut self.rng, &mut self.answer);
        match kind {
            Answer::Connect | Answer::Announce | Answer::Scrape => self.served.answered += 1,
            Answer::Refused => {
                self.served.refused += 1;
                debug!(%from, length, "refused a UDP request");
            }
            Answer::Ignored => {
                self.served.ignored += 1;
                trace!(%from, length, "ignored a datagram");
                return;
            }
        }
        let sent = match self.socket.try_send_to(&self.answer, from) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.socket.send_to(&self.answer, from).await
            }
            sent => sent,
        };
        if let Err(error) = sent {
            debug!(%from, %error, "send");
        }
    }
}
