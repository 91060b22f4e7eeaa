//! The functions of the table, with what their own descriptions say.
//!
//! Source: `_func` of Go's `runtime/runtime2.go`, written by `writeFuncs` in `cmd/link/internal/ld/pcln.go`.

use crate::bytes::{i32_at, slice, u32_at};
use crate::error::Error;
use crate::moduledata::Tables;
use crate::names::{Names, starts_at};
use crate::pcvalue::Runs;

/// A function that has code of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function<'a> {
    /// The linker's name, such as `net/http.(*conn).serve`.
    pub name: &'a str,
    /// The source file, as the compiler was given it; empty if it is not known.
    pub file: &'a str,
    /// Line of `func`; 0 if it is not known.
    pub start_line: i32,
    /// Address of the first instruction.
    pub entry: u64,
    /// Address behind the last one. Padding may stand before it.
    pub end: u64,
    /// Whether it was written in assembly.
    pub assembly: bool,
    /// Whether the compiler made it, as a method that calls another; stacks leave it out.
    pub wrapper: bool,
}

/// Where the tables of a function are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Places {
    /// The function's name, by number.
    pub(crate) name: u32,
    /// Line by program counter, as offset into the values.
    pub(crate) lines: u32,
    /// Index of the inlined call by program counter, likewise.
    pub(crate) inlined: u32,
    /// The inlined calls, as distance from `gofunc`.
    pub(crate) tree: Option<u32>,
}

const SIZE: usize = 44;
const ASSEMBLY: u8 = 1 << 2;
/// Numbers of the tables of a function.
const PCDATA_INLINED: usize = 2;
const FUNCDATA_TREE: usize = 3;

/// Reads all functions, by entry.
pub(crate) fn read<'a>(
    tables: &Tables<'a>,
    names: &mut Names<'a>,
) -> Result<(Vec<Function<'a>>, Vec<Places>), Error> {
    let mut files = Names::new(tables.files);
    let damaged = || Error::Damaged("an entry of a function is missing");
    let fits = tables.count.checked_mul(8).and_then(|size| size.checked_add(4));
    if fits.is_none_or(|size| size > tables.functions.len()) {
        return Err(damaged());
    }
    let mut functions = Vec::with_capacity(tables.count);
    let mut places = Vec::with_capacity(tables.count);
    let mut ids = Vec::with_capacity(tables.count);
    for number in 0..tables.count {
        let entry = u32_at(tables.functions, number * 8).ok_or_else(damaged)?;
        let next = u32_at(tables.functions, number * 8 + 8).ok_or_else(damaged)?;
        if next < entry {
            return Err(Error::Damaged("functions are not in order"));
        }
        let at = u32_at(tables.functions, number * 8 + 4).ok_or_else(damaged)? as usize;
        let described = slice(tables.functions, at, SIZE).ok_or_else(damaged)?;
        let number = u32_at(described, 4).and_then(|offset| names.at(offset));
        let named = number.and_then(|number| Some((number, names.get(number)?)));
        let (number, name) = named.ok_or(Error::Damaged("a function has no name"))?;
        let address = |offset: u32| {
            tables.text.checked_add(offset.into()).ok_or(Error::Damaged("an address is too large"))
        };
        ids.push(described.get(40).copied().unwrap_or_default());
        functions.push(Function {
            name,
            file: file(tables, &mut files, described, next - entry).unwrap_or_default(),
            start_line: i32_at(described, 36).unwrap_or_default(),
            entry: address(entry)?,
            end: address(next)?,
            assembly: described.get(41).is_some_and(|flags| flags & ASSEMBLY != 0),
            wrapper: false,
        });
        places.push(Places { name: number, ..places_of(tables, at, described) });
    }
    // The number of wrappers differs between versions, but is the last one, and no program is without.
    let wrapper = ids.iter().copied().max().filter(|id| *id > 0);
    for (function, id) in functions.iter_mut().zip(ids) {
        function.wrapper = Some(id) == wrapper;
    }
    Ok((functions, places))
}

fn places_of(tables: &Tables<'_>, at: usize, described: &[u8]) -> Places {
    let number =
        |index: usize| u32_at(tables.functions, at.checked_add(SIZE)?.checked_add(index.checked_mul(4)?)?);
    let (values, data) =
        (u32_at(described, 28).unwrap_or_default() as usize, described.get(43).copied().unwrap_or_default());
    let inlined = (values > PCDATA_INLINED).then(|| number(PCDATA_INLINED)).flatten();
    let tree =
        (usize::from(data) > FUNCDATA_TREE).then(|| number(values.checked_add(FUNCDATA_TREE)?)).flatten();
    Places {
        name: 0,
        lines: u32_at(described, 24).unwrap_or_default(),
        inlined: inlined.unwrap_or_default(),
        tree: tree.filter(|offset| *offset != u32::MAX),
    }
}

/// The file at the entry.
fn file<'a>(tables: &Tables<'a>, files: &mut Names<'a>, described: &[u8], length: u32) -> Option<&'a str> {
    let mut runs = Runs::default();
    runs.read(tables.values, u32_at(described, 20)?, tables.quantum, length.min(tables.quantum));
    let number = u32_at(described, 32)?.checked_add(u32::try_from(runs.at(0)).ok()?)?;
    let offset = u32_at(tables.units, (number as usize).checked_mul(4)?)?;
    let number = files.at(offset)?;
    files.get(number)
}

/// An inlined call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inlined {
    /// Name of the function that was inlined, as offset.
    pub(crate) name: u32,
    /// Distance from the entry of an instruction at the call's position.
    pub(crate) parent: u32,
    /// Line of the inlined function's `func`.
    pub(crate) start_line: i32,
}

/// The inlined call with that index, if the bytes of the tree can be one.
pub(crate) fn inlined(tables: &Tables<'_>, tree: &[u8], index: i32, length: u32) -> Option<Inlined> {
    let entry = slice(tree, usize::try_from(index).ok()?.checked_mul(16)?, 16)?;
    let name = u32_at(entry, 4).filter(|offset| starts_at(tables.names, *offset))?;
    let parent = u32_at(entry, 8).filter(|parent| *parent < length)?;
    let start_line = i32_at(entry, 12).filter(|line| *line > 0)?;
    Some(Inlined { name, parent, start_line })
}
