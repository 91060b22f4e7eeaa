//! Reads bencode just far enough to check answers: borrows, allocates nothing, bounded in depth.

/// Deepest nesting that is followed; answers of trackers have four.
const DEPTH: usize = 8;

/// A value within an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `i…e`.
    Integer(i64),
    /// `4:spam`.
    Bytes(&'a [u8]),
    /// `l…e`: what stands between.
    List(&'a [u8]),
    /// `d…e`: what stands between.
    Dictionary(Entries<'a>),
}

/// The entries of a dictionary that has been read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entries<'a>(&'a [u8]);

/// Reads all of `input` as one value; `None` if it is not bencode or something follows.
pub fn parse(input: &[u8]) -> Option<Value<'_>> {
    let (value, rest) = value(input, DEPTH)?;
    rest.is_empty().then_some(value)
}

impl<'a> Entries<'a> {
    /// Keys and values in their order.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (key, after) = bytes(rest)?;
            let (value, after) = value(after, DEPTH)?;
            rest = after;
            Some((key, value))
        })
    }

    /// The value of a key.
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        self.iter().find(|(name, _)| *name == key.as_bytes()).map(|(_, value)| value)
    }
}

fn value(input: &[u8], depth: usize) -> Option<(Value<'_>, &[u8])> {
    let depth = depth.checked_sub(1)?;
    match input.first()? {
        b'i' => {
            let end = input.iter().position(|byte| *byte == b'e')?;
            let digits = std::str::from_utf8(&input[1..end]).ok()?;
            Some((Value::Integer(digits.parse().ok()?), &input[end + 1..]))
        }
        b'l' => {
            let inner = &input[1..];
            let mut rest = inner;
            while *rest.first()? != b'e' {
                rest = value(rest, depth)?.1;
            }
            Some((Value::List(&inner[..inner.len() - rest.len()]), &rest[1..]))
        }
        b'd' => {
            let inner = &input[1..];
            let mut rest = inner;
            let mut last: Option<&[u8]> = None;
            while *rest.first()? != b'e' {
                let (key, after) = bytes(rest)?;
                // Keys are in order and come once; clients may rely on it.
                if last.is_some_and(|last| last >= key) {
                    return None;
                }
                last = Some(key);
                rest = value(after, depth)?.1;
            }
            let entries = Entries(&inner[..inner.len() - rest.len()]);
            Some((Value::Dictionary(entries), &rest[1..]))
        }
        _ => bytes(input).map(|(bytes, rest)| (Value::Bytes(bytes), rest)),
    }
}

fn bytes(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = input.iter().take(10).position(|byte| *byte == b':')?;
    let length: usize = std::str::from_utf8(&input[..colon]).ok()?.parse().ok()?;
    input[colon + 1..].split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_an_answer() {
        let Some(Value::Dictionary(entries)) = parse(b"d1:ai-4e1:b3:xyz1:cld1:ki0eeee") else {
            unreachable!()
        };
        assert_eq!(entries.get("a"), Some(Value::Integer(-4)));
        assert_eq!(entries.get("b"), Some(Value::Bytes(b"xyz")));
        assert_eq!(entries.get("c"), Some(Value::List(b"d1:ki0ee")));
        assert_eq!(entries.get("d"), None);
    }

    #[test]
    fn refuses_what_is_not_whole() {
        for input in ["", "i1", "ie", "5:abc", "d1:ae", "d1:bi1e1:ai1ee", "d1:ai1e1:ai1ee", "i1ei2e", "l"] {
            assert_eq!(parse(input.as_bytes()), None, "{input}");
        }
        assert_eq!(parse("l".repeat(10_000).as_bytes()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(input in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(Value::Dictionary(entries)) = parse(&input) {
                entries.iter().for_each(drop);
            }
        }

        #[test]
        fn nor_does_what_looks_like_bencode(input in "[dlie0-9:a-]{0,60}") {
            if let Some(Value::Dictionary(entries)) = parse(input.as_bytes()) {
                entries.iter().for_each(drop);
            }
        }
    }
}
