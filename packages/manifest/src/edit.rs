//! An edit: the old text, the new one, and what is different for which reason.

use toml::{Table, Value, map::Entry};

use crate::{
    error::Error,
    name,
    place::{self, Splice},
};

/// A setting that an edit changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The Cargo profile.
    pub profile: String,
    /// The setting.
    pub key: String,
    /// What it was in this table, as it was written; `None` where it was not there.
    pub before: Option<String>,
    /// What it is now, as TOML.
    pub after: String,
    /// Why.
    pub reason: String,
}

/// Changes to the Cargo profiles of one manifest, and the text with and without them.
#[derive(Debug, Clone)]
pub struct Edit {
    old: String,
    new: String,
    changes: Vec<Change>,
    splices: Vec<Splice>,
}

impl Edit {
    /// An edit of `text` that changes nothing yet.
    ///
    /// # Errors
    /// Where the text is not TOML.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let old = text.into();
        parse(&old)?;
        Ok(Self { new: old.clone(), old, changes: Vec::new(), splices: Vec::new() })
    }

    /// The text as it was.
    pub fn old_text(&self) -> &str {
        &self.old
    }

    /// The text as it is to be.
    pub fn new_text(&self) -> &str {
        &self.new
    }

    /// What is different, in the order in which it was wanted.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Makes `[profile.PROFILE]` say `key = value`, a single value. What says so already stays
    /// untouched.
    ///
    /// # Errors
    /// Where something else than a table, or a table, stands in the way; the edit is as before.
    pub fn set(&mut self, profile: &str, key: &str, value: Value, reason: &str) -> Result<(), Error> {
        let path = ["profile", profile, key];
        if get(&parse(&self.new)?, &path) == Some(&value) {
            return Ok(());
        }
        let splice = place::splice(&self.new, &path, &value.to_string())?;
        let new = checked(&self.new, &path, value.clone(), &splice)?;
        self.changes.push(Change {
            profile: profile.to_owned(),
            key: key.to_owned(),
            before: (!splice.removed.is_empty()).then(|| splice.removed.clone()),
            after: value.to_string(),
            reason: reason.to_owned(),
        });
        self.splices.push(splice);
        self.new = new;
        Ok(())
    }

    /// Adds a profile called `name` that inherits from `parent`.
    ///
    /// # Errors
    /// Where there is one of that name, or cargo takes none of that name.
    pub fn add_profile(&mut self, name: &str, parent: &str, reason: &str) -> Result<(), Error> {
        name::check(name)?;
        if let Some(line) = place::line(&self.new, &["profile", name]) {
            return Err(Error::Exists { name: format!("profile.{name}"), line });
        }
        self.set(name, "inherits", parent.into(), reason)
    }

    /// Takes the changes out of `text` again: of the new text this makes the old one.
    ///
    /// # Errors
    /// Where the text is not the new one in the places that were changed.
    pub fn undo(&self, text: &str) -> Result<String, Error> {
        self.splices.iter().rev().try_fold(text.to_owned(), |text, splice| {
            replaced(&text, splice.at, &splice.inserted, &splice.removed)
        })
    }
}

/// `text` with `key = value` at `path`, where nothing is yet.
///
/// # Errors
/// Where something is there, or on the way.
pub fn with_value(text: &str, path: &[&str], value: Value) -> Result<String, Error> {
    if let Some(line) = place::line(text, path) {
        return Err(Error::Exists { name: path.join("."), line });
    }
    checked(text, path, value.clone(), &place::splice(text, path, &value.to_string())?)
}

/// `text` with `item` in the list of strings at `path`, which need not be there. What has it already
/// stays untouched.
///
/// # Errors
/// Where something else than a list, or than a table on the way to it, is there.
pub fn with_item(text: &str, path: &[&str], item: &str) -> Result<String, Error> {
    let item = Value::from(item);
    let mut items = match get(&parse(text)?, path) {
        None => return with_value(text, path, Value::Array(vec![item])),
        Some(Value::Array(items)) if items.contains(&item) => return Ok(text.to_owned()),
        Some(Value::Array(items)) => items.clone(),
        // Says what is there.
        Some(_) => Vec::new(),
    };
    let splice = place::append(text, path, &item.to_string())?;
    items.push(item);
    checked(text, path, Value::Array(items), &splice)
}

/// `text` with `splice`, which makes `path` have `value`, and changes nothing else.
fn checked(text: &str, path: &[&str], value: Value, splice: &Splice) -> Result<String, Error> {
    let unexpected = || Error::Unexpected(path.join("."));
    let mut expected = parse(text)?;
    insert(&mut expected, path, value).ok_or_else(unexpected)?;
    let new = replaced(text, splice.at, &splice.removed, &splice.inserted)?;
    let as_expected = parse(&new).is_ok_and(|table| same(&Value::Table(table), &Value::Table(expected)));
    let undone = replaced(&new, splice.at, &splice.inserted, &splice.removed);
    if as_expected && undone.as_deref() == Ok(text) { Ok(new) } else { Err(unexpected()) }
}

/// `text` with `new` where `old` stands at `at`.
fn replaced(text: &str, at: usize, old: &str, new: &str) -> Result<String, Error> {
    let rest = text.get(at..).and_then(|rest| rest.strip_prefix(old)).ok_or(Error::Changed)?;
    Ok([&text[..at], new, rest].concat())
}

/// The text as cargo's own parser reads it.
pub(crate) fn parse(text: &str) -> Result<Table, Error> {
    let of_edit = toml_edit::Document::parse(text).map_err(|error| Error::not_toml(text, &error));
    of_edit.map(drop)?;
    // Both are one parser underneath, so this one does not refuse what the other takes.
    text.parse().map_err(|error: toml::de::Error| Error::NotToml {
        line: crate::error::line_of(text, error.span().map_or(0, |span| span.start)),
        column: 1,
        message: error.message().to_owned(),
    })
}

fn get<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Value> {
    let (last, parents) = path.split_last()?;
    parents.iter().try_fold(table, |table, key| table.get(*key)?.as_table())?.get(*last)
}

fn insert(table: &mut Table, path: &[&str], value: Value) -> Option<()> {
    let (last, parents) = path.split_last()?;
    let mut table = table;
    for key in parents {
        table = match table.entry(*key) {
            Entry::Vacant(entry) => entry.insert(Value::Table(Table::new())),
            Entry::Occupied(entry) => entry.into_mut(),
        }
        .as_table_mut()?;
    }
    table.insert((*last).to_owned(), value);
    Some(())
}

/// Equal but for the order of keys; a float that is no number equals itself.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Table(a), Value::Table(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (a, b) => a == b,
    }
}
