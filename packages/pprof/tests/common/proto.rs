//! Made-up profiles, written by hand so that reader and writer are not tested by each other.

/// A profile.proto that grows.
#[derive(Debug, Clone)]
pub struct Proto {
    pub bytes: Vec<u8>,
    strings: u64,
    functions: u64,
    locations: u64,
}

pub fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A message of integer fields, zeroes too.
pub fn message(fields: &[(u64, u64)]) -> Vec<u8> {
    let mut out = Vec::new();
    for &(field, number) in fields {
        varint(&mut out, field << 3);
        varint(&mut out, number);
    }
    out
}

impl Proto {
    /// A profile of samples/count every 10 ms.
    pub fn new() -> Proto {
        Proto::of(&[("samples", "count")], ("cpu", "nanoseconds"))
    }

    pub fn of(types: &[(&str, &str)], period: (&str, &str)) -> Proto {
        let mut proto = Proto { bytes: Vec::new(), strings: 0, functions: 0, locations: 0 };
        proto.string("");
        for (field, &(kind, unit)) in types.iter().map(|value| (1, value)).chain([(11, &period)]) {
            let value = message(&[(1, proto.string(kind)), (2, proto.string(unit))]);
            proto.field(field, &value);
        }
        proto.bytes.extend(message(&[(12, 10_000_000)]));
        proto
    }

    pub fn field(&mut self, number: u64, bytes: &[u8]) {
        varint(&mut self.bytes, number << 3 | 2);
        varint(&mut self.bytes, bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    pub fn string(&mut self, text: &str) -> u64 {
        self.field(6, text.as_bytes());
        self.strings += 1;
        self.strings - 1
    }

    pub fn function(&mut self, name: &str, start_line: i64) -> u64 {
        let name = self.string(name);
        self.functions += 1;
        self.field(5, &message(&[(1, self.functions), (2, name), (5, start_line as u64)]));
        self.functions
    }

    /// Lines are functions (0 for none) with line numbers, innermost first.
    pub fn location(&mut self, address: u64, lines: &[(u64, i64)]) -> u64 {
        self.locations += 1;
        let mut location = message(&[(1, self.locations), (3, address)]);
        for &(function, line) in lines {
            let line = message(&[(1, function), (2, line as u64)]);
            varint(&mut location, 4 << 3 | 2);
            varint(&mut location, line.len() as u64);
            location.extend(line);
        }
        self.field(4, &location);
        self.locations
    }

    /// Locations from the leaf.
    pub fn sample(&mut self, stack: &[u64], values: &[i64]) {
        let stack = stack.iter().map(|&location| (1, location));
        let fields: Vec<(u64, u64)> = stack.chain(values.iter().map(|&value| (2, value as u64))).collect();
        self.field(2, &message(&fields));
    }

    /// A sample of `caller`, on line `line` of it, that calls `callee`; both begin on line 10.
    pub fn call(&mut self, caller: &str, line: i64, callee: &str, weight: i64) {
        let (caller, callee) = (self.function(caller, 10), self.function(callee, 10));
        let address = self.locations + 1;
        let leaf = self.location(address, &[(callee, 11)]);
        let call = self.location(address + 1, &[(caller, line)]);
        self.sample(&[leaf, call], &[weight]);
    }
}
