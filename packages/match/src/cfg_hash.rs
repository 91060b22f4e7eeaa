//! What an LLVM CFG hash says, beyond being equal or not.
//!
//! `computeCFGHash` (LLVM 22, `PGOInstrumentation.cpp`) makes it of two CRC-32 without final
//! inversion: `E` over the successors of every block, as numbers of blocks in order, and `N` over
//! four numbers of 64 bits: selects, indirect calls, memory operations, edges. The hash is
//! `(N << 28) + E`, cut to 60 bits. So its low 28 bits are those of `E`, and the 32 above are `N` plus
//! the four high bits of `E`.
//!
//! A CRC can be run backwards. Of a function in a profile the counters are known (one for each edge
//! outside of a spanning tree, then one for each select), and so are the sites of indirect calls and
//! memory operations: that leaves few values for selects and edges, and a wrong one fits with a
//! probability of its number of tries over 2^32. Of a function of the same edges (`E` is equal) the
//! other three numbers follow in the same way. That is how the trace, which prints no number of
//! counters, tells it all the same: equal edges and equal selects are equal counters, in the same
//! order.

/// Bits of the hash that are only the edges'.
const EDGE_BITS: u32 = 28;
/// Bits of the hash that are of the control flow; the others are flags.
const HASH_BITS: u64 = (1 << 60) - 1;
/// Polynomial of CRC-32, bits reversed.
const POLYNOMIAL: u32 = 0xedb8_8320;
/// How many more selects, indirect calls or memory operations the other function may have.
const MORE: u64 = 64;

/// The four numbers in a hash, and the high bits of the edges' CRC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) selects: u64,
    pub(crate) indirect_calls: u64,
    pub(crate) memory_operations: u64,
    pub(crate) edges: u64,
    high: u32,
}

/// The CRC of the edges, as far as the hash has it to itself.
pub(crate) fn edges_of(cfg_hash: u64) -> u64 {
    cfg_hash & ((1 << EDGE_BITS) - 1)
}

/// The number CRC plus the high bits of the edge CRC.
fn upper(cfg_hash: u64) -> u32 {
    ((cfg_hash & HASH_BITS) >> EDGE_BITS) as u32
}

/// The numbers of a function with that many counters and sites; `None` if none or several fit.
pub(crate) fn numbers(
    cfg_hash: u64,
    counters: u64,
    indirect_calls: u64,
    memory_operations: u64,
) -> Option<Numbers> {
    let mut found = None;
    for high in 0..16_u32 {
        let goal = back(upper(cfg_hash).wrapping_sub(high));
        for selects in 0..counters {
            let state = [selects, indirect_calls, memory_operations].into_iter().fold(u32::MAX, forth);
            let edges = u64::from(state ^ goal);
            // The spanning tree has as many edges as there are blocks; at least one, and with
            // straight lines merged not many times the edges outside of it.
            let outside = counters - selects;
            if edges > outside && edges <= outside * 16 + 64 {
                if found.is_some() {
                    return None;
                }
                found = Some(Numbers { selects, indirect_calls, memory_operations, edges, high });
            }
        }
    }
    found
}

/// The numbers of another function with the same edges; `None` if none or several fit.
pub(crate) fn numbers_like(cfg_hash: u64, known: &Numbers) -> Option<Numbers> {
    let goal = back(back(upper(cfg_hash).wrapping_sub(known.high)) ^ known.edges as u32);
    let mut found = None;
    for selects in 0..=known.selects + MORE {
        let state = forth(u32::MAX, selects);
        for indirect_calls in 0..=known.indirect_calls + MORE {
            let memory_operations = u64::from(forth(state, indirect_calls) ^ goal);
            if memory_operations <= known.memory_operations + MORE {
                if found.is_some() {
                    return None;
                }
                found = Some(Numbers { selects, indirect_calls, memory_operations, ..*known });
            }
        }
    }
    found
}

/// The CRC after eight more bytes, the number with its low byte first.
fn forth(state: u32, number: u64) -> u32 {
    let step = |state: u32, word: u32| {
        (0..32).fold(
            state ^ word,
            |state, _| {
                if state & 1 == 1 { state >> 1 ^ POLYNOMIAL } else { state >> 1 }
            },
        )
    };
    step(step(state, number as u32), (number >> 32) as u32)
}

/// The state before eight bytes of zeros that led to this one. A state before a number below 2^32
/// is this with the number's bits changed.
fn back(state: u32) -> u32 {
    (0..64).fold(state, |state, _| if state >> 31 == 1 { (state ^ POLYNOMIAL) << 1 | 1 } else { state << 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_real_functions() {
        // ripgrep 14.1.1: hash, counters, sites of indirect calls and of memory operations, as rustc
        // 1.95 instrumented them; selects and edges by what fits.
        let function = numbers(0xa45e2cc59e4f4a3, 53, 0, 0);
        assert_eq!(function.map(|found| (found.selects, found.edges)), Some((5, 138)));
    }

    #[test]
    fn a_hash_that_was_made_gives_its_numbers_back() {
        let crc = |numbers: [u64; 4]| numbers.into_iter().fold(u32::MAX, forth);
        let make = |numbers: [u64; 4], edge_crc: u32| {
            ((u64::from(crc(numbers)) << EDGE_BITS).wrapping_add(u64::from(edge_crc))) & HASH_BITS
        };
        for (selects, calls, operations, outside, tree) in
            [(0, 0, 0, 1, 1), (5, 2, 1, 40, 71), (44, 0, 3, 900, 1300), (0, 9, 0, 12, 30)]
        {
            for edge_crc in [0x0000_0001, 0xffff_ffff, 0x8bad_f00d] {
                let edges = outside + tree;
                let hash = make([selects, calls, operations, edges], edge_crc);
                let found = numbers(hash, selects + outside, calls, operations);
                assert_eq!(found.map(|found| (found.selects, found.edges)), Some((selects, edges)));
                let known = found.expect("found");
                // The same edges, one more call, two operations less or more, another select.
                for other in [[selects, calls + 1, operations], [selects + 1, calls, operations + 2]] {
                    let [a, b, c] = other;
                    let hash = make([a, b, c, edges], edge_crc);
                    assert_eq!(edges_of(hash), u64::from(edge_crc) & 0xfff_ffff);
                    let found = numbers_like(hash, &known).expect("found");
                    assert_eq!([found.selects, found.indirect_calls, found.memory_operations], other);
                }
            }
        }
    }
}
