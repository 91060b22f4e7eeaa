//! Reads bencode just far enough to check answers: borrows, allocates nothing, bounded in depth.
//! As clients do, it takes what can be read, and says apart from that what is not as BEP 3 wants it.

/// Deepest nesting that is followed; answers of trackers have four.
const DEPTH: usize = 8;

/// A value within an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `i…e`.
    Integer(i64),
    /// `4:spam`.
    Bytes(&'a [u8]),
    /// `l…e`.
    List(Items<'a>),
    /// `d…e`: what stands between.
    Dictionary(Entries<'a>),
}

/// The items of a list that has been read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Items<'a>(&'a [u8]);

/// The entries of a dictionary that has been read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entries<'a>(&'a [u8]);

/// A value, and how it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// What it is.
    pub value: Value<'a>,
    /// Keys of all dictionaries are in order and come once.
    pub sorted: bool,
    /// Bytes behind its end.
    pub trailing: usize,
}

/// Reads a value from the beginning of `input`; `None` if there is none.
pub fn parse(input: &[u8]) -> Option<Document<'_>> {
    let mut sorted = true;
    let (value, rest) = value(input, DEPTH, &mut sorted)?;
    Some(Document { value, sorted, trailing: rest.len() })
}

impl<'a> Items<'a> {
    /// Values in their order.
    pub fn iter(self) -> impl Iterator<Item = Value<'a>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (item, after) = value(rest, DEPTH, &mut true)?;
            rest = after;
            Some(item)
        })
    }
}

impl<'a> Entries<'a> {
    /// Keys and values in their order.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (key, after) = bytes(rest)?;
            let (value, after) = value(after, DEPTH, &mut true)?;
            rest = after;
            Some((key, value))
        })
    }

    /// The value of a key.
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        self.iter().find(|(name, _)| *name == key.as_bytes()).map(|(_, value)| value)
    }
}

fn value<'a>(input: &'a [u8], depth: usize, sorted: &mut bool) -> Option<(Value<'a>, &'a [u8])> {
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
                rest = value(rest, depth, sorted)?.1;
            }
            let items = Items(&inner[..inner.len() - rest.len()]);
            Some((Value::List(items), &rest[1..]))
        }
        b'd' => {
            let inner = &input[1..];
            let mut rest = inner;
            let mut last: Option<&[u8]> = None;
            while *rest.first()? != b'e' {
                let (key, after) = bytes(rest)?;
                *sorted &= last.is_none_or(|last| last < key);
                last = Some(key);
                rest = value(after, depth, sorted)?.1;
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

    fn entries(input: &[u8]) -> Option<Entries<'_>> {
        match parse(input)?.value {
            Value::Dictionary(entries) => Some(entries),
            _ => None,
        }
    }

    #[test]
    fn reads_an_answer() {
        let entries = entries(b"d1:ai-4e1:b3:xyz1:cld1:ki0eei7eee").unwrap();
        assert_eq!(entries.get("a"), Some(Value::Integer(-4)));
        assert_eq!(entries.get("b"), Some(Value::Bytes(b"xyz")));
        let Some(Value::List(items)) = entries.get("c") else { unreachable!() };
        assert_eq!(items.iter().count(), 2);
        assert_eq!(items.iter().nth(1), Some(Value::Integer(7)));
        assert_eq!(entries.get("d"), None);
    }

    #[test]
    fn refuses_what_is_not_whole() {
        for input in ["", "i1", "ie", "5:abc", "d1:ae", "l", "d1:ai1e", "x"] {
            assert_eq!(parse(input.as_bytes()), None, "{input}");
        }
        assert_eq!(parse("l".repeat(10_000).as_bytes()), None);
    }

    #[test]
    fn says_what_strays() {
        for (input, sorted, trailing) in [
            ("d1:ai1e1:bi1ee", true, 0),
            ("d1:bi1e1:ai1ee", false, 0),
            ("d1:ai1e1:ai1ee", false, 0),
            ("d1:ald1:bi1e1:ai1eeee", false, 0),
            ("i1e\n", true, 1),
            ("i1ei2e", true, 3),
        ] {
            let document = parse(input.as_bytes()).unwrap();
            assert_eq!((document.sorted, document.trailing), (sorted, trailing), "{input}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(input in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(entries) = entries(&input) {
                entries.iter().for_each(drop);
            }
        }

        #[test]
        fn nor_does_what_looks_like_bencode(input in "[dlie0-9:a-]{0,60}") {
            if let Some(entries) = entries(input.as_bytes()) {
                entries.iter().for_each(drop);
            }
        }
    }
}
