//! What cargo makes of its configuration, told by cargo itself: a build script is told which rustc,
//! wrapper, linker and rustflags apply. Files that include others, arrays that are joined, `cfg`
//! sections, variables and `--config` are then read once, by who has the last word on them.

use std::{process::Stdio, sync::Arc};

use honing_core::{Error, Result};

use crate::{
    builders::cargo::{
        configured::{Answer, configuring, folders},
        flags::configuration_with,
        state::Here,
    },
    io::files,
};

const MANIFEST: &str =
    "[package]\nname = \"honing-ask\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n";
/// Where the build script writes to.
const FILE: &str = "HONING_ASK_FILE";
/// It ends with an error on purpose: there is nothing to build, and cargo asks it each time.
const SCRIPT: &str = r#"fn main() {
    let names = ["RUSTC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_LINKER", "CARGO_ENCODED_RUSTFLAGS"];
    let lines = names.map(|name| format!("{name}={}\n", std::env::var(name).unwrap_or_default()));
    std::fs::write(std::env::var_os("HONING_ASK_FILE").unwrap(), lines.concat()).unwrap();
    std::process::exit(1);
}
"#;

/// Asks cargo, in the root of the workspace.
pub(crate) fn ask(session: &Here<'_>, triple: &str) -> Result<Arc<Answer>> {
    let failed = || Error::internal("a reader of cargo's answer failed");
    let mut known = session.cargo.answers.lock().map_err(|_| failed())?;
    if let Some(answer) = known.get(triple) {
        return Ok(Arc::clone(answer));
    }
    let answer = Arc::new(anew(session, triple)?);
    known.insert(triple.to_owned(), Arc::clone(&answer));
    Ok(answer)
}

fn anew(session: &Here<'_>, triple: &str) -> Result<Answer> {
    let dir = session.builds().join("ask");
    for (name, text) in [("Cargo.toml", MANIFEST), ("build.rs", SCRIPT), ("src/lib.rs", "")] {
        files::write_if_changed(&dir.join(name), text.as_bytes())?;
    }
    // Two sessions may ask at once.
    let said = dir.join(format!("said.{}", std::process::id()));
    let target_dir = dir.join("target");
    let mut command = std::process::Command::new(&session.cargo.toolchain.cargo);
    command.args(["check", "--quiet", "--target", triple]).args(configuring(&session.options.arguments));
    command.arg("--manifest-path").arg(dir.join("Cargo.toml")).arg("--target-dir").arg(&target_dir);
    command.env_clear().envs(&session.around.env).env(FILE, &said);
    command.args(folders(&target_dir, None));
    command.env("CARGO_TERM_COLOR", "never");
    // It is run once, and small.
    command.env("CARGO_INCREMENTAL", "0").env("CARGO_PROFILE_DEV_DEBUG", "0");
    command.current_dir(&session.root).stdin(Stdio::null());
    let output = session.while_builder(|| command.output());
    let output = output.map_err(|error| Error::preflight(format!("cannot run cargo: {error}")))?;
    let text = std::fs::read_to_string(&said);
    let _ = std::fs::remove_file(&said);
    match text {
        Ok(text) => {
            let answer = Answer::of(&text, &session.around.env);
            let ours = answer.rustflags.iter().find(|flag| is_ours(flag) || misplaced(flag).is_some());
            ours.map_or(Ok(answer.clone()), |flag| Err(exclusive(session, flag)))
        }
        Err(_) => {
            let words = String::from_utf8_lossy(&output.stderr);
            // rustc may refuse them before it is asked anything.
            let ours = words.split_whitespace().find(|word| is_ours(word));
            let refused = || refused(triple, &format!("{words}{}", output.status));
            Err(ours.map_or_else(refused, |flag| exclusive(session, flag)))
        }
    }
}

fn exclusive(session: &Here<'_>, flag: &str) -> Error {
    let why = misplaced(flag).unwrap_or("rustc refuses it together with the flags of PGO");
    let message = format!("the rustflags hold `{flag}`; {why}");
    let from = origin(session, flag);
    Error::preflight(message).with_hint(format!("take it out of {from}; what PGO needs, Honing adds itself"))
}

/// Why a flag cannot stand among rustflags that puts files elsewhere than cargo does.
fn misplaced(flag: &str) -> Option<&'static str> {
    let name = flag.strip_prefix("-C").unwrap_or(flag).trim_start_matches("--codegen=");
    if name.starts_with("incremental=") {
        return Some("rustc would take code from there that was compiled with another profile");
    }
    name.starts_with("extra-filename=").then_some("cargo would not find what rustc writes")
}

/// Whether rustc refuses a flag beside those that Honing adds.
fn is_ours(flag: &str) -> bool {
    let name = flag.strip_prefix("-C").unwrap_or(flag).trim_start_matches("--codegen=");
    let name = name.split('=').next().unwrap_or(name);
    ["profile-use", "profile-generate", "instrument-coverage"].contains(&name)
}

/// Where a flag comes from, as far as that can be told.
fn origin(session: &Here<'_>, flag: &str) -> String {
    let variables =
        session.around.env.iter().filter(|(name, _)| name.to_string_lossy().ends_with("RUSTFLAGS"));
    let variable = variables.into_iter().find(|(_, value)| value.to_string_lossy().contains(flag));
    if let Some((name, _)) = variable {
        return format!("the variable {}", name.display());
    }
    match configuration_with(&session.root, &session.around.env, flag) {
        Some(file) => file.display().to_string(),
        None => "cargo's configuration (`rustflags`), or what it includes".into(),
    }
}

/// Cargo's own words, and what they mean.
fn refused(triple: &str, words: &str) -> Error {
    let lines = || words.lines().map(str::trim).filter(|line| !line.is_empty());
    // The innermost: rustc's, where cargo passes it on.
    let mut errors = lines().filter(|line| line.starts_with("error") && !line.contains("could not compile"));
    let first = errors.next_back().or_else(|| lines().next()).unwrap_or_default();
    let cause = lines().skip_while(|line| *line != "Caused by:").nth(1);
    let cause = cause.filter(|_| first.contains("could not execute")).map(|cause| format!(": {cause}"));
    let message = format!(
        "cargo cannot build a tiny program here for {triple}: {}{}",
        first.trim_start_matches("error: "),
        cause.unwrap_or_default()
    );
    Error::preflight(message).with_hint(hint(words))
}

fn hint(words: &str) -> String {
    if words.contains("error: linker `cc`") {
        return "install a C linker: gcc or clang (Debian: apt-get install gcc libc6-dev)".into();
    }
    if words.contains("error: linker `") {
        return "that linker is chosen by a variable or by cargo's configuration (`target.*.linker`): install \
                it, or choose another"
            .into();
    }
    if words.contains("could not execute process") {
        return "RUSTC, RUSTC_WRAPPER, RUSTC_WORKSPACE_WRAPPER or cargo's configuration name a program that \
                cannot be run: install it, or take it out there"
            .into();
    }
    if words.contains("to learn about target-specific information") {
        return format!(
            "look at RUSTFLAGS, at `rustflags` of cargo's configuration, and at --target; cargo said:\n{}",
            words.trim()
        );
    }
    format!("mend what cargo names; it said:\n{}", words.trim())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use super::*;

    #[test]
    fn an_answer_is_read() {
        let text = "RUSTC=/tc/bin/rustc\nRUSTC_WRAPPER=\nRUSTC_LINKER=a=b\nCARGO_ENCODED_RUSTFLAGS=-Ca\u{1f}--cfg\u{1f}x=\"1\"\n";
        let none = BTreeMap::new();
        let answer = Answer::of(text, &none);
        assert_eq!(answer.rustc, Path::new("/tc/bin/rustc"));
        assert_eq!(answer.linker.as_deref(), Some("a=b"));
        assert_eq!(answer.rustflags, ["-Ca", "--cfg", "x=\"1\""]);
        assert!(answer.rustc_wrapper.is_none() && Answer::of("", &none).rustflags.is_empty());
        assert_eq!(answer.chain(), "honing-rustc → /tc/bin/rustc");
    }

    #[test]
    fn what_configures_is_passed_on() {
        let args = ["--config", "a=1", "--timings", "--config=b", "-Zx", "-Z", "y", "-v"].map(String::from);
        assert_eq!(configuring(&args), ["--config", "a=1", "--config=b", "-Zx", "-Z", "y"]);
    }

    #[test]
    fn cargos_words_are_passed_on() {
        let error = refused(
            "t",
            "error: could not execute process `x rustc -vV` (never executed)\n\nCaused by:\n  No such file or directory (os error 2)\n",
        );
        assert!(
            error.to_string().ends_with("(never executed): No such file or directory (os error 2)"),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("RUSTC_WRAPPER"));
    }
}
