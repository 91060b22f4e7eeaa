//! Writes packed profiles.

use super::name::{self, Parts};
use super::wire::{DIGEST_BYTES, END, kind};
use super::wire::{put_blob, put_bytes, put_number, put_size};
use crate::error::Error;
use crate::format::ValueKind;
use crate::format::{PACKED_MAGIC, PACKED_VERSION};
use crate::profile::{Function, Profile};
use std::collections::{BTreeSet, HashMap};

/// Least bytes of text in a chunk: smaller ones pack badly.
const CHUNK_MIN: usize = 4_000;
/// Most bytes of text before a chunk ends without being told to.
const CHUNK_MAX: usize = 64_000;
/// One path in so many ends a chunk that is large enough. A path adds some 50 bytes, so that chunks
/// have some 16 kB.
const CHUNK_PATHS: u64 = 240;

/// A function and its name.
struct Row<'a> {
    function: Function<'a>,
    name: Parts<'a>,
}

/// What distinguishes functions of one CFG hash from those of another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Shape {
    cfg_hash: u64,
    counters: usize,
    sites: [usize; ValueKind::ALL.len()],
    bitmap: usize,
}

impl Profile {
    /// The profile in the packed format, for version control: lossless, and the same bytes for the
    /// same profile everywhere.
    ///
    /// # Errors
    /// [`Error::Packed`] if deflate fails, which it does not.
    pub fn to_packed(&self) -> Result<Vec<u8>, Error> {
        let mut rows: Vec<Row<'_>> = self
            .functions()
            .map(|function| Row { function, name: name::split(function.name_bytes()) })
            .collect();
        rows.sort_by(|a, b| {
            a.name.cmp(&b.name).then_with(|| a.function.cfg_hash().cmp(&b.function.cfg_hash()))
        });
        let mut body = Vec::new();
        put_bytes(&mut body, &head(self));
        put_bytes(&mut body, &vtables(self)?);
        let (prefixes, prefix_of) = prefixes(&rows)?;
        put_bytes(&mut body, &prefixes);
        put_bytes(&mut body, &prefix_of);
        let mut functions = Functions::default();
        functions.write(&rows)?;
        put_bytes(&mut body, &functions.chunks);
        put_bytes(&mut body, &functions.cfg_hashes);
        put_bytes(&mut body, &functions.digits);
        let mut counts = Counts::default();
        rows.iter().enumerate().for_each(|(at, row)| counts.write(at, &row.function));
        counts.append(&mut body)?;

        let mut file = Vec::with_capacity(body.len() + 32);
        file.extend_from_slice(&PACKED_MAGIC);
        file.extend_from_slice(&PACKED_VERSION.to_le_bytes());
        let digest: [u8; DIGEST_BYTES] = md5::compute(&body).0;
        file.extend_from_slice(&digest);
        file.extend_from_slice(&body);
        Ok(file)
    }
}

fn head(profile: &Profile) -> Vec<u8> {
    let mut head = Vec::new();
    put_number(&mut head, profile.variant().bits() >> 32);
    put_size(&mut head, profile.binary_ids().len());
    profile.binary_ids().for_each(|id| put_bytes(&mut head, id));
    head
}

fn vtables(profile: &Profile) -> Result<Vec<u8>, Error> {
    let mut names = Vec::new();
    profile.vtable_names().for_each(|name| put_bytes(&mut names, name));
    blob(&names)
}

fn blob(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut section = Vec::new();
    put_blob(&mut section, bytes)?;
    Ok(section)
}

/// The prefixes, and each row's position in them.
fn prefixes(rows: &[Row<'_>]) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let prefixes: BTreeSet<&[u8]> = rows.iter().map(|row| row.name.prefix).collect();
    let mut text = Vec::new();
    prefixes.iter().for_each(|prefix| put_bytes(&mut text, prefix));
    let positions: HashMap<&[u8], usize> =
        prefixes.into_iter().enumerate().map(|(at, prefix)| (prefix, at)).collect();
    let mut column = Vec::new();
    for row in rows {
        put_size(&mut column, positions.get(row.name.prefix).copied().unwrap_or_default());
    }
    Ok((blob(&text)?, blob(&column)?))
}

/// The sections that say which functions there are.
#[derive(Default)]
struct Functions {
    chunks: Vec<u8>,
    cfg_hashes: Vec<u8>,
    digits: Vec<u8>,
}

/// The chunk that is being written.
#[derive(Default)]
struct Chunk {
    rows: usize,
    text: Vec<u8>,
    kinds: Vec<u8>,
    shared: Vec<u8>,
    shapes: Vec<u8>,
    known: HashMap<Shape, usize>,
}

impl Functions {
    fn write(&mut self, rows: &[Row<'_>]) -> Result<(), Error> {
        let mut chunk = Chunk::default();
        let mut before: Option<&Parts<'_>> = None;
        for Row { function, name } in rows {
            if before.is_some_and(|before| before.path != name.path) && chunk.ends_before(&name.path) {
                self.finish(&std::mem::take(&mut chunk))?;
                before = None;
            }
            let kind = match before {
                Some(before) if before.path != name.path => kind::PATH,
                Some(before) if before.digits != name.digits => kind::DIGITS,
                Some(_) => kind::SAME,
                None => kind::PATH,
            };
            if kind == kind::PATH {
                chunk.write_path(&name.path, before.map_or(&[], |before| &before.path));
            }
            if kind != kind::SAME {
                self.digits.extend(name.digits.into_iter().flatten());
            }
            chunk.kinds.push(kind);
            chunk.rows += 1;
            self.write_shape(&mut chunk, function);
            before = Some(name);
        }
        self.finish(&chunk)
    }

    fn write_shape(&mut self, chunk: &mut Chunk, function: &Function<'_>) {
        let shape = Shape {
            cfg_hash: function.cfg_hash(),
            counters: function.counts().len(),
            sites: ValueKind::ALL.map(|kind| function.site_count(kind)),
            bitmap: function.bitmap().len(),
        };
        let next = chunk.known.len() + 1;
        let number = *chunk.known.entry(shape).or_insert(next);
        if number != next {
            put_size(&mut chunk.shapes, number);
            return;
        }
        put_size(&mut chunk.shapes, 0);
        put_size(&mut chunk.shapes, shape.counters);
        shape.sites.iter().for_each(|sites| put_size(&mut chunk.shapes, *sites));
        put_size(&mut chunk.shapes, shape.bitmap);
        self.cfg_hashes.extend_from_slice(&shape.cfg_hash.to_le_bytes());
    }

    fn finish(&mut self, chunk: &Chunk) -> Result<(), Error> {
        if chunk.rows == 0 {
            return Ok(());
        }
        put_size(&mut self.chunks, chunk.rows);
        put_blob(&mut self.chunks, &chunk.text)?;
        // Apart from the text: other bytes are frequent in it.
        put_blob(&mut self.chunks, &[&chunk.kinds[..], &chunk.shared, &chunk.shapes].concat())
    }
}

impl Chunk {
    /// Whether a path begins another chunk.
    fn ends_before(&self, path: &[u8]) -> bool {
        let size = self.text.len() + self.shared.len();
        size > CHUNK_MAX || size >= CHUNK_MIN && fnv1a(path).is_multiple_of(CHUNK_PATHS)
    }

    fn write_path(&mut self, path: &[u8], before: &[u8]) {
        let shared = path.iter().zip(before).take_while(|(a, b)| a == b).count();
        put_size(&mut self.shared, shared);
        self.text.extend_from_slice(path.get(shared..).unwrap_or_default());
        self.text.push(END);
    }
}

/// The 64-bit FNV-1a hash, folded: its low bits alone are poor.
fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, step);
    hash >> 32 ^ hash & 0xffff_ffff
}

/// The sections that a refresh changes.
#[derive(Default)]
struct Counts {
    live: Vec<u8>,
    not_zero: Vec<u8>,
    counters: Vec<u8>,
    bitmaps: Vec<u8>,
    values: Vec<u8>,
    value_counts: Vec<u8>,
}

impl Counts {
    fn write(&mut self, row: usize, function: &Function<'_>) {
        let live = function.counts().iter().any(|count| *count != 0)
            || function.bitmap().iter().any(|byte| *byte != 0)
            || ValueKind::ALL.into_iter().any(|kind| !function.site_pairs(kind).is_empty());
        if row.is_multiple_of(8) {
            self.live.push(0);
        }
        if let Some(byte) = self.live.last_mut().filter(|_| live) {
            *byte |= 1 << (row % 8);
        }
        if !live {
            return;
        }
        for counts in function.counts().chunks(8) {
            let bits = counts.iter().enumerate().filter(|(_, count)| **count != 0);
            self.not_zero.push(bits.fold(0, |byte, (bit, _)| byte | 1 << bit));
        }
        for count in function.counts().iter().filter(|count| **count != 0) {
            put_number(&mut self.counters, *count);
        }
        self.bitmaps.extend_from_slice(function.bitmap());
        for kind in ValueKind::ALL {
            function.sites(kind).for_each(|site| self.write_site(kind, site));
        }
    }

    fn write_site(&mut self, kind: ValueKind, site: &[(u64, u64)]) {
        put_size(&mut self.values, site.len());
        for (value, count) in site {
            match kind {
                ValueKind::MemOpSize => put_number(&mut self.values, *value),
                _ => self.values.extend_from_slice(&value.to_le_bytes()),
            }
            put_number(&mut self.value_counts, *count);
        }
    }

    fn append(&self, body: &mut Vec<u8>) -> Result<(), Error> {
        put_bytes(body, &self.live);
        put_bytes(body, &self.not_zero);
        put_bytes(body, &self.counters);
        put_bytes(body, &blob(&self.bitmaps)?);
        put_bytes(body, &self.values);
        put_bytes(body, &self.value_counts);
        Ok(())
    }
}
