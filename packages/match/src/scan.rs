//! Finds the pieces of the compiler's function trace in lines that several threads wrote.
//!
//! LLVM writes a line of the trace in seven pieces, each with a `write` of its own: `Funcname=`, the
//! symbol, `, Hash=`, the number, ` in building `, the module, a line break. With several codegen
//! units the pieces of several threads are mixed, but each piece is whole.

use crate::symbol::legacy_length;
use crate::v0::{self, Detail};

/// Before the symbol.
pub(crate) const BEFORE_NAME: &str = "Funcname=";
/// Before the hash.
pub(crate) const BEFORE_HASH: &str = ", Hash=";
/// Before the module.
pub(crate) const BEFORE_MODULE: &str = " in building ";

/// Most digits of a hash: it has 60 bits, and one more for context-sensitive profiles.
const HASH_DIGITS: usize = 19;
/// Fewest digits that are assumed where hashes stand side by side; of 100,000 one has fewer.
const LIKELY_DIGITS: usize = 14;
/// Most digits of a codegen unit's number.
const UNIT_DIGITS: usize = 4;

/// What a compiler's message for people starts with; it is written as a whole, to the end of the line.
const MESSAGES: [&str; 6] = ["warning: ", "error: ", "error[", "note: ", "{\"", "\x1b["];

/// A piece of a damaged line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// One of the three texts between the values.
    Separator(&'static str),
    /// A symbol.
    Name(&'a str),
    /// Digits: one hash, or several side by side.
    Hashes(&'a str),
    /// A module.
    Module(&'a str),
    /// Something that is not of the trace.
    Other(&'a str),
}

/// The three values of a line that is whole.
pub(crate) fn whole_line(line: &str) -> Option<(&str, u64, &str)> {
    let (name, rest) = line.strip_prefix(BEFORE_NAME)?.split_once(BEFORE_HASH)?;
    let (hash, module) = rest.split_once(BEFORE_MODULE)?;
    let is_hash = hash.len() <= HASH_DIGITS && hash.bytes().all(|byte| byte.is_ascii_digit());
    let damaged = |text: &str| {
        text.is_empty()
            || text.contains(BEFORE_NAME)
            || text.contains(BEFORE_HASH)
            || text.contains(BEFORE_MODULE)
    };
    if !is_hash || damaged(name) || damaged(module) || several(name) || !is_module(module) {
        return None;
    }
    Some((name, hash.parse().ok()?, module))
}

/// The three values of a line that nothing can be mixed into.
pub(crate) fn undivided(line: &str) -> Option<(&str, u64, &str)> {
    let (name, rest) = line.strip_prefix(BEFORE_NAME)?.split_once(BEFORE_HASH)?;
    let (hash, module) = rest.split_once(BEFORE_MODULE)?;
    Some((name, hash.parse().ok()?, module))
}

/// Whether more than one symbol stands there: a symbol and another piece of the trace.
fn several(name: &str) -> bool {
    if let Some(length) = symbol_length(name.as_bytes()) {
        let rest = name.as_bytes().get(length..).unwrap_or_default();
        return !rest.is_empty() && !rest.starts_with(b".");
    }
    let symbol_at = |at: usize| name.get(at..).is_some_and(|rest| symbol_length(rest.as_bytes()).is_some());
    let mangled = name.match_indices("_ZN").chain(name.match_indices("_R")).any(|(at, _)| symbol_at(at));
    mangled || name.contains("-cgu.") || name.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether a text can be one module: the number of a codegen unit ends it, and no symbol or hash is in
/// front; or it is the name of an incremental unit, which has no such form.
fn is_module(text: &str) -> bool {
    let starts = |first: char| first.is_ascii_digit();
    let only_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let one = |number: &str| {
        let short = number.len() <= UNIT_DIGITS && number.bytes().all(|byte| byte.is_ascii_digit());
        short && !text.starts_with(starts)
    };
    let unit = text.split_once("-cgu.").map(|(_, number)| number);
    !only_digits
        && !text.contains(char::is_whitespace)
        && symbol_length(text.as_bytes()).is_none()
        && unit.is_none_or(one)
}

/// The pieces of a line, in order. `known` tells whether a text is the name of a module that was seen;
/// `name_owed`, whether a line before ended where a name was to come: a plain word is one then.
pub(crate) fn pieces<'a>(line: &'a str, name_owed: bool, known: &dyn Fn(&str) -> bool) -> Vec<Piece<'a>> {
    let mut found = Vec::new();
    let start = name_owed.then_some(Piece::Separator(BEFORE_NAME));
    let message = MESSAGES.into_iter().filter_map(|start| line.find(start)).min().unwrap_or(line.len());
    let (mut rest, message) = line.split_at_checked(message).unwrap_or((line, ""));
    while !rest.is_empty() {
        let separators = [BEFORE_NAME, BEFORE_HASH, BEFORE_MODULE];
        let next = separators.into_iter().filter_map(|text| Some((rest.find(text)?, text))).min();
        let (at, separator) = next.unwrap_or((rest.len(), ""));
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        values(before, found.last().copied().or(start), known, &mut found);
        if separator.is_empty() {
            break;
        }
        found.push(Piece::Separator(separator));
        rest = after.strip_prefix(separator).unwrap_or("");
    }
    if !message.is_empty() {
        found.push(Piece::Other(message));
    }
    found
}

/// The values between two separators.
fn values<'a>(
    text: &'a str,
    mut before: Option<Piece<'a>>,
    known: &dyn Fn(&str) -> bool,
    found: &mut Vec<Piece<'a>>,
) {
    let mut rest = text;
    while !rest.is_empty() {
        let piece = value(rest, before, known);
        let length = match piece {
            Piece::Name(text) | Piece::Hashes(text) | Piece::Module(text) | Piece::Other(text) => text.len(),
            Piece::Separator(_) => 0,
        };
        found.push(piece);
        before = Some(piece);
        rest = rest.get(length.max(1)..).unwrap_or("");
    }
}

fn value<'a>(text: &'a str, before: Option<Piece<'a>>, known: &dyn Fn(&str) -> bool) -> Piece<'a> {
    if let Some(symbol) = symbol_length(text.as_bytes()).and_then(|length| text.get(..length)) {
        return Piece::Name(symbol);
    }
    let after_module = before == Some(Piece::Separator(BEFORE_MODULE));
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$' | b'@' | b'-');
    let word = text.bytes().take_while(|byte| is_word(*byte)).count();
    // The name of an incremental unit may start with a digit.
    if digits > 0 && !(after_module && digits < word && digits < LIKELY_DIGITS) {
        return Piece::Hashes(text.get(..digits).unwrap_or(text));
    }
    if let Some(module) = module_length(text, word, known).and_then(|length| text.get(..length)) {
        return Piece::Module(module);
    }
    let whole = text.get(..word).unwrap_or(text);
    let symbol_at =
        |at: &usize| whole.get(*at..).is_some_and(|rest| symbol_length(rest.as_bytes()).is_some());
    let plain = match (1..whole.len()).find(symbol_at) {
        Some(at) => whole.get(..at).unwrap_or(whole),
        // Other text for people: symbols in it are not of the trace.
        None if whole.is_empty() || whole.len() < text.len() => return Piece::Other(text),
        None => whole,
    };
    match before {
        Some(Piece::Separator(BEFORE_MODULE)) => Piece::Module(plain),
        Some(_) => Piece::Name(plain),
        None => Piece::Other(plain),
    }
}

/// Length of the mangled Rust symbol at the start.
fn symbol_length(bytes: &[u8]) -> Option<usize> {
    legacy_length(bytes).or_else(|| v0::parse(bytes, Detail::Loose).map(|v0| v0.length))
}

/// Length of the module `crate.hash-cgu.N` at the start of a word. Digits after it can be a hash.
fn module_length(text: &str, word: usize, known: &dyn Fn(&str) -> bool) -> Option<usize> {
    let word = text.get(..word)?;
    let number = word.find("-cgu.")? + "-cgu.".len();
    let head = word.get(..number)?;
    if head.matches('.').count() != 2 {
        return None;
    }
    let digits = word.get(number..)?.bytes().take_while(u8::is_ascii_digit).count();
    let lengths = (1..=digits.min(UNIT_DIGITS)).rev();
    let seen = lengths.map(|digits| number + digits).find(|end| word.get(..*end).is_some_and(known));
    seen.or_else(|| (1..=UNIT_DIGITS).contains(&digits).then_some(number + digits))
        .or_else(|| (digits > UNIT_DIGITS).then_some(number + 2))
}

/// What a run of digits can stand for: how many hashes, and every hash that it can have.
pub(crate) fn hashes(digits: &str) -> (usize, Vec<u64>) {
    let count = digits.len().div_ceil(HASH_DIGITS).max(1);
    if count == 1 {
        return (1, digits.parse().ok().into_iter().collect());
    }
    let mut found = Vec::new();
    // Every way to cut the run into that many hashes: few, as a hash has nearly always 17 to 19
    // digits; what is wrong among them is a number that no function has.
    let mut starts = vec![(0_usize, 0_usize)];
    while let Some((start, cut)) = starts.pop() {
        let left = digits.len().saturating_sub(start);
        for length in LIKELY_DIGITS..=HASH_DIGITS.min(left) {
            let (after, remaining) = (left - length, count - cut - 1);
            let fits = after >= remaining * LIKELY_DIGITS && after <= remaining * HASH_DIGITS;
            let part = digits.get(start..start + length).filter(|part| !part.starts_with('0'));
            let hash = part.and_then(|part| part.parse::<u64>().ok()).filter(|hash| hash >> 61 == 0);
            if let (true, Some(hash)) = (fits, hash) {
                if !found.contains(&hash) {
                    found.push(hash);
                }
                if remaining > 0 {
                    starts.push((start + length, cut + 1));
                }
            }
        }
        if found.len() > 256 {
            break;
        }
    }
    (count, found)
}
