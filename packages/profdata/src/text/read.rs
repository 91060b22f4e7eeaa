//! Reads text profiles. A fault anywhere refuses the whole file, with its line: text is written by
//! tools and edited by people, and half of an edit is no profile.

use crate::bytes::{ByteOrder, WORD};
use crate::error::Error;
use crate::format::{EXTERNAL_SYMBOL, Format, MAX_VALUES_PER_SITE, NAME_SEPARATOR, ValueKind, Variant};
use crate::names::name_hash;
use crate::record::{Bitmap, Counts, Record, Sites, Values};
use crate::report::{FileReport, LossKind, ValueData};
use crate::store::{Store, sum_words};
use std::cmp::Reverse;

/// Longest part of a line that an error repeats, in bytes.
const SHOWN: usize = 60;

/// Adds a text file to a store, `weight` times.
///
/// # Errors
/// [`Error::Text`] with the line. The store is unchanged then.
pub(crate) fn add(file: &[u8], store: &mut Store, weight: u64) -> Result<FileReport, Error> {
    // Once to see that all of it can be read, once to add it.
    Parser::new(file).parse(&mut Check)?;
    let mut report = FileReport::new(Format::Text);
    report.profiles = 1;
    let mut adder = Adder { store, weight, report: &mut report };
    Parser::new(file).parse(&mut adder)?;
    Ok(report)
}

/// Takes what the parser reads.
trait Take {
    fn header(&mut self, variant: Variant, traces: bool);
    fn function(&mut self, function: &Scratch<'_>);
}

struct Check;

impl Take for Check {
    fn header(&mut self, _: Variant, _: bool) {}
    fn function(&mut self, _: &Scratch<'_>) {}
}

struct Adder<'s> {
    store: &'s mut Store,
    weight: u64,
    report: &'s mut FileReport,
}

impl Take for Adder<'_> {
    fn header(&mut self, variant: Variant, traces: bool) {
        self.report.variant = variant;
        self.store.note_variant(variant);
        if traces {
            self.report.lose(LossKind::TemporalTraces, 0, 0);
        }
    }

    fn function(&mut self, function: &Scratch<'_>) {
        let name_hash = name_hash(function.name);
        self.store.names.learn(name_hash, function.name);
        for (kind, target) in &function.targets {
            self.store.names.learn(crate::names::name_hash(target), target);
            if *kind == ValueKind::VtableTarget {
                self.store.vtable_names.insert(target.to_vec());
            }
        }
        let record = function.record(name_hash);
        let added = self.store.add(&record, self.weight, None, &|_, value| value);
        if added.sites_mismatch {
            self.report.lose(LossKind::Values, 1, 0);
        }
        if !record.values.is_empty() {
            self.report.value_data = ValueData::Complete;
        }
        self.report.functions += 1;
        self.report.weight += sum_words(&function.counts, ByteOrder::Little);
    }
}

/// One function, in the bytes that the indexed format would have; used for one after the other.
#[derive(Default)]
struct Scratch<'a> {
    name: &'a [u8],
    cfg_hash: u64,
    counts: Vec<u8>,
    bitmap: Vec<u8>,
    /// Values of each site and the pairs, by kind.
    sites: [(Vec<u8>, Vec<u8>); ValueKind::ALL.len()],
    /// Names that occur as values.
    targets: Vec<(ValueKind, &'a [u8])>,
}

impl Scratch<'_> {
    fn record(&self, name_hash: u64) -> Record<'_> {
        let mut values = Values::default();
        for (kind, (lengths, pairs)) in ValueKind::ALL.into_iter().zip(&self.sites) {
            values.set(kind, Sites { lengths, pairs, order: ByteOrder::Little });
        }
        Record {
            name_hash,
            cfg_hash: self.cfg_hash,
            counts: Counts::Words(&self.counts, ByteOrder::Little),
            bitmap: Bitmap::Bytes(&self.bitmap),
            values,
        }
    }
}

/// The lines that are neither blank nor a comment, with their numbers.
struct Parser<'a> {
    rest: &'a [u8],
    line: u64,
    /// The next line, if it was looked at already.
    peeked: Option<Option<&'a [u8]>>,
}

impl<'a> Parser<'a> {
    fn new(file: &'a [u8]) -> Parser<'a> {
        Parser { rest: file, line: 0, peeked: None }
    }

    fn peek(&mut self) -> Option<&'a [u8]> {
        if let Some(peeked) = self.peeked {
            return peeked;
        }
        let mut found = None;
        while found.is_none() && !self.rest.is_empty() {
            let end = self.rest.iter().position(|byte| *byte == b'\n');
            let (line, after) = match end {
                Some(end) => (self.rest.get(..end), self.rest.get(end + 1..)),
                None => (Some(self.rest), None),
            };
            self.rest = after.unwrap_or_default();
            self.line += 1;
            let line = line.unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            found = Some(line).filter(|line| !line.is_empty() && !line.starts_with(b"#"));
        }
        self.peeked = Some(found);
        found
    }

    fn take(&mut self, what: &'static str) -> Result<&'a [u8], Error> {
        let line = self.peek().ok_or_else(|| self.fault(what, b"the end of the file"))?;
        self.peeked = None;
        Ok(line)
    }

    fn fault(&self, what: &'static str, found: &[u8]) -> Error {
        let shown = found.get(..found.len().min(SHOWN)).unwrap_or_default();
        Error::Text { line: self.line, what, found: String::from_utf8_lossy(shown).into_owned() }
    }

    fn number(&mut self, what: &'static str) -> Result<u64, Error> {
        let line = self.take(what)?;
        number(line).ok_or_else(|| self.fault(what, line))
    }

    /// Reads the whole file. Nothing is allocated by a declared number, only by lines that are
    /// there.
    fn parse(mut self, take: &mut dyn Take) -> Result<(), Error> {
        let (variant, traces) = self.header()?;
        if !variant.has(Variant::IR) {
            let first = self.peek().unwrap_or_default();
            return Err(self.fault("`:ir` or `:csir` first (a front end's profile has neither)", first));
        }
        take.header(variant, traces);
        let mut scratch = Scratch::default();
        while self.peek().is_some() {
            self.function(&mut scratch)?;
            take.function(&scratch);
        }
        Ok(())
    }

    fn header(&mut self) -> Result<(Variant, bool), Error> {
        let (mut variant, mut traces) = (Variant::default(), false);
        while let Some(flag) = self.peek().and_then(|line| line.strip_prefix(b":")) {
            self.peeked = None;
            let flag_name = String::from_utf8_lossy(flag).to_ascii_lowercase();
            variant = match flag_name.as_str() {
                "ir" => variant.with(Variant::IR),
                "csir" => variant.with(Variant::IR).with(Variant::CONTEXT_SENSITIVE),
                "fe" => variant,
                "entry_first" => variant.with(Variant::ENTRY_FIRST),
                "not_entry_first" => variant.without(Variant::ENTRY_FIRST),
                "instrument_loop_entries" => variant.with(Variant::LOOP_ENTRIES),
                "single_byte_coverage" => variant.with(Variant::BYTE_COVERAGE),
                "temporal_prof_traces" => {
                    self.skip_traces()?;
                    traces = true;
                    variant
                }
                _ => return Err(self.fault("a known `:` flag", flag)),
            };
        }
        Ok((variant, traces))
    }

    fn skip_traces(&mut self) -> Result<(), Error> {
        let traces = self.number("the number of traces")?;
        self.number("the number of traces seen")?;
        for _ in 0..traces {
            self.number("a trace's weight")?;
            self.take("a trace's functions")?;
        }
        Ok(())
    }

    fn function(&mut self, scratch: &mut Scratch<'a>) -> Result<(), Error> {
        scratch.name = self.take("a function's name")?;
        scratch.cfg_hash = self.number("a CFG hash")?;
        let counters = self.number("a number of counters")?;
        if counters == 0 {
            return Err(self.fault("a number of counters above zero", b"0"));
        }
        scratch.counts.clear();
        for _ in 0..counters {
            let count = self.number("a counter")?;
            scratch.counts.extend_from_slice(&count.to_le_bytes());
        }
        self.bitmap(scratch)?;
        self.values(scratch)
    }

    fn bitmap(&mut self, scratch: &mut Scratch<'a>) -> Result<(), Error> {
        scratch.bitmap.clear();
        let Some(length) = self.peek().and_then(|line| line.strip_prefix(b"$")) else {
            return Ok(());
        };
        self.peeked = None;
        let length = number(length).ok_or_else(|| self.fault("a number of bitmap bytes", length))?;
        for _ in 0..length {
            let line = self.take("a bitmap byte")?;
            let byte = number(line).and_then(|byte| u8::try_from(byte).ok());
            scratch.bitmap.push(byte.ok_or_else(|| self.fault("a bitmap byte", line))?);
        }
        Ok(())
    }

    fn values(&mut self, scratch: &mut Scratch<'a>) -> Result<(), Error> {
        scratch.targets.clear();
        for (lengths, pairs) in &mut scratch.sites {
            lengths.clear();
            pairs.clear();
        }
        // The next function's name stands here where there are no values.
        let Some(kinds) = self.peek().filter(|line| line.iter().all(u8::is_ascii_digit)).and_then(number)
        else {
            return Ok(());
        };
        self.take("a number of value kinds")?;
        if kinds == 0 || kinds > ValueKind::ALL.len() as u64 {
            return Err(self.fault("1, 2 or 3 value kinds", kinds.to_string().as_bytes()));
        }
        for _ in 0..kinds {
            let line = self.number("a value kind")?;
            let kind = ValueKind::from_number(line)
                .ok_or_else(|| self.fault("value kind 0, 1 or 2", line.to_string().as_bytes()))?;
            for _ in 0..self.number("a number of sites")? {
                self.site(kind, scratch)?;
            }
        }
        Ok(())
    }

    fn site(&mut self, kind: ValueKind, scratch: &mut Scratch<'a>) -> Result<(), Error> {
        let length = self.number("a number of values")?;
        let mut site = Vec::new();
        for _ in 0..length {
            let line = self.take("a value and its count")?;
            let fault = || self.fault("a value and its count, `value:count`", line);
            let colon = line.iter().rposition(|byte| *byte == b':').ok_or_else(fault)?;
            let (value, count) = line.split_at_checked(colon).ok_or_else(fault)?;
            let count = count.get(1..).and_then(number).ok_or_else(fault)?;
            let value = if !kind.is_symbol() {
                number(value).ok_or_else(fault)?
            } else if value == EXTERNAL_SYMBOL.as_bytes() {
                0
            } else if value.is_empty() || value.contains(&NAME_SEPARATOR) {
                // Such a name could not be packed with others.
                return Err(self.fault("a name and its count, `name:count`", line));
            } else {
                scratch.targets.push((kind, value));
                name_hash(value)
            };
            site.push((value, count));
        }
        // More values than a site can have in other formats: the rarest go, as LLVM does it.
        site.sort_by_key(|(_, count)| Reverse(*count));
        site.truncate(MAX_VALUES_PER_SITE);
        if let Some((lengths, pairs)) = scratch.sites.get_mut(kind.slot()) {
            lengths.push(site.len() as u8);
            pairs.reserve(site.len() * 2 * WORD);
            for (value, count) in site {
                pairs.extend_from_slice(&value.to_le_bytes());
                pairs.extend_from_slice(&count.to_le_bytes());
            }
        }
        Ok(())
    }
}

/// A decimal number, or a hexadecimal one after `0x`.
fn number(line: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(line).ok()?;
    match line.strip_prefix("0x").or_else(|| line.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None if line.starts_with('+') => None,
        None => line.parse().ok(),
    }
}
