//! Listeners and connections, bounded in number and in time.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tracing::{debug, warn};

use super::{Origin, handle};
use crate::{config::HttpConfig, stop::Stop, tracker::Tracker};

/// Most bytes of a request's head: 74 info hashes at three characters a byte, and headers.
const MAX_HEAD: usize = 16 * 1024;
const BACKLOG: i32 = 1024;

/// Binds a listener.
///
/// # Errors
/// Those of the system: port in use, address not of this machine, no right to the port.
pub fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // On unix: do not wait for connections of the last run to be forgotten. On Windows the same
    // option would let others steal the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Accepts connections until `stop` says so, then gives those under way `grace` to end.
pub async fn serve(
    listener: TcpListener,
    tracker: Arc<Tracker>,
    config: Arc<HttpConfig>,
    slots: Arc<Semaphore>,
    stop: Stop,
    grace: Duration,
) {
    let mut connections = JoinSet::new();
    let mut stopped = pin!(stop.clone().requested());
    loop {
        // A slot first: connections that find none wait in the backlog, not in memory.
        let accepted = tokio::select! {
            biased;
            () = &mut stopped => break,
            accepted = accept(&listener, &slots) => accepted,
            // Ended ones are taken out as they come, or the set would grow for ever.
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer, slot)) => {
                let (tracker, config) = (Arc::clone(&tracker), Arc::clone(&config));
                connections.spawn(connection(stream, peer, tracker, config, stop.clone(), slot));
            }
            Err(error) => {
                // Out of file descriptors, most likely: trying again at once would burn a core.
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(grace, all_ended).await.is_err() {
        warn!("connections were still open after the grace; they are cut");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, slot))
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    tracker: Arc<Tracker>,
    config: Arc<HttpConfig>,
    stop: Stop,
    _slot: OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%peer, %error, "no delay");
    }
    let service = service_fn(|request: Request<Incoming>| {
        let from = Origin { peer: peer.ip(), trusted_proxies: &config.trusted_proxies };
        let answer = handle(&tracker, from, request.method(), request.uri(), request.headers());
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(config.header_seconds.into()))
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.requested() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%peer, %error, "connection");
    }
}
