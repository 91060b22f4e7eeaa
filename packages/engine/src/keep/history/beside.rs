//! Packages of the program that are built from folders of other repositories, or of none: the commit of
//! the workspace says nothing about them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use honing_core::release::Beside;

use crate::{
    chain::{session::Session, subject::Subject},
    keep::history::{
        git::{Git, Silent},
        tree::{Tree, real},
    },
};

/// Those packages by their repository, and what makes them differ from every commit.
pub(super) fn find(session: &Session, subject: &Subject<'_>, ours: &Tree<'_>) -> (Vec<Beside>, Vec<String>) {
    let mut found: BTreeMap<Option<PathBuf>, Vec<String>> = BTreeMap::new();
    let home = anchor(&ours.top);
    for (name, folder) in subject.builder().local_packages(session, subject) {
        let folder = real(&folder);
        let at = anchor(&folder);
        // With a repository that git was told about, there is no `.git` above.
        let is_ours = folder.starts_with(&ours.top) && (at == home || at.is_none());
        if !is_ours {
            found.entry(at).or_default().push(name);
        }
    }
    let (mut all, mut changes) = (Vec::new(), Vec::new());
    for (at, packages) in found {
        let names = packages.join(", ");
        let tree = match &at {
            Some(dir) => Tree::find(Git { env: &session.around.env, dir }),
            None => Err(Silent::Nothing("it is in no git repository")),
        };
        match tree {
            // Not a repository of its own after all, or one that our commit names a commit of.
            Ok(tree) if tree.top == ours.top || is_submodule(&tree, ours) => {}
            Ok(tree) => {
                let of_it = tree.changes(&tree.without(&[])).unwrap_or_else(|silent| vec![silent.words()]);
                all.push(Beside { packages, commit: Some(tree.commit), dirty: !of_it.is_empty() });
                changes.extend(of_it.iter().map(|change| format!("{names}: {}", change.trim())));
            }
            Err(silent) => {
                all.push(Beside { packages, commit: None, dirty: true });
                changes.push(format!("{names}: {}", silent.words()));
            }
        }
    }
    (all, changes)
}

/// The folder that git would find a repository in, from `folder` upwards.
fn anchor(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|dir| dir.join(".git").exists()).map(Path::to_owned)
}

fn is_submodule(tree: &Tree<'_>, ours: &Tree<'_>) -> bool {
    let above = tree.git.ask(&["rev-parse", "--show-superproject-working-tree"]);
    above.is_ok_and(|above| !above.is_empty() && real(Path::new(&above)) == ours.top)
}
