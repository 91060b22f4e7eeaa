//! Tables of a value by program counter: lines, files, indices of inlined calls.
//!
//! A table is a sequence of (difference of the value, zigzag; length of the run in steps) as variable-length
//! numbers; a zero difference that is not the first ends it. Source: `funcpctab` in Go's `cmd/internal/obj/pcln.go`.

/// Runs of one function: `(end, value)`, by end, as distances from the function's entry.
#[derive(Debug, Default, Clone)]
pub(crate) struct Runs(Vec<(u32, i32)>);

impl Runs {
    /// Reads the runs of a function of `length` bytes, at most one for each step: hostile tables end there.
    pub(crate) fn read(&mut self, table: &[u8], offset: u32, quantum: u32, length: u32) {
        self.0.clear();
        // Zero stands for "no table".
        let Some(mut rest) = table.get(offset as usize..).filter(|_| offset != 0) else { return };
        let (mut end, mut value) = (0_u32, -1_i32);
        while end < length {
            let Some(change) = varint(&mut rest) else { return };
            let Some(steps) = varint(&mut rest).filter(|steps| *steps > 0) else { return };
            value = value.wrapping_add((change >> 1) as i32 ^ -((change & 1) as i32));
            end = end.saturating_add(steps.saturating_mul(quantum));
            self.0.push((end, value));
            if rest.first() == Some(&0) {
                return;
            }
        }
    }

    /// The value at a distance from the entry; -1 where there is none, as in the runtime.
    pub(crate) fn at(&self, distance: u32) -> i32 {
        let after = self.0.partition_point(|(end, _)| *end <= distance);
        self.0.get(after).map_or(-1, |(_, value)| *value)
    }

    /// The first end that is behind a distance. Instructions begin at ends.
    pub(crate) fn end_after(&self, distance: u32) -> Option<u32> {
        let after = self.0.partition_point(|(end, _)| *end <= distance);
        self.0.get(after).map(|(end, _)| *end)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = i32> + '_ {
        self.0.iter().map(|(_, value)| *value)
    }
}

fn varint(rest: &mut &[u8]) -> Option<u32> {
    let mut number = 0_u32;
    for shift in (0..35).step_by(7) {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= u32::from(byte & 0x7f).wrapping_shl(shift);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
