//! Go, as the engine sees a builder.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use honing_core::{
    Digest, Error, Fingerprint, Result, Setting, Stage,
    account::Account,
    config::{self, Own, Tool},
    release::Compiler,
};

use crate::{
    builders::{
        Builder, Flavour, Folders, Made,
        go::{
            ask::{Go, GoEnv},
            build::{self, Wanted},
            list::Packages,
            tables::{self, Program},
        },
    },
    chain::{
        ready::{Merger, Ready},
        session::Session,
        subject::Subject,
    },
    children::{Command, Usage},
    io::{files, programs::on_path},
    profiles::{ProfileKind, pprof::Samples},
};

/// What decides which modules there are, beside the sources.
const LOCKS: [&str; 4] = ["go.mod", "go.sum", "go.work", "go.work.sum"];

/// Builds with the go command.
#[derive(Debug)]
pub(super) struct GoBuilder {
    pub(super) root: PathBuf,
    pub(super) env: BTreeMap<OsString, OsString>,
    /// What was asked, by what it was asked about.
    asked: Mutex<HashMap<Program, Arc<Known>>>,
}

/// What Go says of a program.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) env: GoEnv,
    pub(super) packages: Packages,
}

impl GoBuilder {
    pub(super) fn new(root: PathBuf, env: BTreeMap<OsString, OsString>) -> Self {
        Self { root, env, asked: Mutex::default() }
    }

    /// What Go says of a program; it is asked once, and again after a build.
    fn known(&self, session: &Session, program: &Program) -> Result<Arc<Known>> {
        let failed = |_| Error::internal("a reader of Go's answer failed");
        if let Some(known) = self.asked.lock().map_err(failed)?.get(program) {
            return Ok(Arc::clone(known));
        }
        self.ask(session, program)
    }

    fn ask(&self, session: &Session, program: &Program) -> Result<Arc<Known>> {
        let dir = self.root.join(&program.dir);
        let go = Go { dir: &dir, env: self.environment(session, program) };
        let known = session.while_builder(|| {
            let env = go.about_itself()?;
            let packages = Packages::of(&go, &build::listed_flags(session, program), &program.package)?;
            packages.check(&program.package)?;
            Ok::<_, Error>(Arc::new(Known { env, packages }))
        })?;
        let failed = |_| Error::internal("a reader of Go's answer failed");
        self.asked.lock().map_err(failed)?.insert(program.clone(), Arc::clone(&known));
        Ok(known)
    }

    /// The person's environment, with what pgo.toml and the command line say of it.
    fn environment(&self, session: &Session, program: &Program) -> BTreeMap<OsString, OsString> {
        let mut env = self.env.clone();
        env.extend(program.env.iter().map(|(name, value)| (name.into(), value.into())));
        let target = session.options.target.as_ref().or(program.target.as_ref());
        if let Some((os, arch)) = target.and_then(|target| target.split_once(['/', '_'])) {
            env.insert("GOOS".into(), os.into());
            env.insert("GOARCH".into(), arch.into());
        }
        if session.options.offline || session.options.frozen {
            env.insert("GOPROXY".into(), "off".into());
        }
        env
    }

    fn wanted<'a>(
        &self,
        session: &Session,
        (name, program): (&str, &'a Program),
        flavour: Flavour<'_>,
    ) -> Result<Wanted<'a>> {
        let known = self.known(session, program)?;
        let (word, profile) = match flavour {
            Flavour::Plain => ("baseline", None),
            Flavour::Instrumented => {
                return Err(Error::internal("Go programs are trained as they ship, without counters"));
            }
            Flavour::Optimized { profile, .. } => ("optimize", Some(profile.to_owned())),
        };
        let folder = folder(session, name).join(word);
        let end = if known.env.goos == "windows" { ".exe" } else { "" };
        let executable = program.bin.clone().unwrap_or_else(|| known.packages.executable());
        Ok(Wanted {
            program,
            dir: self.root.join(&program.dir),
            env: self.environment(session, program),
            // The name of the file is stamped into the program: it is always the same.
            profile: profile.map(|given| (given, folder.with_file_name("default.pgo"))),
            output: folder.join(format!("{executable}{end}")),
            known,
        })
    }
}

/// Where a program is built.
fn folder(session: &Session, name: &str) -> PathBuf {
    session.builds().join("go").join(name)
}

/// What pgo.toml says of a program.
fn table(program: &config::Program) -> Result<&Program> {
    program.own.get().ok_or_else(|| Error::usage("go does not build this"))
}

fn tool_table(tool: &Tool) -> Result<Program> {
    let tool: &tables::Tool = tool.own.get().ok_or_else(|| Error::usage("go does not build this"))?;
    Ok(tool.program())
}

fn no_tests() -> Error {
    Error::usage("Go programs have workloads with `command` or `service`")
}

impl Builder for GoBuilder {
    fn absent(&self) -> Option<String> {
        let there = on_path(OsStr::new("go"), &self.env);
        there.is_none().then(|| "there is no `go` on PATH".into())
    }

    fn look_up(&self, session: &Session, program: &config::Program) -> Result<(String, String)> {
        let program = table(program)?;
        let known = self.known(session, program)?;
        let executable = program.bin.clone().unwrap_or_else(|| known.packages.executable());
        Ok((executable, known.env.platform()))
    }

    fn settings(&self, session: &Session, subject: &Subject<'_>) -> Result<Vec<Setting>> {
        let known = self.known(session, table(subject.program)?)?;
        let setting = |key: &str, value: &str, origin: &str| Setting {
            key: format!("program.{}: {key}", subject.name),
            value: value.to_owned(),
            origin: origin.to_owned(),
        };
        let mut found = vec![
            setting("binary", &subject.artifact, "go list"),
            setting("main package", &known.packages.main, "go list"),
            setting("target", &subject.triple, "--target, pgo.toml, or go env"),
            setting("Go", known.env.version(), "go env"),
        ];
        if !known.env.goflags.is_empty() {
            found.push(setting("GOFLAGS", &known.env.goflags, "go env"));
        }
        Ok(found)
    }

    fn kind(&self) -> &'static dyn ProfileKind {
        &Samples
    }

    fn check(&self, session: &Session, subject: &Subject<'_>) -> Result<()> {
        let at = |error: Error| error.at(format!("program `{}`", subject.name));
        let program = table(subject.program).map_err(at)?;
        self.known(session, program).map_err(at)?;
        if !session.options.features.is_empty() {
            return Err(at(Error::usage("Go programs have no features")
                .with_hint("build tags are `tags` in [program.NAME.go]")));
        }
        tables::check_flags(&session.options.arguments).map_err(at)?;
        for (name, tool) in &session.config.tool {
            if let Ok(program) = tool_table(tool) {
                self.known(session, &program).map_err(|error| error.at(format!("tool `{name}`")))?;
            }
        }
        Ok(())
    }

    fn check_toolchain(&self, _: &Session, _: &Subject<'_>) -> Result<()> {
        Ok(())
    }

    fn probe_fingerprint(&self, session: &Session, subject: &Subject<'_>) -> Result<Fingerprint> {
        let known = self.known(session, table(subject.program)?)?;
        let mut print = Fingerprint::new();
        print.value("Go", &known.env.goversion).value("target", &subject.triple);
        Ok(print)
    }

    /// Go tells what it is, and nothing else works together with it.
    fn probe(&self, _: &Session, _: &Subject<'_>, _: &Path) -> Result<(Ready, Usage)> {
        let merger = Merger { tool: None, name: format!("honing-pprof {}", env!("CARGO_PKG_VERSION")) };
        Ok((Ready { merger, traces: true }, Usage::default()))
    }

    fn check_harness(&self, _: &Own) -> Result<()> {
        Err(no_tests())
    }

    fn settle(&self, _: &Session, _: &Subject<'_>) -> Result<()> {
        Ok(())
    }

    fn fingerprint(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
    ) -> Result<Fingerprint> {
        let wanted = self.wanted(session, (subject.name, table(subject.program)?), flavour)?;
        let digest = match flavour {
            Flavour::Optimized { digest, .. } => digest,
            Flavour::Plain | Flavour::Instrumented => None,
        };
        Ok(build::fingerprint(session, &wanted, digest))
    }

    fn command(&self, session: &Session, subject: &Subject<'_>, flavour: Flavour<'_>) -> Result<Command> {
        let wanted = self.wanted(session, (subject.name, table(subject.program)?), flavour)?;
        Ok(build::command(session, &wanted))
    }

    fn build(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        stage: Stage,
        flavour: Flavour<'_>,
    ) -> Result<Made> {
        let program = table(subject.program)?;
        let wanted = self.wanted(session, (subject.name, program), flavour)?;
        let made = build::build(session, subject.name, stage, &wanted)?;
        // Files may have come and gone.
        self.ask(session, program)?;
        Ok(made)
    }

    fn difference(&self, _: &[u8], _: &[u8]) -> Option<String> {
        None
    }

    fn folders(&self, session: &Session, subject: &Subject<'_>, _: Flavour<'_>) -> Result<Folders> {
        Ok(Folders { all: folder(session, subject.name), libraries: Vec::new() })
    }

    fn is_light(&self, _: &Session, _: &Subject<'_>) -> Result<bool> {
        Ok(false)
    }

    fn harness(
        &self,
        _: &Session,
        _: &Subject<'_>,
        _: Flavour<'_>,
        _: &Own,
    ) -> Result<(Command, Vec<String>)> {
        Err(no_tests())
    }

    fn tool(&self, session: &Session, program: &str, stage: Stage, tool: &Tool) -> Result<(PathBuf, Usage)> {
        let table = tool_table(tool)?;
        let wanted = self.wanted_tool(session, &table)?;
        let made = build::build(session, program, stage, &wanted)?;
        Ok((made.path, made.usage))
    }

    fn tool_path(&self, session: &Session, tool: &Tool) -> Result<PathBuf> {
        let table = tool_table(tool)?;
        Ok(self.wanted_tool(session, &table)?.output)
    }

    fn account(&self, session: &Session, subject: &Subject<'_>) -> Result<Account> {
        let program = table(subject.program)?;
        let Known { env, packages } = &*self.known(session, program)?;
        let entry = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let told = [
            entry("package", &packages.main),
            entry("tags", &program.tags.join(",")),
            entry("ldflags", &program.ldflags),
            entry("flags", &program.flags.join(" ")),
            entry("GOFLAGS", &env.goflags),
            entry("GOEXPERIMENT", &env.goexperiment),
            entry("GOAMD64", &env.goamd64),
            entry("GOARM64", &env.goarm64),
            entry("CGO_ENABLED", &env.cgo_enabled),
        ];
        let read = build::locks(env).into_iter().filter_map(|file| {
            let digest = files::digest(&file).ok()?.to_string();
            let name = file.strip_prefix(&self.root).unwrap_or(&file).display().to_string();
            Some((name, digest))
        });
        Ok(Account {
            symbols: "Go's".into(),
            toolchain: [entry("Go", env.version())].into(),
            build: told.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
            read: read.collect(),
        })
    }

    fn compiler(&self, session: &Session, subject: &Subject<'_>) -> Result<Compiler> {
        let known = self.known(session, table(subject.program)?)?;
        Ok(Compiler {
            name: "go".into(),
            version: known.env.version().to_owned(),
            commit: String::new(),
            host: format!("{}_{}", known.env.gohostos, known.env.gohostarch),
        })
    }

    fn by_hand(&self, subject: &Subject<'_>, profile: &Path) -> String {
        let Ok(program) = table(subject.program) else { return String::new() };
        let dir = if program.dir == "." { String::new() } else { format!(" -C {}", program.dir) };
        format!("go build{dir} -trimpath -pgo={} {}", profile.display(), program.package)
    }

    fn locks(&self) -> &[&str] {
        &LOCKS
    }

    fn package_file(&self) -> Option<&str> {
        Some("go.mod")
    }

    fn own_folders(&self, session: &Session, program: &str) -> Vec<PathBuf> {
        vec![folder(session, program)]
    }

    fn version(&self, _: &Subject<'_>) -> String {
        String::new()
    }

    fn local_packages(&self, session: &Session, subject: &Subject<'_>) -> Vec<(String, PathBuf)> {
        let known = table(subject.program).and_then(|program| self.known(session, program));
        known.map(|known| known.packages.local.clone()).unwrap_or_default()
    }

    fn own_code(&self) -> Vec<String> {
        Vec::new()
    }
}

impl GoBuilder {
    fn wanted_tool<'a>(&self, session: &Session, table: &'a Program) -> Result<Wanted<'a>> {
        let name = Digest::of(format!("{}\n{}", table.dir, table.package).as_bytes()).to_string();
        self.wanted(session, (&format!("tools/{}", &name[..8]), table), Flavour::Plain)
    }
}
