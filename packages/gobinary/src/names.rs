//! Texts out of a table in which each ends with a zero byte, numbered.

use std::collections::HashMap;

/// The texts of a table that were asked for. Each is read once, so that hostile offsets cost no more than one pass.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    table: &'a [u8],
    by_offset: HashMap<u32, Option<u32>>,
    by_name: HashMap<&'a str, u32>,
    names: Vec<&'a str>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(table: &'a [u8]) -> Self {
        Self { table, by_offset: HashMap::new(), by_name: HashMap::new(), names: Vec::new() }
    }

    /// The number of the text at an offset of the table; none if no text begins there, or it is not UTF-8.
    pub(crate) fn at(&mut self, offset: u32) -> Option<u32> {
        if !starts_at(self.table, offset) {
            return None;
        }
        if let Some(known) = self.by_offset.get(&offset) {
            return *known;
        }
        let number = text(self.table, offset).map(|name| {
            // A table has fewer names than 32 bits have offsets.
            let next = self.names.len() as u32;
            let number = *self.by_name.entry(name).or_insert(next);
            if number == next {
                self.names.push(name);
            }
            number
        });
        self.by_offset.insert(offset, number);
        number
    }

    pub(crate) fn get(&self, number: u32) -> Option<&'a str> {
        self.names.get(number as usize).copied()
    }

    /// All of them, by number.
    pub(crate) fn all(&self) -> &[&'a str] {
        &self.names
    }

    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }
}

/// Whether a text can begin there: behind the end of another one. So no two overlap.
pub(crate) fn starts_at(table: &[u8], offset: u32) -> bool {
    let offset = offset as usize;
    offset < table.len() && (offset == 0 || table.get(offset - 1) == Some(&0))
}

fn text(table: &[u8], offset: u32) -> Option<&str> {
    let rest = table.get(offset as usize..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    std::str::from_utf8(rest.get(..end)?).ok()
}
