//! The tracker's one config file: TOML, every key optional, unknown keys refused.
//!
//! `tracker.example.toml` beside this package's manifest shows all keys with their defaults; a
//! test keeps it true.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::tracker::Rules;

/// The port that trackers are known by.
const PORT: u16 = 6969;
const HOME: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT);

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Threads of the runtime; 0 for one per core. Default 0.
    pub threads: usize,
    /// Parts of the swarm store that are locked apart, rounded up to a power of two; 1 to 65,536.
    /// Default 64.
    pub shards: usize,
    /// Seconds between two sweeps for silent peers; 1 to 3,600. Default 60.
    pub sweep_seconds: u32,
    /// Seconds that a shutdown waits for HTTP requests under way; at most 300. Default 5.
    pub shutdown_seconds: u32,
    /// What clients are told.
    pub announce: AnnounceConfig,
    /// The UDP listeners.
    pub udp: UdpConfig,
    /// The HTTP listeners.
    pub http: HttpConfig,
    /// The log on standard error.
    pub log: LogConfig,
}

/// What clients are told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnnounceConfig {
    /// Seconds between two announces of a client; 1 to 86,400. Default 1800.
    pub interval_seconds: u32,
    /// Seconds that an HTTP client should wait at least; not above the interval. Default 300.
    pub min_interval_seconds: u32,
    /// Seconds past the interval after which a silent peer is forgotten. Default 600.
    pub grace_seconds: u32,
    /// Peers in an answer when the client names no number. Default 50.
    pub default_peers: usize,
    /// Most peers in an answer; 1 to 1,000. UDP answers also keep to one datagram: 242 IPv4 or 79
    /// IPv6 peers. Default 200.
    pub max_peers: usize,
}

/// The UDP listeners.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UdpConfig {
    /// Addresses; port 0 takes a free one. Empty: no UDP. Default `["127.0.0.1:6969"]`.
    pub listen: Vec<SocketAddr>,
    /// Receive loops per address. Default 1.
    pub workers: NonZeroUsize,
    /// Give every receive loop a socket of its own (`SO_REUSEPORT`, unix only). Default false.
    pub reuse_port: bool,
    /// Receive buffer of a socket in bytes; 0 leaves it to the system. Default 1 MiB.
    pub receive_buffer_bytes: usize,
}

/// The HTTP listeners.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Addresses; port 0 takes a free one. Empty: no HTTP. Default `["127.0.0.1:6969"]`.
    pub listen: Vec<SocketAddr>,
    /// Most connections at a time; more wait in the backlog. Default 4096.
    pub max_connections: NonZeroUsize,
    /// Seconds for a request's head to arrive, and for an idle connection; at least 1. Default 15.
    pub header_seconds: u32,
    /// Proxies whose `X-Forwarded-For` is believed (its last address). Default none.
    pub trusted_proxies: Vec<IpAddr>,
}

/// The log on standard error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `off`, `error`, `warn`, `info`, `debug` or `trace`. Default `info`.
    pub level: LogLevel,
    /// `text` or `json`. Default `text`.
    pub format: LogFormat,
}

/// From silent to talkative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What the tracker cannot do.
    Error,
    /// What someone should look at.
    Warn,
    /// Start, stop.
    #[default]
    Info,
    /// Refused requests.
    Debug,
    /// Every ignored datagram.
    Trace,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            threads: 0,
            shards: 64,
            sweep_seconds: 60,
            shutdown_seconds: 5,
            announce: AnnounceConfig::default(),
            udp: UdpConfig::default(),
            http: HttpConfig::default(),
            log: LogConfig::default(),
        }
    }
}

impl Default for AnnounceConfig {
    fn default() -> Self {
        Self {
            interval_seconds: 1800,
            min_interval_seconds: 300,
            grace_seconds: 600,
            default_peers: 50,
            max_peers: 200,
        }
    }
}

impl Default for UdpConfig {
    fn default() -> Self {
        Self {
            listen: vec![HOME],
            workers: NonZeroUsize::MIN,
            reuse_port: false,
            receive_buffer_bytes: 1 << 20,
        }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: vec![HOME],
            max_connections: NonZeroUsize::MIN.saturating_add(4095),
            header_seconds: 15,
            trusted_proxies: Vec::new(),
        }
    }
}

impl AnnounceConfig {
    /// The same in the tracker's own words.
    pub fn rules(&self) -> Rules {
        Rules {
            interval: self.interval_seconds,
            min_interval: self.min_interval_seconds,
            grace: self.grace_seconds,
            default_want: self.default_peers,
            max_want: self.max_peers,
        }
    }
}

/// Why a config cannot be used: the file, if there is one, and what is wrong in it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot be read: {source}; check the path given with --config", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is not TOML, or holds a key or value that is not known.
    #[error("{place}: {message}")]
    Syntax {
        /// File, line, column.
        place: Place,
        /// What is wrong there.
        message: String,
    },
    /// A value is out of its range.
    #[error("{key}: {message}")]
    Range {
        /// The key with its tables, as `udp.workers`.
        key: &'static str,
        /// What is wrong, and what would be right.
        message: String,
    },
}

/// A place in a config file, shown as `file:line:column` (both from 1, columns in characters).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`], naming file, line and column, or the key whose value is out of range.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Checks the text of a file; `path` is only for messages.
    ///
    /// # Errors
    /// As for [`Config::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            let place = Place {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before[line_start..].chars().count() + 1,
            };
            ConfigError::Syntax { place, message: error.message().to_owned() }
        })?;
        Ok(config)
    }

    /// Checks the values that have a range, and those that depend on each other. Done after the
    /// command line has had its say.
    ///
    /// # Errors
    /// [`ConfigError::Range`] for the first value that does not fit.
    pub fn check(&self) -> Result<(), ConfigError> {
        within("shards", self.shards, 1, 1 << 16)?;
        within("sweep_seconds", self.sweep_seconds as usize, 1, 3_600)?;
        within("shutdown_seconds", self.shutdown_seconds as usize, 0, 300)?;
        within("threads", self.threads, 0, 1_024)?;
        let announce = &self.announce;
        within("announce.interval_seconds", announce.interval_seconds as usize, 1, 86_400)?;
        within(
            "announce.min_interval_seconds",
            announce.min_interval_seconds as usize,
            0,
            announce.interval_seconds as usize,
        )?;
        within("announce.grace_seconds", announce.grace_seconds as usize, 0, 86_400)?;
        within("announce.max_peers", announce.max_peers, 1, 1_000)?;
        within("announce.default_peers", announce.default_peers, 0, announce.max_peers)?;
        within("udp.workers", self.udp.workers.get(), 1, 1_024)?;
        within("udp.receive_buffer_bytes", self.udp.receive_buffer_bytes, 0, 1 << 30)?;
        within("http.header_seconds", self.http.header_seconds as usize, 1, 3_600)?;
        if cfg!(not(unix)) && self.udp.reuse_port {
            return range("udp.reuse_port", "is for unix only; use workers without it");
        }
        if self.udp.listen.is_empty() && self.http.listen.is_empty() {
            return range("udp.listen", "and http.listen are both empty; name an address in one");
        }
        Ok(())
    }
}

fn within(key: &'static str, value: usize, least: usize, most: usize) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    range(key, &format!("is {value}, but must be from {least} to {most}"))
}

fn range(key: &'static str, message: &str) -> Result<(), ConfigError> {
    Err(ConfigError::Range { key, message: message.to_owned() })
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
