//! Asking a running service for its samples, for as long as it is under load.

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use honing_core::{
    Error, ExitCode, Result,
    template::{self, Placeholder, Values},
};

use crate::{
    children::Cancel,
    io::files,
    profiles::pprof::{
        ask::{Silent, ask},
        settings::Pulling,
    },
    workloads::beside::{Beside, Over},
};

/// How long a service may take to answer, beyond the capture itself, in seconds.
const PATIENCE: u64 = 20;
/// How much longer than its seconds a capture may take once the load is over, in seconds.
const LATE: u64 = 3;
/// Between two tries while another profiler holds the service's only slot.
const RETRY: Duration = Duration::from_millis(200);
/// How long an instance may take that is asked by URL, in seconds: its profile takes 30 unless the URL says otherwise.
const FETCH: u64 = 120;
/// What `net/http/pprof` answers to a second profiler.
const BUSY: &str = "already in use";

/// Captures that follow each other while the load runs; `None` where this service has no such port.
pub(super) fn beside(pulling: &Pulling, values: &Values, raw: &Path) -> Result<Option<Beside>> {
    let wrong = |error: template::TemplateError| Error::usage(format!("`pprof.url`: {error}"));
    let ports = template::placeholders([&pulling.url]).map_err(wrong)?;
    let has = |placeholder: &Placeholder| match placeholder {
        Placeholder::Port(name) => values.ports.contains_key(name),
        _ => true,
    };
    if !ports.iter().all(has) {
        return Ok(None);
    }
    let url = template::expand(&pulling.url, values).map_err(wrong)?;
    let captures = Captures { url, seconds: u64::from(pulling.seconds), raw: raw.to_owned() };
    Ok(Some(Box::new(move |over| captures.until(over))))
}

/// Variables with headers for instances that are asked by URL, such as `Authorization: Bearer …`, one a line.
pub(super) const HEADERS: &str = "HONING_PPROF_HEADERS";

/// Asks a running instance once, and keeps what it gives in a file called after its host and port.
pub(super) fn fetch(url: &str, headers: &str, to: &Path, cancel: &Cancel) -> Result<PathBuf> {
    let shown = shown(url);
    let failed = |what: String| {
        Error::new(ExitCode::Profile, format!("{shown} {what}")).with_hint(format!(
            "it has to give a CPU profile, as net/http/pprof does; headers are taken from {HEADERS}, one a line"
        ))
    };
    if url.split('/').nth(2).is_some_and(|host| host.contains('@')) {
        return Err(Error::usage(format!("{shown} has a user and a password in front of its host"))
            .with_hint(format!("put `Authorization: Basic …` into {HEADERS}")));
    }
    let mut request = minreq::get(url).with_timeout(FETCH.max(PATIENCE + seconds(url)));
    for line in headers.lines().filter(|line| !line.trim().is_empty()) {
        // Never shown: it may be a secret.
        let (name, value) = line.split_once(':').ok_or_else(|| {
            Error::usage(format!("a line of {HEADERS} has no `:`")).with_hint("write `Name: value`")
        })?;
        request = request.with_header(name.trim(), value.trim());
    }
    let answer = ask(request, || cancel.check().is_err());
    cancel.check()?;
    let answer = answer.map_err(|silent| match silent {
        Silent::Failed(what) => failed(what),
        Silent::GivenUp => Error::interrupted(),
    })?;
    if answer.status != 200 {
        return Err(failed(format!("answered with {}", answer.status)));
    }
    if let Err(error) = honing_pprof::read(&answer.bytes, honing_pprof::Policy::KEEP_ALL.max_bytes) {
        return Err(failed(format!("gives no profile: {error}")));
    }
    files::make_dir(to)?;
    let name: String = shown
        .trim_start_matches("http://")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' })
        .collect();
    // One instance may be asked more than once.
    let numbered = |number: u32| to.join(format!("{name}-{number}.pprof"));
    let file = (1..).map(numbered).find(|file| !file.exists()).unwrap_or_default();
    files::write_atomically(&file, &answer.bytes)?;
    Ok(file)
}

/// How long the instance is to record.
fn seconds(url: &str) -> u64 {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let value = query.split(['&', '#']).find_map(|part| part.strip_prefix("seconds="));
    value.and_then(|value| value.parse::<u32>().ok()).map_or(0, u64::from)
}

/// A URL without what may be secret: user, password and query.
fn shown(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    let rest = plain.strip_prefix("http://").unwrap_or(plain);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("http://{host}/{path}")
}

struct Captures {
    url: String,
    seconds: u64,
    raw: PathBuf,
}

impl Captures {
    /// The first capture holds the warm-up: it is kept only where it is the only one.
    fn until(&self, over: &Over) -> Result<()> {
        let mut taken = 0_u32;
        while !over.is() {
            let Some(bytes) = self.one(over)? else { break };
            if let Err(error) = honing_pprof::read(&bytes, honing_pprof::Policy::KEEP_ALL.max_bytes) {
                return Err(self.failed(&format!("gives no profile: {error}")));
            }
            if taken == 1 {
                files::remove_file(&self.file(0))?;
            }
            files::write_atomically(&self.file(taken), &bytes)?;
            taken += 1;
        }
        Ok(())
    }

    fn file(&self, number: u32) -> PathBuf {
        self.raw.join(format!("{number:04}.pprof"))
    }

    /// One capture; `None` where the load was over before another profiler gave way.
    fn one(&self, over: &Over) -> Result<Option<Vec<u8>>> {
        let separator = if self.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{separator}seconds={}", self.url, self.seconds);
        let began = Instant::now();
        loop {
            let asked = Instant::now();
            let late = || asked.elapsed() > Duration::from_secs(self.seconds + LATE);
            let request = minreq::get(&url).with_timeout(self.seconds + PATIENCE);
            let answer = ask(request, || over.is_cancelled() || (over.is() && late()));
            let answer = answer.map_err(|silent| match silent {
                Silent::Failed(what) => self.failed(&what),
                Silent::GivenUp if over.is_cancelled() => Error::interrupted(),
                Silent::GivenUp => self.failed("gave no profile before the load was over"),
            })?;
            match answer.status {
                200 => return Ok(Some(answer.bytes)),
                500 if answer.words().contains(BUSY) && began.elapsed() < Duration::from_secs(PATIENCE) => {
                    if over.is() {
                        return Ok(None);
                    }
                    thread::sleep(RETRY);
                }
                status => return Err(self.failed(&format!("answered with {status}: {}", answer.words()))),
            }
        }
    }

    fn failed(&self, what: &str) -> Error {
        Error::new(ExitCode::Workload, format!("{} {what}", shown(&self.url))).with_hint(
            "the service has to serve net/http/pprof there: set `url` in [program.NAME.pprof], and let nothing \
             else profile it meanwhile",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_of_a_url_is_shown() {
        let url = "http://user:word@10.0.0.1:6060/debug/pprof/profile?seconds=5&token=x#y";
        assert_eq!(shown(url), "http://10.0.0.1:6060/debug/pprof/profile");
        assert_eq!(shown("http://a"), "http://a/");
        assert_eq!((seconds(url), seconds("http://a/seconds=3"), seconds("http://a?seconds=-1")), (5, 0, 0));
    }
}
