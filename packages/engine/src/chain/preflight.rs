//! Preflight: everything that any later stage needs, before the first compile.

use std::time::Instant;

use honing_core::{
    Error, ExitCode, Fingerprint, Result, Stage,
    config::{Kind, Workload},
    event::Event,
    template::{self, Placeholder},
    units, unknown,
};

use crate::{
    chain::{
        merge::given,
        ready::Ready,
        session::{ProfileSource, Session, find_program},
        step::{Done, Product, stored, up_to_date_or},
        subject::Subject,
        turns::is_done_here,
    },
    io::{disk, files, programs::is_executable, tree::Tree},
    keep::handed,
    workloads::elsewhere,
};

/// Free disk that the first build of all flavours needs at the least.
const DISK_FIRST: u64 = 1 << 30;
/// Free disk that a further run needs at the least.
const DISK_AGAIN: u64 = 128 << 20;
/// Memory that a link needs at the least.
const MEMORY: u64 = 256 << 20;

impl Product for Ready {
    fn files(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// What the probe depends on.
///
/// # Errors
/// Preflight, where cargo cannot be asked for its flags.
pub(crate) fn preflight_fingerprint(session: &Session, subject: &Subject<'_>) -> Result<Fingerprint> {
    let print = |merges: bool| {
        let mut print = subject.probe_fingerprint(session)?;
        print.value("merges", merges);
        subject.kind().tools(session, &mut print);
        Ok::<_, Error>(print)
    };
    // What was seen to merge as well was seen to do the rest.
    let more = print(true)?;
    let old = stored::<Ready>(session, subject, Stage::Preflight);
    let merges = subject.pass().is_some() || needs_merge(session, subject);
    if old.is_some_and(|old| old.fingerprint == more) { Ok(more) } else { print(merges) }
}

/// A profile from elsewhere is merged already.
pub(crate) fn needs_merge(session: &Session, subject: &Subject<'_>) -> bool {
    // What cannot be told is no reason to look at less.
    is_done_here(session, subject, Stage::Instrument).unwrap_or(true)
}

/// Runs every check; the one that compiles only where its inputs have changed.
pub(crate) fn preflight(session: &Session, subject: &Subject<'_>) -> Result<Done<Ready>> {
    if subject.pass().is_none() {
        check(session, subject)?;
        subject.builder().settle(session, subject)?;
    }
    let print = preflight_fingerprint(session, subject)?;
    let old = stored::<Ready>(session, subject, Stage::Preflight);
    let tool_is_gone = |ready: &Ready| ready.merger.tool.as_ref().is_some_and(|tool| !tool.is_file());
    if old.is_some_and(|old| tool_is_gone(&old.output)) {
        files::remove_dir(&session.dir_of(subject, Stage::Preflight))?;
    }
    up_to_date_or(session, subject, Stage::Preflight, print, Instant::now(), |dir| {
        subject.probe(session, dir)
    })
}

/// The checks that only look.
pub(crate) fn check(session: &Session, subject: &Subject<'_>) -> Result<()> {
    let at = |error: Error| error.at(format!("program `{}`", subject.name));
    subject.builder().check(session, subject)?;
    check_filter(session, subject)?;
    for (name, workload) in &subject.program.workload {
        check_workload(session, subject, name, workload)
            .map_err(|error| at(error.at(format!("workload `{name}`"))))?;
    }
    if let ProfileSource::File(file) = &session.options.profile {
        given(subject, file)?;
    }
    check_disk(session)?;
    check_memory()?;
    subject.builder().check_toolchain(session, subject)
}

fn check_filter(session: &Session, subject: &Subject<'_>) -> Result<()> {
    let names: Vec<&str> = subject.program.workload.keys().map(String::as_str).collect();
    match session.options.workloads.iter().find(|wanted| !names.contains(&wanted.as_str())) {
        Some(wanted) => Err(unknown("workload", wanted, &format!("program `{}`", subject.name), &names)),
        None => Ok(()),
    }
}

fn check_workload(session: &Session, subject: &Subject<'_>, name: &str, workload: &Workload) -> Result<()> {
    for (key, words) in workload.commands() {
        let Some(program) = words.first() else { continue };
        let stands_for = template::placeholders([program]).unwrap_or_default();
        let built = |placeholder: &Placeholder| {
            matches!(placeholder, Placeholder::Program | Placeholder::Tool(_) | Placeholder::Other(_))
        };
        if stands_for.iter().any(built) {
            continue;
        }
        let values =
            template::Values { workspace: session.root.to_string_lossy().into_owned(), ..Default::default() };
        let name = template::expand(program, &values).unwrap_or_else(|_| program.clone());
        match find_program(session, &name) {
            Some(path) if is_executable(&path) => {}
            Some(path) => {
                return Err(Error::preflight(format!("{key}: `{name}` is not executable"))
                    .with_hint(format!("chmod +x {}", path.display())));
            }
            None => {
                return Err(Error::preflight(format!("{key}: there is no program `{name}`"))
                    .with_hint("install it, or write its path relative to the workspace"));
            }
        }
    }
    if let Some(Kind::Own(own)) = workload.kind() {
        subject.builder().check_harness(own)?;
        // A stored profile needs none of them.
        if *handed::source(session, subject) == ProfileSource::Training {
            elsewhere::places(session, subject, workload)?;
        }
    }
    if let Some(pattern) = workload.service.as_ref().and_then(|service| service.ready.log.as_ref()) {
        regex_lite::Regex::new(pattern).map_err(|error| {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
            Error::usage(format!("ready.log: `{pattern}` is not a regular expression: {why}"))
                .with_hint("write it in single quotes, and characters that mean something with a backslash: 'ready \\(1\\)'")
        })?;
    }
    for input in &workload.inputs {
        let path = session.root.join(input);
        let tree = Tree::read(&path, Some(&session.cancel)).map_err(|error| match error.code() {
            ExitCode::Interrupted => error,
            _ => Error::preflight(format!("inputs: {error}"))
                .with_hint("restore it, make it readable, or take it out of `inputs`"),
        })?;
        tell_left_out(session, name, &tree);
    }
    Ok(())
}

/// What is no file has no contents that could decide anything.
fn tell_left_out(session: &Session, name: &str, tree: &Tree) {
    let Some((path, kind)) = tree.left_out.first() else { return };
    let more = match tree.left_out.len() - 1 {
        0 => String::new(),
        more => format!(", and so {} {more} more", if more == 1 { "is" } else { "are" }),
    };
    let text = format!(
        "workload `{name}`: inputs: {} is {kind} and is left out of the digest{more}",
        path.display()
    );
    session.sink.emit(Event::Note { text });
}

fn check_disk(session: &Session) -> Result<()> {
    let root = session.store.root();
    if root.to_string_lossy().contains('%') {
        return Err(Error::preflight(format!(
            "the output folder {} has a `%` in its path, which compilers and linkers expand",
            root.display()
        ))
        .with_hint("choose another folder with --target-dir"));
    }
    if files::starts_no_programs(root.ancestors().find(|path| path.exists()).unwrap_or(root)) {
        return Err(Error::preflight(format!(
            "the output folder {} is on a file system that is mounted noexec: no program can be started there",
            root.display()
        ))
        .with_hint("choose another folder with --target-dir"));
    }
    let built = |program: &String| session.store.dir(program, Stage::Baseline).is_dir();
    let first = !session.config.program.keys().any(built);
    files::make_dir(root)?;
    let probe = root.join(".writable");
    files::write_atomically(&probe, b"").map_err(|error| {
        let hint = "make it writable for this user, or choose another folder with --target-dir";
        error.with_code(honing_core::ExitCode::Preflight).at("the output folder").with_hint(hint)
    })?;
    let _ = std::fs::remove_file(&probe);
    let needed = if first { DISK_FIRST } else { DISK_AGAIN };
    match disk::free(root) {
        Some(free) if free < needed => Err(Error::preflight(format!(
            "only {} free in {}; at least {} are needed",
            units::bytes(free),
            root.display(),
            units::bytes(needed)
        ))
        .with_hint(honing_core::advise!(
            "free some space (`{pgo} clean`), or choose another disk with --target-dir"
        ))),
        _ => Ok(()),
    }
}

fn check_memory() -> Result<()> {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let available = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    match available.map(|kib| kib * 1024) {
        Some(bytes) if bytes < MEMORY => Err(Error::preflight(format!(
            "only {} of memory available; a link needs at least {}",
            units::bytes(bytes),
            units::bytes(MEMORY)
        ))
        .with_hint("end something else, or build fewer packages at once with -j")),
        _ => Ok(()),
    }
}
