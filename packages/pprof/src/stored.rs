//! The stored form: the edges as text that a person can compare and git can pack.
//!
//! ```text
//! honing go edges 1
//! unit: samples/count
//! period: 10000000
//! edges: 3
//! weight: 42
//! program: tracker
//!
//! func main.main
//! 12 30 main.serve
//! func main.serve
//! 3 10 main.(*cache).get
//! 8 2 runtime.mallocgc
//! ```
//!
//! After the head and an empty line, each caller has its calls: line offset, weight, callee; sorted
//! by caller, offset and callee, so that a function reads from top to bottom. Lines that begin with
//! `func` are what git names a change by.

use crate::edges::{EdgeMap, EdgeSum};
use crate::error::{Error, shortened};
use crate::unit::Unit;
use std::fmt::Write as _;

/// How the first line begins; the version follows.
const MARK: &str = "honing go edges ";
const VERSION: &str = "1";

/// How a caller's line begins.
const CALLER: &str = "func ";

/// Names in the head that the form itself gives a meaning.
const OWN: [&str; 4] = ["unit", "period", "edges", "weight"];

/// A stored profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The edges.
    pub edges: EdgeMap,
    /// The provenance, as it was given to [`EdgeMap::to_stored`].
    pub head: Vec<(String, String)>,
}

/// Whether these bytes are, or were meant to be, a stored profile.
pub(crate) fn is_stored(bytes: &[u8]) -> bool {
    bytes.starts_with(MARK.as_bytes())
}

impl EdgeMap {
    /// The stored form, with lines of provenance in its head.
    ///
    /// # Errors
    /// [`Error::NotStorable`] if a name or a value would not be read back.
    pub fn to_stored(&self, head: &[(String, String)]) -> Result<String, Error> {
        let two_lines = |text: &str| text.contains(['\n', '\r']);
        if let Some(name) = self.names().iter().find(|name| two_lines(name)) {
            return Err(Error::NotStorable(shortened(name)));
        }
        let mut text = format!("{MARK}{VERSION}\n");
        let (kind, unit) = self.unit().words();
        let mut line = |name: &str, value: &dyn std::fmt::Display| {
            // A String takes all that is written to it.
            let _ = writeln!(text, "{name}: {value}");
        };
        line("unit", &format_args!("{kind}/{unit}"));
        if let Unit::Samples { period } = self.unit() {
            line("period", &period);
        }
        line("edges", &self.len());
        line("weight", &self.weight());
        for (name, value) in head {
            let storable = is_name(name) && !value.is_empty() && value.trim() == value && !two_lines(value);
            if !storable || OWN.contains(&name.as_str()) {
                return Err(Error::NotStorable(format!("{}: {}", shortened(name), shortened(value))));
            }
            line(name, value);
        }
        let mut edges = self.numbered().to_vec();
        // Names are sorted, so their indices are, too.
        edges.sort_unstable_by_key(|edge| (edge.caller, edge.offset, edge.callee));
        let mut caller = None;
        for numbered in &edges {
            let edge = self.named(numbered);
            if caller != Some(numbered.caller) {
                let blank = if caller.is_none() { "\n" } else { "" };
                let _ = writeln!(text, "{blank}{CALLER}{}", edge.caller);
                caller = Some(numbered.caller);
            }
            let _ = writeln!(text, "{} {} {}", edge.offset, edge.weight, edge.callee);
        }
        Ok(text)
    }
}

fn is_name(name: &str) -> bool {
    let of = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    !name.is_empty() && name.bytes().all(of)
}

/// Reads the stored form.
///
/// # Errors
/// If it is of another version, or was cut off, damaged, edited out of order, or is larger than
/// `max_bytes`.
pub fn read_stored(bytes: &[u8], max_bytes: u64) -> Result<Stored, Error> {
    if bytes.len() as u64 > max_bytes {
        return Err(Error::TooLarge { what: "the stored profile", limit: max_bytes });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|&&byte| byte == b'\n').count();
        wrong(line as u64 + 1, "it has to be UTF-8", "")
    })?;
    let mut lines = text.lines().zip(1_u64..);
    let first = lines.next().map_or("", |(line, _)| line);
    match first.strip_prefix(MARK) {
        Some(VERSION) => {}
        Some(found) => return Err(Error::StoredVersion { found: shortened(found) }),
        None => return Err(wrong(1, "`honing go edges 1` begins a stored profile", first)),
    }
    let head = Head::read(&mut lines)?;
    let edges = read_edges(lines, head.unit, text.ends_with('\n'))?;
    let found = (edges.len() as u64, edges.weight());
    if found != (head.edges, head.weight) {
        let last = text.lines().count() as u64;
        let found = format!("{} edges of weight {}", found.0, found.1);
        return Err(wrong(last, "the text ends with other edges than its head counts", &found));
    }
    Ok(Stored { edges, head: head.lines })
}

/// What stands before the empty line.
struct Head {
    unit: Unit,
    edges: u64,
    weight: u64,
    lines: Vec<(String, String)>,
}

impl Head {
    fn read<'a>(lines: &mut impl Iterator<Item = (&'a str, u64)>) -> Result<Head, Error> {
        let [mut unit, mut period, mut edges, mut weight] = [None; 4];
        let mut others = Vec::new();
        let mut last = 1;
        for (line, number) in lines.by_ref() {
            last = number;
            if line.is_empty() {
                break;
            }
            let pair = line.split_once(": ").filter(|(name, _)| is_name(name));
            let (name, value) =
                pair.ok_or_else(|| wrong(number, "the head has lines `name: value`", line))?;
            let count = || value.parse::<u64>().map_err(|_| wrong(number, "a number belongs here", line));
            let own = match name {
                "unit" if value == "samples/count" => unit.replace(0),
                "unit" if value == "cpu/nanoseconds" => unit.replace(1),
                "unit" => return Err(wrong(number, "a unit is samples/count or cpu/nanoseconds", line)),
                "period" => period.replace(count()?),
                "edges" => edges.replace(count()?),
                "weight" => weight.replace(count()?),
                _ => {
                    others.push((name.to_owned(), value.to_owned()));
                    None
                }
            };
            if own.is_some() {
                return Err(wrong(number, "this line of the head was there already", line));
            }
        }
        let unit = match (unit, period) {
            (Some(0), Some(period)) => Some(Unit::Samples { period }),
            (Some(_), None) => Some(Unit::Nanoseconds).filter(|_| unit == Some(1)),
            _ => None,
        };
        let (Some(unit), Some(edges), Some(weight)) = (unit, edges, weight) else {
            return Err(wrong(last, "the head has unit, edges and weight, and a period for samples", ""));
        };
        Ok(Head { unit, edges, weight, lines: others })
    }
}

fn read_edges<'a>(
    lines: impl Iterator<Item = (&'a str, u64)>,
    unit: Unit,
    ended: bool,
) -> Result<EdgeMap, Error> {
    let mut sum = EdgeSum::default();
    let mut caller: Option<(&str, u32)> = None;
    let mut before: Option<(i64, &str)> = None;
    let mut last = (1, "");
    for (line, number) in lines {
        last = (number, line);
        if let Some(name) = line.strip_prefix(CALLER) {
            if caller.is_some_and(|(before, _)| before >= name) {
                return Err(wrong(number, "each caller comes once, in order", line));
            }
            (caller, before) = (Some((name, sum.name(name))), None);
            continue;
        }
        let wanted = || wrong(number, "`func caller` or `offset weight callee` belongs here", line);
        let mut words = line.splitn(3, ' ');
        let (Some(offset), Some(weight), Some(callee), Some((_, caller))) =
            (words.next(), words.next(), words.next(), caller)
        else {
            return Err(wanted());
        };
        let offset = offset.parse().map_err(|_| wanted())?;
        let weight = weight.parse().ok().filter(|&weight| weight > 0).ok_or_else(wanted)?;
        if before.replace((offset, callee)).is_some_and(|before| before >= (offset, callee)) {
            return Err(wrong(number, "each call comes once, in order of offset and callee", line));
        }
        let callee = sum.name(callee);
        sum.add(caller, callee, offset, weight)?;
    }
    if !ended {
        return Err(wrong(last.0, "the last line has an end, too", last.1));
    }
    Ok(sum.finish(unit))
}

fn wrong(line: u64, what: &'static str, found: &str) -> Error {
    Error::Stored { line, what, found: shortened(found) }
}
