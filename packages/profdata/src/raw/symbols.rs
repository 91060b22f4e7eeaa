//! From addresses in a running program to names: what call targets and vtables were.

use crate::bytes::{ByteOrder, WORD};
use crate::format::ValueKind;
use crate::raw::data::VTABLE_BYTES;
use crate::raw::image::Image;

/// Addresses of a program's functions and vtables, with the hashes of their names.
///
/// A target that is no instrumented function (the prebuilt standard library, another shared
/// library) has hash 0, as LLVM's `InstrProfSymtab::getFunctionHashFromAddress` has it.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    /// Address and hash, by address.
    functions: Vec<(u64, u64)>,
    /// First address, end and hash, by first address.
    vtables: Vec<(u64, u64, u64)>,
}

impl Symbols {
    /// The symbols of a profile.
    pub(crate) fn of(image: &Image<'_>) -> Symbols {
        let mut functions: Vec<(u64, u64)> = image
            .records()
            .map(|data| (data.function_pointer(), data.name_hash()))
            .filter(|(address, _)| *address != 0)
            .collect();
        functions.sort_unstable();
        let order = image.order();
        let mut vtables: Vec<_> =
            image.vtables.chunks_exact(VTABLE_BYTES).filter_map(|bytes| vtable(bytes, order)).collect();
        vtables.sort_unstable();
        Symbols { functions, vtables }
    }

    /// The value that a profile keeps of the value that a program recorded.
    pub(crate) fn resolve(&self, kind: ValueKind, value: u64) -> u64 {
        match kind {
            ValueKind::MemOpSize => value,
            ValueKind::IndirectCallTarget => {
                let at = self.functions.partition_point(|(address, _)| *address < value);
                match self.functions.get(at) {
                    Some((address, hash)) if *address == value => *hash,
                    _ => 0,
                }
            }
            ValueKind::VtableTarget => {
                let after = self.vtables.partition_point(|(first, ..)| *first <= value);
                match after.checked_sub(1).and_then(|at| self.vtables.get(at)) {
                    Some((_, end, hash)) if value < *end => *hash,
                    _ => 0,
                }
            }
        }
    }
}

fn vtable(bytes: &[u8], order: ByteOrder) -> Option<(u64, u64, u64)> {
    let hash = order.u64(bytes, 0)?;
    let first = order.u64(bytes, WORD)?;
    let size = order.u32(bytes, 2 * WORD)?;
    (first != 0).then(|| (first, first.saturating_add(u64::from(size)), hash))
}
