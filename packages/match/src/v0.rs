//! Reads Rust's v0 mangling far enough to tell what a symbol says apart from where it was built.
//!
//! A v0 symbol holds the full path of an item with all type arguments. Two things in it change
//! without the code: the disambiguators of crates (hashes of `-C metadata`), and with them every
//! back reference, which is a byte position. So a symbol is written anew here: crates without
//! disambiguator, back references expanded. Source: RFC 2603 and the rustc book, "v0 symbol format".

/// Longest text that a symbol may expand to, in bytes: back references can multiply.
const MAX_TEXT: usize = 1 << 16;
/// Deepest nesting that is followed.
const MAX_DEPTH: u32 = 256;
/// Most paths, types and constants that are read of one symbol, for the same reason.
const MAX_STEPS: u32 = 1 << 16;

/// How much of a symbol is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// All but the crates' disambiguators.
    Strict,
    /// Neither where an impl block is nor the number of an item among items of one path; closures
    /// and shims keep theirs, because nothing else tells them apart.
    Loose,
}

/// What a v0 symbol says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct V0<'a> {
    /// The symbol without what changes from build to build.
    pub(crate) text: Vec<u8>,
    /// The crate that has the item's source.
    pub(crate) defined_in: &'a [u8],
    /// The crate that instantiated a generic item.
    pub(crate) instantiated_in: Option<&'a [u8]>,
    /// Bytes of the input that the symbol takes, without a vendor's suffix.
    pub(crate) length: usize,
}

/// Reads a symbol from the start of `bytes`; `None` if there is none.
pub(crate) fn parse(bytes: &[u8], detail: Detail) -> Option<V0<'_>> {
    let body = bytes.strip_prefix(b"_R")?;
    let mut parser = Parser { body, at: 0, depth: 0, steps: 0, muted: 0, detail, text: Vec::new() };
    let defined_in = parser.path()?;
    parser.muted = 1;
    // What follows may be the next text in a damaged line: then there is no instantiating crate.
    let end = parser.at;
    let instantiated_in = match parser.peek() {
        Some(b'C' | b'B') => parser.path(),
        _ => None,
    };
    if instantiated_in.is_none() {
        parser.at = end;
    }
    Some(V0 { text: parser.text, defined_in, instantiated_in, length: parser.at + 2 })
}

struct Parser<'a> {
    /// The symbol without `_R`: positions of back references count from here.
    body: &'a [u8],
    at: usize,
    depth: u32,
    steps: u32,
    /// Nothing is written while this is above 0.
    muted: u32,
    detail: Detail,
    text: Vec<u8>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    fn eat(&mut self, tag: u8) -> bool {
        let found = self.peek() == Some(tag);
        self.at += usize::from(found);
        found
    }

    /// The next byte, which is written.
    fn tag(&mut self) -> Option<u8> {
        let tag = self.peek()?;
        self.at += 1;
        self.write(&[tag])?;
        Some(tag)
    }

    fn write(&mut self, bytes: &[u8]) -> Option<()> {
        if self.muted == 0 {
            self.text.extend_from_slice(bytes);
        }
        (self.text.len() <= MAX_TEXT).then_some(())
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.depth += 1;
        self.steps += 1;
        let found = if self.depth > MAX_DEPTH || self.steps > MAX_STEPS { None } else { inner(self) };
        self.depth -= 1;
        found
    }

    fn muted<T>(&mut self, mute: bool, inner: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.muted += u32::from(mute);
        let found = inner(self);
        self.muted -= u32::from(mute);
        found
    }

    /// Digits and letters up to `_`, as they stand.
    fn base62(&mut self) -> Option<&'a [u8]> {
        let rest = self.body.get(self.at..)?;
        let digits = rest.iter().position(|byte| *byte == b'_')?;
        let found = rest.get(..=digits)?;
        self.at += digits + 1;
        found.iter().rev().skip(1).all(u8::is_ascii_alphanumeric).then_some(found)
    }

    /// `[s<base 62>_]`.
    fn disambiguator(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        if self.eat(b's') {
            self.base62()?;
        }
        self.body.get(start..self.at)
    }

    fn plain_identifier(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        self.eat(b'u');
        let mut length = 0_usize;
        let first = self.at;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            length = length.checked_mul(10)?.checked_add(usize::from(digit - b'0'))?;
            self.at += 1;
            if length == 0 {
                break;
            }
        }
        if self.at == first {
            return None;
        }
        self.eat(b'_');
        let name = self.body.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        let whole = self.body.get(start..self.at)?;
        self.write(whole)?;
        Some(name)
    }

    /// Reads what a back reference points to with `inner`.
    fn back_reference<T>(&mut self, inner: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let start = self.at - 1;
        let digits = self.base62()?;
        let target = number62(digits)?;
        if target >= start {
            return None;
        }
        let after = std::mem::replace(&mut self.at, target);
        let found = self.deeper(inner);
        self.at = after;
        found
    }

    /// A path; gives the crate that has the source of what it names.
    fn path(&mut self) -> Option<&'a [u8]> {
        self.deeper(Self::path_here)
    }

    fn path_here(&mut self) -> Option<&'a [u8]> {
        if self.eat(b'B') {
            return self.back_reference(Self::path);
        }
        match self.tag()? {
            b'C' => {
                self.disambiguator()?;
                self.plain_identifier()
            }
            b'M' => {
                let defined_in = self.impl_path()?;
                self.kind()?;
                Some(defined_in)
            }
            b'X' => {
                let defined_in = self.impl_path()?;
                self.kind()?;
                self.path()?;
                Some(defined_in)
            }
            b'Y' => {
                self.kind()?;
                self.path()
            }
            b'N' => {
                let space = self.tag()?;
                let defined_in = self.path()?;
                let number = self.disambiguator()?;
                if self.detail == Detail::Strict || space.is_ascii_uppercase() {
                    self.write(number)?;
                }
                self.plain_identifier()?;
                Some(defined_in)
            }
            b'I' => {
                let defined_in = self.path()?;
                self.until_end(Self::generic_argument)?;
                Some(defined_in)
            }
            _ => None,
        }
    }

    fn impl_path(&mut self) -> Option<&'a [u8]> {
        let mute = self.detail == Detail::Loose;
        self.muted(mute, |parser| {
            let number = parser.disambiguator()?;
            parser.write(number)?;
            parser.path()
        })
    }

    fn until_end(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        while self.peek()? != b'E' {
            item(self)?;
        }
        self.tag().map(drop)
    }

    fn generic_argument(&mut self) -> Option<()> {
        match self.peek()? {
            b'L' => self.lifetime(),
            b'K' => {
                self.tag()?;
                self.constant()
            }
            _ => self.kind(),
        }
    }

    fn lifetime(&mut self) -> Option<()> {
        self.tag()?;
        let digits = self.base62()?;
        self.write(digits)
    }

    fn optional_binder(&mut self) -> Option<()> {
        if self.peek() == Some(b'G') { self.lifetime() } else { Some(()) }
    }

    /// A type.
    fn kind(&mut self) -> Option<()> {
        self.deeper(Self::kind_here)
    }

    fn kind_here(&mut self) -> Option<()> {
        match self.peek()? {
            b'a'..=b'z' => self.tag().map(drop),
            b'B' => {
                self.at += 1;
                self.back_reference(Self::kind)
            }
            b'C' | b'M' | b'X' | b'Y' | b'N' | b'I' => self.path().map(drop),
            tag => {
                self.tag()?;
                self.compound(tag)
            }
        }
    }

    fn compound(&mut self, tag: u8) -> Option<()> {
        match tag {
            b'A' => {
                self.kind()?;
                self.constant()
            }
            b'S' | b'P' | b'O' => self.kind(),
            b'R' | b'Q' => {
                if self.peek() == Some(b'L') {
                    self.lifetime()?;
                }
                self.kind()
            }
            b'T' => self.until_end(Self::kind),
            b'F' => self.function_type(),
            b'D' => {
                self.optional_binder()?;
                self.until_end(Self::dyn_trait)?;
                self.lifetime()
            }
            _ => None,
        }
    }

    fn function_type(&mut self) -> Option<()> {
        self.optional_binder()?;
        if self.peek() == Some(b'U') {
            self.tag()?;
        }
        if self.peek() == Some(b'K') {
            self.tag()?;
            match self.peek()? {
                b'C' => self.tag().map(drop)?,
                _ => self.plain_identifier().map(drop)?,
            }
        }
        self.until_end(Self::kind)?;
        self.kind()
    }

    fn dyn_trait(&mut self) -> Option<()> {
        self.path()?;
        while self.peek() == Some(b'p') {
            self.tag()?;
            self.plain_identifier()?;
            self.kind()?;
        }
        Some(())
    }

    fn constant(&mut self) -> Option<()> {
        self.deeper(Self::constant_here)
    }

    fn constant_here(&mut self) -> Option<()> {
        if self.eat(b'B') {
            return self.back_reference(Self::constant);
        }
        match self.tag()? {
            b'p' => Some(()),
            b'R' | b'Q' => self.constant(),
            b'A' | b'T' => self.until_end(Self::constant),
            b'V' => {
                self.path()?;
                match self.tag()? {
                    b'U' => Some(()),
                    b'T' => self.until_end(Self::constant),
                    b'S' => self.until_end(|parser| {
                        let number = parser.disambiguator()?;
                        parser.write(number)?;
                        parser.plain_identifier()?;
                        parser.constant()
                    }),
                    _ => None,
                }
            }
            b'a'..=b'z' => {
                // A sign and hexadecimal digits.
                let digits = self.base62()?;
                self.write(digits)
            }
            _ => None,
        }
    }
}

/// The number that base 62 with its `_` at the end stands for: `_` is 0, `0_` is 1.
fn number62(digits: &[u8]) -> Option<usize> {
    let (_, digits) = digits.split_last()?;
    if digits.is_empty() {
        return Some(0);
    }
    let value = digits.iter().try_fold(0_usize, |sum, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'z' => digit - b'a' + 10,
            b'A'..=b'Z' => digit - b'A' + 36,
            _ => return None,
        };
        sum.checked_mul(62)?.checked_add(usize::from(digit))
    })?;
    value.checked_add(1)
}
