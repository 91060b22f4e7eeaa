//! The checklist before a release as Markdown: to be read, and to be put into a pull request.

use std::io::{self, Write};

use honing_core::checklist::{Checked, Checklist, Item, State};

use crate::escape;

/// Writes the checklist.
///
/// # Errors
/// Where `out` does not take it.
pub fn checklist(list: &Checklist, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Checklist before a release\n")?;
    let commit = list.commit.as_deref().map_or_else(
        || "no commit".to_owned(),
        |commit| format!("commit {}", commit.chars().take(9).collect::<String>()),
    );
    writeln!(out, "{}, {commit}, Honing {}: {}.", list.date, list.version, conclusion(list))?;
    list.programs.iter().try_for_each(|program| checked(program, out))
}

/// Ready or not, in a few words.
fn conclusion(list: &Checklist) -> String {
    let items = || list.programs.iter().flat_map(|program| &program.items);
    let open = items().filter(|item| item.state != State::Done).count();
    let all = items().count();
    match open {
        0 => format!("**ready**, all {all} items hold"),
        open => {
            let verb = if open == 1 { "does" } else { "do" };
            format!("**not ready**, {open} of {all} items {verb} not hold (exit code {})", list.code)
        }
    }
}

fn checked(program: &Checked, out: &mut dyn Write) -> io::Result<()> {
    let Checked { program, version, target, items } = program;
    writeln!(out, "\n## {program} {version} ({target})\n")?;
    items.iter().try_for_each(|entry| item(entry, out))
}

fn item(item: &Item, out: &mut dyn Write) -> io::Result<()> {
    let (mark, unknown) = match item.state {
        State::Done => ("x", ""),
        State::Failed => (" ", ""),
        State::Unknown => (" ", "unknown: "),
    };
    writeln!(out, "- [{mark}] **{}**: {unknown}{}  ", item.title, words(&item.value))?;
    if let Some(next) = &item.next {
        writeln!(out, "  Next: {}  ", words(next))?;
    }
    writeln!(out, "  `{}`, {}", item.command, item.date)
}

/// Words whose quoted parts are verbatim, and the rest means nothing but itself.
fn words(text: &str) -> String {
    let part = |(at, part): (usize, &str)| if at % 2 == 1 { escape::code(part) } else { escape::prose(part) };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.split('`').enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use honing_core::{ExitCode, checklist::Key};

    use super::*;

    fn entry(item: Key, state: State, value: &str, next: Option<&str>) -> Item {
        Item {
            item,
            title: item.title().into(),
            state,
            value: value.into(),
            command: "cargo xtask pgo check --program t".into(),
            date: "2026-11-25T00:00:00Z".into(),
            next: next.map(str::to_owned),
            exit: next.map(|_| ExitCode::Stale),
        }
    }

    fn text(items: Vec<Item>) -> String {
        let checked =
            Checked { program: "t".into(), version: "0.2.0".into(), target: "x86_64-linux".into(), items };
        let commit = Some("fedcba9876543210".into());
        let list = Checklist::new("0.1.0".into(), "2026-11-25T00:00:01Z".into(), commit, vec![checked]);
        let mut out = Vec::new();
        checklist(&list, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn items_with_evidence_and_what_next() {
        let rebase = Some("cargo xtask pgo rebase --program t");
        insta::assert_snapshot!(text(vec![
            entry(Key::Toolchain, State::Done, "rustc 1.95.0, LLVM 22.1.2", None),
            entry(Key::Match, State::Failed, "80.0 %: lost `a_b<T>`\n  and x_y<T>", rebase),
            entry(Key::Reproducible, State::Unknown, "not built again", Some("see the match")),
        ]), @r"
        # Checklist before a release

        2026-11-25T00:00:01Z, commit fedcba987, Honing 0.1.0: **not ready**, 2 of 3 items do not hold (exit code 14).

        ## t 0.2.0 (x86_64-linux)

        - [x] **Toolchain as recorded**: rustc 1.95.0, LLVM 22.1.2  
          `cargo xtask pgo check --program t`, 2026-11-25T00:00:00Z
        - [ ] **The release build applies the profile**: 80.0 %: lost `a_b<T>` and x\_y\<T\>  
          Next: cargo xtask pgo rebase --program t  
          `cargo xtask pgo check --program t`, 2026-11-25T00:00:00Z
        - [ ] **Build reproducible**: unknown: not built again  
          Next: see the match  
          `cargo xtask pgo check --program t`, 2026-11-25T00:00:00Z
        ");
    }

    #[test]
    fn ready_is_said_in_the_first_line() {
        let all = text(vec![entry(Key::Age, State::Done, "3 days old", None)]);
        assert!(all.contains("**ready**, all 1 items hold."), "{all}");
    }
}
