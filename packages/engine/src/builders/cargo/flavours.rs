//! The flavours of a program as cargo builds them. One specification makes them all; only the flags of PGO
//! differ, and what a light instrumented build leaves out.

use std::path::PathBuf;

use honing_cargo::tables::ProgramKind;
use honing_core::{Digest, Fingerprint, Result, Stage};

use crate::{
    builders::{
        Flavour,
        cargo::{ask, build::Wanted, pinning, sources, state::Here, tables, wrapper::Orders},
    },
    chain::subject::Subject,
    io::files,
    profiles::llvm::{Counting, Flush, Instrumenting},
};

/// Makes LLVM list every function that it builds, with the hash of its control flow. The
/// pattern that names have to contain is empty: `_` would miss `main`.
pub(super) const TRACE_FLAG: &str = "-Cllvm-args=-pgo-trace-func-hash=";

/// What PGO adds to a build.
#[derive(Debug, Clone, Default)]
pub(super) struct Added {
    /// Flags for rustc.
    pub(super) flags: Vec<String>,
    /// The profile to apply.
    pub(super) profile: Option<PathBuf>,
}

/// How rustc is called in a build of `subject`, and the folder of its target directory.
pub(super) fn orders(
    session: &Here<'_>,
    subject: &Subject<'_>,
    added: Added,
) -> Result<(Orders, pinning::Naming)> {
    let naming = pinning::naming(session, subject)?;
    let within = |profile: PathBuf| match profile.strip_prefix(session.store.root()) {
        Ok(within) => within.to_owned(),
        Err(_) => profile,
    };
    let orders = Orders {
        names: naming.names.clone(),
        flags: added.flags,
        profile: added.profile.map(within),
        root: session.root.clone(),
    };
    Ok((orders, naming))
}

/// The build of a flavour.
pub(super) fn wanted<'a>(
    session: &'a Here<'a>,
    subject: &'a Subject<'a>,
    flavour: Flavour<'_>,
) -> Result<Wanted<'a>> {
    let program = tables::program(subject.program)?;
    let mut added = added(flavour, Counting::of(subject.program).flush);
    // Dependencies of several programs are compiled once; a profile belongs to one.
    let folder = match flavour {
        Flavour::Plain => "baseline".to_owned(),
        Flavour::Instrumented => "instrument".to_owned(),
        Flavour::Optimized { .. } => format!("optimize-{}", subject.name),
    };
    let features = program.features.iter().chain(&session.options.features).cloned().collect();
    if matches!(flavour, Flavour::Instrumented) && instrumenting(session, subject)? == Instrumenting::Light {
        added.flags.extend(LIGHT.iter().map(|flag| (*flag).to_owned()));
    }
    let (orders, naming) = orders(session, subject, added)?;
    let answer = ask::ask(session, &subject.triple)?;
    Ok(Wanted {
        package: session.cargo.package(subject)?,
        kind: program.kind(),
        artifact: &subject.artifact,
        profile: &program.profile,
        features,
        default_features: program.default_features,
        target: &subject.triple,
        target_dir: orders.target_dir(&naming.folder, &folder),
        rustflags: answer.rustflags.clone(),
        inner: answer.rustc_wrapper.clone(),
        symbols: naming.words,
        orders,
    })
}

/// What PGO adds in a flavour.
fn added(flavour: Flavour<'_>, flush: Flush) -> Added {
    match flavour {
        Flavour::Plain => Added::default(),
        Flavour::Instrumented => instrument_flags(flush),
        Flavour::Optimized { profile, traced, .. } => {
            let flags = if traced { vec![TRACE_FLAG.to_owned()] } else { Vec::new() };
            Added { flags, profile: Some(profile.to_owned()) }
        }
    }
}

/// What a build reads, as far as it can be told before cargo looks: the specification,
/// the toolchain, and the files that it read the last time.
pub(super) fn build_fingerprint(
    session: &Here<'_>,
    wanted: &Wanted<'_>,
    profile: Option<&Digest>,
) -> Fingerprint {
    let mut print = Fingerprint::new();
    print
        .content("toolchain", Digest::of(session.cargo.toolchain.verbose_version.as_bytes()))
        .value("package", &wanted.package.name)
        .value("artifact", wanted.artifact)
        .value("Cargo profile", wanted.profile)
        .value("features", wanted.features.join(","))
        .value("default features", wanted.default_features)
        .value("target", wanted.target)
        .value("symbols", &wanted.symbols)
        .value("rustflags", wanted.rustflags.join(" "))
        .flags("flags of PGO", wanted.orders.added().join(" "))
        .value("cargo arguments", session.options.arguments.join(" "));
    if let Some(profile) = profile {
        print.profile("profile", profile.clone());
    }
    for name in ["Cargo.toml", "Cargo.lock"] {
        if let Ok(digest) = files::digest(&session.root.join(name)) {
            print.content(name, digest);
        }
    }
    let name = match wanted.kind {
        ProgramKind::Bin(_) => wanted.artifact.to_owned(),
        ProgramKind::Cdylib => format!("{}{}", std::env::consts::DLL_PREFIX, wanted.artifact),
    };
    let artifact = wanted.folder().join(name);
    for (name, digest) in sources::source_digests(&artifact, &session.root, session.store.root()) {
        print.content(name, digest);
    }
    print
}

/// What takes LTO, debug info and stripping out of a light instrumented build. Codegen units stay: local
/// functions carry theirs in the name. As flags and not as a change of the Cargo profile, which would
/// reach build scripts and macros, so that these were compiled once more.
const LIGHT: [&str; 5] =
    ["-Clto=off", "-Clinker-plugin-lto=no", "-Cembed-bitcode=no", "-Cdebuginfo=0", "-Cstrip=none"];

/// How the instrumented program is built. Without pinned symbols LTO and debug info are
/// part of every symbol, and once a light build's profile did not fit, none does.
///
/// # Errors
/// Preflight, where cargo cannot be asked for its flags.
pub(super) fn instrumenting(session: &Here<'_>, subject: &Subject<'_>) -> Result<Instrumenting> {
    // The linker's own LTO is a matter between it and what else it links.
    let rustflags = &ask::ask(session, &subject.triple)?.rustflags;
    let linkers = rustflags.iter().any(|flag| flag.contains("linker-plugin-lto"));
    if linkers || !pinning::pins(session, subject) || session.began_again(subject, Stage::Instrument) {
        return Ok(Instrumenting::Same);
    }
    Ok(Counting::of(subject.program).instrument)
}

/// Flags that put counters in.
pub(super) fn instrument_flags(flush: Flush) -> Added {
    // With a value: tools that read rustc's flags stop at one without. Where LLVM_PROFILE_FILE says
    // nothing else, profiles are left in the folder that the program runs in.
    let mut flags = vec!["-Cprofile-generate=.".to_owned()];
    if flush == Flush::Continuous {
        // Counters live in the mapped file; value profiles cannot, and a file with
        // room for them reads as truncated.
        flags.push("-Cllvm-args=-runtime-counter-relocation".to_owned());
        flags.push("-Cllvm-args=-disable-vp=true".to_owned());
    }
    Added { flags, profile: None }
}
