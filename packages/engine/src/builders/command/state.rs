//! What is known of programs that commands build, and what is to be built of one.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use honing_core::{Digest, Error, Result, config};

use crate::{
    builders::{
        Flavour,
        command::{
            compiler::{self, Compilers, Flags, Use},
            sources::Sources,
            tables::{Flavoured, Program},
            words::{self, Name, Values},
            wrapper,
        },
    },
    chain::{ready::Ready, session::Session},
    children::Command,
    io::files,
    profiles::llvm::Counting,
};

/// Builds by commands.
#[derive(Debug)]
pub(super) struct CommandBuilder {
    root: PathBuf,
    pub(super) env: BTreeMap<OsString, OsString>,
    compilers: Mutex<HashMap<String, Arc<Compilers>>>,
    /// Contents of sources, by program: read once, and again after a build.
    read: Mutex<HashMap<String, Arc<Contents>>>,
    /// What probes found, by compiler, what it was tried for and with which variables.
    pub(super) probed: Mutex<HashMap<String, Ready>>,
}

/// Contents of sources, by name.
pub(super) type Contents = Vec<(String, Digest)>;

/// A flavour to be built.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    pub(super) program: &'a Program,
    pub(super) flavour: Flavoured,
    pub(super) compilers: Arc<Compilers>,
    /// The folder of its sources.
    pub(super) dir: PathBuf,
    /// What is kept of the program's builds.
    pub(super) folder: PathBuf,
    tree: PathBuf,
    /// What alone is as it ships, where it is built to see the share of that.
    pub(super) alone: Option<String>,
    /// The profile, where it is given and where its build finds it.
    pub(super) profile: Option<(PathBuf, PathBuf)>,
    /// Whether it has no PGO of its own, whatever is in it.
    pub(super) is_plain: bool,
    /// Whether the compiler is to list its functions.
    pub(super) traced: bool,
    pub(super) flags: Flags,
    pub(super) mark: Option<&'static str>,
    pub(super) values: Values,
    pub(super) env: BTreeMap<OsString, OsString>,
}

impl Wanted<'_> {
    /// Where all flavours are built, one after the other: paths are a part of what comes out.
    pub(super) fn build_dir(&self) -> PathBuf {
        self.tree.clone()
    }

    /// What a build may install into.
    pub(super) fn out(&self) -> PathBuf {
        self.folder.join("out")
    }

    /// Where what came out is kept.
    pub(super) fn kept(&self) -> PathBuf {
        let word = self.flavour.word();
        self.folder.join(self.alone.as_ref().map_or(word.to_owned(), |alone| format!("{word}-{alone}")))
    }

    /// Where compilers note their calls.
    pub(super) fn notes(&self) -> PathBuf {
        self.folder.join("calls")
    }

    /// Whether the commands name a compiler's placeholder.
    pub(super) fn calls_compilers(&self) -> bool {
        [Name::Cc, Name::Cxx].into_iter().any(|name| self.program.names(self.flavour, name))
    }

    /// A file that comes out.
    pub(super) fn output(&self, text: &str) -> PathBuf {
        if let Some(rest) = text.strip_prefix("{out}/") {
            return self.out().join(rest);
        }
        self.build_dir().join(text.strip_prefix("{build_dir}/").unwrap_or(text))
    }

    /// The commands, in their order, each with its key.
    ///
    /// # Errors
    /// Usage, where a word cannot be filled in.
    pub(super) fn commands(&self) -> Result<Vec<(&'static str, Command)>> {
        let steps = self.program.steps(self.flavour).into_iter();
        steps.map(|(key, words)| Ok((key, self.command(words)?))).collect()
    }

    /// The dry run, where there is one.
    ///
    /// # Errors
    /// Usage, where a word cannot be filled in.
    pub(super) fn dry_run(&self) -> Result<Option<Command>> {
        let words = self.program.check(self.flavour);
        if words.is_empty() { Ok(None) } else { self.command(words).map(Some) }
    }

    fn command(&self, template: &[String]) -> Result<Command> {
        let mut expanded = words::expanded(template, &self.values).map_err(Error::usage)?.into_iter();
        let program = expanded.next().ok_or_else(|| Error::usage("a command of the build is empty"))?;
        let mut command = Command::new(program, &self.env, &self.build_dir());
        command.args(expanded);
        for (name, text) in self.program.env(self.flavour) {
            command.env(name, words::filled(text, &self.values).map_err(Error::usage)?);
        }
        Ok(command)
    }

    /// What it is built of.
    pub(super) fn sources<'s>(&'s self, store: &'s Path) -> Sources<'s> {
        Sources { dir: &self.dir, inputs: &self.program.inputs, store }
    }
}

/// What is kept of a program's builds.
pub(super) fn folder(session: &Session, name: &str) -> PathBuf {
    session.builds().join("command").join(name)
}

/// What pgo.toml says of a program.
pub(super) fn table(program: &config::Program) -> Result<&Program> {
    program.own.get().ok_or_else(|| Error::usage("no command builds this"))
}

impl CommandBuilder {
    pub(super) fn new(root: PathBuf, env: BTreeMap<OsString, OsString>) -> Self {
        Self { root, env, compilers: Mutex::default(), read: Mutex::default(), probed: Mutex::default() }
    }

    /// The folder of its sources.
    pub(super) fn dir(&self, program: &Program) -> PathBuf {
        // Without the `.` that stands for the workspace itself.
        self.root.join(&program.dir).components().collect()
    }

    /// The compilers of a program; they are asked once.
    pub(super) fn compilers(&self, session: &Session, program: &Program) -> Result<Arc<Compilers>> {
        let key = format!("{:?} {:?} {:?}", program.compiler, program.cc, program.cxx);
        let failed = |_| Error::internal("an earlier question to the compiler failed");
        if let Some(known) = self.compilers.lock().map_err(failed)?.get(&key) {
            return Ok(Arc::clone(known));
        }
        let (cc, cxx) = compiler::find(program, &self.env, &self.dir(program))?;
        let ask = |flag: &str| -> Result<String> {
            let asked = session.while_builder(|| {
                std::process::Command::new(&cc).arg(flag).env_clear().envs(&self.env).output()
            });
            let said =
                asked.map_err(|cause| Error::preflight(format!("cannot run {}: {cause}", cc.display())))?;
            Ok(String::from_utf8_lossy(&said.stdout).into_owned())
        };
        let first = |said: &str| said.lines().next().unwrap_or_default().trim().to_owned();
        let said = ask("--version")?;
        // Clang says both at once; gcc has to be asked again.
        let triple = match said.lines().find_map(|line| line.strip_prefix("Target: ")) {
            Some(triple) => triple.trim().to_owned(),
            None => first(&ask("-dumpmachine")?),
        };
        let version = first(&said);
        let mut files = String::new();
        for file in std::iter::once(&cc).chain(&cxx) {
            files.push_str(&files::digest(file)?.to_string());
        }
        let digest = Digest::of(files.as_bytes());
        let found = Arc::new(Compilers { family: program.compiler, cc, cxx, digest, version, triple });
        self.compilers.lock().map_err(failed)?.insert(key, Arc::clone(&found));
        Ok(found)
    }

    /// The contents of a program's sources.
    pub(super) fn read(&self, session: &Session, wanted: &Wanted<'_>) -> Result<Arc<Contents>> {
        let failed = |_| Error::internal("an earlier look at the sources failed");
        if let Some(known) = self.read.lock().map_err(failed)?.get(wanted.name) {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(wanted.sources(session.store.root()).digests(&session.cancel)?);
        self.read.lock().map_err(failed)?.insert(wanted.name.to_owned(), Arc::clone(&read));
        Ok(read)
    }

    /// Has the sources read again: a build may have written among them.
    pub(super) fn forget(&self, name: &str) {
        if let Ok(mut read) = self.read.lock() {
            read.remove(name);
        }
    }

    /// What is to be built for a flavour.
    pub(super) fn wanted<'a>(
        &self,
        session: &Session,
        (name, of): (&'a str, &'a config::Program),
        flavour: Flavour<'_>,
    ) -> Result<Wanted<'a>> {
        let program = table(of)?;
        let (compilers, folder) = (self.compilers(session, program)?, folder(session, name));
        let (flavoured, profile, traced) = match flavour {
            Flavour::Plain => (Flavoured::Baseline, None, false),
            Flavour::Instrumented => (Flavoured::Instrument, None, false),
            Flavour::Optimized { profile, digest, traced } => {
                // No build tool reads a profile as an input: it sees another command line.
                let digest = digest.cloned().or_else(|| files::digest(profile).ok());
                let short = digest.as_ref().map_or("not-there-yet", Digest::short);
                let there =
                    profiles(&folder).join(format!("{short}.{}", program.compiler.kind().extension()));
                (Flavoured::Optimize, Some((profile.to_owned(), there)), traced)
            }
        };
        let tree = match &program.keep {
            Some(shared) => session.builds().join("command-trees").join(shared),
            None => folder.join("tree"),
        };
        let stray = aside(&folder);
        let what = match (flavoured, &profile) {
            (Flavoured::Instrument, _) => Use::Generate(Counting::of(of).flush, &stray),
            (_, Some((_, there))) => Use::Profile(there),
            _ => Use::Nothing,
        };
        let (flags, mark) = (program.compiler.flags(what, &tree), program.compiler.mark(what));
        let mut wanted = Wanted {
            name,
            tree,
            alone: None,
            program,
            flavour: flavoured,
            dir: self.dir(program),
            is_plain: !of.pgo,
            traced,
            flags,
            mark,
            values: Values::new(),
            env: self.env.clone(),
            compilers,
            folder,
            profile,
        };
        wanted.values = self.values(session, &wanted);
        Ok(wanted)
    }

    fn values(&self, session: &Session, wanted: &Wanted<'_>) -> Values {
        let one = |path: &Path| vec![path.display().to_string()];
        let called = |real: &Path| wrapper::folder(&wanted.folder).join(real.file_name().unwrap_or_default());
        let jobs = session.options.jobs_at_once().to_string();
        let mut values: Values = [
            (Name::Cc, one(&called(&wanted.compilers.cc))),
            (Name::Cflags, wanted.flags.compile.clone()),
            (Name::Ldflags, wanted.flags.link.clone()),
            (Name::ProfileDir, one(&profiles(&wanted.folder))),
            (Name::BuildDir, one(&wanted.build_dir())),
            (Name::Out, one(&wanted.out())),
            (Name::Jobs, vec![jobs]),
            (Name::Args, session.options.arguments.clone()),
            (Name::Dir, one(&if wanted.program.in_source { wanted.build_dir() } else { wanted.dir.clone() })),
            (Name::Workspace, one(&self.root)),
        ]
        .into();
        if let Some(cxx) = &wanted.compilers.cxx {
            values.insert(Name::Cxx, one(&called(cxx)));
        }
        if let Some((_, there)) = &wanted.profile {
            values.insert(Name::Profile, one(there));
        }
        values
    }
}

/// Where instrumented programs write that a build runs itself: it teaches nothing, and must not lie about among the
/// sources.
pub(super) fn aside(folder: &Path) -> PathBuf {
    folder.join("aside")
}

/// Where profiles of a program's builds are.
fn profiles(folder: &Path) -> PathBuf {
    folder.join("profiles")
}
