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
    io::files,
    profiles::pprof::settings::Pulling,
    workloads::beside::{Beside, Over},
};

/// How long a service may take to answer, beyond the capture itself, in seconds.
const PATIENCE: u64 = 20;
/// Between two tries while another profiler holds the service's only slot.
const RETRY: Duration = Duration::from_millis(200);
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
            let answer = minreq::get(&url).with_timeout(self.seconds + PATIENCE).send();
            let answer = answer.map_err(|error| self.failed(&format!("gives no profile: {error}")))?;
            let words = || String::from_utf8_lossy(answer.as_bytes()).trim().to_owned();
            match answer.status_code {
                200 => return Ok(Some(answer.into_bytes())),
                500 if words().contains(BUSY) && began.elapsed() < Duration::from_secs(PATIENCE) => {
                    if over.is() {
                        return Ok(None);
                    }
                    thread::sleep(RETRY);
                }
                status => return Err(self.failed(&format!("answered with {status}: {}", words()))),
            }
        }
    }

    fn failed(&self, what: &str) -> Error {
        Error::new(ExitCode::Workload, format!("{} {what}", self.url)).with_hint(
            "the service has to serve net/http/pprof there: set `url` in [program.NAME.pprof], and let nothing \
             else profile it meanwhile",
        )
    }
}
