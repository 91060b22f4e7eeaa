//! Goes through the code of a function and finds its calls.

use crate::image::Arch;
use crate::pcvalue::Runs;
use crate::{amd64, arm64};

/// An instruction, as far as calls need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub(crate) length: usize,
    pub(crate) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A call at that distance from the instruction's start.
    Call(i64),
    /// A call of the address in a register.
    CallRegister(u8),
    /// A call of the address in memory, at a distance from a register.
    CallMemory(Option<(u8, i32)>),
    /// An address may be loaded into a register.
    Load {
        register: u8,
        from: Option<(u8, i32)>,
    },
    Other,
}

/// What a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Address(u64),
    Interface,
    Value,
}

/// Stack pointers, which say nothing about what was stored there.
const STACK: [(Arch, u8); 2] = [(Arch::Amd64, 4), (Arch::Arm64, 31)];
/// Methods stand in a table behind the interface, the type, and a hash: `abi.ITab`.
const METHODS: i32 = 24;

/// Calls `found` with the distance of each call from the function's entry, and its target.
///
/// Where an instruction is not known, it goes on at the next position that the table of lines names.
pub(crate) fn calls(arch: Arch, code: &[u8], entry: u64, lines: &Runs, mut found: impl FnMut(u32, Target)) {
    let mut loads: [Option<(u8, i32)>; 32] = [None; 32];
    let mut at = 0;
    while let Some(rest) = code.get(at..).filter(|rest| !rest.is_empty()) {
        let Ok(distance) = u32::try_from(at) else { return };
        let decoded = match arch {
            Arch::Amd64 => amd64::decode(rest),
            Arch::Arm64 => arm64::decode(rest),
        };
        let Some(Instruction { length, what }) = decoded else {
            let Some(next) = lines.end_after(distance) else { return };
            at = next as usize;
            continue;
        };
        match what {
            What::Call(to) => {
                found(distance, Target::Address(entry.wrapping_add(at as u64).wrapping_add_signed(to)))
            }
            What::CallRegister(register) => {
                let from = loads.get(usize::from(register)).copied().flatten();
                found(distance, indirect(arch, from));
            }
            What::CallMemory(from) => found(distance, indirect(arch, from)),
            What::Load { register, from } => {
                if let Some(load) = loads.get_mut(usize::from(register)) {
                    *load = from;
                }
            }
            What::Other => {}
        }
        at += length;
    }
}

/// An address out of an interface's table is a method; all else is called as a function value.
fn indirect(arch: Arch, from: Option<(u8, i32)>) -> Target {
    match from {
        Some((base, distance)) if distance >= METHODS && !STACK.contains(&(arch, base)) => Target::Interface,
        _ => Target::Value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(code: &[u8]) -> Vec<Target> {
        let mut found = Vec::new();
        calls(Arch::Amd64, code, 0, &Runs::default(), |_, target| found.push(target));
        found
    }

    #[test]
    fn what_was_stored_on_the_stack_is_no_method() {
        // MOVQ 24(AX), CX and MOVQ 24(SP), CX before CALL CX.
        assert_eq!(targets(&[0x48, 0x8b, 0x48, 0x18, 0xff, 0xd1]), [Target::Interface]);
        assert_eq!(targets(&[0x48, 0x8b, 0x4c, 0x24, 0x18, 0xff, 0xd1]), [Target::Value]);
    }

    #[test]
    fn it_goes_on_where_a_line_begins() {
        let mut lines = Runs::default();
        // From three on there is another line.
        lines.read(&[0, 2, 3, 2, 8, 0], 1, 1, 11);
        let code = [0x06, 0x06, 0x06, 0xff, 0xd1];
        let mut found = Vec::new();
        calls(Arch::Amd64, &code, 0, &lines, |at, target| found.push((at, target)));
        assert_eq!(found, [(3, Target::Value)]);
        assert_eq!(targets(&code), []);
    }
}
