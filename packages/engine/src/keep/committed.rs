//! What keeps a stored profile whole on its way through git: an attribute against changed line ends, and
//! a word where git ignores it.

use std::path::Path;

use honing_core::Digest;

use crate::{chain::session::Session, io::files, keep::history};

/// Git's file of attributes, in the folder with all profiles. One that is there stays as it is.
const ATTRIBUTES: &str = ".gitattributes";
const TEXT: &str = "\
# Profiles are no text: git must not change what it takes for their line ends.
# Written by Honing; commit it with the profiles.
*.honing -text -ident
*.profdata -text -ident
";

/// Has git leave the profiles below `profiles` as they are, whatever is said of all files.
pub(crate) fn protect(profiles: &Path) -> honing_core::Result<()> {
    let path = profiles.join(ATTRIBUTES);
    if path.exists() { Ok(()) } else { files::write_atomically(&path, TEXT.as_bytes()) }
}

/// What to say where git ignores `file`, relative to the workspace.
pub(crate) fn ignored(session: &Session, file: &Path) -> Option<String> {
    let rule = history::ignored_by(session, file)?;
    Some(format!(
        "record: git ignores {}, by the rule {rule}: take that out, and commit the profile; nobody else \
         has it otherwise",
        file.display()
    ))
}

/// How a profile begins whose line ends were changed: its own first line ends with `\n` alone.
const CHANGED_START: &[u8] = b"\x8fhoning\r\n";

/// Whether `bytes` are those of `digest` with their line ends changed, as git does with text.
pub(crate) fn line_ends_changed(bytes: &[u8], digest: &Digest) -> bool {
    let unix = with_unix_line_ends(bytes);
    let newlines = unix.iter().filter(|byte| **byte == b'\n').count();
    // All of dozens would not be so by chance.
    let all_windows = newlines > 16 && bytes.len() - unix.len() == newlines;
    let mut windows = Vec::with_capacity(bytes.len());
    for byte in &unix {
        if *byte == b'\n' {
            windows.push(b'\r');
        }
        windows.push(*byte);
    }
    bytes.starts_with(CHANGED_START)
        || all_windows
        || [unix, windows].iter().any(|changed| Digest::of(changed) == *digest)
}

fn with_unix_line_ends(bytes: &[u8]) -> Vec<u8> {
    let mut unix = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            unix.push(*byte);
        }
    }
    unix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_line_ends_are_told_from_other_damage() {
        let original = b"a\nb\x00\rc\n".as_slice();
        let mixed = b"a\nb\r\nc\n".as_slice();
        let many = "x\n".repeat(20);
        let rows: [(&[u8], &[u8], bool); 7] = [
            (b"\x8fhoning\r\n\x01\x00", mixed, true),
            (b"a\r\nb\x00\rc\r\n", original, true),
            (b"a\nb\x00\rc\n\n", original, false),
            (b"a\r\nb\r\nc\n", b"a\r\nb\r\nc\r\n", true),
            // What was lost on the way cannot be told from the bytes, unless there are many.
            (b"a\r\nb\r\nc\r\n", mixed, false),
            (b"", original, false),
            (&many.replace('\n', "\r\n").into_bytes(), mixed, true),
        ];
        for (bytes, of, changed) in rows {
            assert_eq!(line_ends_changed(bytes, &Digest::of(of)), changed, "{bytes:?}");
        }
    }
}
