//! Where a key of a table stands in a TOML text, or where it belongs.
//!
//! A table can be written as a header, as dotted keys in the body of a header further up (or in
//! the part before all headers), inline, or not at all but for tables below it. A missing key
//! goes where a person would have put it: behind the table's last value, in the same way of
//! writing.

use toml_edit::{Document, InlineTable, Item, Key, Table, TableLike, Value};

use crate::{
    error::{Error, line_of},
    layout,
};

/// A part of a text, and what stands there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Splice {
    pub(crate) at: usize,
    pub(crate) removed: String,
    pub(crate) inserted: String,
}

/// The innermost table that has a body of its own to write into.
#[derive(Clone, Copy)]
enum Body<'a> {
    /// What stands before all headers, or below one.
    Lines(&'a Table),
    /// A table that is there only because tables below it are.
    Implied(&'a Table),
    Inline(&'a InlineTable),
}

/// What makes `path` have `value`, a TOML value; `None` where it has it already.
///
/// # Errors
/// Where the text is no TOML, or something else is on the way.
pub(crate) fn splice(text: &str, path: &[&str], value: &str) -> Result<Splice, Error> {
    let document = Document::parse(text).map_err(|error| Error::not_toml(text, &error))?;
    let Some((last, parents)) = path.split_last() else { return Err(Error::Unexpected(String::new())) };
    let root = document.as_table();
    let mut walk = Walk { text, body: Body::Lines(root), table: root, dotted: Vec::new() };
    for (depth, key) in parents.iter().enumerate() {
        match walk.table.get_key_value(key) {
            Some((written, item)) => walk.enter(written, item, &path[..=depth])?,
            None => return Ok(walk.insert(&path[..depth], &path[depth..], value, root)),
        }
    }
    match walk.table.get_key_value(last) {
        None => Ok(walk.insert(parents, &[last], value, root)),
        Some((_, Item::Value(old))) if !old.is_inline_table() && !old.is_array() => {
            let span = old.span().ok_or_else(|| Error::Unexpected(path.join(".")))?;
            let removed = text[span.clone()].to_owned();
            Ok(Splice { at: span.start, removed, inserted: value.to_owned() })
        }
        Some((key, item)) => Err(shape(text, key, item, path, "a value")),
    }
}

/// What puts `item`, a TOML value, behind the others of the list at `path`, on a line of its own where
/// they have that.
///
/// # Errors
/// Where there is no list.
pub(crate) fn append(text: &str, path: &[&str], item: &str) -> Result<Splice, Error> {
    let document = Document::parse(text).map_err(|error| Error::not_toml(text, &error))?;
    let unexpected = || Error::Unexpected(path.join("."));
    let (last, parents) = path.split_last().ok_or_else(unexpected)?;
    let table = parents.iter().try_fold(document.as_item(), |item, key| item.get(*key));
    let table = table.and_then(Item::as_table_like).ok_or_else(unexpected)?;
    let (key, found) = table.get_key_value(last).ok_or_else(unexpected)?;
    let Some(array) = found.as_array() else { return Err(shape(text, key, found, path, "a list")) };
    let Some(before) = array.iter().last().and_then(Value::span) else {
        return Ok(insertion(array.span().ok_or_else(unexpected)?.start + 1, item.to_owned()));
    };
    let line = &text[text[..before.start].rfind('\n').map_or(0, |newline| newline + 1)..before.start];
    if !line.trim_start_matches('\u{feff}').trim().is_empty() {
        return Ok(insertion(before.end, format!(", {item}")));
    }
    let newline = layout::newline(text, before.start);
    let rest = text[before.end..].split('\n').next().unwrap_or_default();
    match rest.trim_start().strip_prefix(',').map(str::trim) {
        // Behind the last one's comma and comment.
        Some(more) if more.is_empty() || more.starts_with('#') => {
            Ok(insertion(layout::line_end(text, before.end), format!("{line}{item},{newline}")))
        }
        _ => Ok(insertion(before.end, format!(",{newline}{line}{item}"))),
    }
}

/// Where `path` is written first, as a line from 1.
pub(crate) fn line(text: &str, path: &[&str]) -> Option<usize> {
    let document = Document::parse(text).ok()?;
    let (last, parents) = path.split_last()?;
    let table = parents.iter().try_fold(document.as_item(), |item, key| item.get(*key))?;
    let (key, _) = table.as_table_like()?.get_key_value(last)?;
    key.span().map(|span| line_of(text, span.start))
}

fn shape(text: &str, key: &Key, item: &Item, path: &[&str], wanted: &'static str) -> Error {
    let found = match item {
        Item::None => "nothing",
        Item::Table(_) | Item::Value(Value::InlineTable(_)) => "a table",
        Item::ArrayOfTables(_) | Item::Value(Value::Array(_)) => "a list",
        Item::Value(_) => "a single value",
    };
    let at = key.span().map_or(0, |span| span.start);
    Error::Shape { line: line_of(text, at), path: path.join("."), found, wanted }
}

/// How far a path has been followed.
struct Walk<'a> {
    text: &'a str,
    body: Body<'a>,
    table: &'a dyn TableLike,
    /// Keys from the body to the table.
    dotted: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn enter(&mut self, key: &'a Key, item: &'a Item, path: &[&str]) -> Result<(), Error> {
        match item {
            Item::Table(table) => {
                self.table = table;
                self.step(key, table.is_dotted(), || {
                    if table.is_implicit() { Body::Implied(table) } else { Body::Lines(table) }
                });
            }
            Item::Value(Value::InlineTable(table)) => {
                self.table = table;
                self.step(key, table.is_dotted(), || Body::Inline(table));
            }
            _ => return Err(shape(self.text, key, item, path, "a table")),
        }
        Ok(())
    }

    fn step(&mut self, key: &'a Key, is_dotted: bool, body: impl Fn() -> Body<'a>) {
        if is_dotted {
            self.dotted.push(key.get());
        } else {
            self.dotted.clear();
            self.body = body();
        }
    }

    /// `missing` are the keys below `present` that there are not.
    fn insert(&self, present: &[&str], missing: &[&str], value: &str, root: &Table) -> Splice {
        let keys: Vec<&str> = self.dotted.iter().copied().chain(missing.iter().copied()).collect();
        match self.body {
            Body::Inline(table) => self.insert_inline(table, &keys, value),
            Body::Lines(table) if !self.dotted.is_empty() || missing.len() == 1 => {
                self.insert_line(table, &keys, value)
            }
            Body::Lines(_) | Body::Implied(_) => self.insert_header(present, missing, value, root),
        }
    }

    fn insert_line(&self, table: &Table, keys: &[&str], value: &str) -> Splice {
        let text = self.text;
        // Beside its own dotted keys, or else behind the last of the body.
        let last = last_written(if self.dotted.is_empty() { table } else { self.table });
        let header = table.span().unwrap_or(0..0);
        let (end, indent, equals) = match last {
            Some(last) => {
                let equals = if &text[last.key.end..last.value.start] == "=" { "=" } else { " = " };
                (last.value.end, layout::indent(text, last.key.start), equals)
            }
            None => (header.end, layout::indent(text, header.start), " = "),
        };
        let at = layout::line_end(text, end);
        let line = format!("{indent}{}{equals}{value}", dotted(keys));
        insertion(at, ending(text, at, &[line]))
    }

    fn insert_inline(&self, table: &InlineTable, keys: &[&str], value: &str) -> Splice {
        let pair = format!("{} = {value}", dotted(keys));
        if let Some(last) = last_written(table) {
            return insertion(last.value.end, format!(", {pair}"));
        }
        let span = table.span().unwrap_or(0..0);
        let inside = &self.text[(span.start + 1).min(span.end)..span.end.saturating_sub(1)];
        let space = if inside.is_empty() { " " } else { "" };
        insertion(span.start + 1, format!(" {pair}{space}"))
    }

    /// A table of its own, among its relatives or at the end.
    fn insert_header(&self, present: &[&str], missing: &[&str], value: &str, root: &Table) -> Splice {
        let text = self.text;
        let Some((last, tables)) = missing.split_last() else { return insertion(0, String::new()) };
        let path: Vec<&str> = present.iter().chain(tables).copied().collect();
        let lines = [format!("[{}]", dotted(&path)), format!("{} = {value}", dotted(&[*last]))];
        let mut headers = headers(root);
        headers.sort_unstable();
        // Tables below it come after it.
        if let (Body::Implied(table), true) = (self.body, tables.is_empty())
            && let Some(first) = self::headers(table).into_iter().min()
        {
            let before = ends(root).into_iter().filter(|end| *end <= first).max();
            let from = before.map_or(0, |end| layout::line_end(text, end));
            let at = layout::attached(text, from, first);
            let newline = layout::newline(text, at);
            return insertion(at, format!("{}{newline}", ending(text, at, &lines)));
        }
        let relatives = path.first().and_then(|first| root.get(first)?.as_table());
        let from = relatives.and_then(|table| ends(table).into_iter().max());
        let from = from.map(|end| layout::line_end(text, end));
        let next = from.and_then(|from| headers.into_iter().find(|header| *header >= from));
        let at = match (from, next) {
            (Some(from), Some(next)) => {
                let attached = layout::attached(text, from, next);
                layout::last_line(text, from, attached)
            }
            (from, _) => layout::last_line(text, from.unwrap_or(0), text.len()),
        };
        let newline = layout::newline(text, at);
        let mut inserted = ending(text, at, &lines);
        if !text[..at].trim_start_matches('\u{feff}').is_empty() {
            inserted.insert_str(0, newline);
        }
        if text[at..].starts_with(|c: char| !matches!(c, '\r' | '\n')) {
            inserted.push_str(newline);
        }
        insertion(at, inserted)
    }
}

fn insertion(at: usize, inserted: String) -> Splice {
    Splice { at, removed: String::new(), inserted }
}

/// `lines` as they have to be written at `at`, which starts a line or is the end of a text
/// whose last line has no ending, and then stays without.
fn ending(text: &str, at: usize, lines: &[String]) -> String {
    let newline = layout::newline(text, at);
    let before = &text[..at];
    if before.trim_start_matches('\u{feff}').is_empty() || before.ends_with('\n') {
        lines.iter().map(|line| format!("{line}{newline}")).collect()
    } else {
        lines.iter().map(|line| format!("{newline}{line}")).collect()
    }
}

fn dotted(keys: &[&str]) -> String {
    let one = |key: &&str| Key::new(*key).display_repr().into_owned();
    keys.iter().map(one).collect::<Vec<_>>().join(".")
}

/// The places of a key and of its value.
struct Written {
    key: std::ops::Range<usize>,
    value: std::ops::Range<usize>,
}

/// The last value in the body of `table`, dotted ones included.
fn last_written(table: &dyn TableLike) -> Option<Written> {
    let written = |(name, item): (&str, &Item)| match item {
        Item::Table(inner) => inner.is_dotted().then(|| last_written(inner)).flatten(),
        Item::Value(Value::InlineTable(inner)) if inner.is_dotted() => last_written(inner),
        Item::Value(value) => {
            let (key, _) = table.get_key_value(name)?;
            Some(Written { key: key.span()?, value: value.span()? })
        }
        _ => None,
    };
    table.iter().filter_map(written).max_by_key(|written| written.value.end)
}

/// Where headers start, at and below `table`.
fn headers(table: &Table) -> Vec<usize> {
    let mut found: Vec<usize> = header(table).map(|span| span.start).into_iter().collect();
    below(table).for_each(|table| found.extend(headers(table)));
    found
}

/// Where headers and values end, at and below `table`.
fn ends(table: &Table) -> Vec<usize> {
    let mut found: Vec<usize> = header(table).map(|span| span.end).into_iter().collect();
    found.extend(table.iter().filter_map(|(_, item)| item.as_value()?.span()).map(|span| span.end));
    below(table).for_each(|table| found.extend(ends(table)));
    found
}

/// The header of `table`, if it is written out.
fn header(table: &Table) -> Option<std::ops::Range<usize>> {
    table.span().filter(|span| !table.is_implicit() && !span.is_empty())
}

/// Tables that are no values.
fn below(table: &Table) -> impl Iterator<Item = &Table> {
    table.iter().flat_map(|(_, item)| {
        let single = item.as_table().into_iter();
        single.chain(item.as_array_of_tables().into_iter().flat_map(|tables| tables.iter()))
    })
}
