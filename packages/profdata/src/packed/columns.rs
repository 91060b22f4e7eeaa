//! Reads the sections that say which functions a packed profile has.

use super::name;
use super::wire::{Budget, Input};
use super::wire::{END, kind};
use crate::error::Error;
use crate::format::ValueKind;

/// What a function takes of the budget besides its counters: about what it takes of memory.
const ROW_BYTES: u64 = 128;

/// What functions of one CFG hash have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) cfg_hash: u64,
    pub(super) counters: u32,
    /// Number of sites, by kind.
    pub(super) sites: [u32; ValueKind::ALL.len()],
    pub(super) bitmap: u32,
}

/// A function and its CFG hash.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) name_at: usize,
    pub(super) name_len: usize,
    pub(super) shape: Shape,
}

/// The sections that say which functions there are.
pub(super) struct Sections<'a> {
    pub(super) prefixes: Input<'a>,
    pub(super) prefix_of: Input<'a>,
    pub(super) functions: Input<'a>,
    pub(super) cfg_hashes: Input<'a>,
    pub(super) digits: Input<'a>,
}

/// The rows, and the names that they point into.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) names: Vec<u8>,
}

/// Reads the rows.
pub(super) fn read(
    mut sections: Sections<'_>,
    names_budget: &mut Budget,
    data_budget: &mut Budget,
) -> Result<Rows, Error> {
    let prefixes = sections.prefixes.blob(names_budget)?;
    let prefix_of = sections.prefix_of.blob(data_budget)?;
    sections.prefixes.end()?;
    sections.prefix_of.end()?;
    let mut reader = Reader {
        prefixes: read_prefixes(&prefixes)?,
        prefix_of: Input::new(&prefix_of),
        cfg_hashes: sections.cfg_hashes,
        digits: sections.digits,
        rows: Rows::default(),
        names_budget,
        data_budget,
    };
    while !sections.functions.is_empty() {
        let rows = sections.functions.size()?;
        let text = sections.functions.blob(reader.names_budget)?;
        let columns = sections.functions.blob(reader.data_budget)?;
        reader.read_chunk(rows, &text, &columns)?;
    }
    reader.prefix_of.end()?;
    reader.cfg_hashes.end()?;
    reader.digits.end()?;
    Ok(reader.rows)
}

fn read_prefixes(text: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut text = Input::new(text);
    let mut prefixes = Vec::new();
    while !text.is_empty() {
        prefixes.push(text.bytes()?);
    }
    Ok(prefixes)
}

struct Reader<'a> {
    prefixes: Vec<&'a [u8]>,
    prefix_of: Input<'a>,
    cfg_hashes: Input<'a>,
    digits: Input<'a>,
    rows: Rows,
    names_budget: &'a mut Budget,
    data_budget: &'a mut Budget,
}

impl Reader<'_> {
    fn read_chunk(&mut self, rows: usize, text: &[u8], columns: &[u8]) -> Result<(), Error> {
        let mut columns = Input::new(columns);
        let mut text = Input::new(text);
        let kinds = columns.take(rows)?;
        let paths = kinds.iter().filter(|kind| **kind == kind::PATH).count();
        let mut shared = Vec::with_capacity(paths);
        for _ in 0..paths {
            shared.push(columns.size()?);
        }
        let mut shared = shared.into_iter();
        let mut path = Vec::new();
        let mut digits = None;
        let mut shapes: Vec<Shape> = Vec::new();
        for (at, kind) in kinds.iter().enumerate() {
            match *kind {
                kind::PATH => {
                    let shared = shared.next().unwrap_or_default();
                    if shared > path.len() {
                        return Err(Error::Packed("a path shares more than there is"));
                    }
                    path.truncate(shared);
                    path.extend_from_slice(text.take_until(END)?);
                    let takes = name::takes_digits(&path);
                    digits = if takes { Some(self.digits.digits()?) } else { None };
                }
                kind::DIGITS if at > 0 && digits.is_some() => digits = Some(self.digits.digits()?),
                kind::SAME if at > 0 => {}
                _ => return Err(Error::Packed("a row is of no kind")),
            }
            let shape = self.read_shape(&mut columns, &mut shapes)?;
            self.push(&path, digits, shape)?;
        }
        text.end()?;
        columns.end()
    }

    fn read_shape(&mut self, columns: &mut Input<'_>, shapes: &mut Vec<Shape>) -> Result<Shape, Error> {
        match columns.size()?.checked_sub(1) {
            Some(known) => shapes.get(known).copied().ok_or(Error::Packed("a row has no shape")),
            None => {
                let counters = columns.u32()?;
                let sites = [columns.u32()?, columns.u32()?, columns.u32()?];
                let bitmap = columns.u32()?;
                let shape = Shape { cfg_hash: self.cfg_hashes.word()?, counters, sites, bitmap };
                shapes.push(shape);
                Ok(shape)
            }
        }
    }

    fn push(&mut self, path: &[u8], digits: Option<[u8; 8]>, shape: Shape) -> Result<(), Error> {
        let prefix = self.prefix_of.size()?;
        let prefix = self.prefixes.get(prefix).ok_or(Error::Packed("a row has no prefix"))?;
        let name_at = self.rows.names.len();
        self.data_budget.take(ROW_BYTES)?;
        // Front coding expands, too: a byte can repeat a long path. 20 for the digits.
        self.names_budget.take((prefix.len() + path.len() + 20) as u64)?;
        name::join(prefix, path, digits, &mut self.rows.names)?;
        let name_len = self.rows.names.len() - name_at;
        if name_len == 0 {
            return Err(Error::Packed("a function has no name"));
        }
        self.rows.rows.push(Row { name_at, name_len, shape });
        Ok(())
    }
}
