//! `init`: a `pgo.toml` to start from, with a program for each binary that cargo's own settings do not
//! set aside; in a Go module, for each main package; with `--command`, for what other build systems make.

mod command;
mod files;
mod go;
mod outside;

use std::{fmt::Write as _, fs, path::Path};

use honing_core::{Error, Result, config::Config};
use honing_engine::{CRAFTS, Candidate, find_binaries, find_mains};
use honing_manifest::publishes;

use crate::{cli::Shared, console};
use files::write;
use outside::Outside;

pub(crate) fn init(shared: &Shared, xtask: Option<Option<&str>>, yes: bool) -> Result<()> {
    let given = &shared.file;
    let mains = if given.manifest_path.is_none() { find_mains() } else { Ok(None) };
    // Where nothing else says that this is a place to build, a pgo.toml does, whatever kind of file it is.
    if mains.is_err() {
        refuse_taken(given.config.as_deref().unwrap_or(Path::new("pgo/pgo.toml")))?;
    }
    if let Some((root, mains)) = mains? {
        if xtask.is_some() {
            return Err(Error::usage("an xtask goes into a Cargo workspace, and this is a Go module")
                .with_hint("use the installed `honing` here"));
        }
        let path = given.config.clone().unwrap_or_else(|| root.join("pgo/pgo.toml"));
        if mains.is_empty() {
            return Err(Error::usage("this module has no main package to optimize"));
        }
        start(&path, &go::template(&mains))?;
        console::line(&format!("        Next put real workloads in, then: {} plan", honing_core::advised()));
        console::line("        Also ignore target/ in git: all output goes there");
        return Ok(());
    }
    let (root, binaries) = find_binaries(given.manifest_path.as_deref())?;
    let usual = root.join("pgo/pgo.toml");
    let path = given.config.as_ref().unwrap_or(&usual);
    // What is in the way is said before anything is written.
    let outside = xtask.map(|from| Outside::plan(&root, from, *path == usual)).transpose()?;
    match outside {
        // The second half of what somebody began with `init` alone.
        Some(_) if path.exists() => {}
        _ => create(path, &binaries)?,
    }
    let added = outside.as_ref().map(|outside| outside.finish(yes, shared.job.ci)).transpose()?;
    let pgo = if added == Some(true) { "cargo xtask pgo".to_owned() } else { honing_core::advised() };
    console::line(&format!("        Next put real workloads in, then: {pgo} plan"));
    console::line(&format!(
        "        Also look at `{pgo} manifest` before the first run: with LTO and one codegen unit PGO can do more, and after such a change a profile is made anew"
    ));
    if outside.is_none() {
        advise(&root, *path == usual);
    }
    Ok(())
}

/// The same for a tree that other build systems build.
pub(crate) fn of_command(shared: &Shared, folder: Option<&str>) -> Result<()> {
    let root = std::env::current_dir().map_err(|error| files::failed("read", Path::new("."), &error))?;
    let dir = folder.map_or(".", |folder| folder.trim_end_matches('/'));
    if Path::new(dir).is_absolute() || !root.join(dir).is_dir() {
        return Err(Error::usage(format!("there is no folder {dir} in {}", root.display()))
            .with_hint("name the folder of the sources, relative to where you are"));
    }
    let path = shared.file.config.clone().unwrap_or_else(|| root.join("pgo/pgo.toml"));
    let (text, seen) = command::template(&root, dir)?;
    start(&path, &text)?;
    console::line(&format!("       Found {seen}"));
    let pgo = honing_core::advised();
    console::line(&format!("        Next look it through, put real workloads in, then: {pgo} --to baseline"));
    console::line("        Also ignore target/ in git: all output goes there");
    Ok(())
}

fn create(path: &Path, binaries: &[Candidate]) -> Result<()> {
    if binaries.is_empty() {
        return Err(Error::usage("this workspace has no binary to optimize")
            .with_hint("for a cdylib, write pgo/pgo.toml by hand: docs/pgo-toml.md"));
    }
    start(path, &template(binaries))?;
    for line in left_out(binaries) {
        console::line(&format!("    Left out {line}"));
    }
    Ok(())
}

fn refuse_taken(path: &Path) -> Result<()> {
    let Ok(there) = path.symlink_metadata() else { return Ok(()) };
    let error = Error::usage(format!("{} exists already", path.display()));
    Err(if there.is_dir() {
        error.with_hint("it is a folder: move it away")
    } else {
        error.with_hint(honing_core::advise!("edit it; `{pgo} show-config` prints what it means"))
    })
}

/// Writes the configuration and its schema; nothing is overwritten.
fn start(path: &Path, text: &str) -> Result<()> {
    refuse_taken(path)?;
    Config::parse(text, path, CRAFTS)?;
    write(path, text)?;
    write(&path.with_file_name("pgo.schema.json"), &Config::json_schema(CRAFTS))?;
    console::line(&format!("     Created {}", path.display()));
    Ok(())
}

/// How what ships stays as it is.
fn advise(root: &Path, usual: bool) {
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
    if usual && publishes(&manifest, "/pgo") {
        console::line(
            "        Note `cargo package` takes pgo/ along unless [package] of Cargo.toml has exclude = [\"/pgo\"]",
        );
    }
    let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
    if lock.lines().any(|line| line == "name = \"honing\"") {
        console::line(
            "        Note Honing is a dependency in Cargo.lock, so cargo may have moved your own; docs/adopting.md has an xtask outside of the workspace",
        );
    } else if honing_core::called() == "honing" && !root.join("xtask").exists() {
        console::line(
            "        Also `honing init --xtask` adds `cargo xtask pgo`; it shows what it changes first",
        );
    }
}

/// What is there as a comment, a line for each reason.
fn left_out(binaries: &[Candidate]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (why, bin) in binaries.iter().filter_map(|one| Some((one.aside.as_deref()?, one.bin.as_str()))) {
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, bins)) => bins.push(bin),
            None => reasons.push((why, vec![bin])),
        }
    }
    let line = |(why, bins): (&str, Vec<&str>)| match bins.as_slice() {
        [one] => format!("`{one}`: {why}; it is there as a comment"),
        [one, two, three, rest @ ..] if rest.len() > 1 => {
            format!("`{one}`, `{two}`, `{three}` and {} more: {why}; they are there as comments", rest.len())
        }
        few => format!("`{}`: {why}; they are there as comments", few.join("`, `")),
    };
    reasons.into_iter().map(line).collect()
}

/// How the file begins.
const HEAD: &str = "#:schema ./pgo.schema.json\n\
     # What Honing optimizes. Every key is described in pgo.schema.json.\n\n\
     [policy]\n\
     inconclusive = \"warn\" # or \"fail\": what an unclear measurement does\n\n\
     [bench]\n\
     time = \"10m\" # at most, for all workloads of a program; it ends earlier where the verdict is clear\n";

/// Programs with placeholder workloads: they run, and say that they teach nothing. What is no program
/// to begin with follows as a comment.
fn template(binaries: &[Candidate]) -> String {
    let mut text = String::from(HEAD);
    let names = names(binaries);
    let named = || binaries.iter().zip(&names);
    for (binary, name) in named().filter(|(binary, _)| binary.aside.is_none()) {
        let _ = write!(text, "\n{}", program(binary, name));
    }
    for (binary, name) in named() {
        let Some(why) = &binary.aside else { continue };
        let _ = writeln!(text, "\n# Not a program: {why}. To optimize it, remove the `# ` of these lines.");
        for line in program(binary, name).lines() {
            let _ = writeln!(text, "{}", format!("# {line}").trim_end());
        }
    }
    text
}

/// The table of a program. Help is what nearly every program can print, and prints the same each time;
/// a version often has the time of the build in it.
fn program(binary: &Candidate, name: &str) -> String {
    let Candidate { package, bin, features, .. } = binary;
    let features = match features.as_slice() {
        [] => String::new(),
        features => format!("# Without them there is no such binary.\nfeatures = {features:?}\n"),
    };
    format!(
        "[program.{name}.cargo]\n\
         package = \"{package}\"\n\
         bin = \"{bin}\"\n\
         {features}\
         profile = \"release\"\n\n\
         {}",
        workloads(name)
    )
}

/// Workloads to start from.
fn workloads(name: &str) -> String {
    format!(
        "# Replace both by what your users do, each with inputs of its own.\n\
         [program.{name}.workload.train]\n\
         role = \"train\"\n\
         command = [\"{{program}}\", \"--help\"]\n\n\
         [program.{name}.workload.eval]\n\
         role = \"eval\"\n\
         command = [\"{{program}}\", \"--help\"]\n"
    )
}

/// Names for pgo.toml: the binaries' own, as far as they can be folder names and differ.
fn names(binaries: &[Candidate]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for Candidate { package, bin, .. } in binaries {
        let choices = [bin.clone(), format!("{package}_{bin}"), format!("{bin}-program")];
        names.push(name(&choices, &names));
    }
    names
}

/// The first of `choices` that can be the name of a program, without what cannot; or one with a number.
fn name(choices: &[String], taken: &[String]) -> String {
    let plain = |text: &String| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    let usable = |name: &String| {
        let taken = taken.contains(name) || honing_core::config::TAKEN_NAMES.contains(&name.as_str());
        !taken && !name.is_empty() && !name.starts_with('-')
    };
    let numbered = (1..).map(|number| format!("program{number}"));
    choices.iter().map(plain).chain(numbered).find(usable).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use honing_cargo::tables::Program;

    use super::*;

    #[test]
    fn what_is_left_out_is_a_line_for_each_reason() {
        let mut all: Vec<Candidate> =
            ["a", "b", "c"].iter().map(|bin| binary("p", bin, &[], Some("no default member"))).collect();
        all.push(binary("p", "x", &[], Some("not published")));
        let few = "`a`, `b`, `c`: no default member; they are there as comments";
        assert_eq!(left_out(&all), [few, "`x`: not published; it is there as a comment"]);
        all.extend((0..100).map(|at| binary("p", &format!("d{at}"), &[], Some("no default member"))));
        assert_eq!(
            left_out(&all)[0],
            "`a`, `b`, `c` and 100 more: no default member; they are there as comments"
        );
    }

    fn binary(package: &str, bin: &str, features: &[&str], aside: Option<&str>) -> Candidate {
        Candidate {
            package: package.into(),
            bin: bin.into(),
            features: features.iter().map(|name| (*name).to_owned()).collect(),
            aside: aside.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_written_is_a_configuration_also_with_the_comments_taken_in() {
        let binaries = [
            binary("app", "app", &["cli", "tls"], None),
            binary("other", "app", &[], None),
            binary("build", "build", &[], None),
            binary("größe", "größe", &[], None),
            binary("字", "字", &[], None),
            binary("codegen", "codegen", &[], Some("its package is not a default member")),
        ];
        let text = template(&binaries);
        let config = Config::parse(&text, Path::new("pgo.toml"), CRAFTS).unwrap();
        let names: Vec<&str> = config.program.keys().map(String::as_str).collect();
        assert_eq!(names, ["app", "other_app", "build_build", "gre", "_"]);
        assert_eq!(config.program["app"].own.get::<Program>().unwrap().features, ["cli", "tls"]);
        assert!(text.contains("# Not a program: its package is not a default member."), "{text}");
        let whole: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("# Not a program"))
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.starts_with('[') || rest.contains(" = ") => rest,
                _ => line,
            })
            .collect();
        let config = Config::parse(&whole.join("\n"), Path::new("pgo.toml"), CRAFTS).unwrap();
        assert_eq!(config.program["codegen"].workload.len(), 2);
    }
}
