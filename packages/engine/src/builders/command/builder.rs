//! Commands of a person, as the engine sees a builder.

use std::path::{Path, PathBuf};

use honing_core::{
    Digest, Error, Fingerprint, Other, Part, Result, Setting, Stage, account::Account, config,
    release::Compiler,
};

use crate::{
    builders::{
        Builder, Flavour, Folders, Made,
        command::{
            build,
            probe::{self, Variables},
            sources,
            state::{CommandBuilder, Wanted, folder, table},
            tables::{Flavoured, Program},
            words::{self, Name},
        },
    },
    chain::{preflight::needs_merge, ready::Ready, session::Session, subject::Subject},
    children::{Command, Usage},
    profiles::{ProfileKind, llvm::Counting},
};

/// Variables that build systems make words of commands of; compilers read none of them.
const OF_BUILD_SYSTEMS: [&str; 16] = [
    "AR",
    "AS",
    "CC",
    "CFLAGS",
    "CPP",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "DESTDIR",
    "LD",
    "LDFLAGS",
    "LIBS",
    "MAKEFLAGS",
    "NM",
    "PKG_CONFIG_PATH",
    "RANLIB",
];

/// What stands for a profile where none is there yet.
const NO_PROFILE: &str = "PROFILE";

impl CommandBuilder {
    fn of<'a>(&self, session: &Session, subject: &Subject<'a>, flavour: Flavour<'_>) -> Result<Wanted<'a>> {
        let mut wanted = self.wanted(session, (subject.name, subject.program), flavour)?;
        wanted.alone = subject.alone().map(str::to_owned);
        for need in subject.needs().iter().filter(|need| need.is_for(wanted.flavour.stage().into())) {
            let Some(made) = &need.made else { continue };
            let path = vec![made.path.display().to_string()];
            // In a baseline, what another one ships is its baseline.
            if need.other.part == Part::Made(Stage::Baseline.into()) && !subject.is_plain() {
                let shipped = Other { part: Part::Shipped, ..need.other.clone() };
                if wanted.flavour == Flavoured::Baseline {
                    wanted.values.insert(Name::Other(shipped), path.clone());
                }
            }
            wanted.values.insert(Name::Other(need.other.clone()), path);
        }
        Ok(wanted)
    }

    fn print(&self, session: &Session, wanted: &Wanted<'_>, flavour: Flavour<'_>) -> Result<Fingerprint> {
        let digest = match flavour {
            Flavour::Optimized { digest, .. } => digest,
            Flavour::Plain | Flavour::Instrumented => None,
        };
        Ok(build::fingerprint(wanted, (&self.read(session, wanted)?, digest)))
    }

    /// What the builds of a program set that compilers may read, for those that count and for those that have a
    /// profile. What other programs make is not there before the first build.
    fn compilers_env(&self, session: &Session, subject: &Subject<'_>) -> Result<[(Flavoured, Variables); 2]> {
        let profile = Flavour::Optimized { profile: Path::new(NO_PROFILE), digest: None, traced: false };
        let of = |flavour: Flavour<'_>| -> Result<(Flavoured, Variables)> {
            let wanted = self.of(session, subject, flavour)?;
            let mut env = Variables::new();
            for (name, text) in wanted.program.env(wanted.flavour) {
                let of_others = words::names(text)
                    .is_ok_and(|names| names.iter().any(|name| matches!(name, Name::Other(_))));
                if !of_others && !OF_BUILD_SYSTEMS.contains(&name) {
                    let value = words::filled(text, &wanted.values).map_err(Error::usage)?;
                    env.insert(name.to_owned(), value);
                }
            }
            Ok((wanted.flavour, env))
        };
        Ok([of(Flavour::Instrumented)?, of(profile)?])
    }

    /// All flavours, as far as they can be told before the first build.
    fn flavours<'a>(&self, session: &Session, subject: &Subject<'a>) -> Result<Vec<Wanted<'a>>> {
        let profile = Flavour::Optimized { profile: Path::new(NO_PROFILE), digest: None, traced: false };
        [Flavour::Plain, Flavour::Instrumented, profile]
            .into_iter()
            .map(|flavour| self.of(session, subject, flavour))
            .collect()
    }
}

impl Builder for CommandBuilder {
    fn look_up(&self, session: &Session, program: &config::Program) -> Result<(String, String)> {
        let program = table(program)?;
        let name = Path::new(&program.output).file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, self.compilers(session, program)?.triple.clone()))
    }

    fn settings(&self, session: &Session, subject: &Subject<'_>) -> Result<Vec<Setting>> {
        let wanted = self.of(session, subject, Flavour::Plain)?;
        let setting = |key: &str, value: String, origin: &str| Setting {
            key: format!("program.{}: {key}", subject.name),
            value,
            origin: origin.to_owned(),
        };
        let compilers = &wanted.compilers;
        let mut found = vec![
            setting("program", subject.artifact.clone(), "pgo.toml"),
            setting("C compiler", format!("{} ({})", compilers.cc.display(), compilers.version), "PATH"),
            setting("target", subject.triple.clone(), "the C compiler"),
            setting("built in", wanted.build_dir().display().to_string(), "Honing"),
        ];
        if let Some(cxx) = &compilers.cxx {
            found.insert(2, setting("C++ compiler", cxx.display().to_string(), "PATH"));
        }
        Ok(found)
    }

    fn kind(&self, program: &config::Program) -> &'static dyn ProfileKind {
        table(program).map(|program| program.compiler).unwrap_or_default().kind()
    }

    fn check(&self, session: &Session, subject: &Subject<'_>) -> Result<()> {
        let at = |error: Error| error.at(format!("program `{}`", subject.name));
        let options = &session.options;
        if !options.features.is_empty() || options.target.is_some() {
            let what = if options.target.is_some() { "--target" } else { "--features" };
            return Err(at(Error::usage(format!("{what} says nothing to a program that commands build"))
                .with_hint("its commands in [program.NAME.command] say what is built")));
        }
        check_arguments(session)?;
        for wanted in self.flavours(session, subject).map_err(at)? {
            sources::check(&wanted.sources(session.store.root())).map_err(at)?;
            check_cxx(&wanted).map_err(at)?;
            build::check_programs(&wanted).map_err(at)?;
        }
        Ok(())
    }

    fn check_toolchain(&self, session: &Session, subject: &Subject<'_>) -> Result<()> {
        let mut made: Vec<Vec<String>> = Vec::new();
        for wanted in self.flavours(session, subject)? {
            // The same for all flavours is made once.
            let words = wanted.program.check(wanted.flavour).to_vec();
            if !made.contains(&words) {
                build::dry_run(session, &wanted)
                    .map_err(|error| error.at(format!("program `{}`", subject.name)))?;
                made.push(words);
            }
        }
        Ok(())
    }

    fn probe_fingerprint(&self, session: &Session, subject: &Subject<'_>) -> Result<Fingerprint> {
        let compilers = self.compilers(session, table(subject.program)?)?;
        let mut print = Fingerprint::new();
        print
            .value("compiler", &compilers.version)
            .value("compiler's path", compilers.cc.display())
            .value("target", &compilers.triple);
        for (flavour, env) in self.compilers_env(session, subject)? {
            for (name, value) in env {
                // It may be a secret.
                let name = format!("env {name} of the {}", flavour.word());
                print.content(name, Digest::of(value.as_bytes()));
            }
        }
        Ok(print)
    }

    fn probe(&self, session: &Session, subject: &Subject<'_>, dir: &Path) -> Result<(Ready, Usage)> {
        let compilers = self.compilers(session, table(subject.program)?)?;
        let (flush, env) = (Counting::of(subject.program).flush, self.compilers_env(session, subject)?);
        let counts = needs_merge(session, subject);
        let key = format!("{:?} {} {flush:?} {counts} {env:?}", compilers.family, compilers.cc.display());
        let failed = |_| Error::internal("an earlier probe failed");
        // Programs of one compiler that give it the same variables need one probe.
        if let Some(known) = self.probed.lock().map_err(failed)?.get(&key) {
            return Ok((known.clone(), Usage::default()));
        }
        let ready = probe::probe(session, subject, (&compilers, &env), dir)?;
        self.probed.lock().map_err(failed)?.insert(key, ready.clone());
        Ok((ready, Usage::default()))
    }

    fn fingerprint(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
    ) -> Result<Fingerprint> {
        self.print(session, &self.of(session, subject, flavour)?, flavour)
    }

    fn commands(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
    ) -> Result<Vec<Command>> {
        let commands = self.of(session, subject, flavour)?.commands()?;
        Ok(commands.into_iter().map(|(_, command)| command).collect())
    }

    fn build(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        stage: Stage,
        flavour: Flavour<'_>,
    ) -> Result<Made> {
        let wanted = self.of(session, subject, flavour)?;
        // With what it uses of other programs.
        let print = subject.fingerprint(session, flavour)?;
        let made = build::build(session, stage, &wanted, &print)?;
        self.forget(subject.name);
        Ok(made)
    }

    fn folders(&self, session: &Session, subject: &Subject<'_>, flavour: Flavour<'_>) -> Result<Folders> {
        let wanted = self.of(session, subject, flavour)?;
        Ok(Folders { libraries: vec![wanted.kept()], all: wanted.folder })
    }

    fn account(&self, session: &Session, subject: &Subject<'_>) -> Result<Account> {
        let wanted = self.of(session, subject, Flavour::Plain)?;
        let steps = wanted.program.steps(Flavoured::Baseline).into_iter();
        let told = steps.map(|(key, words)| (key.to_owned(), words.join(" ")));
        let args = wanted
            .program
            .names(Flavoured::Baseline, Name::Args)
            .then(|| session.options.arguments.join(" "));
        let args = args.filter(|args| !args.is_empty()).map(|args| ("arguments".to_owned(), args));
        Ok(Account {
            symbols: "the compiler's".into(),
            toolchain: [("compiler".to_owned(), wanted.compilers.version.clone())].into(),
            build: told.chain(args).collect(),
            read: [].into(),
        })
    }

    fn compiler(&self, session: &Session, subject: &Subject<'_>) -> Result<Compiler> {
        let compilers = self.compilers(session, table(subject.program)?)?;
        Ok(Compiler {
            name: compilers.family.names().0.to_owned(),
            version: compilers.version.clone(),
            commit: String::new(),
            host: compilers.triple.clone(),
        })
    }

    fn renames(&self) -> bool {
        false
    }

    fn by_hand(&self, subject: &Subject<'_>, profile: &Path) -> String {
        let Ok(program) = table(subject.program) else { return String::new() };
        let profile = std::path::absolute(profile).unwrap_or_else(|_| profile.to_owned());
        let flags = program.compiler.flags(super::compiler::Use::Profile(&profile), Path::new("."));
        let steps = program.steps(Flavoured::Optimize).into_iter();
        let lines = steps.map(|(_, words)| words.join(" "));
        let text = lines.collect::<Vec<_>>().join(" && ");
        text.replace("{cflags}", &flags.compile.join(" ")).replace("{ldflags}", &flags.link.join(" "))
    }

    fn names_others(&self) -> bool {
        true
    }

    fn knows_its_inputs(&self) -> bool {
        true
    }

    fn own_folders(&self, session: &Session, program: &str) -> Vec<PathBuf> {
        vec![folder(session, program)]
    }

    fn version(&self, subject: &Subject<'_>) -> String {
        table(subject.program).ok().and_then(|program| program.version.clone()).unwrap_or_default()
    }

    fn local_packages(&self, _: &Session, subject: &Subject<'_>) -> Vec<(String, PathBuf)> {
        table(subject.program)
            .map(|program| vec![(subject.name.to_owned(), self.dir(program))])
            .unwrap_or_default()
    }

    /// Code without a path in its name, as C's.
    fn own_code(&self) -> Vec<String> {
        vec![String::new()]
    }
}

/// What stands after `--` has to go somewhere.
fn check_arguments(session: &Session) -> Result<()> {
    if session.options.arguments.is_empty() {
        return Ok(());
    }
    let takes = |program: &config::Program| match program.own.get::<Program>() {
        Some(program) => Flavoured::ALL.into_iter().any(|flavour| program.names(flavour, Name::Args)),
        None => true,
    };
    if session.config.program.values().any(takes) {
        return Ok(());
    }
    Err(Error::usage("no command of a build takes what stands after `--`")
        .with_hint("put {args} where it belongs, such as build = [\"make\", \"{args}\"]"))
}

/// A program in C++ needs a compiler for it.
fn check_cxx(wanted: &Wanted<'_>) -> Result<()> {
    let compilers = &wanted.compilers;
    if compilers
        .cxx
        .as_ref()
        .is_some_and(|cxx| *cxx != compilers.cc && cxx.file_name() == compilers.cc.file_name())
    {
        return Err(Error::usage("`cc` and `cxx` are two files of one name")
            .with_hint("give one of them another name, by a link"));
    }
    if wanted.compilers.cxx.is_some() || !wanted.program.names(wanted.flavour, Name::Cxx) {
        return Ok(());
    }
    Err(Error::preflight(format!("there is no C++ compiler beside {}", wanted.compilers.cc.display()))
        .with_hint("install it, or name one: cxx in [program.NAME.command]"))
}
