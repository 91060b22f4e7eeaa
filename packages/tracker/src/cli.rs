//! The command line: a config file, and overrides of what scripts change most.

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf};

use clap::Parser;
use honing_tracker::config::{Config, ConfigError, LogFormat, LogLevel};

const EXAMPLES: &str = "\
Examples:
  honing-tracker
      UDP and HTTP on 127.0.0.1:6969
  honing-tracker --config tracker.toml --check
      is the file valid?
  honing-tracker --health
      for a container: is the one that runs here well?
  honing-tracker --udp 127.0.0.1:0 --http 127.0.0.1:0
      free ports; the log line `listening` names them
  honing-tracker --udp 127.0.0.1:6969 --udp '[::1]:6969' --no-http --workers 2

Exit codes: 0 after SIGTERM or SIGINT, 1 cannot serve, 2 bad command line or config.
A second signal ends at once.";

/// A BitTorrent tracker over UDP and HTTP.
#[derive(Debug, Parser)]
#[command(name = "honing-tracker", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Config file (TOML); tracker.example.toml shows all keys
    #[arg(long, value_name = "FILE", env = "HONING_TRACKER_CONFIG")]
    config: Option<PathBuf>,

    /// UDP address in place of the config's; can be repeated
    #[arg(long, value_name = "ADDR", env = "HONING_TRACKER_UDP", value_delimiter = ',')]
    udp: Vec<SocketAddr>,

    /// HTTP address in place of the config's; can be repeated
    #[arg(long, value_name = "ADDR", env = "HONING_TRACKER_HTTP", value_delimiter = ',')]
    http: Vec<SocketAddr>,

    /// Do not listen on UDP
    #[arg(long, conflicts_with = "udp")]
    no_udp: bool,

    /// Do not listen on HTTP
    #[arg(long, conflicts_with = "http")]
    no_http: bool,

    /// UDP receive loops per address
    #[arg(long, value_name = "N", env = "HONING_TRACKER_WORKERS")]
    workers: Option<NonZeroUsize>,

    /// Threads of the runtime; 0 for one per core
    #[arg(long, value_name = "N", env = "HONING_TRACKER_THREADS")]
    threads: Option<usize>,

    /// How much to log
    #[arg(long, value_name = "LEVEL", env = "HONING_TRACKER_LOG_LEVEL")]
    log_level: Option<LogLevel>,

    /// How log lines look
    #[arg(long, value_name = "FORMAT", env = "HONING_TRACKER_LOG_FORMAT")]
    log_format: Option<LogFormat>,

    /// Check the config and exit
    #[arg(long)]
    pub(crate) check: bool,

    /// Ask the tracker that runs with this config whether it is well, and exit with 0 or 1
    #[arg(long, conflicts_with = "check")]
    pub(crate) health: bool,
}

impl Args {
    /// The config file, if any, under the command line's overrides.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        let mut config = match &self.config {
            Some(path) => Config::load(path)?,
            None => Config::default(),
        };
        if !self.udp.is_empty() || self.no_udp {
            config.udp.listen.clone_from(&self.udp);
        }
        if !self.http.is_empty() || self.no_http {
            config.http.listen.clone_from(&self.http);
        }
        config.udp.workers = self.workers.unwrap_or(config.udp.workers);
        config.threads = self.threads.unwrap_or(config.threads);
        config.log.level = self.log_level.unwrap_or(config.log.level);
        config.log.format = self.log_format.unwrap_or(config.log.format);
        config.check()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn config(args: &[&str]) -> Config {
        Args::parse_from([&["honing-tracker"], args].concat()).config().unwrap()
    }

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn overrides_replace_what_the_file_says() {
        let config = config(&["--udp", "127.0.0.1:1", "--udp", "[::1]:1", "--no-http"]);
        assert_eq!(config.udp.listen.len(), 2);
        assert!(config.http.listen.is_empty());
    }

    #[test]
    fn nothing_given_is_the_default() {
        assert_eq!(config(&[]), Config::default());
    }
}
