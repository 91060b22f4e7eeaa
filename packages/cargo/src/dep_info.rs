//! The files that a build read, as rustc and cargo write them beside what they made.

use std::path::PathBuf;

/// The prerequisites of the first rule: separated by spaces, a space in a name is `\ `.
pub fn dep_info(text: &str) -> Vec<PathBuf> {
    let line = text.lines().next().unwrap_or_default();
    let Some((_, list)) = line.split_once(": ") else { return Vec::new() };
    let mut paths = vec![String::new()];
    let mut chars = list.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' => paths.push(String::new()),
            c => {
                let escaped = (c == '\\').then(|| chars.next_if_eq(&' ')).flatten();
                if let Some(last) = paths.last_mut() {
                    last.push(escaped.unwrap_or(c));
                }
            }
        }
    }
    paths.into_iter().filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_spaces_stay_whole() {
        assert_eq!(
            dep_info("/t/rel/x: /a/b.rs /c\\ d/e.rs\n"),
            [PathBuf::from("/a/b.rs"), PathBuf::from("/c d/e.rs")]
        );
        assert!(dep_info("").is_empty());
    }
}
