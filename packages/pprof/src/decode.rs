//! profile.proto → [`Profile`]: the tables in one pass, what refers to them in later ones, so that
//! every reference is looked up once and only what is there is allocated for.

use crate::error::Error;
use crate::gzip;
use crate::profile::{Function, Line, Location, Mapping, NONE, Profile, ValueType};
use crate::refuse::refuse;
use crate::wire::{Bytes, Field};
use std::collections::HashMap;

/// Reads a pprof profile, gzipped or plain, and checks that it is whole.
///
/// `max_bytes` bounds what it may unpack to, and with it time and memory.
///
/// # Errors
/// If the bytes are no pprof profile, a damaged one, or a larger one.
pub fn read(bytes: &[u8], max_bytes: u64) -> Result<Profile, Error> {
    refuse(bytes)?;
    // Indices have 32 bits, and no list has more items than the file has bytes.
    let unpacked = gzip::unpack(bytes, max_bytes.min(NONE.into()))?;
    refuse(&unpacked)?;
    Decoder::new(&unpacked).and_then(|decoder| decoder.decode()).map_err(|error| text_or(&unpacked, error))
}

/// What cannot be decoded and looks like text is called that.
fn text_or(bytes: &[u8], error: Error) -> Error {
    let start = bytes.get(..bytes.len().min(512)).unwrap_or_default();
    let printable = start.iter().all(|&byte| byte >= b' ' || byte.is_ascii_whitespace());
    if !printable {
        return error;
    }
    let text = String::from_utf8_lossy(start);
    Error::Text { begins: crate::error::shortened(text.trim_start()) }
}

struct Decoder<'a> {
    bytes: &'a [u8],
    /// Where each string of the string table is.
    table: Vec<(u32, u32)>,
    /// Where each of them is in the profile's strings, once it was asked for: a long one is looked at once.
    kept: Vec<Option<u32>>,
    /// Where texts are in the profile's strings.
    texts: HashMap<&'a str, u32>,
    functions: HashMap<u64, u32>,
    locations: HashMap<u64, u32>,
    mappings: HashMap<u64, u32>,
    profile: Profile,
}

impl<'a> Decoder<'a> {
    fn new(bytes: &'a [u8]) -> Result<Decoder<'a>, Error> {
        let mut table = Vec::new();
        for field in Bytes::whole(bytes) {
            let field = field?;
            if field.number == 6 {
                let text = field.bytes()?;
                if table.is_empty() && !text.bytes.is_empty() {
                    return Err(Error::damaged("the first string is not empty", field.at));
                }
                table.push((text.at as u32, text.bytes.len() as u32));
            }
        }
        if table.is_empty() {
            return Err(Error::damaged("there are no strings", bytes.len()));
        }
        let kept = vec![None; table.len()];
        let (texts, functions, locations, mappings) = Default::default();
        Ok(Decoder { bytes, table, kept, texts, functions, locations, mappings, profile: Profile::default() })
    }

    fn decode(mut self) -> Result<Profile, Error> {
        for field in Bytes::whole(self.bytes) {
            let field = field?;
            match field.number {
                1 => {
                    let kind = self.value_type(&field)?;
                    self.profile.sample_types.push(kind);
                }
                3 => self.mapping(&field)?,
                5 => self.function(&field)?,
                7 | 8 | 14 => self.check_string(&field)?,
                9 => self.profile.time_nanos = field.signed()?,
                10 => self.profile.duration_nanos = field.signed()?,
                11 => self.profile.period_type = Some(self.value_type(&field)?),
                12 => self.profile.period = field.signed()?,
                13 => self.comments(&field)?,
                _ => {}
            }
        }
        for (number, each) in [(4, Decoder::location as fn(&mut Self, &Field<'a>) -> _), (2, Decoder::sample)]
        {
            for field in Bytes::whole(self.bytes) {
                let field = field?;
                if field.number == number {
                    each(&mut self, &field)?;
                }
            }
        }
        Ok(self.profile)
    }

    /// The string that an index into the string table means.
    fn text(&self, index: u64, at: usize) -> Result<&'a str, Error> {
        let range = usize::try_from(index).ok().and_then(|index| self.table.get(index));
        let Some(&(start, length)) = range else {
            return Err(Error::reference("no string has number", index, at));
        };
        let (start, length) = (start as usize, length as usize);
        let bytes = self.bytes.get(start..start + length).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|_| Error::damaged("a name is not UTF-8", start))
    }

    fn check_string(&self, field: &Field<'_>) -> Result<(), Error> {
        let index = field.unsigned()?;
        if index < self.table.len() as u64 {
            Ok(())
        } else {
            Err(Error::reference("no string has number", index, field.at))
        }
    }

    /// Index of a string in the profile's strings, where each is once and none is empty.
    fn keep(&mut self, index: u64, at: usize) -> Result<u32, Error> {
        let slot = usize::try_from(index).unwrap_or(usize::MAX);
        if let Some(&Some(kept)) = self.kept.get(slot) {
            return Ok(kept);
        }
        let text = self.text(index, at)?;
        let strings = &mut self.profile.strings;
        let kept = match text.is_empty() {
            true => NONE,
            false => *self.texts.entry(text).or_insert_with(|| {
                strings.push(text.to_owned());
                strings.len() as u32 - 1
            }),
        };
        if let Some(slot) = self.kept.get_mut(slot) {
            *slot = Some(kept);
        }
        Ok(kept)
    }

    fn value_type(&mut self, field: &Field<'a>) -> Result<ValueType, Error> {
        let (mut kind, mut unit) = (0, 0);
        for field in field.bytes()? {
            let field = field?;
            match field.number {
                1 => kind = field.unsigned()?,
                2 => unit = field.unsigned()?,
                _ => {}
            }
        }
        Ok(ValueType { kind: self.keep(kind, field.at)?, unit: self.keep(unit, field.at)? })
    }

    fn comments(&mut self, field: &Field<'a>) -> Result<(), Error> {
        field.integers(|index| {
            let comment = self.keep(index, field.at)?;
            self.profile.comments.push(comment);
            Ok(())
        })
    }

    fn mapping(&mut self, field: &Field<'a>) -> Result<(), Error> {
        let [mut id, mut start, mut limit, mut offset, mut file, mut build_id] = [0; 6];
        for field in field.bytes()? {
            let field = field?;
            match field.number {
                1 => id = field.unsigned()?,
                2 => start = field.unsigned()?,
                3 => limit = field.unsigned()?,
                4 => offset = field.unsigned()?,
                5 => file = field.unsigned()?,
                6 => build_id = field.unsigned()?,
                7..=10 => drop(field.unsigned()?),
                _ => {}
            }
        }
        let [file, build_id] = [self.keep(file, field.at)?, self.keep(build_id, field.at)?];
        let index = self.profile.mappings.len() as u32;
        self.profile.mappings.push(Mapping { start, limit, offset, file, build_id });
        known(&mut self.mappings, id, index, "two mappings have number", field.at)
    }

    fn function(&mut self, field: &Field<'a>) -> Result<(), Error> {
        let (mut id, mut name, mut file, mut start_line) = (0, 0, 0, 0);
        for field in field.bytes()? {
            let field = field?;
            match field.number {
                1 => id = field.unsigned()?,
                2 => name = field.unsigned()?,
                3 => self.check_string(&field)?,
                4 => file = field.unsigned()?,
                5 => start_line = field.signed()?,
                _ => {}
            }
        }
        let [name, file] = [self.keep(name, field.at)?, self.keep(file, field.at)?];
        self.profile.functions.push(Function { name, file, start_line });
        let index = self.profile.functions.len() as u32 - 1;
        known(&mut self.functions, id, index, "two functions have number", field.at)
    }

    fn location(&mut self, field: &Field<'a>) -> Result<(), Error> {
        let (mut id, mut location) = (0, Location { address: 0, mapping: NONE, lines_end: 0 });
        for field in field.bytes()? {
            let field = field?;
            match field.number {
                1 => id = field.unsigned()?,
                // Go takes a number without a mapping for none.
                2 => location.mapping = self.mappings.get(&field.unsigned()?).copied().unwrap_or(NONE),
                3 => location.address = field.unsigned()?,
                4 => self.line(&field)?,
                _ => {}
            }
        }
        location.lines_end = self.profile.lines.len() as u32;
        let index = self.profile.locations.len() as u32;
        self.profile.locations.push(location);
        known(&mut self.locations, id, index, "two locations have number", field.at)
    }

    fn line(&mut self, field: &Field<'a>) -> Result<(), Error> {
        let (mut id, mut line) = (0, Line { function: NONE, line: 0 });
        for field in field.bytes()? {
            let field = field?;
            match field.number {
                1 => id = field.unsigned()?,
                2 => line.line = field.signed()?,
                _ => {}
            }
        }
        if id != 0 {
            let function = self.functions.get(&id);
            line.function =
                *function.ok_or_else(|| Error::reference("no function has number", id, field.at))?;
        }
        self.profile.lines.push(line);
        Ok(())
    }

    fn sample(&mut self, field: &Field<'a>) -> Result<(), Error> {
        let before = self.profile.values.len();
        for field in field.bytes()? {
            let field = field?;
            match field.number {
                1 => field.integers(|id| {
                    let location = self.locations.get(&id);
                    let missing = || Error::reference("no location has number", id, field.at);
                    self.profile.stacks.push(*location.ok_or_else(missing)?);
                    Ok(())
                })?,
                2 => field.integers(|value| {
                    self.profile.values.push(value.cast_signed());
                    Ok(())
                })?,
                3 => self.label(&field)?,
                _ => {}
            }
        }
        if self.profile.sample_types.is_empty() {
            return Err(Error::damaged("there are samples but no sample types", field.at));
        }
        if self.profile.values.len() - before != self.profile.sample_types.len() {
            return Err(Error::damaged("a sample has more or fewer values than there are types", field.at));
        }
        self.profile.samples.push(self.profile.stacks.len() as u32);
        Ok(())
    }

    fn label(&self, field: &Field<'a>) -> Result<(), Error> {
        for field in field.bytes()? {
            let field = field?;
            match field.number {
                1 | 2 => self.check_string(&field)?,
                3 => drop(field.unsigned()?),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Remembers a number, which must be new.
fn known(
    numbers: &mut HashMap<u64, u32>,
    id: u64,
    index: u32,
    twice: &'static str,
    at: usize,
) -> Result<(), Error> {
    if id == 0 {
        return Err(Error::damaged("a mapping, function or location has number 0", at));
    }
    match numbers.insert(id, index) {
        None => Ok(()),
        Some(_) => Err(Error::reference(twice, id, at)),
    }
}
