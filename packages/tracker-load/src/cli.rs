//! The command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum};
use honing_tracker_load::{
    Plan, Until,
    limits::{MAX_CONCURRENCY, MAX_REQUESTS, Mode, PlanError},
    mix::{MIXES, Mix},
};

const EXAMPLES: &str = "\
Examples:
  honing-tracker-load --udp 127.0.0.1:6969 --http 127.0.0.1:6969 --seed 7 --requests 500000
      closed loop: 16 workers, each waiting for its answer
  honing-tracker-load --udp 127.0.0.1:6969 --mix eval --mode open --rate 20000 \\
      --concurrency 256 --warmup 1s --duration 10s --out result.json
      open loop: latency counts from the moment at which a request was due
  honing-tracker-load --mix train --seed 7 --requests 100000 --dry-run
      a digest of the requests, without sending any
  honing-tracker-load --http 127.0.0.1:6969 --requests 10000 --strict --max-failures 0
      a test of the tracker: also what only strays from the BEPs fails
  honing-tracker-load --http 127.0.0.1:7070 --mix http-heavy --requests 40000 \\
      --behind 'honing-tracker --udp 127.0.0.1:6969 --no-http' --behind-udp 127.0.0.1:6969
      an edge that is running, with a tracker behind it while the load lasts

The result is JSON. What there is to say against answers is in it, and on standard error in words:
failures (no answer, an error to a right request, one that cannot be read) and remarks.
Bounds: 100,000,000 requests, 1 h, 1024 workers, 1,000,000 requests/s, for warm-up and run each.
Exit codes: 0 fine, 1 tracker not there or too many failures, 2 bad command line.";

/// Load for a BitTorrent tracker on this machine: realistic, seeded, bounded.
#[derive(Debug, Parser)]
#[command(name = "honing-tracker-load", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// UDP address of the tracker, on loopback; once per address family
    #[arg(long, value_name = "ADDR")]
    udp: Vec<SocketAddr>,

    /// HTTP address of the tracker, on loopback; once per address family
    #[arg(long, value_name = "ADDR")]
    http: Vec<SocketAddr>,

    /// Decides everything that the mix leaves to chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// What traffic looks like (see --list-mixes)
    #[arg(long, value_name = "NAME", default_value = MIXES[0].name, value_parser = named)]
    pub(crate) mix: &'static Mix,

    /// Who sets the pace: the answers, or the clock
    #[arg(long, value_name = "MODE", default_value = "closed")]
    mode: ModeName,

    /// Workers: most requests under way [default: 16 closed, 256 open]
    #[arg(long, value_name = "N")]
    concurrency: Option<u32>,

    /// Requests per second, for --mode open
    #[arg(long, value_name = "R", required_if_eq("mode", "open"))]
    rate: Option<u32>,

    /// End after so many requests
    #[arg(long, value_name = "N", conflicts_with = "duration")]
    requests: Option<u64>,

    /// End after so much time, as 5s
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    duration: Option<Duration>,

    /// Send before measuring: a number of requests, or a time as 2s
    #[arg(long, value_name = "N|TIME")]
    warmup: Option<Until>,

    /// Largest share of failed requests that still counts as fine, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.01)]
    pub(crate) max_failures: f64,

    /// Count remarks as failures: answers that clients can use but that stray from the BEPs
    #[arg(long)]
    strict: bool,

    /// Start this program before the load and end it after: the tracker behind an edge, in words as
    /// a shell would split them
    #[arg(long, value_name = "WORDS", requires = "behind_udp")]
    behind: Option<String>,

    /// UDP address of the program behind, on loopback; the load begins when it answers
    #[arg(long, value_name = "ADDR", requires = "behind")]
    behind_udp: Option<SocketAddr>,

    /// Write the result here instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Print the mixes
    #[arg(long)]
    pub(crate) list_mixes: bool,

    /// Print a digest of the requests that --requests would send, and send none
    #[arg(long, requires = "requests")]
    pub(crate) dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModeName {
    Closed,
    Open,
}

fn named(name: &str) -> Result<&'static Mix, String> {
    Mix::named(name).ok_or_else(|| {
        let names: Vec<_> = MIXES.iter().map(|mix| mix.name).collect();
        format!("there are {}", names.join(", "))
    })
}

impl Args {
    fn workers(&self) -> u32 {
        let default = if self.mode == ModeName::Open { 256 } else { 16 };
        self.concurrency.unwrap_or(default)
    }

    /// Requests and workers of a dry run.
    pub(crate) fn dry(&self) -> Result<(u64, u32), String> {
        let requests = self.requests.unwrap_or(0);
        if requests > MAX_REQUESTS || self.workers() > MAX_CONCURRENCY {
            return Err(format!("at most {MAX_REQUESTS} requests, {MAX_CONCURRENCY} workers"));
        }
        Ok((requests, self.workers()))
    }

    /// The words of the program behind, and where it answers.
    pub(crate) fn behind(&self) -> Result<Option<(Vec<String>, SocketAddr)>, String> {
        let (Some(words), Some(udp)) = (&self.behind, self.behind_udp) else { return Ok(None) };
        if !udp.ip().to_canonical().is_loopback() {
            return Err(PlanError::NotLoopback(udp).to_string());
        }
        match shlex::split(words) {
            Some(words) if !words.is_empty() => Ok(Some((words, udp))),
            Some(_) => Err("--behind names no program".to_owned()),
            None => Err(format!("--behind {words}: a quote is not closed")),
        }
    }

    /// What to run; its bounds are checked by whoever runs it.
    pub(crate) fn plan(&self) -> Result<Plan, String> {
        let until = match (self.requests, self.duration) {
            (Some(requests), _) => Until::Requests(requests),
            (None, Some(time)) => Until::Elapsed(time),
            (None, None) => return Err("how long? give --requests N or --duration 5s".to_owned()),
        };
        let mode = match self.mode {
            ModeName::Closed => Mode::Closed,
            ModeName::Open => Mode::Open { rate: self.rate.unwrap_or(0) },
        };
        Ok(Plan {
            udp: self.udp.clone(),
            http: self.http.clone(),
            mix: self.mix,
            seed: self.seed,
            mode,
            concurrency: self.workers(),
            warmup: self.warmup,
            until,
            strict: self.strict,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn plan(args: &str) -> Result<Plan, String> {
        let words = ["honing-tracker-load", "--udp", "127.0.0.1:1"].into_iter();
        let args = Args::try_parse_from(words.chain(args.split_whitespace()));
        args.map_err(|error| error.to_string())?.plan()
    }

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn defaults_depend_on_the_mode() {
        assert_eq!(plan("--requests 5").unwrap().concurrency, 16);
        let open = plan("--duration 5s --mode open --rate 9").unwrap();
        assert_eq!((open.mode, open.concurrency), (Mode::Open { rate: 9 }, 256));
    }

    #[test]
    fn the_program_behind_is_split_into_words() {
        let behind = |words: &str, udp: &str| {
            let start = ["honing-tracker-load", "--http", "127.0.0.1:1", "--requests", "1"];
            let args = [&start[..], &["--behind", words, "--behind-udp", udp]].concat();
            Args::try_parse_from(args).unwrap().behind()
        };
        let udp = "127.0.0.1:6969";
        let (words, at) = behind("tracker --log 'a b'", udp).unwrap().unwrap();
        assert_eq!(
            (words, at.to_string()),
            (vec!["tracker".into(), "--log".into(), "a b".into()], udp.into())
        );
        for (words, udp, part) in [
            (" ", udp, "names no program"),
            ("tracker 'a", udp, "a quote is not closed"),
            ("tracker", "0.0.0.0:1", "is not loopback"),
        ] {
            let error = behind(words, udp).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        for (args, part) in [
            ("", "how long?"),
            ("--requests 1 --mode open", "--rate"),
            ("--requests 1 --duration 1s", "cannot be used with"),
            ("--requests 1 --mix none", "there are train, eval,"),
            ("--requests 1 --behind tracker", "--behind-udp"),
            ("--requests 1 --behind-udp 127.0.0.1:2", "--behind <WORDS>"),
        ] {
            let error = plan(args).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
