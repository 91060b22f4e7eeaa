//! Made-up raw profiles, of any version and byte order: for versions that no tool at hand writes
//! and for programs of any size.

use honing_profdata::{ByteOrder, name_hash};

/// A function of a made-up program.
#[derive(Debug, Clone, Default)]
pub struct Function {
    pub name: String,
    pub cfg_hash: u64,
    pub counts: Vec<u64>,
    pub bitmap: Vec<u8>,
    /// Indirect calls: per site the positions of called functions (`None`: an unknown one), counts.
    pub calls: Vec<Vec<(Option<usize>, u64)>>,
    /// Memory operations: per site sizes and counts.
    pub sizes: Vec<Vec<(u64, u64)>>,
    /// Virtual calls: per site positions of vtables and counts; from version 10.
    pub vtables: Vec<Vec<(usize, u64)>>,
}

/// How a made-up profile is written.
#[derive(Debug, Clone)]
pub struct Shape {
    pub version: u64,
    pub order: ByteOrder,
    pub vtables: Vec<String>,
    pub binary_id: Vec<u8>,
    pub packed_names: bool,
    /// Value data left out, as continuous mode does it.
    pub continuous: bool,
    /// Address of the first function.
    pub base: u64,
}

impl Default for Shape {
    fn default() -> Self {
        Shape {
            version: 10,
            order: ByteOrder::Little,
            vtables: Vec::new(),
            binary_id: Vec::new(),
            packed_names: true,
            continuous: false,
            base: 0x0040_0000,
        }
    }
}

const VARIANT_IR: u64 = 1 << 56;
const MAGIC: u64 = 0xff6c_7072_6f66_7281;
const COUNTERS_DELTA: u64 = 0x0001_0000;
const BITMAP_DELTA: u64 = 0x0090_0000;
const VTABLES_AT: u64 = 0x7000_0000;

struct Out<'s> {
    bytes: Vec<u8>,
    shape: &'s Shape,
}

impl Out<'_> {
    fn u64(&mut self, word: u64) {
        let big = self.shape.order == ByteOrder::Big;
        self.bytes.extend(if big { word.to_be_bytes() } else { word.to_le_bytes() });
    }
    fn u32(&mut self, word: u32) {
        let big = self.shape.order == ByteOrder::Big;
        self.bytes.extend(if big { word.to_be_bytes() } else { word.to_le_bytes() });
    }
    fn u16(&mut self, word: u16) {
        let big = self.shape.order == ByteOrder::Big;
        self.bytes.extend(if big { word.to_be_bytes() } else { word.to_le_bytes() });
    }
    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
    }
}

fn uleb(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn names<'a>(names: impl Iterator<Item = &'a str>, packed: bool) -> Vec<u8> {
    let joined = names.collect::<Vec<_>>().join("\u{1}");
    let mut out = Vec::new();
    uleb(&mut out, joined.len());
    if packed {
        use std::io::Write as _;
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        zlib.write_all(joined.as_bytes()).unwrap();
        let bytes = zlib.finish().unwrap();
        uleb(&mut out, bytes.len());
        out.extend(bytes);
    } else {
        out.push(0);
        out.extend(joined.as_bytes());
    }
    out
}

/// Writes a raw profile.
pub fn raw(functions: &[Function], shape: &Shape) -> Vec<u8> {
    let mut out = Out { bytes: Vec::new(), shape };
    let function_names = names(functions.iter().map(|f| f.name.as_str()), shape.packed_names);
    let vtable_names = match shape.vtables.is_empty() {
        true => Vec::new(),
        false => names(shape.vtables.iter().map(String::as_str), shape.packed_names),
    };
    let version = shape.version;
    let bitmaps: usize = functions.iter().map(|f| f.bitmap.len()).sum();
    let bitmap_padding = bitmaps.next_multiple_of(8) - bitmaps;
    header(&mut out, functions, function_names.len(), vtable_names.len());
    if !shape.binary_id.is_empty() {
        out.u64(shape.binary_id.len() as u64);
        out.bytes.extend(&shape.binary_id);
        out.pad();
    }
    data(&mut out, functions);
    functions.iter().flat_map(|f| &f.counts).for_each(|count| out.u64(*count));
    if version >= 9 {
        functions.iter().for_each(|f| out.bytes.extend(&f.bitmap));
        out.bytes.resize(out.bytes.len() + bitmap_padding, 0);
    }
    if version >= 11 {
        out.u64(4242); // The uniform counter.
    }
    out.bytes.extend(function_names);
    out.pad();
    if version >= 10 {
        for (at, name) in shape.vtables.iter().enumerate() {
            out.u64(name_hash(name.as_bytes()));
            out.u64(VTABLES_AT + 32 * at as u64);
            out.u32(24);
            out.u32(0);
        }
        out.bytes.extend(vtable_names);
        out.pad();
    }
    if !shape.continuous {
        functions.iter().for_each(|function| values(&mut out, function));
    }
    out.bytes
}

fn header(out: &mut Out<'_>, functions: &[Function], names: usize, vtable_names: usize) {
    let shape = out.shape;
    let counters: usize = functions.iter().map(|f| f.counts.len()).sum();
    let bitmaps: usize = functions.iter().map(|f| f.bitmap.len()).sum();
    let id_bytes = match shape.binary_id.len() {
        0 => 0,
        length => 8 + length.next_multiple_of(8),
    };
    out.u64(MAGIC);
    out.u64(shape.version | VARIANT_IR);
    out.u64(id_bytes as u64);
    out.u64(functions.len() as u64);
    out.u64(0);
    out.u64(counters as u64);
    out.u64(0);
    if shape.version >= 9 {
        out.u64(bitmaps as u64);
        out.u64((bitmaps.next_multiple_of(8) - bitmaps) as u64);
    }
    if shape.version >= 11 {
        [1, 0, 77].into_iter().for_each(|word| out.u64(word)); // One uniform counter.
    }
    out.u64(names as u64);
    out.u64(COUNTERS_DELTA);
    if shape.version >= 9 {
        out.u64(BITMAP_DELTA);
    }
    out.u64(0x1234);
    if shape.version >= 10 {
        out.u64(shape.vtables.len() as u64);
        out.u64(vtable_names as u64);
    }
    out.u64(if shape.version >= 10 { 2 } else { 1 });
}

fn data(out: &mut Out<'_>, functions: &[Function]) {
    let version = out.shape.version;
    let size: u64 = match version {
        8 => 48,
        11 => 72,
        _ => 64,
    };
    let (mut counters, mut bitmap) = (0_u64, 0_u64);
    for (at, function) in functions.iter().enumerate() {
        let here = size * at as u64;
        out.u64(name_hash(function.name.as_bytes()));
        out.u64(function.cfg_hash);
        out.u64((COUNTERS_DELTA + counters).wrapping_sub(here));
        if version >= 11 {
            out.u64(0);
        }
        if version >= 9 {
            out.u64((BITMAP_DELTA + bitmap).wrapping_sub(here));
        }
        out.u64(out.shape.base + 16 * at as u64);
        out.u64(0);
        out.u32(function.counts.len() as u32);
        out.u16(function.calls.len() as u16);
        out.u16(function.sizes.len() as u16);
        if version >= 10 {
            out.u16(function.vtables.len() as u16);
        }
        if version >= 11 {
            out.u16(64);
        }
        if version == 10 || version == 11 {
            // The bitmap's length is aligned to four bytes.
            out.bytes.resize(out.bytes.len().next_multiple_of(4), 0);
        }
        if version >= 9 {
            out.u32(function.bitmap.len() as u32);
        }
        out.pad();
        counters += 8 * function.counts.len() as u64;
        bitmap += function.bitmap.len() as u64;
    }
}

fn values(out: &mut Out<'_>, function: &Function) {
    let base = out.shape.base;
    let target = |at: &Option<usize>| at.map_or(0xdead_0000, |at| base + 16 * at as u64);
    let calls: Vec<Vec<(u64, u64)>> =
        function.calls.iter().map(|site| site.iter().map(|(at, n)| (target(at), *n)).collect()).collect();
    let vtable = |(at, n): &(usize, u64)| (VTABLES_AT + 32 * *at as u64 + 16, *n);
    let vtables: Vec<Vec<(u64, u64)>> =
        function.vtables.iter().map(|site| site.iter().map(vtable).collect()).collect();
    let mut kinds = vec![calls, function.sizes.clone()];
    if out.shape.version >= 10 {
        kinds.push(vtables);
    }
    let used = kinds.iter().filter(|sites| !sites.is_empty()).count();
    if used == 0 {
        return;
    }
    let size = |sites: &Vec<Vec<(u64, u64)>>| {
        8 + sites.len().next_multiple_of(8) + 16 * sites.iter().map(Vec::len).sum::<usize>()
    };
    let total: usize = 8 + kinds.iter().filter(|sites| !sites.is_empty()).map(size).sum::<usize>();
    out.u32(total as u32);
    out.u32(used as u32);
    for (kind, sites) in kinds.iter().enumerate().filter(|(_, sites)| !sites.is_empty()) {
        out.u32(kind as u32);
        out.u32(sites.len() as u32);
        sites.iter().for_each(|site| out.bytes.push(site.len() as u8));
        out.pad();
        for (value, count) in sites.iter().flatten() {
            out.u64(*value);
            out.u64(*count);
        }
    }
}

/// A sequence of numbers that looks random and is always the same (xorshift64*).
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Numbers {
        Numbers(seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15))
    }

    /// The next number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

/// A made-up program with that many functions; `run` varies the counts. The names, the numbers of
/// counters and of sites are like those of a Rust program: one function in three ran.
pub fn program(functions: usize, run: u64) -> Vec<Function> {
    let mut fixed = Numbers::new(1);
    let mut varying = Numbers::new(run + 2);
    let all = functions as u64;
    let function = |at: usize| {
        let counters = 1 + fixed.below(8) * fixed.below(5);
        let ran = fixed.below(3) == 0;
        let hash = format!("{:016x}", name_hash(&at.to_le_bytes()));
        let mut count = |most: u64| if ran { varying.below(most) } else { 0 };
        let counts = (0..counters).map(|_| count(1 << 20)).collect();
        let (call_sites, size_sites) = (fixed.below(6) / 4, fixed.below(4) / 2);
        let targets = (0..call_sites).map(|_| match ran {
            true => vec![(Some((at * 7 + 3) % functions), 5 + varying.below(99)), (None, 3)],
            false => Vec::new(),
        });
        let targets = targets.collect();
        let shape_hash = fixed.below(1 << 30);
        let sizes = (0..size_sites).map(|_| match ran {
            true => vec![(fixed.below(9), 4 + varying.below(9)), (9 + fixed.below(all), 1)],
            false => Vec::new(),
        });
        Function {
            name: format!("_ZN9synthetic6module{}8function17h{hash}E", at % 97),
            cfg_hash: 0x0100_0000_0000_0000 | shape_hash << 8 | counters,
            counts,
            bitmap: Vec::new(),
            sizes: sizes.collect(),
            calls: targets,
            vtables: Vec::new(),
        }
    };
    (0..functions).map(function).collect()
}
