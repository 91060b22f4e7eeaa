//! One spelling for names of both of Rust's manglings, so that a profile of one can be carried over to
//! a build of the other.
//!
//! Both are read demangled. They differ in this:
//!
//! | | legacy | v0 |
//! |---|---|---|
//! | inherent impl | `a::T<U>::f`, `a::<impl b::T>::f` | `<a::T<u8>>::f` |
//! | trait impl | `<a::T as b::Tr>::f`, `a::<impl b::Tr for T>::f` | `<a::T as b::Tr>::f` |
//! | default method | `b::Tr::f` | `<a::T as b::Tr>::f` |
//! | generic function | `a::f` | `a::f::<u8>` |
//! | drop glue | `core::ptr::drop_in_place<a::T>` | `core::ptr::drop_in_place::<a::T>` |
//! | constant | `a::T<4_usize>` | `a::T<4>` |
//! | closure | `a::f::{{closure}}` | `a::f::{closure#0}` |

/// How much of a name is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Everything.
    All,
    /// No type arguments: legacy names hardly ever have them.
    Path,
    /// Nor the type that implements a trait, nor what a slice or pointer is of: legacy names have a
    /// parameter there, or nothing.
    Trait,
}

/// A demangled name of either mangling in one spelling.
pub(super) fn spelled(name: &str, keep: Keep) -> String {
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        if let Some(closure) = closure(rest) {
            text.push_str("{closure}");
            rest = closure;
        } else if let Some((inner, after)) = brackets(rest) {
            bracketed(&mut text, inner, keep);
            rest = after;
        } else if let Some((number, after)) = typed_number(rest, &text) {
            text.push_str(number);
            rest = after;
        } else {
            // `a, b` is `a,b` in legacy names.
            if !(first == ' ' && text.ends_with(',')) {
                text.push(first);
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    text
}

/// What follows a closure that `text` starts with.
fn closure(text: &str) -> Option<&str> {
    text.strip_prefix("{{closure}}").or_else(|| {
        let number = text.strip_prefix("{closure#")?;
        let end = number.find('}')?;
        number[..end].bytes().all(|byte| byte.is_ascii_digit()).then(|| &number[end + 1..])
    })
}

/// The digits of a constant with its type, as legacy names have it, and what follows.
fn typed_number<'a>(text: &'a str, before: &str) -> Option<(&'a str, &'a str)> {
    const TYPES: [&str; 12] =
        ["usize", "isize", "u128", "i128", "u64", "i64", "u32", "i32", "u16", "i16", "u8", "i8"];
    let (digits, rest) = text.split_once('_')?;
    let is_number = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !before.ends_with(|char: char| char.is_alphanumeric() || char == '_');
    let after = TYPES.iter().find_map(|kind| rest.strip_prefix(kind)).filter(|_| is_number)?;
    (!after.starts_with(|char: char| char.is_alphanumeric() || char == '_')).then_some((digits, after))
}

/// What is in the angle brackets that `text` starts with, and what follows them.
fn brackets(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, char) in text.char_indices() {
        match char {
            '<' => depth += 1,
            // Not that of `->`.
            '>' if before != '-' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return (at > 0).then(|| (&text[1..at], &text[at + 1..]));
        }
        before = char;
    }
    None
}

/// Adds what angle brackets mean after `text`.
fn bracketed(text: &mut String, inner: &str, keep: Keep) {
    let starts_path =
        text.chars().next_back().is_none_or(|char| !(char.is_alphanumeric() || "_:>}]".contains(char)));
    if let Some(implementing) = inner.strip_prefix("impl ")
        && text.ends_with("::")
    {
        // Where the block is written is no part of a v0 name.
        let start = text.rfind([' ', ',', '(', '&', '*', '[', '<']).map_or(0, |at| at + 1);
        text.truncate(start);
        match split(implementing, " for ") {
            Some((of, on)) => implemented(text, on, of, keep),
            None => inherent(text, implementing, keep),
        }
    } else if starts_path {
        match split(inner, " as ") {
            Some((on, of)) => implemented(text, on, of, keep),
            None => inherent(text, inner, keep),
        }
    } else {
        text.truncate(text.trim_end_matches("::").len());
        if keep == Keep::All {
            text.push('<');
            text.push_str(&spelled(inner, keep));
            text.push('>');
        }
    }
}

/// Adds a type with methods of its own. A slice or pointer of legacy names has a parameter in it.
fn inherent(text: &mut String, on: &str, keep: Keep) {
    let built_in = ["[", "*const ", "*mut "].into_iter().find(|start| on.starts_with(start));
    match built_in.filter(|_| keep == Keep::Trait) {
        Some(start) => text.push_str(start),
        None => text.push_str(&spelled(on, keep)),
    }
}

/// Adds the path of a trait as `on` implements it.
fn implemented(text: &mut String, on: &str, of: &str, keep: Keep) {
    let of = spelled(of, keep);
    if keep == Keep::Trait {
        text.push_str(&of);
    } else {
        text.extend(["<", &spelled(on, keep), " as ", &of, ">"]);
    }
}

/// The two sides of a word that is in no brackets.
fn split<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'<' | b'(' | b'[' => depth += 1,
            b'>' if !text[..at].ends_with('-') => depth = depth.saturating_sub(1),
            b')' | b']' => depth = depth.saturating_sub(1),
            b' ' if depth == 0 && text[at..].starts_with(word) => {
                return Some((&text[..at], &text[at + word.len()..]));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_manglings_are_spelled_alike() {
        // (legacy, v0, what is the same first)
        for (legacy, v0, keep) in [
            ("a::b::f", "a::b::f", Keep::All),
            ("a::f::{{closure}}::{{closure}}", "a::f::{closure#1}::{closure#0}", Keep::All),
            ("a::T::f", "<a::T>::f", Keep::All),
            ("a::T<U>::f", "<a::T<alloc::vec::Vec<u8>>>::f", Keep::Path),
            ("<a::T<4_usize> as b::Tr>::f", "<a::T<4> as b::Tr>::f", Keep::All),
            ("core::str::<impl str>::len", "<str>::len", Keep::All),
            ("core::slice::<impl [T]>::sort", "<[u8]>::sort", Keep::Trait),
            ("<a::T as b::Tr>::f", "<a::T as b::Tr>::f", Keep::All),
            ("<a::T<U> as b::Tr<V>>::f", "<a::T<u8> as b::Tr<(u8, u16)>>::f::<a::X>", Keep::Path),
            ("a::<impl b::Tr for a::T>::f", "<a::T as b::Tr>::f", Keep::All),
            ("b::Tr::f", "<a::T as b::Tr>::f::<u8>", Keep::Trait),
            ("<T as core::convert::Into<U>>::into", "<&str as core::convert::Into<a::X>>::into", Keep::Trait),
            ("<&T as core::fmt::Debug>::fmt", "<&[u8] as core::fmt::Debug>::fmt", Keep::Trait),
            ("a::f", "a::f::<fn(u8) -> u8, dyn b::Tr<X = a::Y>>", Keep::Path),
            (
                "core::ptr::drop_in_place<(a::T<u8>,b::U)>",
                "core::ptr::drop_in_place::<(a::T<u8>, b::U)>",
                Keep::All,
            ),
            (
                "core::ptr::drop_in_place<<a::T<U> as b::Tr<V>>::f::{{closure}}>",
                "core::ptr::drop_in_place::<<a::T<u8> as b::Tr<u16>>::f::{closure#0}>",
                Keep::Path,
            ),
        ] {
            let differ = |keep| spelled(legacy, keep) != spelled(v0, keep);
            assert!(!differ(keep), "{} {}", spelled(legacy, keep), spelled(v0, keep));
            match keep {
                Keep::All => {}
                Keep::Path => assert!(differ(Keep::All), "{legacy}"),
                Keep::Trait => assert!(differ(Keep::Path), "{legacy}"),
            }
        }
    }

    #[test]
    fn other_functions_stay_apart() {
        for keep in [Keep::All, Keep::Path, Keep::Trait] {
            for (one, other) in [
                ("a::f", "a::g"),
                ("<a::T as b::Tr>::f", "<a::T as b::Ts>::f"),
                ("a::T::f", "a::f"),
                ("a::f4_u8", "a::f4"),
            ] {
                assert_ne!(spelled(one, keep), spelled(other, keep));
            }
        }
        assert_ne!(spelled("<a::T as b::Tr>::f", Keep::Path), spelled("<a::U as b::Tr>::f", Keep::Path));
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_a_spelling(text in "[<>:{}#0-9a, &é\\-]{0,40}|(<|>|impl | as | for |::|a|->){0,20}") {
            for keep in [Keep::All, Keep::Path, Keep::Trait] {
                let once = spelled(&text, keep);
                assert!(once.len() <= 2 * text.len() + 16);
            }
        }
    }
}
