//! Reads raw profiles: what an instrumented program writes when it ends.
//!
//! Tolerant as an operator would be: counters that are there are kept, whatever else is missing;
//! what had to be left out is in the report.

mod data;
mod header;
mod image;
mod symbols;

pub(crate) use data::{Data, DataLayout};

use crate::bytes::{ByteOrder, WORD, align_word, index};
use crate::error::Error;
use crate::format::{Format, ValueKind, Variant};
use crate::name_table::NameTable;
use crate::names;
use crate::policy::Policy;
use crate::record::{Counts, Record, Values};
use crate::report::{FileReport, LossKind, ValueData};
use crate::store::Store;
use crate::value;
use header::Header;
use image::{CountsFault, Image};
use std::cell::OnceCell;
use symbols::Symbols;

/// Bytes of packed names from which on a thread of their own pays.
const WORTH_A_THREAD: usize = 64 << 10;

/// Adds a raw file to a store, `weight` times. `slots` remembers where the last file's records
/// went; a further file of the same program finds its own there. With `helper`, a second thread may
/// be used.
///
/// # Errors
/// If not one counter of the file can be read. The store is unchanged then.
pub(crate) fn add(
    file: &[u8],
    store: &mut Store,
    slots: &mut Vec<u32>,
    weight: u64,
    policy: &Policy,
    helper: bool,
) -> Result<FileReport, Error> {
    let mut report = FileReport::new(Format::Raw);
    let mut images = Images { file, at: 0, order: Header::order(file)? };
    let mut next_slot = 0;
    let mut first = Some(Image::read(file, 0)?);
    while let Some(image) = first.take().or_else(|| images.next(&mut report)) {
        let reading = Reading {
            file,
            image: &image,
            store,
            slots,
            first_slot: next_slot,
            next_slot,
            weight,
            policy,
            helper,
        };
        (images.at, next_slot) = reading.add(&mut report);
    }
    slots.truncate(next_slot);
    Ok(report)
}

/// Finds the profiles of a file, one after the other.
struct Images<'a> {
    file: &'a [u8],
    at: usize,
    order: ByteOrder,
}

impl<'a> Images<'a> {
    /// The next profile. Zeros between profiles are padding; other bytes are searched for the next
    /// header, and reported.
    fn next(&mut self, report: &mut FileReport) -> Option<Image<'a>> {
        let mut lost = 0_usize;
        loop {
            let rest = self.file.get(self.at..)?;
            let zeros = rest.iter().position(|byte| *byte != 0).unwrap_or(rest.len());
            self.at = self.at.max((self.at + zeros) / WORD * WORD);
            let rest = self.file.get(self.at..).filter(|rest| !rest.is_empty());
            let Some(rest) = rest.filter(|rest| rest.iter().any(|byte| *byte != 0)) else {
                self.report_lost(lost, report);
                return None;
            };
            let same_order = Header::order(rest).is_ok_and(|order| order == self.order);
            if same_order && let Ok(image) = Image::read(self.file, self.at) {
                self.report_lost(lost, report);
                return Some(image);
            }
            let step = rest.len().min(WORD);
            lost += step;
            self.at += step;
        }
    }

    fn report_lost(&self, lost: usize, report: &mut FileReport) {
        if lost > 0 {
            let read = self.file.len().saturating_sub(lost).max(1);
            let weight = estimate(report.weight, lost, read);
            report.lose(LossKind::TrailingBytes, 0, weight);
        }
    }
}

/// What `lost` bytes weigh if `kept` bytes weigh `weight`.
pub(crate) fn estimate(weight: u128, lost: usize, kept: usize) -> u128 {
    if kept == 0 { 0 } else { weight.saturating_mul(lost as u128) / kept as u128 }
}

/// One profile being added.
struct Reading<'s, 'a> {
    file: &'a [u8],
    image: &'s Image<'a>,
    store: &'s mut Store,
    slots: &'s mut Vec<u32>,
    first_slot: usize,
    next_slot: usize,
    weight: u64,
    policy: &'s Policy,
    helper: bool,
}

impl<'a> Reading<'_, 'a> {
    /// Adds the profile. Returns the byte of the file after it, and the next record's slot.
    fn add(mut self, report: &mut FileReport) -> (usize, usize) {
        let header = &self.image.header;
        report.version = header.version;
        report.variant = report.variant.with(header.variant);
        report.profiles += 1;
        self.store.note_variant(header.variant);
        let records = index(header.records).unwrap_or(0);
        self.store.reserve(records, self.image.counters_present() / WORD);
        self.add_binary_ids();
        let weight_before = report.weight;
        let (at, unnamed) = self.add_records_and_names(report);
        self.add_names(unnamed);
        if header.variant.has(Variant::TEMPORAL) {
            report.lose(LossKind::TemporalTraces, 0, 0);
        }
        let missing = self.image.counters_declared - self.image.counters_present();
        if missing > 0 {
            let weight = report.weight - weight_before;
            report.lose(LossKind::CutOff, 0, estimate(weight, missing, self.image.counters_present()));
        }
        (at, self.next_slot)
    }

    fn add_binary_ids(&mut self) {
        let (ids, order) = (self.image.binary_ids, self.image.order());
        let mut at = 0;
        while let Some(length) = order.u64(ids, at).and_then(index) {
            at += WORD;
            let Some(id) = at.checked_add(length).and_then(|end| ids.get(at..end)) else {
                return;
            };
            if !id.is_empty() {
                self.store.binary_ids.insert(id.to_vec());
            }
            let Some(next) = align_word(at + length) else {
                return;
            };
            at = next;
        }
    }

    /// Adds the functions. Returns the byte after the value data, and whether a name is missing.
    fn add_records(&mut self, report: &mut FileReport) -> (usize, bool) {
        let image = self.image;
        let symbols = OnceCell::new();
        let resolve = |kind, value| symbols.get_or_init(|| Symbols::of(image)).resolve(kind, value);
        let mut values = ValuesCursor::new(self.file, image);
        let mut unnamed = false;
        for (position, data) in image.records().enumerate() {
            let function_values = values.next(&data);
            let counts = match image.counts(position, &data) {
                Ok(counts) => counts,
                Err(CountsFault::CutOff) => {
                    report.lose(LossKind::CutOff, 1, 0);
                    continue;
                }
                Err(CountsFault::Malformed) => {
                    report.lose(LossKind::MalformedRecord, 1, 0);
                    continue;
                }
            };
            let (weight, possible) = weigh(&counts, self.policy.max_counter);
            if !possible {
                report.lose(LossKind::ImpossibleCounter, 1, weight);
                continue;
            }
            let record = Record {
                name_hash: data.name_hash(),
                cfg_hash: data.cfg_hash(),
                counts,
                bitmap: image.bitmap(position, &data),
                values: function_values,
            };
            let guess = self.slots.get(self.next_slot).copied();
            let added = self.store.add(&record, self.weight, guess, &resolve);
            match self.slots.get_mut(self.next_slot) {
                Some(slot) => *slot = added.slot,
                None => self.slots.push(added.slot),
            }
            self.next_slot += 1;
            unnamed |= !added.named;
            report.functions += 1;
            report.weight = report.weight.saturating_add(weight);
            if added.sites_mismatch {
                report.lose(LossKind::Values, 1, 0);
            }
        }
        values.report(report);
        (values.at, unnamed)
    }

    /// Adds the functions, and the names beside them if there is a thread for it and no file
    /// brought any so far. Returns what `add_records` does.
    fn add_records_and_names(&mut self, report: &mut FileReport) -> (usize, bool) {
        let (names, policy) = (self.image.names, self.policy);
        if !self.helper || !self.store.names.is_empty() || names.len() < WORTH_A_THREAD {
            return self.add_records(report);
        }
        let (added, mut table) = std::thread::scope(|scope| {
            let helper = scope.spawn(|| {
                let mut table = NameTable::default();
                learn(names, policy, &mut table);
                table
            });
            let added = self.add_records(report);
            (added, helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        self.store.names.absorb(&mut table);
        self.refresh_names();
        added
    }

    /// Reads the names only if one is missing: all files of a program have the same.
    fn add_names(&mut self, unnamed: bool) {
        if unnamed && !self.all_named() {
            learn(self.image.names, self.policy, &mut self.store.names);
            self.refresh_names();
        }
        let store = &mut *self.store;
        let _ = names::unpack(self.image.vtable_names, self.policy, &mut |name| {
            store.names.learn(names::name_hash(name), name);
            store.vtable_names.insert(name.to_vec());
        });
    }

    fn own_slots(&self) -> &[u32] {
        self.slots.get(self.first_slot..self.next_slot).unwrap_or_default()
    }

    fn all_named(&self) -> bool {
        let named =
            |slot: &u32| self.store.entries.get(*slot as usize).is_some_and(|entry| entry.name.is_some());
        self.own_slots().iter().all(named)
    }

    fn refresh_names(&mut self) {
        let slots = self.slots.get(self.first_slot..self.next_slot);
        self.store.refresh_names(slots.unwrap_or_default());
    }
}

/// Learns the names of a section. A fault in it shows as functions without a name, at the end;
/// another file of the same program may have them.
fn learn(section: &[u8], policy: &Policy, table: &mut NameTable) {
    let _ = names::unpack(section, policy, &mut |name| table.learn(names::name_hash(name), name));
}

/// The sum of the counters that can be right, and whether all can.
fn weigh(counts: &Counts<'_>, max: u64) -> (u128, bool) {
    let (mut sum, mut high, mut all) = (0_u64, 0_u128, true);
    counts.for_each(|count| {
        if count > max {
            all = false;
        } else {
            let (low, carry) = sum.overflowing_add(count);
            sum = low;
            high += u128::from(carry);
        }
    });
    ((high << u64::BITS) + u128::from(sum), all)
}

/// Walks the value data beside the records.
struct ValuesCursor<'a> {
    file: &'a [u8],
    order: ByteOrder,
    at: usize,
    expected: u64,
    read: u64,
    broken: bool,
}

impl<'a> ValuesCursor<'a> {
    fn new(file: &'a [u8], image: &Image<'a>) -> ValuesCursor<'a> {
        let at = image.values_at;
        ValuesCursor { file, order: image.order(), at, expected: 0, read: 0, broken: false }
    }

    /// The values of the next record.
    fn next(&mut self, data: &Data<'_>) -> Values<'a> {
        if !data.has_sites() {
            return Values::default();
        }
        self.expected += 1;
        if self.broken {
            return Values::default();
        }
        let rest = self.file.get(self.at..).unwrap_or_default();
        match value::read(rest, self.order) {
            // The sites are declared twice; where the two differ this is no value data.
            Ok((values, bytes)) if agrees(&values, data) => {
                self.at += bytes;
                self.read += 1;
                values
            }
            _ => {
                self.broken = true;
                Values::default()
            }
        }
    }

    fn report(&self, report: &mut FileReport) {
        if self.expected == 0 {
            return;
        }
        let missing = self.expected - self.read;
        let found = match (self.read, missing) {
            (_, 0) => ValueData::Complete,
            (0, _) => ValueData::Missing,
            _ => ValueData::Partial,
        };
        report.value_data = match (report.value_data, found) {
            (ValueData::None, found) => found,
            (before, found) if before == found => before,
            _ => ValueData::Partial,
        };
        if missing > 0 {
            report.lose(LossKind::Values, missing, 0);
        }
    }
}

fn agrees(values: &Values<'_>, data: &Data<'_>) -> bool {
    ValueKind::ALL.into_iter().all(|kind| values.get(kind).lengths.len() == data.sites(kind))
}
