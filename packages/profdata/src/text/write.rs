//! Writes text profiles, line by line what `llvm-profdata merge --text` of LLVM 22.1 writes.

use crate::format::{EXTERNAL_SYMBOL, ValueKind, Variant};
use crate::profile::{Function, Profile};
use std::io::Write as _;

impl Profile {
    /// The profile in the text format.
    pub fn to_text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let variant = self.variant();
        let mut flag = |comment: &str, flag: &str| {
            out.extend_from_slice(format!("# {comment}\n:{flag}\n").as_bytes());
        };
        if variant.has(Variant::CONTEXT_SENSITIVE) {
            flag("CSIR level Instrumentation Flag", "csir");
        } else {
            flag("IR level Instrumentation Flag", "ir");
        }
        if variant.has(Variant::ENTRY_FIRST) {
            flag("Always instrument the function entry block", "entry_first");
        }
        if variant.has(Variant::LOOP_ENTRIES) {
            flag("Always instrument the loop entry blocks", "instrument_loop_entries");
        }
        if variant.has(Variant::BYTE_COVERAGE) {
            flag("Instrument block coverage", "single_byte_coverage");
        }
        for function in self.functions() {
            self.write_function(&function, &mut out);
        }
        out
    }

    fn write_function(&self, function: &Function<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(function.name_bytes());
        line(out, format_args!("\n# Func Hash:\n{}", function.cfg_hash()));
        line(out, format_args!("# Num Counters:\n{}", function.counts().len()));
        line(out, format_args!("# Counter Values:"));
        for count in function.counts() {
            line(out, format_args!("{count}"));
        }
        if !function.bitmap().is_empty() {
            line(out, format_args!("# Num Bitmap Bytes:\n${}", function.bitmap().len()));
            line(out, format_args!("# Bitmap Byte Values:"));
            for byte in function.bitmap() {
                line(out, format_args!("{byte:#x}"));
            }
            out.push(b'\n');
        }
        let kinds = ValueKind::ALL.into_iter().filter(|kind| function.site_count(*kind) > 0);
        if kinds.clone().count() > 0 {
            line(out, format_args!("# Num Value Kinds:\n{}", kinds.clone().count()));
        }
        for kind in kinds {
            self.write_kind(function, kind, out);
        }
        out.push(b'\n');
    }

    fn write_kind(&self, function: &Function<'_>, kind: ValueKind, out: &mut Vec<u8>) {
        line(out, format_args!("# ValueKind = {}:\n{}", kind.llvm_name(), kind.number()));
        line(out, format_args!("# NumValueSites:\n{}", function.site_count(kind)));
        for site in function.sites(kind) {
            line(out, format_args!("{}", site.len()));
            for (value, count) in site {
                if kind.is_symbol() {
                    let name = self.name_of_hash(*value).unwrap_or(EXTERNAL_SYMBOL.as_bytes());
                    out.extend_from_slice(name);
                    line(out, format_args!(":{count}"));
                } else {
                    line(out, format_args!("{value}:{count}"));
                }
            }
        }
    }
}

fn line(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory cannot fail.
    let _ = writeln!(out, "{text}");
}
