//! Placeholders in the words of commands that build: `{cc}`, `{cflags}`, … `{{` and `}}` stand for braces.

use std::collections::BTreeMap;

use honing_core::{
    Other,
    template::{Part, parts},
};

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// The C compiler.
    Cc,
    /// The C++ compiler.
    Cxx,
    /// The flags of PGO for compilers; nothing in the build without.
    Cflags,
    /// The same for linking.
    Ldflags,
    /// Where profiles of this build are.
    ProfileDir,
    /// The profile; its name changes with its contents.
    Profile,
    /// Where it is built.
    BuildDir,
    /// An empty folder to install into.
    Out,
    /// How many jobs at once.
    Jobs,
    /// What stands after `--` on the command line.
    Args,
    /// The folder of the sources.
    Dir,
    /// The root of the workspace.
    Workspace,
    /// What a step of another program made.
    Other(Other),
}

const NAMES: [(&str, Name); 12] = [
    ("cc", Name::Cc),
    ("cxx", Name::Cxx),
    ("cflags", Name::Cflags),
    ("ldflags", Name::Ldflags),
    ("profile_dir", Name::ProfileDir),
    ("profile", Name::Profile),
    ("build_dir", Name::BuildDir),
    ("out", Name::Out),
    ("jobs", Name::Jobs),
    ("args", Name::Args),
    ("dir", Name::Dir),
    ("workspace", Name::Workspace),
];

/// What each stands for: words, most of them one.
pub(super) type Values = BTreeMap<Name, Vec<String>>;

fn named(text: &str) -> Result<Name, String> {
    let known = NAMES.iter().find(|(word, _)| *word == text).map(|(_, name)| name.clone());
    known.or_else(|| Other::named(text).map(Name::Other)).ok_or_else(|| {
        let all: Vec<String> = NAMES.iter().map(|(word, _)| format!("{{{word}}}")).collect();
        format!(
            "`{{{text}}}` is not a placeholder of a build; there are {}, and of other programs {{program:NAME}}, \
             {{program:NAME:STEP}} with baseline, instrument or optimize, {{profile:NAME}} and {{profile:NAME:PASS}}",
            all.join(", ")
        )
    })
}

/// The placeholders in a text; or what is wrong with it.
pub(super) fn names(text: &str) -> Result<Vec<Name>, String> {
    let parts = parts(text).map_err(|error| error.to_string())?;
    let inner = parts.into_iter().filter_map(|part| match part {
        Part::Placeholder(inner) => Some(named(inner)),
        Part::Text(_) => None,
    });
    inner.collect()
}

/// A text with its values, several words of one with blanks between.
pub(super) fn filled(text: &str, values: &Values) -> Result<String, String> {
    let mut out = String::new();
    for part in parts(text).map_err(|error| error.to_string())? {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Placeholder(inner) => {
                match (values.get(&named(inner)?), named(inner)?) {
                    (Some(words), _) => out.push_str(&words.join(" ")),
                    // Nobody made it yet.
                    (None, Name::Other(other)) => out.push_str(&format!("{{{other}}}")),
                    (None, _) => {}
                }
            }
        }
    }
    Ok(out)
}

/// The words of a command with their values. A word that is a placeholder alone becomes as many words as there
/// are, be it none.
pub(super) fn expanded(words: &[String], values: &Values) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    for word in words {
        let alone = word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match alone.and_then(|inner| named(inner).ok()) {
            Some(name) if !matches!(name, Name::Other(_)) => {
                out.extend(values.get(&name).cloned().unwrap_or_default());
            }
            _ => out.push(filled(word, values)?),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_alone_is_as_many_words_as_there_are() {
        let values: Values = [
            (Name::Cc, vec!["/b/clang".into()]),
            (Name::Cflags, vec!["-a".into(), "-b".into()]),
            (Name::Args, Vec::new()),
        ]
        .into();
        let words =
            ["{cc}", "{cflags}", "CFLAGS=-O2 {cflags}", "{args}", "x{args}", "{{y}}"].map(String::from);
        let out = expanded(&words, &values).unwrap();
        assert_eq!(out, ["/b/clang", "-a", "-b", "CFLAGS=-O2 -a -b", "x", "{y}"]);
    }

    #[test]
    fn what_is_none_is_refused_with_what_there_is() {
        let error = names("CFLAGS={cflag}").unwrap_err();
        assert!(error.contains("`{cflag}`") && error.contains("{cflags}"), "{error}");
        assert!(names("{program:q:record}").unwrap_err().contains("baseline, instrument or optimize"));
        assert!(names("{cc").is_err() && names("}").is_err());
        assert_eq!(names("{cc} {{cc}} {out}").unwrap(), [Name::Cc, Name::Out]);
    }
}
