//! Reads a child's stream line by line, whatever bytes it writes.

use std::io::{BufRead, BufReader, Read};

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
    fn an_endless_line_arrives_in_pieces() {
        let found = lines(&vec![b'x'; 3 * LONGEST]);
        assert!(found.len() >= 3 && found.iter().map(String::len).sum::<usize>() == 3 * LONGEST);
    }
}
