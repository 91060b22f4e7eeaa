//! Go, as the engine sees a builder.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use honing_core::{
    Error, Fingerprint, Result, Setting, Stage,
    account::Account,
    config::{self, Own, Tool},
    event::Event,
    release::Compiler,
};

use crate::{
    builders::{
        Builder, Flavour, Folders, Made,
        go::{
            bench, build, off,
            orders::{self, Orders},
            state::{GoBuilder, Known, benchmark, executable, folder, table, tool_table},
            tables, witness,
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

impl Builder for GoBuilder {
    fn absent(&self) -> Option<String> {
        let there = on_path(OsStr::new("go"), &self.env);
        there.is_none().then(|| "there is no `go` on PATH".into())
    }

    fn look_up(&self, session: &Session, program: &config::Program) -> Result<(String, String)> {
        let program = table(program)?;
        let known = self.known(session, program)?;
        Ok((executable(program, &known), known.env.platform()))
    }

    fn settings(&self, session: &Session, subject: &Subject<'_>) -> Result<Vec<Setting>> {
        let program = table(subject.program)?;
        let known = self.known(session, program)?;
        let setting = |key: &str, value: &str, origin: &str| Setting {
            key: format!("program.{}: {key}", subject.name),
            value: value.to_owned(),
            origin: origin.to_owned(),
        };
        let mut found = vec![
            setting("binary", &subject.artifact, if program.is_driven() { "pgo.toml" } else { "go list" }),
            setting("main package", &known.packages.main, "go list"),
            setting("target", &subject.triple, "--target, pgo.toml, or go env"),
            setting("Go", known.env.version(), "go env"),
        ];
        if program.is_driven() {
            found.push(setting("built by", &program.build.join(" "), "pgo.toml"));
        }
        if !known.env.goflags.is_empty() {
            found.push(setting("GOFLAGS", &build::without_texts(&off::words(&known.env.goflags)), "go env"));
        }
        Ok(found)
    }

    fn kind(&self, _: &config::Program) -> &'static dyn ProfileKind {
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
        if program.is_driven() && !session.options.arguments.is_empty() {
            return Err(at(Error::usage("arguments for go do not reach the `go` that `build` calls")
                .with_hint("let the command say them, or a variable in `env` of [program.NAME.go]")));
        }
        let dir = self.dir(program);
        if let Some(input) = program.inputs.iter().find(|input| !dir.join(input).exists()) {
            return Err(at(Error::usage(format!("`inputs`: {input} does not exist in {}", dir.display()))
                .with_hint("name what `build` reads, relative to `dir`")));
        }
        for (name, workload) in &subject.program.workload {
            if let Some(tables::Workload { bench: Some(bench), .. }) = workload.own.get() {
                let at = |error: Error| error.at(format!("workload `{name}`"));
                self.benchmarks(session, program, bench).map_err(at)?;
            }
        }
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
        let program = table(subject.program)?;
        let known = self.known(session, program)?;
        let mut print = Fingerprint::new();
        print.value("Go", &known.env.goversion).value("target", &subject.triple);
        for words in known.notices(&self.root, &build::flags(session, program)) {
            print.value("notice", words);
        }
        Ok(print)
    }

    /// Go tells what it is, and nothing else works together with it. What is worth a word is told here, once.
    fn probe(&self, session: &Session, subject: &Subject<'_>, _: &Path) -> Result<(Ready, Usage)> {
        let program = table(subject.program)?;
        for words in self.known(session, program)?.notices(&self.root, &build::flags(session, program)) {
            session.sink.emit(Event::Warning { text: format!("program `{}`: {words}", subject.name) });
        }
        let merger = Merger { tool: None, name: format!("honing-pprof {}", env!("CARGO_PKG_VERSION")) };
        Ok((Ready { merger, traces: true }, Usage::default()))
    }

    fn check_harness(&self, own: &Own) -> Result<()> {
        if self.given(own).is_empty() { benchmark(own).map(|_| ()) } else { Ok(()) }
    }

    fn given<'o>(&self, own: &'o Own) -> &'o [String] {
        own.get::<tables::Workload>().map_or(&[], |workload| &workload.profiles)
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

    fn commands(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
    ) -> Result<Vec<Command>> {
        let wanted = self.wanted(session, (subject.name, table(subject.program)?), flavour)?;
        Ok(vec![build::command(session, &wanted)])
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

    fn difference(&self, one: &[u8], other: &[u8]) -> Option<String> {
        witness::difference(one, other)
    }

    fn folders(&self, session: &Session, subject: &Subject<'_>, _: Flavour<'_>) -> Result<Folders> {
        Ok(Folders { all: folder(session, subject.name), libraries: Vec::new() })
    }

    fn harness(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        _: Flavour<'_>,
        own: &Own,
    ) -> Result<(Command, Vec<String>)> {
        let (program, bench) = (table(subject.program)?, benchmark(own)?);
        let orders = Orders::Bench {
            pattern: bench::pattern(bench, program).to_owned(),
            packages: self.benchmarks(session, program, bench)?,
            main: self.known(session, program)?.packages.main.clone(),
        };
        let mut command = Command::new(orders::NAME, &self.environment(session, program), &self.dir(program));
        command.program =
            orders::give(&mut command, session.launcher.exe(), &session.builds(), &orders)?.into();
        Ok((command, bench::arguments(bench, program, &build::listed_flags(session, program))))
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
        // What pgo.toml says is in the repository already.
        let told = [
            entry("package", &packages.main),
            entry("command", &program.build.join(" ")),
            entry("tags", &program.tags.join(",")),
            entry("ldflags", &program.ldflags),
            entry("flags", &program.flags.join(" ")),
            entry("GOFLAGS", &build::without_texts(&off::words(&env.goflags))),
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
        if program.is_driven() {
            let dir = if program.dir == "." { String::new() } else { format!("cd {} && ", program.dir) };
            // Each `go` of it may be called in another folder.
            let profile = std::path::absolute(profile).unwrap_or_else(|_| profile.to_owned());
            return format!("{dir}GOFLAGS=-pgo={} {}", profile.display(), program.build.join(" "));
        }
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

    fn knows_its_inputs(&self) -> bool {
        true
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
