//! Lengths of amd64 instructions, and which of them call.
//!
//! Only that: no operands but those of calls and of loads of an address to call. Source: Intel's manual, volume 2,
//! chapter 2 and the opcode maps of appendix A. What Go's compiler and assembler never write is "unknown".

use crate::bytes::{i32_at, slice};
use crate::decode::{Instruction, What};

/// What the bytes before the opcode say.
#[derive(Default)]
struct Prefixes {
    operand_16: bool,
    address_32: bool,
    rex: u8,
}

/// Bytes that follow the opcode.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    modrm: bool,
    immediate: u8,
}

const fn plain(immediate: u8) -> Option<Shape> {
    Some(Shape { modrm: false, immediate })
}

const fn modrm(immediate: u8) -> Option<Shape> {
    Some(Shape { modrm: true, immediate })
}

/// The instruction at the start of `code`, or none if it is not known or cut off.
pub(crate) fn decode(code: &[u8]) -> Option<Instruction> {
    let mut prefixes = Prefixes::default();
    let mut at = 0;
    loop {
        match code.get(at)? {
            0x66 => prefixes.operand_16 = true,
            0x67 => prefixes.address_32 = true,
            0xf0 | 0xf2 | 0xf3 | 0x2e | 0x36 | 0x3e | 0x26 | 0x64 | 0x65 => {}
            _ => break,
        }
        at += 1;
        // No instruction is longer.
        if at > 14 {
            return None;
        }
    }
    if let Some(rex @ 0x40..=0x4f) = code.get(at) {
        prefixes.rex = *rex;
        at += 1;
    }
    let opcode = *code.get(at)?;
    at += 1;
    let (shape, one_byte) = match opcode {
        0x0f => {
            let second = *code.get(at)?;
            at += 1;
            let third = matches!(second, 0x38 | 0x3a);
            at += usize::from(third);
            (if third { modrm(u8::from(second == 0x3a)) } else { two_bytes(second) }, false)
        }
        0x62 | 0xc4 | 0xc5 => {
            let (map, opcode_at) = match opcode {
                0xc5 => (1, at + 1),
                0xc4 => (code.get(at)? & 0x1f, at + 2),
                _ => (code.get(at)? & 0x07, at + 3),
            };
            at = opcode_at + 1;
            (vector(map, *code.get(opcode_at)?), false)
        }
        _ => (one_byte(opcode, &prefixes, code.get(at).copied()), true),
    };
    finish(code, at, shape?, &prefixes, one_byte.then_some(opcode))
}

fn finish(
    code: &[u8],
    at: usize,
    shape: Shape,
    prefixes: &Prefixes,
    opcode: Option<u8>,
) -> Option<Instruction> {
    let operand = if shape.modrm { operand_length(code, at)? } else { 0 };
    let length = at + operand + usize::from(shape.immediate);
    slice(code, 0, length).filter(|bytes| bytes.len() <= 15)?;
    let what = match opcode {
        Some(0xe8) => What::Call(i64::from(i32_at(code, at)?) + length as i64),
        Some(0xff) if code.get(at)? >> 3 & 7 == 2 => called(code, at, prefixes)?,
        Some(0x8b) if prefixes.rex & 8 != 0 => loaded(code, at, prefixes)?,
        _ => What::Other,
    };
    Some(Instruction { length, what })
}

/// An indirect call: of a register, or of what stands in memory.
fn called(code: &[u8], at: usize, prefixes: &Prefixes) -> Option<What> {
    let byte = *code.get(at)?;
    if byte >> 6 == 3 {
        return Some(What::CallRegister((byte & 7) | (prefixes.rex & 1) << 3));
    }
    Some(What::CallMemory(memory(code, at, prefixes)?))
}

/// `MOVQ distance(base), register`.
fn loaded(code: &[u8], at: usize, prefixes: &Prefixes) -> Option<What> {
    let byte = *code.get(at)?;
    let register = (byte >> 3 & 7) | (prefixes.rex & 4) << 1;
    if byte >> 6 == 3 {
        return Some(What::Load { register, from: None });
    }
    Some(What::Load { register, from: memory(code, at, prefixes)? })
}

/// Base register and distance of an operand in memory; none if there is an index, or no base.
fn memory(code: &[u8], at: usize, prefixes: &Prefixes) -> Option<Option<(u8, i32)>> {
    let byte = *code.get(at)?;
    let mut base = byte & 7;
    let mut distance_at = at + 1;
    if base == 4 {
        let sib = *code.get(at + 1)?;
        // Four is "no index" without a bit in the prefix.
        if sib >> 3 & 7 != 4 || prefixes.rex & 2 != 0 {
            return Some(None);
        }
        base = sib & 7;
        distance_at += 1;
    }
    let distance = match byte >> 6 {
        0 if base == 5 => return Some(None),
        0 => 0,
        1 => i32::from((*code.get(distance_at)?).cast_signed()),
        _ => i32_at(code, distance_at)?,
    };
    Some(Some((base | (prefixes.rex & 1) << 3, distance)))
}

/// Length of the ModRM byte with what belongs to it.
fn operand_length(code: &[u8], at: usize) -> Option<usize> {
    let byte = *code.get(at)?;
    let (mode, base) = (byte >> 6, byte & 7);
    let mut length = 1;
    let mut wide = mode == 0 && base == 5;
    if mode != 3 && base == 4 {
        length += 1;
        wide = mode == 0 && code.get(at + 1)? & 7 == 5;
    }
    Some(
        length
            + match mode {
                1 => 1,
                2 => 4,
                _ if wide => 4,
                _ => 0,
            },
    )
}

fn one_byte(opcode: u8, prefixes: &Prefixes, next: Option<u8>) -> Option<Shape> {
    let wide = prefixes.rex & 8 != 0;
    let immediate = if prefixes.operand_16 && !wide { 2 } else { 4 };
    // TEST, the first of its group, has an immediate, and the others have none.
    let test = next.is_some_and(|byte| byte >> 4 & 3 == 0);
    match opcode {
        0x00..=0x3f => match opcode & 7 {
            0..=3 => modrm(0),
            4 => plain(1),
            5 => plain(immediate),
            _ => None,
        },
        0x50..=0x5f | 0x6c..=0x6f | 0x90..=0x99 | 0x9b..=0x9f | 0xa4..=0xa7 | 0xaa..=0xaf => plain(0),
        0xc3 | 0xc9 | 0xcb | 0xcc | 0xcf | 0xd7 | 0xec..=0xef | 0xf1 | 0xf4 | 0xf5 | 0xf8..=0xfd => plain(0),
        0x63 | 0x84..=0x8f | 0xd0..=0xd3 | 0xd8..=0xdf | 0xfe | 0xff => modrm(0),
        0x6a | 0x70..=0x7f | 0xa8 | 0xb0..=0xb7 | 0xcd | 0xe0..=0xe7 | 0xeb => plain(1),
        0x6b | 0x80 | 0x83 | 0xc0 | 0xc1 | 0xc6 => modrm(1),
        0x69 | 0x81 | 0xc7 => modrm(immediate),
        0x68 | 0xa9 => plain(immediate),
        0xe8 | 0xe9 => plain(4),
        0xa0..=0xa3 => plain(if prefixes.address_32 { 4 } else { 8 }),
        0xb8..=0xbf => plain(if wide { 8 } else { immediate }),
        0xc2 | 0xca => plain(2),
        0xc8 => plain(3),
        0xf6 => modrm(u8::from(test)),
        0xf7 => modrm(if test { immediate } else { 0 }),
        _ => None,
    }
}

fn two_bytes(opcode: u8) -> Option<Shape> {
    match opcode {
        0x04 | 0x0a | 0x0c | 0x24..=0x27 | 0x36 | 0x39..=0x3f => None,
        0x05..=0x09 | 0x0b | 0x0e | 0x30..=0x37 | 0x77 | 0xa0..=0xa2 | 0xa8..=0xaa | 0xc8..=0xcf => plain(0),
        0x80..=0x8f => plain(4),
        0x0f | 0x70..=0x73 | 0xa4 | 0xac | 0xba | 0xc2 | 0xc4..=0xc6 => modrm(1),
        _ => modrm(0),
    }
}

/// Vector instructions by opcode map.
fn vector(map: u8, opcode: u8) -> Option<Shape> {
    match (map, opcode) {
        (1, 0x77) => plain(0),
        (1, 0x70..=0x73 | 0xc2 | 0xc4..=0xc6) | (3, _) => modrm(1),
        (1 | 2 | 5 | 6, _) => modrm(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Instructions of which a wrong length would not be seen in every program.
    #[test]
    fn lengths() {
        let table: [(&str, &[u8]); 20] = [
            ("BTL $31, AX", &[0x0f, 0xba, 0xe0, 0x1f]),
            ("BTSQ $63, 8(SP)", &[0x48, 0x0f, 0xba, 0x6c, 0x24, 0x08, 0x3f]),
            ("VEXTRACTI128", &[0xc4, 0xe3, 0x7d, 0x39, 0xc1, 0x01]),
            ("SHRXL", &[0xc4, 0xe2, 0x7b, 0xf7, 0xc3]),
            ("VZEROUPPER", &[0xc5, 0xf8, 0x77]),
            ("VPSHUFD", &[0xc5, 0xfd, 0x70, 0xc0, 0x4e]),
            ("VMOVUPS 64(SP), Z0", &[0x62, 0xf1, 0x7c, 0x48, 0x10, 0x44, 0x24, 0x01]),
            ("VPTERNLOGD", &[0x62, 0xf3, 0x7d, 0x48, 0x25, 0xc0, 0xff]),
            ("PALIGNR", &[0x66, 0x0f, 0x3a, 0x0f, 0xc1, 0x08]),
            ("PSHUFB", &[0x66, 0x0f, 0x38, 0x00, 0xc1]),
            ("NOPW", &[0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00]),
            ("TESTB $5, (PC)", &[0xf6, 0x05, 0x01, 0x02, 0x03, 0x04, 0x05]),
            ("NEGL", &[0xf7, 0xd8]),
            ("TESTL", &[0xf7, 0xc0, 0x01, 0x02, 0x03, 0x04]),
            ("TESTW", &[0x66, 0xf7, 0xc0, 0x01, 0x02]),
            ("MOVL $, 128(SP)", &[0xc7, 0x84, 0x24, 0x80, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04]),
            ("MOVL 0(R8*4), AX", &[0x42, 0x8b, 0x04, 0x85, 0x00, 0x00, 0x00, 0x00]),
            ("MOVQ $, AX", &[0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8]),
            ("LOCK CMPXCHGQ", &[0xf0, 0x48, 0x0f, 0xb1, 0x11]),
            ("MOVL (AX), AX by 32 bits", &[0x67, 0x8b, 0x00]),
        ];
        for (name, bytes) in table {
            let followed = [bytes, &[0xcc; 15]].concat();
            assert_eq!(decode(&followed).map(|found| found.length), Some(bytes.len()), "{name}");
            for cut in 0..bytes.len() {
                assert_eq!(decode(&bytes[..cut]), None, "{name} cut to {cut}");
            }
        }
        assert_eq!(decode(&[0x06]), None);
        assert_eq!(decode(&[0x66; 20]), None);
    }

    #[test]
    fn calls_and_loads() {
        let what = |bytes: &[u8]| decode(bytes).map(|found| found.what);
        assert_eq!(what(&[0xe8, 0xfb, 0xff, 0xff, 0xff]), Some(What::Call(0)));
        assert_eq!(what(&[0x41, 0xff, 0xd4]), Some(What::CallRegister(12)));
        assert_eq!(what(&[0xff, 0x52, 0x20]), Some(What::CallMemory(Some((2, 32)))));
        let loaded = |register, from| Some(What::Load { register, from });
        assert_eq!(what(&[0x4d, 0x8b, 0x61, 0x18]), loaded(12, Some((9, 24))));
        assert_eq!(what(&[0x48, 0x8b, 0x4c, 0x24, 0x20]), loaded(1, Some((4, 32))));
        assert_eq!(what(&[0x4a, 0x8b, 0x4c, 0xe0, 0x20]), loaded(1, None));
        assert_eq!(what(&[0x48, 0x8b, 0x0d, 0, 0, 0, 0]), loaded(1, None));
    }
}
