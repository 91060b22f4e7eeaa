//! `--health`: asks the tracker that runs with this config whether it is well, so that a container
//! needs no HTTP client for its health check.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// For each of connect, write and read.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the first HTTP listener.
///
/// # Errors
/// Where there is none, where nobody answers within seconds, or where the answer is not 200.
pub(crate) fn ask(listeners: &[SocketAddr]) -> io::Result<()> {
    let Some(address) = listeners.first().copied().map(reachable) else {
        return Err(io::Error::other("health: there is no HTTP address to ask"));
    };
    let failed = |error: io::Error| io::Error::new(error.kind(), format!("health: {address}: {error}"));
    let status = status(address).map_err(failed)?;
    if status.split(' ').nth(1) == Some("200") {
        return Ok(());
    }
    Err(failed(io::Error::other(format!("it answered `{}`", status.escape_default()))))
}

/// A listener on all addresses is asked on loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// The status line of the answer.
fn status(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // In one write: who answers before the request is whole may have closed before a second.
    stream.write_all(
        format!("GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut line = Vec::new();
    // No further than the status line: what comes after it, a reset included, says nothing of health.
    BufReader::new(stream.take(1024)).read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_asked_on_loopback() {
        let rows = [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("127.0.0.2:1", "127.0.0.2:1"),
            ("[::1]:2", "[::1]:2"),
        ];
        for (listener, asked) in rows {
            assert_eq!(reachable(listener.parse().unwrap()).to_string(), asked);
        }
    }

    #[test]
    fn without_an_http_listener_it_says_so() {
        assert_eq!(ask(&[]).unwrap_err().to_string(), "health: there is no HTTP address to ask");
    }
}
