//! One build: its commands in a folder of their own, and what came out.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use honing_core::{Digest, Error, ExitCode, Fingerprint, Result, Stage, event::Event, units};

use crate::{
    builders::{
        Made, beside,
        command::{
            calls,
            output::{KEPT, Kept, take},
            progress::{self, Told},
            reach::tell_reach,
            state::{Wanted, aside},
            tables::Flavoured,
            words::Name,
            wrapper::{self, Orders},
        },
    },
    chain::session::Session,
    children::{Command, Status, Usage},
    io::{files, programs::on_path},
};

/// How the name of the file ends that says who wrote last into a tree that is kept, beside that.
const LAST: &str = "last";
/// The objects with the flags of PGO in a tree that is kept.
const MARKED: &str = "marked.json";

/// Variables of the person's that compilers, linkers and build systems read.
const READ: [&str; 16] = [
    "AR",
    "AS",
    "CC",
    "CFLAGS",
    "CPATH",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LD",
    "LDFLAGS",
    "LIBRARY_PATH",
    "MAKEFLAGS",
    "PKG_CONFIG_PATH",
    "SOURCE_DATE_EPOCH",
];

/// What a build reads.
pub(super) fn fingerprint(
    wanted: &Wanted<'_>,
    (sources, profile): (&[(String, Digest)], Option<&Digest>),
) -> Fingerprint {
    let mut print = Fingerprint::new();
    let compilers = &wanted.compilers;
    print
        .value("compiler", &compilers.version)
        .content("compiler's file", compilers.digest.clone())
        .value("target", &compilers.triple)
        .value("in_source", wanted.program.in_source);
    // What one flavour has of its own is what makes it another one.
    for (key, words) in wanted.program.steps(wanted.flavour) {
        if wanted.program.is_shared(key) {
            print.value(key, quoted(words));
        } else {
            print.flags(key, quoted(words));
        }
    }
    for (name, value) in wanted.program.env(wanted.flavour) {
        // It may be a secret.
        let (name, digest) = (format!("env {name} of the build"), Digest::of(value.as_bytes()));
        if wanted.program.is_shared("env") {
            print.content(name, digest);
        } else {
            print.flags(name, digest.to_string());
        }
    }
    print.value("output", &wanted.program.output).value("libraries", wanted.program.libraries.join(" "));
    if wanted.program.names(wanted.flavour, Name::Args) {
        let takes = |flavour| wanted.program.names(flavour, Name::Args);
        let args = wanted.values.get(&Name::Args).map(|args| quoted(args)).unwrap_or_default();
        if Flavoured::ALL.into_iter().all(takes) {
            print.value("arguments", args);
        } else {
            print.flags("arguments", args);
        }
    }
    // Another make, or another interpreter of a script, may build another program.
    for (key, words) in wanted.program.steps(wanted.flavour) {
        if let Some(tool) = words.first()
            && let Some(path) = on_path(tool.as_ref(), &wanted.env)
        {
            let (name, path) = (format!("tool {tool}"), path.canonicalize().unwrap_or(path));
            if wanted.program.is_shared(key) {
                print.value(name, path.display());
            } else {
                // Of two flags of one name the tool of all flavours stays.
                print.flags(format!("{name} of {key}"), path.display().to_string());
            }
        }
    }
    for name in READ {
        if let Some(value) = wanted.env.get(std::ffi::OsStr::new(name)) {
            print.content(format!("variable {name}"), Digest::of(value.as_encoded_bytes()));
        }
    }
    // Those with a profile name its file.
    print.flags(
        "flags of PGO",
        match wanted.flavour {
            Flavoured::Instrument => quoted(&wanted.flags.compile),
            _ => wanted.mark.unwrap_or("none").to_owned(),
        },
    );
    for (name, digest) in sources {
        print.content(format!("input {name}"), digest.clone());
    }
    if let Some(profile) = profile {
        print.profile("profile", profile.clone());
    }
    print
}

/// Words so that those with blanks are told from several.
fn quoted(words: &[String]) -> String {
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

/// Builds, unless what an earlier build left is of the same.
pub(super) fn build(
    session: &Session,
    stage: Stage,
    wanted: &Wanted<'_>,
    print: &Fingerprint,
) -> Result<Made> {
    let read = serde_json::to_vec(print).map_err(|error| Error::internal(error.to_string()))?;
    let read = Digest::of(&read);
    if !session.options.force
        && let Some(kept) = Kept::load(&wanted.kept()).filter(|kept| kept.read == read)
        && let Ok(made) = kept.found(wanted)
    {
        return Ok(made);
    }
    // Without one of its own, another flavour's build is about as long.
    let last =
        Kept::load(&wanted.kept()).or_else(|| Kept::load(&wanted.folder.join(Flavoured::Baseline.word())));
    let total = last.map(|last| last.compilations).filter(|count| *count > 0);
    let marked = marked(wanted)?;
    let began = make_ready(session, stage, wanted)?;
    files::remove_file(&wanted.kept().join(KEPT))?;
    let told = Told { sink: &session.sink, program: wanted.name, stage, total };
    let usage = progress::told(&told, &wanted.notes(), || run_all(session, stage, wanted))?;
    tell_reach(session, stage, wanted, marked)?;
    let log = session.log_path(wanted.name, stage);
    Ok(take((stage, &log), wanted, (read, began))?.made(wanted, false, usage))
}

/// Its commands, one after the other.
fn run_all(session: &Session, stage: Stage, wanted: &Wanted<'_>) -> Result<Usage> {
    let mut usage = Usage::default();
    for (key, command) in wanted.commands()? {
        let more = run(session, stage, wanted, (key, command))?;
        usage.user += more.user;
        usage.system += more.system;
        usage.peak_rss = usage.peak_rss.max(more.peak_rss);
    }
    Ok(usage)
}

/// Empties what has to be empty, and puts in what the commands need. Who wrote last into the tree.
fn make_ready(session: &Session, stage: Stage, wanted: &Wanted<'_>) -> Result<String> {
    let tree = wanted.build_dir();
    let began = if wanted.program.keep.is_some() {
        go_on(session, stage, wanted, &tree)?
    } else {
        files::remove_dir(&tree)?;
        String::new()
    };
    files::make_dir(&tree)?;
    if wanted.program.in_source {
        wanted.sources(session.store.root()).copy_to(&tree, &session.cancel)?;
    }
    files::remove_dir(&wanted.out())?;
    files::make_dir(&wanted.out())?;
    files::remove_dir(&wanted.notes())?;
    files::make_dir(&wanted.notes())?;
    let compilers = &wanted.compilers;
    let called = std::iter::once(&compilers.cc)
        .chain(&compilers.cxx)
        .map(|real| (beside::file_name(real), real.clone()));
    let orders = Orders {
        compilers: called.collect(),
        mark: wanted.mark.map(str::to_owned),
        family: compilers.family,
        listens: wanted.traced,
        build_dir: tree,
        dir: wanted.dir.canonicalize().unwrap_or_else(|_| wanted.dir.clone()),
        notes: wanted.notes(),
    };
    wrapper::place(session.launcher.exe(), &wrapper::folder(&wanted.folder), &orders)?;
    let Some((given, there)) = &wanted.profile else { return Ok(began) };
    if let Some(folder) = there.parent() {
        // Of earlier profiles nobody needs another copy.
        files::remove_dir(folder)?;
        files::make_dir(folder)?;
    }
    compilers.family.lay_out(&files::read(given)?, there)?;
    Ok(began)
}

/// The objects in a kept tree that this program's builds compiled with the flags of PGO, the one before included, however
/// it ended: its calls are noted until the next begins.
fn marked(wanted: &Wanted<'_>) -> Result<BTreeSet<PathBuf>> {
    if wanted.program.keep.is_none() {
        return Ok(BTreeSet::new());
    }
    let file = wanted.folder.join(MARKED);
    let known = fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let marked = calls::marked(known, &calls::all(&wanted.notes()));
    let text = serde_json::to_vec(&marked).map_err(|error| Error::internal(error.to_string()))?;
    files::make_dir(&wanted.folder)?;
    files::write_atomically(&file, &text)?;
    Ok(marked)
}

/// Goes on in a tree that is kept: says where another one wrote to it last than before this flavour's last build.
fn go_on(session: &Session, stage: Stage, wanted: &Wanted<'_>, tree: &Path) -> Result<String> {
    let last = tree.with_extension(LAST);
    let now = fs::read_to_string(&last).unwrap_or_default();
    if let Some(before) = Kept::load(&wanted.kept()).map(|kept| kept.began).filter(|before| *before != now) {
        let who = |who: &str| if who.is_empty() { "nobody".to_owned() } else { who.to_owned() };
        let name = wanted.program.keep.as_deref().unwrap_or_default();
        let text = format!(
            "{stage}: {} wrote last into the tree `{name}`; before the last build of this it was {}",
            who(&now),
            who(&before)
        );
        session.sink.emit(Event::Note { text });
    }
    files::make_dir(tree)?;
    // A build that is killed has written, too.
    files::write_atomically(&last, format!("{}.{}", wanted.name, wanted.flavour.word()).as_bytes())?;
    Ok(now)
}

fn run(session: &Session, stage: Stage, wanted: &Wanted<'_>, (key, shown): (&str, Command)) -> Result<Usage> {
    let mut command = shown.clone();
    if wanted.flavour == Flavoured::Instrument {
        let aside = aside(&wanted.folder);
        files::remove_dir(&aside)?;
        files::make_dir(&aside)?;
        for (name, value) in wanted.compilers.family.kind().variables_aside(&aside) {
            command.env.insert(name.into(), value);
        }
    }
    let said = Arc::new(Mutex::new(String::new()));
    let (heard, sink, program) = (Arc::clone(&said), session.sink.clone(), wanted.name.to_owned());
    let ended = session.run_builder(wanted.name, stage, &command, move |_, line| {
        sink.emit(Event::Output { program: program.clone(), stage: stage.into(), line: line.to_owned() });
        if let Ok(mut said) = heard.lock()
            && said.is_empty()
            && is_error(line)
        {
            *said = units::shown(line.trim()).into_owned();
        }
        true
    });
    let failed = |what: String| {
        let log = session.log_path(wanted.name, stage);
        Error::new(ExitCode::Build, format!("{stage}: `{key}` of program `{}` {what}", wanted.name))
            .with_hint(format!(
                "its command is `{shown}`, in {}; all that it said is in {}{}",
                command.dir.display(),
                log.display(),
                of_blanks(&command.dir)
            ))
    };
    let ended = ended.map_err(|error| match error.code() {
        ExitCode::Internal => failed(format!("cannot be run: {error}")),
        _ => error,
    })?;
    if ended.status == Status::Code(0) {
        return Ok(ended.usage);
    }
    let first = said.lock().map(|said| said.clone()).unwrap_or_default();
    let first = if first.is_empty() { last_line(session, stage, wanted) } else { first };
    Err(failed(format!("ended with {}: {first}", ended.status)))
}

/// What may be wrong where a path has blanks.
fn of_blanks(dir: &Path) -> &'static str {
    if !dir.display().to_string().contains(char::is_whitespace) {
        return "";
    }
    ". This path has blanks, and make, configure and shells take such a one apart: choose another one with \
     --target-dir, or move the workspace"
}

/// Whether a line names an error, as compilers, linkers, make, cmake and meson do.
fn is_error(line: &str) -> bool {
    line.contains("error: ") || line.contains("ERROR: ") || line.contains("CMake Error")
}

fn last_line(session: &Session, stage: Stage, wanted: &Wanted<'_>) -> String {
    let log = files::last_lines(&session.log_path(wanted.name, stage), 1);
    log.into_iter().find(|line| !line.starts_with("$ ")).unwrap_or_else(|| "it said nothing".into())
}

/// Says which program of the commands is missing.
pub(super) fn check_programs(wanted: &Wanted<'_>) -> Result<()> {
    let commands = wanted.commands()?.into_iter().map(|(_, command)| command).chain(wanted.dry_run()?);
    for command in commands {
        let name = Path::new(&command.program);
        // What is named by a path may be made by an earlier command.
        if name.components().count() == 1 && on_path(name.as_os_str(), &command.env).is_none() {
            return Err(Error::preflight(format!("there is no program `{}` on PATH", name.display()))
                .with_hint(format!("the {} of program `{}` calls it", wanted.flavour.word(), wanted.name)));
        }
    }
    Ok(())
}

/// Makes the dry run of a flavour.
pub(super) fn dry_run(session: &Session, wanted: &Wanted<'_>) -> Result<()> {
    let Some(mut command) = wanted.dry_run()? else { return Ok(()) };
    // Who only plans has no run, and starts nothing.
    if !session.run_dir.is_dir() {
        return Ok(());
    }
    // Before the first build there is no {build_dir}.
    if !command.dir.is_dir() {
        command.dir.clone_from(&wanted.dir);
    }
    let ended = session.run_builder(wanted.name, Stage::Preflight, &command, |_, _| true)?;
    if ended.status == Status::Code(0) {
        return Ok(());
    }
    let said = files::tail(&session.log_path(wanted.name, Stage::Preflight), 10);
    let said = said.lines().filter(|line| !line.starts_with("$ ")).collect::<Vec<_>>().join("\n");
    let said = if said.trim().is_empty() { " it said nothing".to_owned() } else { format!("\n{said}") };
    Err(Error::preflight(format!(
        "`check` of the {} ended with {}:{said}",
        wanted.flavour.word(),
        ended.status
    ))
    .with_hint(format!("its command is `{command}`")))
}
