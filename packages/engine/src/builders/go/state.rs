//! What is known of Go programs here, and what is to be built of it.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use honing_core::{
    Digest, Error, Result,
    config::{self, Own, Tool},
};

use crate::{
    builders::{
        Flavour,
        go::{
            ask::{Go, GoEnv},
            bench,
            build::{self, Wanted},
            driven,
            list::Packages,
            off,
            tables::{self, Program},
        },
    },
    chain::session::Session,
};

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

impl Known {
    /// What else of the machine and the sources concerns profiles, in words.
    pub(super) fn notices(&self, root: &Path, flags: &[String]) -> Vec<String> {
        let mut found = Vec::new();
        let file = self.packages.dir.join("default.pgo");
        if file.is_file() {
            let file = file.strip_prefix(root).unwrap_or(&file).display();
            found.push(format!(
                "{file} slows `go test` and every `go build` that takes it. The builds here name their profile \
                 (-pgo) and never read it"
            ));
        }
        if let Some(flag) = self.env.goflags.split_whitespace().find(|flag| flag.contains("-pgo=")) {
            found.push(format!(
                "GOFLAGS has {flag}, which every other `go build` takes. The builds here name their own (-pgo)"
            ));
        }
        let off = off::in_flags(flags).into_iter().chain(off::in_goflags(&self.env.goflags));
        found.extend(off.map(|words| format!("it is built with {words}")));
        found
    }
}

impl GoBuilder {
    pub(super) fn new(root: PathBuf, env: BTreeMap<OsString, OsString>) -> Self {
        Self { root, env, asked: Mutex::default() }
    }

    /// What Go says of a program; it is asked once, and again after a build.
    pub(super) fn known(&self, session: &Session, program: &Program) -> Result<Arc<Known>> {
        let failed = |_| Error::internal("a reader of Go's answer failed");
        if let Some(known) = self.asked.lock().map_err(failed)?.get(program) {
            return Ok(Arc::clone(known));
        }
        self.ask(session, program)
    }

    /// Asks, whatever was known before.
    pub(super) fn ask(&self, session: &Session, program: &Program) -> Result<Arc<Known>> {
        let dir = self.dir(program);
        let go = Go { dir: &dir, env: self.environment(session, program) };
        let known = session.while_builder(|| {
            let env = go.about_itself()?;
            let packages = {
                let flags = build::listed_flags(session, program);
                let cache = Path::new(&env.gomodcache);
                Packages::of(&go, (&flags, &program.package), program.is_driven(), cache)?
            };
            packages.check(&program.package)?;
            Ok::<_, Error>(Arc::new(Known { env, packages }))
        })?;
        let failed = |_| Error::internal("a reader of Go's answer failed");
        self.asked.lock().map_err(failed)?.insert(program.clone(), Arc::clone(&known));
        Ok(known)
    }

    /// Where go is called for it.
    pub(super) fn dir(&self, program: &Program) -> PathBuf {
        // Without the `.` that stands for the workspace itself.
        self.root.join(&program.dir).components().collect()
    }

    /// The person's environment, with what pgo.toml and the command line say of it.
    pub(super) fn environment(&self, session: &Session, program: &Program) -> BTreeMap<OsString, OsString> {
        let mut env = self.env.clone();
        env.extend(program.env.iter().map(|(name, value)| (name.into(), value.into())));
        let target = session.options.target.as_ref().or(program.target.as_ref());
        if let Some((os, arch)) = target.and_then(|target| target.split_once(['/', '_'])) {
            env.insert("GOOS".into(), os.into());
            env.insert("GOARCH".into(), arch.into());
        }
        // A second build that is to be from nothing.
        if session.store.root().starts_with(&session.run_dir) {
            env.insert("GOCACHE".into(), session.store.root().join("go-cache").into());
        }
        if session.options.offline || session.options.frozen {
            env.insert("GOPROXY".into(), "off".into());
        }
        env
    }

    /// What is to be built for a flavour.
    pub(super) fn wanted<'a>(
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
        let end = if known.env.goos == "windows" && !program.is_driven() { ".exe" } else { "" };
        let executable = executable(program, &known);
        let profile_name = if program.is_driven() { driven::PROFILE } else { "default.pgo" };
        Ok(Wanted {
            program,
            dir: self.dir(program),
            env: self.environment(session, program),
            // The name of the file is stamped into the program: it is always the same.
            profile: profile.map(|given| (given, folder.with_file_name(profile_name))),
            output: folder.join(format!("{executable}{end}")),
            known,
        })
    }

    /// The packages whose benchmarks are a training.
    pub(super) fn benchmarks(
        &self,
        session: &Session,
        program: &Program,
        bench: &tables::Bench,
    ) -> Result<Vec<String>> {
        let dir = self.dir(program);
        let go = Go { dir: &dir, env: self.environment(session, program) };
        let listed = build::listed_flags(session, program);
        session.while_builder(|| bench::packages(&go, &listed, bench::pattern(bench, program)))
    }

    /// The same for a tool.
    pub(super) fn wanted_tool<'a>(&self, session: &Session, table: &'a Program) -> Result<Wanted<'a>> {
        let name = Digest::of(format!("{}\n{}", table.dir, table.package).as_bytes()).to_string();
        self.wanted(session, (&format!("tools/{}", &name[..8]), table), Flavour::Plain)
    }
}

/// What the program's file is called.
pub(super) fn executable(program: &Program, known: &Known) -> String {
    let output = program.output.as_deref().and_then(|output| Path::new(output).file_name());
    let named = output.map(|name| name.to_string_lossy().into_owned()).or_else(|| program.bin.clone());
    named.unwrap_or_else(|| known.packages.executable())
}

/// Where a program is built.
pub(super) fn folder(session: &Session, name: &str) -> PathBuf {
    session.builds().join("go").join(name)
}

/// What pgo.toml says of a program.
pub(super) fn table(program: &config::Program) -> Result<&Program> {
    program.own.get().ok_or_else(|| Error::usage("go does not build this"))
}

/// The same of a tool, as of a program without anything special.
pub(super) fn tool_table(tool: &Tool) -> Result<Program> {
    let tool: &tables::Tool = tool.own.get().ok_or_else(|| Error::usage("go does not build this"))?;
    Ok(tool.program())
}

/// The benchmarks of a workload.
pub(super) fn benchmark(own: &Own) -> Result<&tables::Bench> {
    let workload: Option<&tables::Workload> = own.get();
    let bench = workload.and_then(|workload| workload.bench.as_ref());
    bench.ok_or_else(|| Error::usage("go does not run this"))
}
