//! Where the names of modules are in a symbol, so that they can be replaced.

use super::{Detail, Parser};
use std::ops::Range;

/// Where in a symbol the names of modules, and back references, are; positions are in the symbol without `_R`.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// A module's path in its crate, and where its last name is, with its length.
    pub(crate) modules: Vec<(Vec<Vec<u8>>, Range<usize>)>,
    /// Where a back reference is, and what it points to.
    pub(crate) references: Vec<(Range<usize>, usize)>,
}

/// The layout of a symbol; `None` if it is none.
pub(crate) fn layout(symbol: &[u8]) -> Option<Layout> {
    let body = symbol.strip_prefix(b"_R")?;
    let mut parser = Parser::of(body, Detail::Strict);
    parser.path()?;
    parser.muted = 1;
    if let Some(b'C' | b'B') = parser.peek() {
        parser.path()?;
    }
    let mut found = Layout { modules: Vec::new(), references: parser.references.into_iter().collect() };
    found.references.sort_unstable_by_key(|(at, _)| at.start);
    for at in parser.modules {
        let mut parser = Parser::of(body, Detail::Strict);
        parser.at = at;
        if let Some((path, name)) = parser.module() {
            found.modules.push((path, name));
        }
    }
    Some(found)
}

impl Parser<'_> {
    /// A module's path without its crate, which is empty for the crate itself, and where its last name is.
    fn module(&mut self) -> Option<(Vec<Vec<u8>>, Range<usize>)> {
        self.deeper(|parser| {
            if parser.eat(b'B') {
                return parser.back_reference(Self::module);
            }
            if parser.peek() == Some(b'C') {
                parser.path()?;
                return Some((Vec::new(), 0..0));
            }
            if !(parser.eat(b'N') && parser.eat(b't')) {
                return None;
            }
            let (mut path, _) = parser.module()?;
            parser.disambiguator()?;
            let start = parser.at;
            path.push(parser.plain_identifier()?.to_vec());
            Some((path, start..parser.at))
        })
    }
}
