//! How much source there is: lines of Rust for each package, without tests, comments and blank lines.

use anyhow::{Context, Result};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Prints the lines of each package below `root`, and all together.
pub(crate) fn print(root: &Path) -> Result<()> {
    let mut packages = BTreeMap::new();
    for entry in fs::read_dir(root.join("packages")).with_context(|| root.display().to_string())? {
        let package = entry?.path();
        // Not in Rust.
        if !package.join("Cargo.toml").exists() {
            continue;
        }
        packages
            .insert(package.file_name().unwrap_or_default().to_owned(), lines_below(package.join("src"))?);
    }
    for name in ["xtask", "xtask/tasks"] {
        packages.insert(name.into(), lines_below(root.join(name).join("src"))?);
    }
    for (name, lines) in &packages {
        crate::ci::say(&format!("{lines:>6} {}", name.display()));
    }
    crate::ci::say(&format!("{:>6} in all", packages.values().sum::<usize>()));
    Ok(())
}

fn lines_below(folder: PathBuf) -> Result<usize> {
    let mut sum = 0;
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if stem == "tests" || stem.ends_with("_tests") || stem == "documented" {
            continue;
        }
        sum += match path.extension() {
            None if path.is_dir() => lines_below(path)?,
            Some(extension) if extension == "rs" => lines(&fs::read_to_string(&path)?),
            _ => 0,
        };
    }
    Ok(sum)
}

/// An item under `#[cfg(test)]` ends with the brace in the column where it begins, as rustfmt has it.
fn lines(text: &str) -> usize {
    let (mut sum, mut lines) = (0, text.lines());
    while let Some(line) = lines.next() {
        let code = line.trim_start();
        if code.starts_with("#[cfg(test)]") || code.starts_with("#[cfg(all(test,") {
            let indent = line.len() - code.len();
            let item = lines.find(|line| !line.trim_start().starts_with("#["));
            if item.is_some_and(|item| item.ends_with('{')) {
                lines.find(|line| line.starts_with('}') || line.get(indent..) == Some("}"));
            }
        } else if !code.is_empty() && !code.starts_with("//") {
            sum += 1;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    #[test]
    fn tests_comments_and_blank_lines_are_none() {
        let text = "//! What.\n\nfn a() {\n    #[cfg(test)]\n    if b() {\n        c();\n    }\n}\n\n\
                    #[cfg(test)]\nuse d;\n#[cfg(test)]\nmod tests {\n    fn e() {\n    }\n}\nfn f() {}\n";
        assert_eq!(super::lines(text), 3);
    }
}
