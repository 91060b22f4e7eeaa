//! Calls among arm64 instructions, each of which has four bytes.
//!
//! Source: the Arm architecture reference manual, C6.2: BL, BLR, LDR (immediate, unsigned offset).

use crate::bytes::u32_at;
use crate::decode::{Instruction, What};

/// The instruction at the start of `code`.
pub(crate) fn decode(code: &[u8]) -> Option<Instruction> {
    let word = u32_at(code, 0)?;
    let register = |shift: u32| (word >> shift & 31) as u8;
    let what = if word >> 26 == 0b10_0101 {
        // 26 bits with a sign, in instructions.
        What::Call(i64::from((word << 6).cast_signed() >> 4))
    } else if word & 0xffff_fc1f == 0xd63f_0000 {
        What::CallRegister(register(5))
    } else if word >> 22 == 0b11_1110_0101 {
        What::Load { register: register(0), from: Some((register(5), (word >> 10 & 0xfff) as i32 * 8)) }
    } else {
        What::Other
    };
    Some(Instruction { length: 4, what })
}
