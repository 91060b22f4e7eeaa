//! Samples of CPU time, as the engine sees a kind of profile.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use honing_core::{Digest, Error, Fingerprint, Result, Stage, Training, template::Values};

use crate::{
    chain::{ready::Ready, session::Session, subject::Subject},
    children::Usage,
    io::files,
    profiles::{
        Flaw, Profile, ProfileKind, Traces,
        given::Input,
        pprof::{
            edges::{Edges, STORED},
            matching, merge, pull,
            settings::Pulling,
        },
    },
    workloads::beside::Beside,
};

/// How files are called that hold such profiles.
const ENDINGS: [&str; 4] = ["pprof", "pgo", "prof", "pb.gz"];

/// Samples that the program itself takes.
#[derive(Debug)]
pub(crate) struct Samples;

impl ProfileKind for Samples {
    fn training(&self) -> Training {
        Training::Sampled
    }

    fn fingerprint(&self, subject: &Subject<'_>, print: &mut Fingerprint) {
        let Pulling { url, seconds } = Pulling::of(subject.program);
        print.content("pprof url", Digest::of(url.as_bytes())).value("pprof seconds", seconds);
    }

    fn variables(&self, _: &Subject<'_>, _: &Path) -> Vec<(&'static str, OsString)> {
        Vec::new()
    }

    fn variables_aside(&self, _: &Path) -> Vec<(&'static str, OsString)> {
        Vec::new()
    }

    fn beside_load(&self, subject: &Subject<'_>, values: &Values, raw: &Path) -> Result<Option<Beside>> {
        pull::beside(&Pulling::of(subject.program), values, raw)
    }

    fn take_from(&self, scratch: &Path, raw: &Path) -> Result<()> {
        // Two may have one name, in folders of their own.
        let found = files::below(scratch)?.into_iter().filter(|path| is_profile(path));
        for (number, path) in found.enumerate() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let to = raw.join(format!("{number:04}-{name}"));
            fs::rename(&path, &to).map_err(|error| files::error("move", &path, &error))?;
        }
        Ok(())
    }

    fn absence(&self) -> String {
        format!(
            "let a service listen at 127.0.0.1:{{port:pprof}} with net/http/pprof, and put it under load for some \
             seconds; or let a program write its profile to {{dir}}/cpu.{}",
            ENDINGS[0]
        )
    }

    fn survives(&self, _: &Subject<'_>) -> bool {
        true
    }

    fn survival(&self) -> &'static str {
        "ask it for its profile while it runs"
    }

    fn merge(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        (stage, _): (Stage, &Ready),
        inputs: &[Input],
        output: &Path,
    ) -> Result<(Box<dyn Profile>, Usage)> {
        let edges = merge::merge(session, subject, stage, inputs)?;
        files::write_atomically(output, edges.bytes())?;
        Ok((Box::new(edges), Usage::default()))
    }

    fn fetch(&self, session: &Session, place: &Path, to: &Path) -> Option<Result<PathBuf>> {
        let url = place.to_str().filter(|text| text.starts_with("http://"))?;
        let headers = session.around.env.get(OsStr::new(pull::HEADERS));
        Some(pull::fetch(
            url,
            &headers.map(|text| text.to_string_lossy()).unwrap_or_default(),
            to,
            &session.cancel,
        ))
    }

    fn recorded(&self, file: &Path) -> Option<(SystemTime, Duration)> {
        let bytes = files::read(file).ok()?;
        let profile = honing_pprof::read(&bytes, honing_pprof::Policy::KEEP_ALL.max_bytes).ok()?;
        let since = u64::try_from(profile.time_nanos).ok().filter(|nanos| *nanos > 0)?;
        let lasted = u64::try_from(profile.duration_nanos).unwrap_or_default();
        let began = SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(since))?;
        Some((began, Duration::from_nanos(lasted)))
    }

    fn find(&self, places: &[PathBuf]) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for place in places {
            if place.is_dir() {
                let mut below: Vec<_> =
                    files::below(place)?.into_iter().filter(|path| is_profile(path)).collect();
                below.sort();
                found.extend(below);
            } else {
                found.push(place.clone());
            }
        }
        if found.is_empty() {
            let endings = ENDINGS.map(|ending| format!("*.{ending}")).join(", ");
            return Err(
                Error::usage("no profile was found").with_hint(format!("in folders, {endings} are taken"))
            );
        }
        Ok(found)
    }

    fn shared(&self, base: &Path, other: &Path) -> Result<f64> {
        match (merge::read(base)?.edges(), merge::read(other)?.edges()) {
            (Ok(base), Ok(other)) => Ok(matching::shared(base, other)),
            (Err(error), _) | (_, Err(error)) => Err(Error::internal(error.to_string())),
        }
    }

    fn open(&self, bytes: Vec<u8>) -> Box<dyn Profile> {
        Box::new(Edges::of_bytes(bytes))
    }

    fn take(&self, given: Vec<u8>) -> Result<Box<dyn Profile>, Flaw> {
        let taken = Edges::of_any(&given).map_err(|error| Flaw {
            words: format!("cannot be used: {error}"),
            hint: "give a CPU profile of the program, as net/http/pprof or `go test -cpuprofile` writes it"
                .into(),
        })?;
        Ok(Box::new(taken))
    }

    fn unpack(&self, stored: Vec<u8>) -> Result<Box<dyn Profile>, String> {
        let unpacked = Edges::of_any(&stored).map_err(|error| error.to_string())?;
        Ok(Box::new(unpacked))
    }

    fn stored_names(&self) -> &'static [&'static str] {
        &[STORED]
    }

    fn extension(&self) -> &'static str {
        "pgo"
    }

    fn is_read_from_programs(&self) -> bool {
        true
    }

    fn declared(&self, program: &Path) -> Result<Traces> {
        files::read(program).map(Traces)
    }
}

fn is_profile(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ENDINGS.iter().any(|ending| name.strip_suffix(ending).is_some_and(|before| before.ends_with('.')))
}
