//! Profiles from elsewhere that pgo.toml names as a workload: files, folders, patterns, and running instances.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::Duration,
};

use honing_core::{
    Digest, Error, ExitCode, Result,
    applied::MatchedBy,
    config::{Kind, Workload},
    event::Event,
    recorded::PartEntry,
};

use crate::{
    chain::{session::Session, subject::Subject},
    children::{Status, Usage},
    io::{files, pattern},
    profiles::{Flaw, Traces, given_part},
    workloads::run::{Attempt, Ran, Runner},
};

/// Somewhere that pgo.toml names.
#[derive(Debug)]
pub(crate) struct Place<'w> {
    /// As it stands there.
    pub(crate) named: &'w str,
    /// The files there; none of a running instance.
    files: Vec<PathBuf>,
}

impl Place<'_> {
    /// Of all its files; `None` for an instance, which has another profile each time.
    pub(crate) fn digest(&self) -> Result<Option<Digest>> {
        let mut all = String::new();
        for file in &self.files {
            all.push_str(&files::digest(file)?.to_string());
        }
        Ok((!self.files.is_empty()).then(|| Digest::of(all.as_bytes())))
    }
}

/// Looks for what a workload names; nothing where it runs something. A file that is named twice counts once.
///
/// # Errors
/// Preflight, where there is no such file.
pub(crate) fn places<'w>(
    session: &Session,
    subject: &Subject<'_>,
    workload: &'w Workload,
) -> Result<Vec<Place<'w>>> {
    let Some(Kind::Own(own)) = workload.kind() else { return Ok(Vec::new()) };
    let mut seen = HashSet::new();
    let mut places = Vec::new();
    for named in subject.builder().given(own) {
        if named.contains("://") {
            places.push(Place { named, files: Vec::new() });
            continue;
        }
        let found = pattern::matches(&session.root, named)?;
        let found = if found.is_empty() { found } else { subject.kind().find(&found).unwrap_or_default() };
        if found.is_empty() || !found.iter().all(|file| file.is_file()) {
            return Err(Error::preflight(format!("profiles: there is no profile at `{named}`")).with_hint(
                "name a file, a folder, or a pattern such as profiles/*, relative to the workspace",
            ));
        }
        let new = |file: &PathBuf| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone()));
        places.push(Place { named, files: found.into_iter().filter(new).collect() });
    }
    Ok(places)
}

impl Attempt<'_> {
    /// Takes the profiles of `places`, and says of each what it is. One that cannot be used, or an instance that gives
    /// none, ends it: what is missing would change the profile in silence.
    pub(super) fn take(&self, places: &[Place<'_>]) -> Result<Ran> {
        let at = |error: Error| error.at(format!("{}: workload `{}`", self.runner.stage, self.name));
        let parts = self.taken(places).map_err(at)?;
        Ok(Ran { parts, ..self.ran(Usage::default(), Duration::ZERO, Status::Code(0), "") })
    }

    fn taken(&self, places: &[Place<'_>]) -> Result<Vec<PartEntry>> {
        let Runner { session, subject, program, .. } = *self.runner;
        let raw = self.dir.join("raw");
        let traces = subject.kind().declared(program)?;
        let mut parts = Vec::new();
        for place in places {
            if place.named.contains("://") {
                let file = self.fetch(place.named, &raw)?;
                let shown = file.file_name().map(PathBuf::from).unwrap_or_default();
                parts.push(self.judge(&file, &shown, &traces)?);
            }
            for file in &place.files {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                // Two may have one name, in folders of their own.
                let to = raw.join(format!("{:04}-{name}", parts.len()));
                files::copy(file, &to)?;
                parts.push(self.judge(&to, file.strip_prefix(&session.root).unwrap_or(file), &traces)?);
            }
        }
        Ok(parts)
    }

    fn fetch(&self, url: &str, raw: &Path) -> Result<PathBuf> {
        let Runner { session, subject, .. } = *self.runner;
        let fetched = subject.kind().fetch(session, Path::new(url), raw);
        let none = || Err(Error::usage("no instance is asked by such a URL").with_hint("write http://…"));
        // A workload may be tried again.
        fetched.unwrap_or_else(none).map_err(|error| match error.code() {
            ExitCode::Profile => error.with_code(ExitCode::Workload),
            _ => error,
        })
    }

    /// What a file is, once it is seen to be a profile of the program that is there.
    fn judge(&self, file: &Path, shown: &Path, traces: &Traces) -> Result<PartEntry> {
        let Runner { session, subject, .. } = *self.runner;
        let wrong = |words: &str| Error::new(ExitCode::Profile, format!("{} {words}", shown.display()));
        let bytes = files::read(file)?;
        let digest = Digest::of(&bytes);
        let taken = subject.kind().take(bytes);
        let profile = taken.map_err(|Flaw { words, hint }| wrong(&words).with_hint(hint))?;
        let matched = profile.matched(Vec::new(), Ok((traces.clone(), MatchedBy::Program)), None).applied;
        if matched.is_of_another_program() {
            return Err(wrong("is a profile of another program")
                .with_hint("take it out of `profiles`, or name the program that it is of"));
        }
        let text = format!("{}: the program has {}", shown.display(), matched.words());
        let text = format!("{}: workload `{}`: {text}", self.runner.stage, self.name);
        session.sink.emit(Event::Note { text });
        let part = given_part((shown, digest), None, [subject.kind().recorded(file)]);
        Ok(PartEntry { workloads: vec![self.name.to_owned()], ..part })
    }
}
