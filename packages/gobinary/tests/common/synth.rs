//! A program with three functions, one of which is inlined, written by hand: small enough for millions of mutations.

/// Address of the file's first byte.
pub const BASE: u64 = 0x40_0000;

const NAMES: &[u8] = b"main.caller\0main.callee\0main.inlined\0";
const FILES: &[u8] = b"/home/a/main.go\0";
const CALLEE: u32 = 12;
const INLINED: u32 = 24;

/// Code of the caller: a call of the callee, one through an interface, one of a function value, padding.
const CALLER_CODE: [u8; 16] = [
    0xe8, 11, 0, 0, 0, // CALL 16
    0x48, 0x8b, 0x48, 0x18, // MOVQ 24(AX), CX
    0xff, 0xd1, // CALL CX
    0xff, 0xd2, // CALL DX
    0xc3, 0xcc, 0xcc,
];
const CALLEE_CODE: [u8; 16] = [0xc3; 16];

#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn here(&self) -> u64 {
        self.0.len() as u64
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn words(&mut self, words: &[u64]) {
        words.iter().for_each(|word| self.bytes(&word.to_le_bytes()));
    }

    fn numbers(&mut self, numbers: &[u32]) {
        numbers.iter().for_each(|number| self.bytes(&number.to_le_bytes()));
    }

    fn align(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(8), 0);
    }
}

/// A table of values by program counter: differences, lengths, and a zero at the end.
fn runs(runs: &[(i32, u8)]) -> Vec<u8> {
    let mut table = Vec::new();
    for (change, length) in runs {
        table.extend([((change << 1) ^ (change >> 31)) as u8, *length]);
    }
    table.push(0);
    table
}

/// The ELF file.
pub fn program() -> Vec<u8> {
    let mut values = vec![0];
    let mut table = |content: &[(i32, u8)]| {
        let at = values.len() as u32;
        values.extend(runs(content));
        at
    };
    // Lines 11 to 13 of the caller, of which 12 is the position of the inlined call; line 31 is the inlined one's.
    let (file, lines, index) =
        (table(&[(1, 16)]), table(&[(12, 5), (1, 4), (18, 2), (-18, 5)]), table(&[(0, 9), (1, 2), (-1, 5)]));
    let callee_lines = table(&[(22, 16)]);
    let mut out = Out::default();
    out.0.resize(128, 0);
    let text = out.here();
    out.bytes(&CALLER_CODE);
    out.bytes(&CALLEE_CODE);
    let header = out.here();
    let parts = [72, 112, 120, 136, 136 + (values.len() as u64).next_multiple_of(8)];
    out.bytes(&[0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8]);
    out.words(&[2, 1, 0]);
    out.words(&parts);
    out.bytes(NAMES);
    out.align();
    out.numbers(&[0]);
    out.align();
    out.bytes(FILES);
    out.bytes(&values);
    out.align();
    let functions = out.here();
    // Entries: two functions and the end.
    out.numbers(&[0, 24, 16, 96, 32, 0]);
    out.numbers(&[0, 0, 0, 0, 0, file, lines, 3, 0, 10]);
    out.bytes(&[0, 0, 0, 4]);
    out.numbers(&[0, 0, index, u32::MAX, u32::MAX, u32::MAX, 0]);
    out.numbers(&[16, CALLEE, 0, 0, 0, file, callee_lines, 0, 0, 20]);
    out.bytes(&[21, 0, 0, 0]);
    let length = out.here() - functions;
    out.align();
    let gofunc = out.here();
    // One inlined call, at the instruction with distance 5.
    out.numbers(&[0, INLINED, 5, 30]);
    let data = out.here();
    let part = |number: usize, length: u64| [BASE + header + parts[number], length, length];
    out.words(&[BASE + header]);
    out.words(&part(0, NAMES.len() as u64));
    out.words(&part(1, 1));
    out.words(&part(2, FILES.len() as u64));
    out.words(&part(3, values.len() as u64));
    out.words(&part(4, length));
    out.words(&[BASE + functions, 3, 3, 0, BASE + text, BASE + text + 32, BASE + text, BASE + text + 32]);
    while out.here() < data + 40 * 8 {
        out.words(&[0]);
    }
    out.words(&[BASE + gofunc]);
    while out.here() < data + 60 * 8 {
        out.words(&[0]);
    }
    let headers = headers(out.here());
    out.0[..128].copy_from_slice(&headers);
    out.0
}

/// One segment that has the whole file.
fn headers(size: u64) -> [u8; 128] {
    let mut out = Out::default();
    out.bytes(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    out.bytes(&[2, 0, 62, 0, 1, 0, 0, 0]);
    out.words(&[BASE + 128, 64, 0]);
    out.bytes(&[0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 0, 0, 0, 0]);
    out.bytes(&[1, 0, 0, 0, 7, 0, 0, 0]);
    out.words(&[0, BASE, BASE, size, size, 0x1000]);
    out.align();
    out.0.resize(128, 0);
    out.0.try_into().unwrap()
}
