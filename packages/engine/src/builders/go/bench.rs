//! Benchmarks as a training: `go test` for one package after the other, each with a profile of its own.

use std::{
    fs,
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode, ExitStatus, Stdio},
};

use honing_core::{Error, Result};
use honing_pprof::{self as pprof, Policy};
use serde::Deserialize;

use crate::builders::{
    go::{
        ask::{Go, parse},
        shim::RealGo,
        tables::{Bench, Program},
    },
    stand_in::ended,
};

/// How a result begins, and the same under `-json`.
const RAN: &[u8] = b"Benchmark";
const RAN_JSON: &[u8] = b"\"Output\":\"Benchmark";

/// The flag that names the profile.
const PROFILE: &str = "-cpuprofile=";

/// The arguments of `go test`, with placeholders: what is told before the package is go's, behind it the person's.
pub(super) fn arguments(bench: &Bench, program: &Program, listed: &[String]) -> Vec<String> {
    let mut words = vec!["test".to_owned(), "-run=^$".to_owned(), "-pgo=off".to_owned()];
    words.extend(listed.iter().cloned());
    if !program.ldflags.is_empty() {
        words.push(format!("-ldflags={}", program.ldflags));
    }
    words.push(format!("{PROFILE}{{dir}}/bench.pprof"));
    words.push(pattern(bench, program).to_owned());
    words.extend(bench.args.iter().cloned());
    words
}

/// Whose benchmarks are run.
pub(super) fn pattern<'a>(bench: &'a Bench, program: &'a Program) -> &'a str {
    bench.package.as_deref().unwrap_or(&program.package)
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tested {
    import_path: String,
    test_go_files: Vec<String>,
    #[serde(rename = "XTestGoFiles")]
    external: Vec<String>,
}

/// The packages of a pattern that have tests.
pub(super) fn packages(go: &Go<'_>, listed: &[String], pattern: &str) -> Result<Vec<String>> {
    let mut args = vec!["list", "-json=ImportPath,TestGoFiles,XTestGoFiles"];
    args.extend(listed.iter().map(String::as_str));
    args.extend(["--", pattern]);
    let said = go.ask(&args)?;
    let mut found = Vec::new();
    for read in parse::<Tested>(&said, "go list")? {
        if !read.test_go_files.is_empty() || !read.external.is_empty() {
            found.push(read.import_path);
        }
    }
    if found.is_empty() {
        return Err(Error::usage(format!("`{pattern}` has no package with tests"))
            .with_hint("`package` of `go.bench` names packages with benchmarks, such as ./..."));
    }
    Ok(found)
}

/// Runs the call `words` for each package in the place of `pattern`.
pub(super) fn run(
    go: &RealGo,
    words: &[String],
    pattern: &str,
    packages: &[String],
    main: &str,
) -> io::Result<ExitCode> {
    let missing = || io::Error::other("it runs benchmarks here, and nothing else");
    let profile = words.iter().position(|word| word.starts_with(PROFILE)).ok_or_else(missing)?;
    let package_at = words.iter().position(|word| word == pattern).ok_or_else(missing)?;
    let named = words.get(profile).and_then(|word| word.strip_prefix(PROFILE)).map(PathBuf::from);
    let folder = named.as_deref().and_then(Path::parent).ok_or_else(missing)?;
    let mut sampled = 0;
    for (number, package) in packages.iter().enumerate() {
        let file = folder.join(format!("bench-{number:03}.pprof"));
        let call = words.iter().enumerate().flat_map(|(at, word)| match at {
            at if at == profile => {
                // Beside the profile `go test` leaves the program that it ran, in the folder that it is called in.
                vec![
                    format!("{PROFILE}{}", file.display()),
                    format!("-o={}", file.with_extension("test").display()),
                ]
            }
            at if at == package_at => vec![package.clone()],
            _ => vec![word.clone()],
        });
        let (status, ran) = told(&mut go.call(call))?;
        if !status.success() {
            return Ok(ended(status));
        }
        if ran {
            rename(&file, package, main)?;
            sampled += 1;
        } else {
            // What the tests did to find that out is no training.
            let _ = fs::remove_file(&file);
            writeln!(io::stderr(), "{package}: no benchmark ran")?;
        }
    }
    if sampled > 0 {
        return Ok(ExitCode::SUCCESS);
    }
    Err(io::Error::other(format!("no benchmark of {pattern} ran: -bench in `args` says which do")))
}

/// Runs `go test`, and passes on what it prints; whether a benchmark ran.
fn told(command: &mut Command) -> io::Result<(ExitStatus, bool)> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut ran = false;
    for line in child.stdout.take().into_iter().flat_map(|stdout| io::BufReader::new(stdout).split(b'\n')) {
        let line = line?;
        let line_of_json = line.windows(RAN_JSON.len()).any(|part| part == RAN_JSON);
        ran |= line.starts_with(RAN) || line_of_json;
        io::stdout().write_all(&[&line[..], b"\n"].concat())?;
    }
    Ok((child.wait()?, ran))
}

/// Functions of the program's own package are called as in the program.
fn rename(file: &Path, package: &str, main: &str) -> io::Result<()> {
    if package != main {
        return Ok(());
    }
    // One that cannot be read is refused where it is merged.
    if let Ok(mut profile) = pprof::read(&fs::read(file)?, Policy::KEEP_ALL.max_bytes) {
        profile.rename_package(main, "main");
        fs::write(file, profile.to_pprof())?;
    }
    Ok(())
}
