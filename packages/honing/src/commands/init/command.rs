//! `init --command`: a start for a tree that make, configure, cmake or meson build.

use std::{
    fs,
    path::{Path, PathBuf},
};

use honing_core::{Error, Result};

/// What builds a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Meson,
    Cmake,
    Configure,
    /// Its `configure` has to be made first.
    Autoreconf,
    Make,
}

/// The first that is there is taken: who has several, keeps the plain makefile for those without the others.
const FILES: [(&str, System); 8] = [
    ("meson.build", System::Meson),
    ("CMakeLists.txt", System::Cmake),
    ("configure", System::Configure),
    ("configure.ac", System::Autoreconf),
    ("configure.in", System::Autoreconf),
    ("GNUmakefile", System::Make),
    ("makefile", System::Make),
    ("Makefile", System::Make),
];

/// How deep programs are looked for.
const DEPTH: usize = 3;

/// A tree, as far as its files tell.
#[derive(Debug)]
struct Found {
    system: System,
    /// The file that says so.
    file: &'static str,
    /// Where the program comes out, relative to `{build_dir}`.
    output: Option<String>,
    /// Whether it has C++.
    cxx: bool,
}

/// A `pgo.toml` for the tree in `dir`, relative to `root`; and what was seen, in words.
///
/// # Errors
/// Usage, where no file tells how it is built.
pub(super) fn template(root: &Path, dir: &str) -> Result<(String, String)> {
    let folder = root.join(dir);
    let found = look(&folder).ok_or_else(|| {
        Error::usage(format!("no file in {} tells how it is built", folder.display())).with_hint(
            "looked for meson.build, CMakeLists.txt, configure, configure.ac and a makefile; name the folder of the \
             sources: init --command=FOLDER; or write pgo/pgo.toml by hand: docs/command.md",
        )
    })?;
    let plain = project(&folder);
    let output = found.output.clone().unwrap_or_else(|| plain.replace(['{', '}'], ""));
    let program = output.rsplit('/').next().unwrap_or_default().to_owned();
    let name = super::name(&[program, plain], &[]);
    let words = format!(
        "{}, and {}",
        found.file,
        match &found.output {
            Some(output) => format!("a program that comes out as {output}"),
            None => "nothing that tells which program comes out: mend `output`".to_owned(),
        }
    );
    Ok((super::HEAD.to_owned() + "\n" + &program_table(&name, dir, &output, &found), words))
}

fn program_table(name: &str, dir: &str, output: &str, found: &Found) -> String {
    let place = if dir == "." { String::new() } else { format!("dir = {dir:?}\n") };
    let in_source = matches!(found.system, System::Autoreconf | System::Make);
    let in_source = if in_source { "in_source = true # {build_dir} is a copy of the sources\n" } else { "" };
    let commands = commands(found);
    format!(
        "# {{cflags}} and {{ldflags}} are the flags of PGO; the build's own stay in its files. Every command is called in\n\
         # {{build_dir}}, which is empty, or a copy of the sources, for each build.\n\
         [program.{name}.command]\n\
         {place}{in_source}{commands}\
         output = {output:?} # the program that comes out, relative to {{build_dir}}\n\n\
         {}",
        super::workloads(name)
    )
}

fn commands(found: &Found) -> String {
    let cxx = |words: &str| if found.cxx { words.to_owned() } else { String::new() };
    match found.system {
        System::Make => format!(
            "build = [\"make\", \"CC={{cc}} {{cflags}}\"{}, \"-j{{jobs}}\"]\n",
            cxx(", \"CXX={cxx} {cflags}\"")
        ),
        System::Configure | System::Autoreconf => {
            let prepare =
                if found.system == System::Autoreconf { "prepare = [\"autoreconf\", \"-fi\"]\n" } else { "" };
            format!(
                "{prepare}configure = [\"{{dir}}/configure\", \"CC={{cc}}\", \"CFLAGS=-O2 {{cflags}}\"{}, \"LDFLAGS={{ldflags}}\"]\n\
                 build = [\"make\", \"-j{{jobs}}\"]\n",
                cxx(", \"CXX={cxx}\", \"CXXFLAGS=-O2 {cflags}\"")
            )
        }
        System::Cmake => format!(
            "configure = [\"cmake\", \"-S\", \"{{dir}}\", \"-B\", \"{{build_dir}}\", \"-DCMAKE_BUILD_TYPE=Release\", \
             \"-DCMAKE_C_COMPILER={{cc}}\", \"-DCMAKE_C_FLAGS={{cflags}}\"{}, \
             \"-DCMAKE_EXE_LINKER_FLAGS={{ldflags}}\", \"-DCMAKE_SHARED_LINKER_FLAGS={{ldflags}}\"]\n\
             build = [\"cmake\", \"--build\", \"{{build_dir}}\", \"-j{{jobs}}\"]\n",
            cxx(", \"-DCMAKE_CXX_COMPILER={cxx}\", \"-DCMAKE_CXX_FLAGS={cflags}\"")
        ),
        System::Meson => format!(
            "env = {{ CC = \"{{cc}}\"{} }}\n\
             configure = [\"meson\", \"setup\", \"{{build_dir}}\", \"{{dir}}\", \"--buildtype=release\", \
             \"-Dc_args={{cflags}}\", \"-Dc_link_args={{ldflags}}\"{}]\n\
             build = [\"meson\", \"compile\", \"-C\", \"{{build_dir}}\", \"-j{{jobs}}\"]\n",
            cxx(", CXX = \"{cxx}\""),
            cxx(", \"-Dcpp_args={cflags}\", \"-Dcpp_link_args={ldflags}\"")
        ),
    }
}

fn look(folder: &Path) -> Option<Found> {
    let (file, system) = FILES.into_iter().find(|(file, _)| folder.join(file).is_file())?;
    let mut files = Vec::new();
    list(folder, DEPTH, &mut files);
    let cxx = files.iter().any(|path| {
        path.extension().is_some_and(|end| ["cc", "cpp", "cxx", "C"].iter().any(|known| end == *known))
    });
    let output = files.iter().find_map(|path| {
        let name = path.file_name()?.to_str()?;
        let within = path.parent()?.strip_prefix(folder).ok()?;
        let program = match (system, name) {
            (System::Meson, "meson.build") => after(&fs::read_to_string(path).ok()?, "executable("),
            (System::Cmake, "CMakeLists.txt") => after(&fs::read_to_string(path).ok()?, "add_executable("),
            (System::Configure | System::Autoreconf, "Makefile.am") => {
                after(&fs::read_to_string(path).ok()?, "bin_PROGRAMS =")
            }
            _ => None,
        }?;
        Some(within.join(program).display().to_string())
    });
    // A name with braces cannot be an `output`.
    let output = output.filter(|output| !output.contains(['{', '}']));
    Some(Found { system, file, output, cxx })
}

/// What the project is called: as its files have it, or its folder. `lua-5.4.4` is a folder, and its program is `lua`.
fn project(folder: &Path) -> String {
    let said = [
        ("meson.build", "project("),
        ("CMakeLists.txt", "project("),
        ("CMakeLists.txt", "PROJECT("),
        ("configure.ac", "AC_INIT("),
        ("configure.in", "AC_INIT("),
        ("configure", "PACKAGE_TARNAME='"),
        ("configure", "\nPACKAGE="),
    ];
    let said = said.iter().find_map(|(file, what)| after(&fs::read_to_string(folder.join(file)).ok()?, what));
    // Old forms name a file of the sources.
    let said = said.filter(|name| !name.contains('.'));
    let absolute = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let named = || {
        let names = absolute.ancestors().filter_map(|folder| folder.file_name()?.to_str());
        let mut names = names.filter(|name| !["src", "source", "sources", "trunk", "main"].contains(name));
        names.next().and_then(|name| name.split(['-', '_']).next()).unwrap_or_default().to_owned()
    };
    said.map(|name| name.trim_matches(['[', ']']).to_owned()).unwrap_or_else(named)
}

/// The word behind a text; what is filled in elsewhere is none.
fn after(text: &str, what: &str) -> Option<String> {
    let lines =
        text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    let words = lines.split(what).skip(1).filter_map(|rest| {
        let rest = rest.trim_start_matches([' ', '\n', '\t', '\'', '"', '\\', '[']);
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.+".contains(c))).unwrap_or(rest.len());
        let word = rest[..end].trim();
        // Something like `${NAME}`.
        (!word.is_empty()).then(|| word.to_owned())
    });
    let is_test = |word: &String| word.contains("test") || word.contains("example");
    let words: Vec<String> = words.collect();
    words.iter().find(|word| !is_test(word)).cloned()
}

/// Files of a tree, those of outer folders first.
fn list(folder: &Path, depth: usize, into: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = paths.into_iter().partition(|path| path.is_dir());
    into.extend(files);
    if depth > 0 {
        folders
            .iter()
            .filter(|path| !path.is_symlink() && !hidden(path))
            .for_each(|path| list(path, depth - 1, into));
    }
}

#[cfg(test)]
mod tests {
    use honing_core::config::Config;
    use honing_engine::CRAFTS;

    use super::*;

    #[test]
    fn what_is_written_is_a_configuration() {
        for (files, output) in [
            (&[("Makefile", "all:\n"), ("a.c", "")][..], "tree"),
            (&[("configure", ""), ("src/Makefile.am", "bin_PROGRAMS = jq\n"), ("Makefile", "")], "src/jq"),
            (&[("configure.ac", ""), ("a.cc", "")], "tree"),
            (
                &[
                    ("CMakeLists.txt", "# add_executable(no)\nproject(x)\nadd_subdirectory(cli)\n"),
                    (
                        "cli/CMakeLists.txt",
                        "add_executable(${X} a)\nadd_executable(unit-test a)\nadd_executable( brotli a.c)",
                    ),
                ],
                "cli/brotli",
            ),
            (&[("meson.build", "exe = executable(\n  'dav1d', 'a.c')\n"), ("a.cpp", "")], "dav1d"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let root = dir.path().join("tree-1.2");
            for (name, text) in files {
                let path = root.join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            let (text, _) = template(dir.path(), "tree-1.2").unwrap();
            let config = Config::parse(&text, Path::new("pgo.toml"), CRAFTS).unwrap();
            assert_eq!(config.program.len(), 1, "{text}");
            assert!(text.contains(&format!("output = {output:?}")), "{text}");
            let has_cxx = files.iter().any(|(name, _)| name.ends_with(".cc") || name.ends_with(".cpp"));
            assert_eq!(text.contains("{cxx}"), has_cxx, "{text}");
        }
        // A folder's name is any text; braces are placeholders in what is written.
        for (files, output) in [
            (&["Makefile"][..], "cd"),
            (&["configure", "x/Makefile.am"], "x/jq"),
            (&["configure", "x{y}/Makefile.am"], "cd"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            for name in files {
                let path = dir.path().join("c{d}").join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "bin_PROGRAMS = jq\n").unwrap();
            }
            let (text, _) = template(dir.path(), "c{d}").unwrap();
            Config::parse(&text, Path::new("pgo.toml"), CRAFTS).unwrap();
            assert!(text.contains(&format!("output = {output:?}")), "{text}");
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(template(empty.path(), ".").unwrap_err().to_string().contains("tells how it is built"));
    }
}
