//! What pgo.toml says to others than core: tables by the name of a craft or of a kind of profile. Core
//! knows their names and places, and nothing of what is in them.

use std::{any::Any, fmt, sync::Arc};

use toml::Table;

pub(super) type Value = Arc<dyn Any + Send + Sync>;
/// A table with its defaults, and what it was read as.
pub(super) type Read = Result<(Table, Value), toml::de::Error>;

/// A table that core does not know, as it was read.
#[derive(Clone)]
pub struct Own {
    /// Whose it is.
    pub name: &'static str,
    /// It, with the defaults of what was left out.
    pub table: Table,
    value: Value,
}

impl Own {
    pub(super) fn new(name: &'static str, (table, value): (Table, Value)) -> Self {
        Self { name, table, value }
    }

    /// It as `T`; `None` where it was read as something else.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }

    /// Every text in it.
    pub fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        self.table.values().for_each(|value| collect(value, &mut texts));
        texts
    }
}

fn collect<'a>(value: &'a toml::Value, texts: &mut Vec<&'a str>) {
    match value {
        toml::Value::String(text) => texts.push(text),
        toml::Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        toml::Value::Table(table) => table.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.name, self.table)
    }
}

impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        (self.name, &self.table) == (other.name, &other.table)
    }
}

/// The tables of others in one of core's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Owned(pub(super) Vec<Own>);

impl Owned {
    /// The one that was read as `T`.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.iter().find_map(Own::get)
    }

    /// The name of the craft that builds it: its table comes first.
    pub fn craft(&self) -> &'static str {
        self.iter().next().map_or("", |own| own.name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Own> {
        self.0.iter()
    }
}
