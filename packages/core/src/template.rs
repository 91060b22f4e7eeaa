//! Placeholders in commands: `{program}`, `{tool:NAME}`, `{port:NAME}`, `{seed}`,
//! `{dir}`, `{workspace}`, and what other programs' steps made. `{{` and `}}` stand for braces.

use std::collections::{BTreeMap, BTreeSet};

use crate::others::Other;

/// A placeholder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placeholder {
    /// The binary (or library) of the program, of the flavour that runs.
    Program,
    /// A tool from `[tool.NAME]`.
    Tool(String),
    /// A free port of the loopback interface, for TCP and UDP alike; the same name
    /// is the same port within one run of a workload.
    Port(String),
    /// The workload's seed.
    Seed,
    /// An empty folder, made for this run of the workload and removed after it.
    Dir,
    /// The root of the workspace.
    Workspace,
    /// What another program's steps made.
    Other(Other),
}

/// Why a text is not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its partner.
    #[error("`{0}` has a brace without its partner; write `{{{{` or `}}}}` for a literal brace")]
    Unbalanced(String),
    /// A placeholder that there is not.
    #[error(
        "`{{{0}}}` is not a placeholder; there are {{program}}, {{tool:NAME}}, {{port:NAME}}, {{seed}}, {{dir}}, {{workspace}}, and of other programs {{program:NAME}}, {{program:NAME:STEP}} with baseline, instrument or optimize, {{profile:NAME}} and {{profile:NAME:PASS}}"
    )]
    Unknown(String),
}

/// A stretch of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text as it is.
    Text(&'a str),
    /// What stands between braces.
    Placeholder(&'a str),
}

/// What placeholders stand for in one run of a workload.
#[derive(Debug, Clone, Default)]
pub struct Values {
    /// Path of the program.
    pub program: String,
    /// Paths of the tools by their names, and of what other programs' steps made by its placeholder.
    pub tools: BTreeMap<String, String>,
    /// Ports handed out for this run.
    pub ports: BTreeMap<String, u16>,
    /// The workload's seed.
    pub seed: Option<u64>,
    /// The folder of this run.
    pub dir: String,
    /// The root of the workspace.
    pub workspace: String,
}

/// The placeholders in `texts`.
///
/// # Errors
/// The first text that is not a template.
pub fn placeholders(
    texts: impl IntoIterator<Item: AsRef<str>>,
) -> Result<BTreeSet<Placeholder>, TemplateError> {
    let mut found = BTreeSet::new();
    for text in texts {
        for part in parts(text.as_ref())? {
            if let Part::Placeholder(inner) = part {
                found.insert(placeholder(inner)?);
            }
        }
    }
    Ok(found)
}

/// Puts the values in.
///
/// # Errors
/// Where `text` is not a template, or names a value that is not there.
pub fn expand(text: &str, values: &Values) -> Result<String, TemplateError> {
    let mut out = String::with_capacity(text.len());
    for part in parts(text)? {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Placeholder(inner) => out.push_str(&value(&placeholder(inner)?, values)?),
        }
    }
    Ok(out)
}

fn value(placeholder: &Placeholder, values: &Values) -> Result<String, TemplateError> {
    let found = match placeholder {
        Placeholder::Program => Some(values.program.clone()),
        Placeholder::Dir => Some(values.dir.clone()),
        Placeholder::Workspace => Some(values.workspace.clone()),
        Placeholder::Seed => values.seed.map(|seed| seed.to_string()),
        Placeholder::Tool(name) => values.tools.get(name).cloned(),
        Placeholder::Port(name) => values.ports.get(name).map(u16::to_string),
        Placeholder::Other(other) => values.tools.get(&other.to_string()).cloned(),
    };
    found.ok_or_else(|| TemplateError::Unknown(name(placeholder)))
}

fn name(placeholder: &Placeholder) -> String {
    match placeholder {
        Placeholder::Program => "program".into(),
        Placeholder::Dir => "dir".into(),
        Placeholder::Workspace => "workspace".into(),
        Placeholder::Seed => "seed".into(),
        Placeholder::Tool(name) => format!("tool:{name}"),
        Placeholder::Port(name) => format!("port:{name}"),
        Placeholder::Other(other) => other.to_string(),
    }
}

/// The stretches of a template, whatever placeholders there are.
///
/// # Errors
/// Where a brace has no partner.
pub fn parts(text: &str) -> Result<Vec<Part<'_>>, TemplateError> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, tail) = rest.split_at(at);
        parts.push(Part::Text(before));
        if tail.starts_with("{{") || tail.starts_with("}}") {
            parts.push(Part::Text(&tail[..1]));
            rest = &tail[2..];
            continue;
        }
        let unbalanced = || TemplateError::Unbalanced(text.to_owned());
        let inner = tail.strip_prefix('{').ok_or_else(unbalanced)?;
        let end = inner.find('}').ok_or_else(unbalanced)?;
        parts.push(Part::Placeholder(&inner[..end]));
        rest = &inner[end + 1..];
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

fn placeholder(inner: &str) -> Result<Placeholder, TemplateError> {
    match inner.split_once(':') {
        Some(("tool", name)) if !name.is_empty() => Ok(Placeholder::Tool(name.into())),
        Some(("port", name)) if !name.is_empty() => Ok(Placeholder::Port(name.into())),
        None if inner == "program" => Ok(Placeholder::Program),
        None if inner == "seed" => Ok(Placeholder::Seed),
        None if inner == "dir" => Ok(Placeholder::Dir),
        None if inner == "workspace" => Ok(Placeholder::Workspace),
        _ => Other::named(inner).map(Placeholder::Other).ok_or_else(|| TemplateError::Unknown(inner.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_what_it_knows() {
        let values = Values {
            program: "/t/tracker".into(),
            ports: [("udp".to_owned(), 4000)].into(),
            seed: Some(7),
            ..Values::default()
        };
        for (text, expected) in [
            ("{program}", "/t/tracker"),
            ("127.0.0.1:{port:udp}", "127.0.0.1:4000"),
            ("--seed={seed}{{x}}", "--seed=7{x}"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(expand(text, &values).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn refuses_what_it_does_not() {
        assert!(matches!(expand("{prgram}", &Values::default()), Err(TemplateError::Unknown(_))));
        assert!(matches!(expand("{seed}", &Values::default()), Err(TemplateError::Unknown(_))));
        assert!(matches!(expand("{program", &Values::default()), Err(TemplateError::Unbalanced(_))));
        assert!(matches!(expand("a}", &Values::default()), Err(TemplateError::Unbalanced(_))));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_expands_or_is_refused(text in ".*") {
            let _ = expand(&text, &Values::default());
        }
    }
}
