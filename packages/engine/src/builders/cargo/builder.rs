//! Cargo, as the engine sees a builder.

use std::path::{Path, PathBuf};

use honing_cargo::{
    calls::Calls,
    pin,
    tables::{Harness, Workload},
};
use honing_core::{
    Digest, Error, Fingerprint, Result, Setting, Stage,
    account::Account,
    config::{Own, Program, Tool},
    release::Compiler,
};

use crate::{
    builders::{
        Builder, Flavour, Folders, Made, beside,
        cargo::{
            ask, build,
            build::build_command,
            build::driver_command,
            check,
            flavours::{build_fingerprint, instrumenting, wanted},
            libraries, own, pinning, probe,
            state::Cargo,
            tables, tools,
        },
    },
    chain::{
        ready::Ready,
        session::{Session, find_program},
        subject::Subject,
    },
    children::{Command, Usage},
    io::files,
    profiles::{
        ProfileKind, Traces,
        llvm::{Counters, Instrumenting},
    },
};

impl Builder for Cargo {
    fn look_up(&self, session: &Session, program: &Program) -> Result<(String, String)> {
        let program = tables::program(program)?;
        let package = self.workspace.package(&program.package)?;
        let artifact = self.workspace.artifact_name(package, &program.kind())?;
        let asked = session.options.target.clone().or_else(|| program.target.clone());
        Ok((artifact, self.target(&self.here(session), asked)?))
    }

    fn settings(&self, session: &Session, subject: &Subject<'_>) -> Result<Vec<Setting>> {
        let setting = |key: &str, value: String, origin: &str| Setting {
            key: format!("program.{}: {key}", subject.name),
            value,
            origin: origin.to_owned(),
        };
        let target = "--target, pgo.toml, cargo's configuration, or the host";
        let mut found = vec![
            setting("binary", subject.artifact.clone(), "cargo metadata"),
            setting("target", subject.triple.clone(), target),
        ];
        if pinning::asked_for(subject) {
            let scheme = pin::SCHEME.to_string();
            found.push(setting("scheme of pinned symbols", scheme, "Honing; another one renames them"));
        }
        let answer = ask::ask(&self.here(session), &subject.triple)?;
        if !answer.rustflags.is_empty() {
            found.push(setting("rustflags", answer.rustflags.join(" "), "RUSTFLAGS, cargo's configuration"));
        }
        if let Some(wrapper) = &answer.rustc_wrapper {
            let from = "RUSTC_WRAPPER, cargo's configuration";
            found.push(setting("rustc wrapper", wrapper.display().to_string(), from));
        }
        Ok(found)
    }

    fn kind(&self, _: &Program) -> &'static dyn ProfileKind {
        &Counters
    }

    fn check(&self, session: &Session, subject: &Subject<'_>) -> Result<()> {
        check::check(&self.here(session), subject)
    }

    fn check_toolchain(&self, session: &Session, subject: &Subject<'_>) -> Result<()> {
        check::check_answer(&self.here(session), subject)
    }

    fn check_harness(&self, own: &Own) -> Result<()> {
        check::check_harness(self, harness(own)?.1)
    }

    fn settle(&self, session: &Session, subject: &Subject<'_>) -> Result<()> {
        let here = &self.here(session);
        if pinning::pins(here, subject) { pinning::settle(here) } else { Ok(()) }
    }

    fn probe_fingerprint(&self, session: &Session, subject: &Subject<'_>) -> Result<Fingerprint> {
        let here = &self.here(session);
        let answer = ask::ask(here, &subject.triple)?;
        let linker = answer.linker.as_deref().unwrap_or("cc");
        let mut print = Fingerprint::new();
        print
            .content("toolchain", Digest::of(self.toolchain.verbose_version.as_bytes()))
            .value("rustc", self.toolchain.rustc.display())
            .value("target", &subject.triple)
            .value("linker", linker)
            .value("rustflags", answer.rustflags.join(" "));
        if let Some(linker) = find_program(here, linker) {
            print.value("linker's path", linker.display());
        }
        Ok(print)
    }

    fn probe(&self, session: &Session, subject: &Subject<'_>, dir: &Path) -> Result<(Ready, Usage)> {
        probe::probe(&self.here(session), subject, dir)
    }

    fn fingerprint(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
    ) -> Result<Fingerprint> {
        let here = &self.here(session);
        let digest = match flavour {
            Flavour::Optimized { digest, .. } => digest,
            Flavour::Plain | Flavour::Instrumented => None,
        };
        Ok(build_fingerprint(here, &wanted(here, subject, flavour)?, digest))
    }

    fn commands(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
    ) -> Result<Vec<Command>> {
        let here = &self.here(session);
        Ok(vec![build_command(here, &wanted(here, subject, flavour)?)])
    }

    fn build(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        stage: Stage,
        flavour: Flavour<'_>,
    ) -> Result<Made> {
        let here = &self.here(session);
        let wanted = wanted(here, subject, flavour)?;
        let built = build::build(here, subject.name, stage, &wanted)?;
        let libraries = libraries::of(here, wanted.target, &built)?;
        let digest = beside::digest(&built.path, &libraries)?;
        let witness = serde_json::to_vec(&built.calls);
        let witness = witness.map_err(|error| Error::internal(format!("{stage}: {error}")))?;
        let traces = (!built.functions.is_empty()).then(|| Traces(built.functions.to_text().into_bytes()));
        let build::Built { path, fresh, full, usage, debug_info, .. } = built;
        Ok(Made { path, libraries, debug_info, digest, fresh, full, traces, witness, usage })
    }

    fn difference(&self, one: &[u8], other: &[u8]) -> Option<String> {
        let calls = |witness| serde_json::from_slice::<Calls>(witness).unwrap_or_default();
        let (one, other) = (calls(one), calls(other));
        let difference = one.difference(&other).filter(|_| !other.is_empty())?;
        Some(format!("cargo does not call rustc as it did for the baseline: {difference}"))
    }

    fn folders(&self, session: &Session, subject: &Subject<'_>, flavour: Flavour<'_>) -> Result<Folders> {
        let here = &self.here(session);
        let wanted = wanted(here, subject, flavour)?;
        let output = wanted.folder();
        Ok(Folders { libraries: vec![output.join("deps"), output], all: wanted.target_dir })
    }

    fn is_light(&self, session: &Session, subject: &Subject<'_>) -> Result<bool> {
        Ok(instrumenting(&self.here(session), subject)? == Instrumenting::Light)
    }

    fn harness(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
        own: &Own,
    ) -> Result<(Command, Vec<String>)> {
        let here = &self.here(session);
        let (verb, run) = harness(own)?;
        let mut wanted = wanted(here, subject, flavour)?;
        let other = run.package.as_deref().map(|spec| self.workspace.package(spec)).transpose()?;
        if let Some(package) = other.filter(|package| package.id != wanted.package.id) {
            // Features are the program's package's own.
            (wanted.package, wanted.features, wanted.default_features) = (package, Vec::new(), true);
        }
        Ok((driver_command(here, verb, &wanted), run.args.clone()))
    }

    fn tool(&self, session: &Session, program: &str, stage: Stage, tool: &Tool) -> Result<(PathBuf, Usage)> {
        tools::build(&self.here(session), program, stage, tables::tool(tool)?)
    }

    fn tool_path(&self, session: &Session, tool: &Tool) -> Result<PathBuf> {
        tools::path(&self.here(session), tables::tool(tool)?)
    }

    fn account(&self, session: &Session, subject: &Subject<'_>) -> Result<Account> {
        let here = &self.here(session);
        let wanted = wanted(here, subject, Flavour::Plain)?;
        let entry = |name: &str, value: String| (name.to_owned(), value);
        let default = wanted.default_features.then(|| "default".to_owned());
        let features: Vec<String> = default.into_iter().chain(wanted.features).collect();
        let told = [
            entry("package", wanted.package.name.to_string()),
            entry("Cargo profile", wanted.profile.to_owned()),
        ];
        let settings = self.config.profile_settings(&session.root, &session.around.env, wanted.profile);
        let flags = [entry("features", features.join(",")), entry("rustflags", wanted.rustflags.join(" "))];
        let told = told.into_iter().chain(settings).chain(flags);
        let lock = |file: &&str| {
            let digest = files::digest(&session.root.join(file)).ok()?;
            Some(entry(file, digest.to_string()))
        };
        Ok(Account {
            symbols: wanted.symbols,
            toolchain: self.toolchain.entries(),
            build: told.filter(|(_, value)| !value.is_empty()).collect(),
            read: self.locks().iter().filter_map(lock).collect(),
        })
    }

    fn compiler(&self, _: &Session, _: &Subject<'_>) -> Result<Compiler> {
        Ok(self.toolchain.compiler())
    }

    fn by_hand(&self, subject: &Subject<'_>, profile: &Path) -> String {
        let mangling = if pinning::asked_for(subject) { format!(" {}", pin::V0) } else { String::new() };
        let (profile, triple) = (profile.display(), &subject.triple);
        format!("RUSTFLAGS=\"-Cprofile-use={profile}{mangling}\" cargo build --release --target {triple}")
    }

    fn locks(&self) -> &[&str] {
        &["Cargo.lock"]
    }

    fn package_file(&self) -> Option<&str> {
        Some("Cargo.toml")
    }

    fn own_folders(&self, session: &Session, program: &str) -> Vec<PathBuf> {
        own::folders(&session.builds(), program)
    }

    fn version(&self, subject: &Subject<'_>) -> String {
        self.package(subject).map(|package| package.version.to_string()).unwrap_or_default()
    }

    fn local_packages(&self, session: &Session, subject: &Subject<'_>) -> Vec<(String, PathBuf)> {
        self.workspace.local_packages(&self.here(session), subject)
    }

    fn own_code(&self) -> Vec<String> {
        self.workspace.crate_names()
    }
}

fn harness(own: &Own) -> Result<(&'static str, &Harness)> {
    own.get::<Workload>().and_then(Workload::harness).ok_or_else(tables::not_cargos)
}
