//! Tells when a service can be used.

use std::{
    net::{TcpStream, ToSocketAddrs},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use honing_core::{Error, Result, config::Ready, template::Values};
use regex_lite::Regex;

use crate::io::plain;

/// How long one try may take.
const TRY: Duration = Duration::from_millis(500);

/// What to look for, with the placeholders filled in.
#[derive(Debug, Clone)]
pub(super) enum Probe {
    Tcp(String),
    Http(String),
    Log { pattern: Box<Regex>, seen: Arc<AtomicBool> },
}

impl Probe {
    pub(super) fn new(ready: &Ready, values: &Values) -> Result<Self> {
        let fill = |text: &str| {
            honing_core::template::expand(text, values).map_err(|error| Error::usage(error.to_string()))
        };
        if let Some(address) = &ready.tcp {
            return Ok(Self::Tcp(fill(address)?));
        }
        if let Some(url) = &ready.http {
            return Ok(Self::Http(fill(url)?));
        }
        // Not filled in: braces are the regex's own.
        let pattern = ready.log.as_deref().unwrap_or_default();
        let pattern = Regex::new(pattern).map_err(|error| Error::usage(format!("`ready.log`: {error}")))?;
        Ok(Self::Log { pattern: Box::new(pattern), seen: Arc::default() })
    }

    /// Looks at a line of the service's output.
    pub(super) fn line(&self, line: &str) {
        if let Self::Log { pattern, seen } = self
            && !seen.load(Ordering::SeqCst)
            && pattern.is_match(&plain(line))
        {
            seen.store(true, Ordering::SeqCst);
        }
    }

    /// Whether the service is ready now.
    pub(super) fn is_ready(&self) -> bool {
        match self {
            Self::Tcp(address) => {
                let mut found = address.to_socket_addrs().into_iter().flatten();
                found.any(|address| TcpStream::connect_timeout(&address, TRY).is_ok())
            }
            Self::Http(url) => minreq::get(url)
                .with_timeout(1)
                .send()
                .is_ok_and(|answer| (200..300).contains(&answer.status_code)),
            Self::Log { seen, .. } => seen.load(Ordering::SeqCst),
        }
    }

    /// What is waited for, for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Tcp(address) => format!("a connection to {address}"),
            Self::Http(url) => format!("a 2xx answer from {url}"),
            Self::Log { pattern, .. } => format!("a line of output that matches `{pattern}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coloured_line_is_recognised_too() {
        let pattern = Box::new(Regex::new("^INFO listening on").unwrap());
        let probe = Probe::Log { pattern, seen: Arc::default() };
        probe.line("\u{1b}[32mINFO\u{1b}[0m binding");
        assert!(!probe.is_ready());
        probe.line("\u{1b}[32mINFO\u{1b}[0m listening on \u{1b}[1m127.0.0.1:1\u{1b}[0m");
        assert!(probe.is_ready());
    }
}
