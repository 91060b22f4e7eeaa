//! Programs that a person's own command builds, such as `make`. It finds this executable as `go`
//! ([`shim`](super::shim)), which gives the program its profile. What comes out is looked at: a `go` that is
//! called by its path knows nothing of a profile.
//!
//! All else is the command's, `-trimpath` too: the baseline is what ships today.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use honing_core::{Digest, Error, ExitCode, Fingerprint, Result, Stage, event::Event};
use honing_gobinary::{BuildInfo, Program as Binary};

use crate::{
    builders::{
        Made,
        go::{
            aside::Aside,
            ask::cause,
            build::{self, Wanted},
            off,
            orders::{self, Orders},
            reads,
            witness::{Witness, changing, same_but_for_stamps},
        },
    },
    chain::session::Session,
    children::{Command, Status, StdStream, Usage},
    io::{files, tree::Tree},
};

/// What the profile is called: it is stamped into the program, and no other is called so.
pub(super) const PROFILE: &str = "honing.pgo";

/// How the program of a flavour was built, beside it.
const WITNESS: &str = "witness.json";

/// The command, as a person runs it.
pub(super) fn command(wanted: &Wanted<'_>) -> Command {
    let mut words = wanted.program.build.iter();
    let mut command = Command::new(words.next().cloned().unwrap_or_default(), &wanted.env, &wanted.dir);
    command.args(words);
    command.shown_env.extend(wanted.program.env.keys().map(Into::into));
    command
}

/// Adds what decides what the command does.
pub(super) fn fingerprint(session: &Session, wanted: &Wanted<'_>, print: &mut Fingerprint) {
    let program = wanted.program;
    print
        .value("build", program.build.join(" "))
        .value("output", program.output.as_deref().unwrap_or_default());
    for file in reads::makefiles(&wanted.dir, &program.build) {
        if let Ok(digest) = files::digest(&file) {
            print.content(file.strip_prefix(&wanted.dir).unwrap_or(&file).display().to_string(), digest);
        }
    }
    for input in &program.inputs {
        if let Ok(tree) = Tree::read(&wanted.dir.join(input), Some(&session.cancel)) {
            print.content(format!("input {input}"), tree.digest);
        }
    }
}

/// Runs the command, and takes what it made.
pub(super) fn build(session: &Session, name: &str, stage: Stage, wanted: &Wanted<'_>) -> Result<Made> {
    let folder = wanted.output.parent().unwrap_or(Path::new("")).to_owned();
    files::make_dir(&folder)?;
    let notes = folder.join("calls");
    files::remove_file(&notes)?;
    let output = wanted.dir.join(wanted.program.output.as_deref().unwrap_or_default());
    let aside = Aside::put(output.clone(), folder.with_file_name("aside"))?;
    let usage = run(session, name, stage, wanted, &notes)?;
    let noted = fs::read_to_string(&notes).unwrap_or_default();
    let checked = Outcome { stage, wanted, output: &output, notes: &noted };
    let (bytes, info) = checked.program()?;
    let gcflags = info.settings.iter().find(|(key, _)| key == "-gcflags").map(|(_, value)| value.as_str());
    if let (Some(words), Some(_)) = (gcflags.and_then(off::in_gcflags), &wanted.profile) {
        let text = format!("program `{name}`: it was built with {words}");
        session.sink.emit(Event::Warning { text });
    }
    let witness = Witness::of(sources(session, wanted)?, checked.noted()?, &info);
    let fresh = keeps_earlier(session, &folder, name, wanted, (&witness, &bytes))?;
    if !fresh {
        // A kill in between must not leave it with another program's.
        files::remove_file(&folder.join(WITNESS))?;
        files::copy(&output, &wanted.output)?;
        files::write_atomically(&folder.join(WITNESS), &witness.to_bytes())?;
    }
    drop(aside);
    Ok(Made {
        path: wanted.output.clone(),
        libraries: Vec::new(),
        debug_info: Vec::new(),
        fresh,
        // What the command had built before, nobody tells.
        full: false,
        digest: files::digest(&wanted.output)?,
        traces: None,
        witness: witness.to_bytes(),
        usage,
    })
}

/// What it is built of, the profile included.
fn sources(session: &Session, wanted: &Wanted<'_>) -> Result<String> {
    let profile = wanted.profile.as_ref().map(|(given, _)| files::digest(given)).transpose()?;
    let print = build::fingerprint(session, wanted, profile.as_ref());
    let bytes = serde_json::to_vec(&print).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Digest::of(&bytes).to_string())
}

/// Whether the program of an earlier build is kept, since this one differs by a stamp or by nothing: otherwise a
/// build time would have it trained and measured again each time. What ships is always the new one.
fn keeps_earlier(
    session: &Session,
    folder: &Path,
    name: &str,
    wanted: &Wanted<'_>,
    (now, bytes): (&Witness, &[u8]),
) -> Result<bool> {
    let read = |folder: &Path| Witness::from_bytes(&fs::read(folder.join(WITNESS)).ok()?);
    let (own, ships) = (read(folder), session.options.ships);
    // It is told once, by the first optimized program beside the baseline, and of each that ships.
    let earlier = if ships { own.clone() } else { None };
    let earlier =
        earlier.or_else(|| own.is_none().then(|| read(&folder.with_file_name("baseline"))).flatten());
    if let Some(words) = earlier.and_then(|earlier| changing(&earlier, now)) {
        let text = format!(
            "program `{name}`: {words}, so each build has other bytes. While its sources are the same, an earlier \
             one is kept; what ships is built anew"
        );
        session.sink.emit(Event::Warning { text });
    }
    let (Some(own), false) = (own, ships) else { return Ok(false) };
    let Ok(old) = fs::read(&wanted.output) else { return Ok(false) };
    Ok(same_but_for_stamps((&own, &old), (now, bytes)))
}

fn run(session: &Session, name: &str, stage: Stage, wanted: &Wanted<'_>, notes: &Path) -> Result<Usage> {
    let shown = command(wanted);
    let mut command = shown.clone();
    build::put_profile(session, stage, wanted)?;
    let pgo = match &wanted.profile {
        None => "off".to_owned(),
        Some((_, there)) => there.display().to_string(),
    };
    let main = wanted.known.packages.dir.canonicalize();
    let main = main.unwrap_or_else(|_| wanted.known.packages.dir.clone());
    let told = Orders::Build { main, pgo, notes: notes.to_owned() };
    orders::give(&mut command, session.launcher.exe(), &session.builds(), &told)?;
    let said = Arc::new(Mutex::new(String::new()));
    let (heard, sink, program) = (Arc::clone(&said), session.sink.clone(), name.to_owned());
    let ended = session.run_builder(name, stage, &command, move |stream, line| {
        sink.emit(Event::Output { program: program.clone(), stage: stage.into(), line: line.to_owned() });
        if let Ok(mut said) = heard.lock()
            && stream == StdStream::Stderr
        {
            said.push_str(line);
            said.push('\n');
        }
        true
    });
    let failed = |what: String| {
        Error::new(ExitCode::Build, format!("{stage}: `{shown}` {what}")).with_hint(format!(
            "mend what it printed, or run it by hand:\n(cd {} && {shown})",
            wanted.dir.display()
        ))
    };
    let ended = ended.map_err(|error| match error.code() {
        ExitCode::Preflight | ExitCode::Internal => failed(format!("cannot be run: {error}")),
        _ => error,
    })?;
    if ended.status != Status::Code(0) {
        let said = said.lock().map(|said| said.clone()).unwrap_or_default();
        return Err(failed(format!("failed ({}): {}", ended.status, cause(&said))));
    }
    Ok(ended.usage)
}

/// What a command that ended well is judged by.
struct Outcome<'a> {
    stage: Stage,
    wanted: &'a Wanted<'a>,
    output: &'a Path,
    notes: &'a str,
}

impl Outcome<'_> {
    /// The note of the call that built it.
    fn noted(&self) -> Result<&str> {
        self.notes.lines().last().ok_or_else(|| {
            let main = &self.wanted.known.packages.main;
            self.error(&format!("did not build {main} by a call of `go build` or `go install`")).with_hint(
                "let it call `go` by this name, and not by a path such as $(GOROOT)/bin/go. Where make calls \
                 nothing since all is there, name what makes it build again: build = [\"make\", \"-B\", \"build\"]",
            )
        })
    }

    /// What it left; an error where that is not what it was to build.
    fn program(&self) -> Result<(Vec<u8>, BuildInfo)> {
        self.noted()?;
        let bytes = fs::read(self.output).map_err(|error| {
            self.error(&format!("ended well, but {} cannot be read: {error}", self.named()))
                .with_hint("`output` in [program.NAME.go] is the program that it leaves, relative to `dir`")
        })?;
        let info = Binary::read(&bytes).map(|binary| binary.info).map_err(|error| {
            self.error(&format!("left {}, which is no Go program that can be read: {error}", self.named()))
                .with_hint("`output` in [program.NAME.go] is the program itself, and not a package of it")
        })?;
        self.check(&info)?;
        Ok((bytes, info))
    }

    fn check(&self, info: &BuildInfo) -> Result<()> {
        let main = &self.wanted.known.packages.main;
        if info.path != *main && info.path != "command-line-arguments" {
            return Err(self
                .error(&format!("left {}, which is {} and not {main}", self.named(), info.path))
                .with_hint("`package` in [program.NAME.go] is the main package of `output`"));
        }
        let found = info.settings.iter().find(|(key, _)| key == "-pgo").map(|(_, value)| value.as_str());
        let ours = |value: &str| Path::new(value).file_name() == Some(PROFILE.as_ref());
        let words = match (found, &self.wanted.profile) {
            (None, None) => return Ok(()),
            (Some(value), Some(_)) if ours(value) => return Ok(()),
            (None, Some(_)) => "without a profile".to_owned(),
            (Some(value), _) => format!("with -pgo={value}"),
        };
        Err(self.error(&format!("left {}, which was built {words}", self.named())).with_hint(
            "another go built it, one that is called by its path: let all calls be `go`, and let nothing put an \
             earlier program there",
        ))
    }

    fn named(&self) -> String {
        self.wanted.program.output.clone().unwrap_or_default()
    }

    fn error(&self, what: &str) -> Error {
        Error::new(ExitCode::Build, format!("{}: `{}` {what}", self.stage, command(self.wanted)))
    }
}
