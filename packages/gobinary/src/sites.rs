//! Every call in a program's code, with the function and the line that it stands in.

use crate::decode::{self, Target};
use crate::error::Error;
use crate::functions::{self, Function, Inlined, Places};
use crate::image::Image;
use crate::moduledata::Tables;
use crate::names::Names;
use crate::pcvalue::Runs;

/// How a call was compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A call of a known function.
    Direct,
    /// The body of the called function stands in the caller.
    Inlined,
    /// A method through an interface.
    Interface,
    /// A function value: a closure, or a variable.
    Value,
}

/// A call with names as numbers. The order is by caller, then line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Site {
    pub(crate) caller: u32,
    pub(crate) offset: i32,
    pub(crate) kind: Kind,
    pub(crate) callee: Option<u32>,
    pub(crate) copies: u32,
}

/// Reads the calls of all functions, in order, each once.
pub(crate) fn read<'a>(
    image: &Image<'a>,
    tables: &Tables<'a>,
    functions: &[Function<'a>],
    places: &[Places],
    names: &mut Names<'a>,
) -> Result<Vec<Site>, Error> {
    let gofunc = gofunc(image, tables, functions, places);
    let mut body = Body::default();
    let mut sites = Vec::new();
    for (function, place) in functions.iter().zip(places) {
        let length = function.end - function.entry;
        let code = image.at(function.entry, length).ok_or(Error::Damaged("a function has no code"))?;
        body.read(image, tables, *place, code.len(), gofunc);
        let mut add = |names: &mut Names<'a>, at: u32, kind: Kind, callee: Option<u32>| {
            let caller = body.caller(tables, names, at, (place.name, function.start_line));
            if let Some((caller, offset)) = caller {
                sites.push(Site { caller, offset, kind, callee, copies: 1 });
            }
        };
        for index in &body.indices {
            let inlined = body.inlined(tables, *index);
            if let Some((Inlined { parent, .. }, name)) =
                inlined.and_then(|call| Some((call, names.at(call.name)?)))
            {
                add(names, parent, Kind::Inlined, Some(name));
            }
        }
        decode::calls(image.arch, code, function.entry, &body.lines, |at, target| match target {
            Target::Interface => add(names, at, Kind::Interface, None),
            Target::Value => add(names, at, Kind::Value, None),
            Target::Address(address) => {
                if let Some(callee) = name_at(functions, places, address) {
                    add(names, at, Kind::Direct, Some(callee));
                }
            }
        });
    }
    sites.sort_unstable();
    sites.dedup_by(|next, kept| {
        let same = Site { copies: kept.copies, ..*next } == *kept;
        kept.copies = kept.copies.saturating_add(u32::from(same));
        same
    });
    Ok(sites)
}

/// The function that has code at an address.
fn name_at(functions: &[Function<'_>], places: &[Places], address: u64) -> Option<u32> {
    let number = functions.partition_point(|function| function.entry <= address).checked_sub(1)?;
    functions.get(number).filter(|function| address < function.end)?;
    places.get(number).map(|place| place.name)
}

/// The tables of one function.
#[derive(Default)]
struct Body<'a> {
    lines: Runs,
    index: Runs,
    /// Inlined calls that have code here.
    indices: Vec<i32>,
    tree: &'a [u8],
    length: u32,
}

impl<'a> Body<'a> {
    fn read(
        &mut self,
        image: &Image<'a>,
        tables: &Tables<'_>,
        place: Places,
        length: usize,
        gofunc: Option<u64>,
    ) {
        // Entries have 32 bits, so lengths have no more.
        self.length = u32::try_from(length).unwrap_or(u32::MAX);
        self.lines.read(tables.values, place.lines, tables.quantum, self.length);
        self.index.read(tables.values, place.inlined, tables.quantum, self.length);
        self.indices.clear();
        self.indices.extend(self.index.values().filter(|index| *index >= 0));
        self.indices.sort_unstable();
        self.indices.dedup();
        let tree =
            gofunc.zip(place.tree).and_then(|(start, offset)| image.from(start.checked_add(offset.into())?));
        self.tree = tree.unwrap_or_default();
    }

    fn inlined(&self, tables: &Tables<'_>, index: i32) -> Option<Inlined> {
        functions::inlined(tables, self.tree, index, self.length)
    }

    /// The function that an instruction belongs to, the innermost that was inlined there, and its line as offset.
    fn caller(
        &self,
        tables: &Tables<'_>,
        names: &mut Names<'_>,
        at: u32,
        own: (u32, i32),
    ) -> Option<(u32, i32)> {
        let index = self.index.at(at);
        let (caller, start) = if index < 0 {
            own
        } else {
            let inlined = self.inlined(tables, index)?;
            (names.at(inlined.name)?, inlined.start_line)
        };
        let line = self.lines.at(at);
        (line >= 0).then_some((caller, line.wrapping_sub(start)))
    }
}

/// How many functions are looked at to find where their trees stand, and how long they may be.
const SAMPLE: usize = 64;
const SAMPLE_LENGTH: u64 = 1 << 16;

/// The address from which the trees of inlined calls count: the one from which all that are looked at are sound.
fn gofunc(
    image: &Image<'_>,
    tables: &Tables<'_>,
    functions: &[Function<'_>],
    places: &[Places],
) -> Option<u64> {
    let sample: Vec<_> = functions
        .iter()
        .zip(places)
        .filter(|(function, place)| {
            place.tree.is_some() && place.inlined != 0 && function.end - function.entry <= SAMPLE_LENGTH
        })
        .take(SAMPLE)
        .collect();
    let sound = |start: u64| {
        let mut body = Body::default();
        sample.iter().all(|(function, place)| {
            let length = usize::try_from(function.end - function.entry).unwrap_or_default();
            body.read(image, tables, **place, length, Some(start));
            body.indices.iter().all(|index| body.inlined(tables, *index).is_some())
        })
    };
    tables.gofunc.iter().copied().find(|start| sound(*start))
}
