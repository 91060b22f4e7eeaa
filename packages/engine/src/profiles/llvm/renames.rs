//! What renamed source files mean for names of functions: a Rust module is called as its file.

use std::collections::BTreeMap;

use honing_match::ModuleRename;

/// The modules that are called otherwise after files were renamed. Two of one path say nothing.
pub(super) fn of_modules(files: &[(String, String)]) -> Vec<ModuleRename> {
    let mut found: BTreeMap<Vec<String>, Option<String>> = BTreeMap::new();
    for (from, to) in files.iter().filter_map(|(old, new)| renamed(&module(old)?, &module(new)?)) {
        found
            .entry(from)
            .and_modify(|other| *other = other.take().filter(|it| *it == to))
            .or_insert(Some(to));
    }
    found.into_iter().filter_map(|(from, to)| Some(ModuleRename { from, to: to? })).collect()
}

/// The path of a file's module in its crate; `None` where it is no Rust source below `src`.
fn module(file: &str) -> Option<Vec<String>> {
    let path = file.strip_suffix(".rs")?;
    let (_, path) = path
        .rsplit_once("/src/")
        .or_else(|| path.split_once("src/").filter(|(before, _)| before.is_empty()))?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    Some(path.split('/').map(|name| name.strip_prefix("r#").unwrap_or(name).to_owned()).collect())
}

/// The old path, as far as its last name that is another now, and that name: of a module that has a new name,
/// or that is in a folder which has one. What moved elsewhere is left to a rebase.
fn renamed(old: &[String], new: &[String]) -> Option<(Vec<String>, String)> {
    let mut differ = (0..old.len()).filter(|at| old.get(*at) != new.get(*at));
    let (Some(at), None, true) = (differ.next(), differ.next(), old.len() == new.len()) else { return None };
    Some((old.get(..=at)?.to_vec(), new.get(at)?.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> = files.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
        of_modules(&files).iter().map(|it| format!("{} {}", it.from.join("::"), it.to)).collect()
    }

    #[test]
    fn files_are_modules() {
        assert_eq!(found(&[("src/walk.rs", "src/stroll.rs")]), ["walk stroll"]);
        assert_eq!(found(&[("crates/a/src/b/old.rs", "crates/a/src/b/new/mod.rs")]), ["b::old new"]);
        // A folder: its module, and what is in it.
        let folder = [("a/src/old/mod.rs", "a/src/new/mod.rs"), ("a/src/old/x.rs", "a/src/new/x.rs")];
        assert_eq!(found(&folder), ["old new"]);
    }

    #[test]
    fn what_tells_no_name_is_left() {
        assert!(
            found(&[("src/a.rs", "src/b/a.rs"), ("a.rs", "b.rs"), ("src/a.txt", "src/b.txt")]).is_empty()
        );
        // Another crate's folder, and two that one could be.
        assert!(found(&[("a/src/x.rs", "b/src/x.rs")]).is_empty());
        assert!(found(&[("src/old/x.rs", "src/new/x.rs"), ("src/old/y.rs", "src/other/y.rs")]).is_empty());
    }
}
