//! Reads packed profiles. A fault anywhere refuses the whole file: it is under version control,
//! where the whole one can be had.

use super::columns::{self, Row, Rows, Sections, Shape};
use super::counts::{CountSections, RowCounts};
use super::wire::DIGEST_BYTES;
use super::wire::{Budget, Input};
use crate::bytes::{ByteOrder, WORD};
use crate::error::Error;
use crate::format::{Format, NAME_SEPARATOR, Variant};
use crate::format::{PACKED_MAGIC, PACKED_VERSION};
use crate::names::name_hash;
use crate::policy::Policy;
use crate::report::{FileReport, LossKind, ValueData};
use crate::store::{Store, sum_words};

/// Adds a packed file to a store, `weight` times.
///
/// # Errors
/// [`Error::PackedVersion`] and [`Error::Packed`]. The store is unchanged then.
pub(crate) fn add(file: &[u8], store: &mut Store, weight: u64, policy: &Policy) -> Result<FileReport, Error> {
    let mut budget = Budget(policy.max_count_bytes);
    let opened = open(body_of(file)?, policy, &mut budget)?;
    let Opened { head, rows, .. } = &opened;
    // Once to see that all of it can be read, once to add it.
    let mut check = RowCounts::new(&opened.counts);
    for (at, row) in rows.rows.iter().enumerate() {
        budget.take(expanded_bytes(&row.shape))?;
        check.read(at, &row.shape)?;
    }
    check.end(rows.rows.len())?;

    let mut report = FileReport::new(Format::Packed);
    report.version = u64::from(PACKED_VERSION);
    report.variant = head.variant;
    report.profiles = 1;
    store.note_variant(head.variant);
    store.binary_ids.extend(head.binary_ids.iter().cloned());
    for name in &head.vtable_names {
        store.names.learn(name_hash(name), name);
        store.vtable_names.insert(name.clone());
    }
    let counters = rows.rows.iter().map(|row| row.shape.counters as usize).sum();
    store.reserve(rows.rows.len(), counters);
    let mut counts = RowCounts::new(&opened.counts);
    for (at, row) in rows.rows.iter().enumerate() {
        counts.read(at, &row.shape)?;
        add_row(row, rows, &counts, store, weight, &mut report);
    }
    Ok(report)
}

fn add_row(
    row: &Row,
    rows: &Rows,
    counts: &RowCounts<'_>,
    store: &mut Store,
    weight: u64,
    report: &mut FileReport,
) {
    let name = rows.names.get(row.name_at..row.name_at + row.name_len).unwrap_or_default();
    let hash = name_hash(name);
    store.names.learn(hash, name);
    let record = counts.record(hash, row.shape.cfg_hash);
    let added = store.add(&record, weight, None, &|_, value| value);
    if added.sites_mismatch {
        report.lose(LossKind::Values, 1, 0);
    }
    if !record.values.is_empty() {
        report.value_data = ValueData::Complete;
    }
    report.functions += 1;
    report.weight = report.weight.saturating_add(sum_words(&counts.words, ByteOrder::Little));
}

/// What follows the checksum, if the checksum fits it.
fn body_of(file: &[u8]) -> Result<&[u8], Error> {
    let mut input = Input::new(file);
    input.take(PACKED_MAGIC.len())?;
    let version = ByteOrder::Little.u32(input.take(4)?, 0).unwrap_or_default();
    if version != PACKED_VERSION {
        return Err(Error::PackedVersion { found: version });
    }
    let digest = input.take(DIGEST_BYTES)?;
    let body = file.get(PACKED_MAGIC.len() + 4 + DIGEST_BYTES..).unwrap_or_default();
    if md5::compute(body).0 != digest {
        return Err(Error::Packed("its checksum is another one"));
    }
    Ok(body)
}

/// What is not of one function.
struct Head {
    variant: Variant,
    binary_ids: Vec<Vec<u8>>,
    vtable_names: Vec<Vec<u8>>,
}

/// A packed file, all but the counts read.
struct Opened<'a> {
    head: Head,
    rows: Rows,
    counts: CountSections<'a>,
}

fn open<'a>(body: &'a [u8], policy: &Policy, budget: &mut Budget) -> Result<Opened<'a>, Error> {
    let mut names_budget = Budget(policy.max_name_bytes);
    let mut body = Input::new(body);
    let mut section = || body.bytes().map(Input::new);
    let head = read_head(section()?, section()?, &mut names_budget)?;
    let sections = Sections {
        prefixes: section()?,
        prefix_of: section()?,
        functions: section()?,
        cfg_hashes: section()?,
        digits: section()?,
    };
    let rows = columns::read(sections, &mut names_budget, budget)?;
    let (live, not_zero, counters) = (section()?, section()?, section()?);
    let (mut bitmaps, values, value_counts) = (section()?, section()?, section()?);
    let counts =
        CountSections { live, not_zero, counters, bitmaps: bitmaps.blob(budget)?, values, value_counts };
    bitmaps.end()?;
    body.end()?;
    Ok(Opened { head, rows, counts })
}

fn read_head(mut head: Input<'_>, mut vtables: Input<'_>, budget: &mut Budget) -> Result<Head, Error> {
    let variant = Variant::of_version(u64::from(head.u32()?) << 32);
    if !variant.has(Variant::IR) {
        return Err(Error::FrontEnd);
    }
    let ids = head.number()?;
    let mut binary_ids = Vec::new();
    for _ in 0..ids {
        binary_ids.push(head.bytes()?.to_vec());
    }
    head.end()?;
    let names = vtables.blob(budget)?;
    vtables.end()?;
    let mut names = Input::new(&names);
    let mut vtable_names = Vec::new();
    while !names.is_empty() {
        let name = names.bytes()?;
        if name.is_empty() || name.contains(&NAME_SEPARATOR) {
            return Err(Error::Packed("the name of a vtable is none"));
        }
        vtable_names.push(name.to_vec());
    }
    Ok(Head { variant, binary_ids, vtable_names })
}

/// Bytes that a row's counters, sites and bitmap take, whatever the file has of them.
fn expanded_bytes(shape: &Shape) -> u64 {
    let sites: u64 = shape.sites.iter().map(|sites| u64::from(*sites)).sum();
    u64::from(shape.counters) * WORD as u64 + sites + u64::from(shape.bitmap)
}
