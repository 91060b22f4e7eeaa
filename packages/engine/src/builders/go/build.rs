//! One `go build`: the command, its progress, and what it made.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use honing_core::{Digest, Error, ExitCode, Fingerprint, Result, Stage, event::Event};

use crate::{
    builders::{
        Made,
        go::{
            ask::{GoEnv, cause},
            driven, off, reads,
            state::Known,
            tables::Program,
        },
    },
    chain::session::Session,
    children::{Command, Status, StdStream},
    io::files,
};

/// What is to be built, and how.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) program: &'a Program,
    /// Where `go` is called.
    pub(super) dir: PathBuf,
    pub(super) env: BTreeMap<OsString, OsString>,
    /// The profile, and where the compiler finds it.
    pub(super) profile: Option<(PathBuf, PathBuf)>,
    pub(super) output: PathBuf,
    pub(super) known: Arc<Known>,
}

/// Flags that were not read from the repository, as they may be shown and stored: what `-ldflags` puts into a program
/// may be a secret, so that a digest stands for it.
pub(super) fn without_texts(flags: &[String]) -> String {
    let mut shown = Vec::new();
    let mut words = flags.iter();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or_default();
        let is_ldflags = name.trim_start_matches('-') == "ldflags" && name.starts_with('-');
        let value = match word.split_once('=') {
            Some((_, value)) => Some(value),
            None if is_ldflags => words.next().map(String::as_str),
            None => None,
        };
        match value {
            Some(value) if is_ldflags => {
                let digest = Digest::of(value.as_bytes()).to_string();
                shown.push(format!("{name}={}", digest.get(..12).unwrap_or_default()));
            }
            _ => shown.push(word.clone()),
        }
    }
    shown.join(" ")
}

/// Every flag that a person gives.
pub(super) fn flags(session: &Session, program: &Program) -> Vec<String> {
    program.flags.iter().chain(&session.options.arguments).cloned().collect()
}

/// Flags that decide which packages and files there are.
pub(super) fn listed_flags(session: &Session, program: &Program) -> Vec<String> {
    let tags = (!program.tags.is_empty()).then(|| format!("-tags={}", program.tags.join(",")));
    let mut given = program.flags.iter().chain(&session.options.arguments);
    let mut listed: Vec<String> = tags.into_iter().collect();
    // Others make no difference to `go list`, or are none of its.
    while let Some(flag) = given.next() {
        let name = flag.trim_start_matches('-').split('=').next().unwrap_or_default();
        match name {
            "race" | "msan" | "asan" => listed.push(flag.clone()),
            "mod" | "modfile" | "overlay" | "tags" if flag.contains('=') => listed.push(flag.clone()),
            "mod" | "modfile" | "overlay" | "tags" => {
                let value = given.next().map_or("", String::as_str);
                listed.push(format!("-{name}={value}"));
            }
            _ => {}
        }
    }
    listed
}

/// The command that builds it.
pub(super) fn command(session: &Session, wanted: &Wanted<'_>) -> Command {
    let program = wanted.program;
    if program.is_driven() {
        return driven::command(wanted);
    }
    let mut command = Command::new("go", &wanted.env, &wanted.dir);
    let named = ["GOOS", "GOARCH"].into_iter().chain(program.env.keys().map(String::as_str));
    for name in named.filter(|name| program.env.contains_key(*name) || session.options.target.is_some()) {
        if wanted.env.contains_key(std::ffi::OsStr::new(name)) {
            command.shown_env.push(name.into());
        }
    }
    command.args(["build", "-trimpath"]);
    // A commit alone changes nothing that is trained or measured; what ships has the stamp that the person
    // gets from Go.
    if !session.options.ships {
        command.args(["-buildvcs=false"]);
    }
    match &wanted.profile {
        None => command.args(["-pgo=off"]),
        Some((_, there)) => command.args([format!("-pgo={}", there.display())]),
    };
    if !program.tags.is_empty() {
        command.args([format!("-tags={}", program.tags.join(","))]);
    }
    if !program.ldflags.is_empty() {
        command.args([format!("-ldflags={}", program.ldflags)]);
    }
    if session.options.jobs.is_some() {
        command.args(["-p", &session.options.jobs_at_once().to_string()]);
    }
    command.args(&program.flags).args(&session.options.arguments);
    command.args(["-o"]).args([&wanted.output]).args([&program.package]);
    command
}

/// What a build reads, as far as Go tells it before.
pub(super) fn fingerprint(session: &Session, wanted: &Wanted<'_>, profile: Option<&Digest>) -> Fingerprint {
    let (program, Known { env, packages }) = (wanted.program, &*wanted.known);
    let mut print = Fingerprint::new();
    print
        .value("Go", &env.goversion)
        .value("target", env.platform())
        .value("package", &packages.main)
        .value("tags", program.tags.join(","))
        .value("ldflags", &program.ldflags)
        .value("flags", program.flags.join(" "))
        .value("go arguments", without_texts(&session.options.arguments))
        .content("modules", Digest::of(packages.modules.join("\n").as_bytes()))
        .flags("flags of PGO", if wanted.profile.is_some() { "-pgo" } else { "-pgo=off" });
    let settings = [
        ("GOFLAGS", &without_texts(&off::words(&env.goflags))),
        ("GOEXPERIMENT", &env.goexperiment),
        ("GOAMD64", &env.goamd64),
        ("GOARM64", &env.goarm64),
        ("CGO_ENABLED", &env.cgo_enabled),
    ];
    let others = env.others.iter().map(|(name, value)| (name.as_str(), value));
    settings.into_iter().chain(others).for_each(|(name, value)| {
        print.value(name, value);
    });
    for (name, value) in &program.env {
        // It may be a secret.
        print.content(format!("env {name} of go"), Digest::of(value.as_bytes()));
    }
    if let Some(profile) = profile {
        print.profile("profile", profile.clone());
    }
    if program.is_driven() {
        driven::fingerprint(session, wanted, &mut print);
    } else {
        print.value("stamped by version control", session.options.ships);
    }
    let listed = listed_flags(session, program);
    let flags = listed.iter().map(String::as_str).chain(env.goflags.split_whitespace());
    let overlaid = reads::overlaid(&wanted.dir, flags);
    for file in locks(env).iter().chain(&packages.files).chain(&overlaid) {
        if let Ok(digest) = files::digest(file) {
            let name = file.strip_prefix(&session.root).unwrap_or(file);
            print.content(name.display().to_string(), digest);
        }
    }
    print
}

/// The files that decide which modules there are.
pub(super) fn locks(env: &GoEnv) -> Vec<PathBuf> {
    let is_file = |text: &&String| !text.is_empty() && *text != "off" && *text != "/dev/null";
    let named = [&env.gomod, &env.gowork].into_iter().filter(is_file).map(PathBuf::from);
    let with_sums = |file: PathBuf| {
        let sum = if file.ends_with("go.mod") { "go.sum" } else { "go.work.sum" };
        [file.with_file_name(sum), file]
    };
    named.flat_map(with_sums).collect()
}

/// What Go has said so far.
#[derive(Debug, Default)]
struct Seen {
    compiled: u64,
    said: String,
}

/// Puts the profile where the compiler is told that it is.
pub(super) fn put_profile(session: &Session, stage: Stage, wanted: &Wanted<'_>) -> Result<()> {
    let Some((given, there)) = &wanted.profile else { return Ok(()) };
    if files::write_if_changed(there, &files::read(given)?)? {
        let text = format!("{stage}: {}", wanted.known.packages.with_a_new_profile());
        session.sink.emit(Event::Note { text });
    }
    Ok(())
}

/// Runs it; progress and output go into the event stream.
pub(super) fn build(session: &Session, name: &str, stage: Stage, wanted: &Wanted<'_>) -> Result<Made> {
    if wanted.program.is_driven() {
        return driven::build(session, name, stage, wanted);
    }
    put_profile(session, stage, wanted)?;
    let before = files::digest(&wanted.output).ok();
    let shown = command(session, wanted);
    let mut command = shown.clone();
    // For our eyes only: the packages, as they are compiled.
    command.args.insert(1, "-v".into());
    let seen = Arc::new(Mutex::new(Seen::default()));
    let (heard, sink, program) = (Arc::clone(&seen), session.sink.clone(), name.to_owned());
    let total = wanted.known.packages.count;
    let ended = session.run_builder(name, stage, &command, move |stream, line| {
        let Ok(mut seen) = heard.lock() else { return true };
        sink.emit(Event::Output { program: program.clone(), stage: stage.into(), line: line.to_owned() });
        if stream == StdStream::Stderr && is_package(line) {
            seen.compiled += 1;
            sink.emit(Event::Progress {
                program: program.clone(),
                stage: stage.into(),
                done: seen.compiled,
                total: Some(total.max(seen.compiled)),
                unit: "packages".into(),
                at: line.to_owned(),
                left_ms: None,
            });
        } else {
            seen.said.push_str(line);
            seen.said.push('\n');
        }
        true
    })?;
    let seen = seen.lock().map_err(|_| Error::internal("a reader of Go's output failed"))?;
    if ended.status != Status::Code(0) {
        return Err(Error::new(
            ExitCode::Build,
            format!("{stage}: go build failed ({}): {}", ended.status, cause(&seen.said)),
        )
        .with_hint(format!(
            "mend what it printed, or run it by hand in {}:\n{shown}",
            wanted.dir.display()
        )));
    }
    let digest = files::digest(&wanted.output).map_err(|error| error.at(format!("{stage}: go build")))?;
    Ok(Made {
        path: wanted.output.clone(),
        libraries: Vec::new(),
        debug_info: Vec::new(),
        fresh: seen.compiled == 0 && before.as_ref() == Some(&digest),
        // `unsafe` is no package that is compiled.
        full: seen.compiled + 1 >= total,
        digest,
        traces: None,
        witness: Vec::new(),
        usage: ended.usage,
    })
}

/// Whether a line of `go build -v` names a package, and is no message.
fn is_package(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#') && !line.contains([' ', ':', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_in_is_not_shown() {
        let shown = |line: &str| without_texts(&off::words(line));
        assert_eq!(shown("-mod=vendor -race -tags a"), "-mod=vendor -race -tags a");
        for line in ["'-ldflags=-X main.token=hush' -v", "--ldflags '-X main.token=hush' -v"] {
            let shown = shown(line);
            assert!(
                !shown.contains("hush") && shown.contains("ldflags=") && shown.ends_with(" -v"),
                "{shown}"
            );
        }
        assert_ne!(shown("-ldflags=a"), shown("-ldflags=b"));
        assert_eq!(shown("-ldflags"), "-ldflags");
    }
}
