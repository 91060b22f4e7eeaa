//! Free ports of the loopback interface.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use honing_core::{Error, Result};

/// Below the range from which Linux picks ports for outgoing connections, so that the
/// load's own sockets do not take the port between our look and the service's bind.
const RANGE: std::ops::Range<u16> = 18_000..32_000;
const TRIES: usize = 500;

/// A port that is free for TCP and UDP, and not in `taken`.
pub(super) fn free_port(taken: &[u16]) -> Result<u16> {
    let free = |port: &u16| {
        !taken.contains(port)
            && TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()
            && UdpSocket::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()
    };
    std::iter::repeat_with(|| fastrand::u16(RANGE)).take(TRIES).find(free).ok_or_else(|| {
        Error::preflight(format!("no free port found between {} and {}", RANGE.start, RANGE.end))
            .with_hint("end what holds them: `ss -tulpn` lists it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_not_handed_out() {
        let port = free_port(&[]).unwrap();
        let _held = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        for _ in 0..20 {
            assert_ne!(free_port(&[]).unwrap(), port);
        }
    }
}
