//! Reads a child's stream line by line, whatever bytes it writes.

use std::{
    borrow::Cow,
    io::{BufRead, BufReader, Read},
};

/// Longest line that is passed on whole; a longer one arrives in pieces, so that a
/// child which never ends its line cannot fill the memory.
const LONGEST: usize = 64 * 1024;

/// Calls `each` with every line of `stream`, ended by `\n`, `\r\n` or `\r` (progress
/// bars), without its end, until the stream is closed.
pub(crate) fn for_each(stream: impl Read, mut each: impl FnMut(&str)) {
    let mut reader = BufReader::with_capacity(LONGEST, stream);
    let mut line: Vec<u8> = Vec::new();
    let mut flush = |line: &mut Vec<u8>| {
        if !line.is_empty() {
            each(&String::from_utf8_lossy(line));
            line.clear();
        }
    };
    while let Ok(buffer) = reader.fill_buf() {
        if buffer.is_empty() {
            break;
        }
        let end = buffer.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let taken = end.unwrap_or(buffer.len());
        line.extend_from_slice(&buffer[..taken]);
        reader.consume(taken + usize::from(end.is_some()));
        if end.is_some() || line.len() >= LONGEST {
            flush(&mut line);
        }
    }
    flush(&mut line);
}

/// `text` without colours, links and whatever else is for a terminal. All that is parsed goes through
/// it: variables, configuration and arguments can colour a child that writes into a pipe.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    match text.contains('\u{1b}') {
        true => anstream::adapter::strip_str(text).to_string().into(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for_each(bytes, |line| found.push(line.to_owned()));
        found
    }

    #[test]
    fn splits_at_every_kind_of_end() {
        assert_eq!(lines(b"a\nb\r\nc\rd"), ["a", "b", "c", "d"]);
        assert_eq!(lines(b"\n\n"), Vec::<String>::new());
        assert_eq!(lines(b"\xff!\n"), ["\u{fffd}!"]);
    }

    #[test]
    fn what_is_for_a_terminal_is_taken_off() {
        for (text, expected) in [
            ("plain [1m text", "plain [1m text"),
            ("\u{1b}[1m\u{1b}[91merror\u{1b}[0m: no", "error: no"),
            ("\u{1b}[KFuncname=a, Hash=1 in building m", "Funcname=a, Hash=1 in building m"),
            ("\u{1b}]9;4;1;0\u{1b}\\\u{1b}[Kx", "x"),
            ("\u{1b}]8;;http://localhost/E0425\u{7}E0425\u{1b}]8;;\u{7}", "E0425"),
            ("\u{1b}(B\u{1b}[mü", "ü"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_endless_line_arrives_in_pieces() {
        let found = lines(&vec![b'x'; 3 * LONGEST]);
        assert!(found.len() >= 3 && found.iter().map(String::len).sum::<usize>() == 3 * LONGEST);
    }
}
