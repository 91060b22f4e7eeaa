//! [`Profile`] → profile.proto. Numbers of mappings, functions and locations count from 1.

use crate::gzip;
use crate::profile::{NONE, Profile, ValueType};
use crate::wire::{put_bytes, put_number, put_row, put_signed};

/// The string table: which of the profile's strings it has, in which order, after the empty one.
struct Strings {
    numbers: Vec<Option<u64>>,
    table: Vec<u32>,
}

impl Strings {
    /// The number of a string, by its index in the profile.
    fn number(&mut self, index: u32) -> u64 {
        let Some(number) = self.numbers.get_mut(index as usize) else { return 0 };
        let table = &mut self.table;
        *number.get_or_insert_with(|| {
            table.push(index);
            table.len() as u64
        })
    }
}

/// The number that an index stands for in the file; 0 for none.
fn id(index: u32) -> u64 {
    if index == NONE { 0 } else { u64::from(index) + 1 }
}

impl Profile {
    /// The profile as a gzipped pprof file; the same profile gives the same bytes.
    pub fn to_pprof(&self) -> Vec<u8> {
        gzip::pack(&self.to_proto())
    }

    /// The profile as profile.proto, not packed.
    pub fn to_proto(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut strings = Strings { numbers: vec![None; self.strings.len()], table: Vec::new() };
        for value_type in &self.sample_types {
            put_value_type(&mut out, 1, value_type, &mut strings);
        }
        self.put_samples(&mut out);
        self.put_tables(&mut out, &mut strings);
        put_signed(&mut out, 9, self.time_nanos);
        put_signed(&mut out, 10, self.duration_nanos);
        if let Some(period_type) = &self.period_type {
            put_value_type(&mut out, 11, period_type, &mut strings);
        }
        put_signed(&mut out, 12, self.period);
        let comments: Vec<u64> = self.comments.iter().map(|&comment| strings.number(comment)).collect();
        put_row(&mut out, 13, comments.into_iter());
        put_bytes(&mut out, 6, b"");
        for index in strings.table {
            put_bytes(&mut out, 6, self.string(index).as_bytes());
        }
        out
    }

    fn put_samples(&self, out: &mut Vec<u8>) {
        let mut message = Vec::new();
        for sample in 0..self.len() {
            message.clear();
            put_row(&mut message, 1, self.stack(sample).iter().map(|&location| id(location)));
            put_row(&mut message, 2, self.values(sample).iter().map(|value| value.cast_unsigned()));
            put_bytes(out, 2, &message);
        }
    }

    fn put_tables(&self, out: &mut Vec<u8>, strings: &mut Strings) {
        let mut message = Vec::new();
        for (mapping, number) in self.mappings.iter().zip(1..) {
            message.clear();
            put_number(&mut message, 1, number);
            put_number(&mut message, 2, mapping.start);
            put_number(&mut message, 3, mapping.limit);
            put_number(&mut message, 4, mapping.offset);
            put_number(&mut message, 5, strings.number(mapping.file));
            put_number(&mut message, 6, strings.number(mapping.build_id));
            // Functions, files, lines and inlined frames are there: nothing is to be looked up.
            (7..=10).for_each(|field| put_number(&mut message, field, 1));
            put_bytes(out, 3, &message);
        }
        let mut inner = Vec::new();
        for (index, location) in self.locations.iter().enumerate() {
            message.clear();
            put_number(&mut message, 1, index as u64 + 1);
            put_number(&mut message, 2, id(location.mapping));
            put_number(&mut message, 3, location.address);
            for line in self.lines_of(index) {
                inner.clear();
                put_number(&mut inner, 1, id(line.function));
                put_signed(&mut inner, 2, line.line);
                put_bytes(&mut message, 4, &inner);
            }
            put_bytes(out, 4, &message);
        }
        for (function, number) in self.functions.iter().zip(1..) {
            message.clear();
            put_number(&mut message, 1, number);
            let name = strings.number(function.name);
            put_number(&mut message, 2, name);
            put_number(&mut message, 3, name);
            put_number(&mut message, 4, strings.number(function.file));
            put_signed(&mut message, 5, function.start_line);
            put_bytes(out, 5, &message);
        }
    }
}

fn put_value_type(out: &mut Vec<u8>, field: u64, value: &ValueType, strings: &mut Strings) {
    let mut message = Vec::new();
    put_number(&mut message, 1, strings.number(value.kind));
    put_number(&mut message, 2, strings.number(value.unit));
    put_bytes(out, field, &message);
}
