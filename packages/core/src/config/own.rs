//! What pgo.toml says to others than core: tables by the name of a craft or of a kind of profile. Core
//! knows their names and places, and nothing of what is in them.

use std::{any::Any, fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use toml::{
    Spanned, Table,
    de::{DeValue, ValueDeserializer},
};

use super::Config;
use crate::config::place::Place;
use crate::error::Result;

/// The tables that a craft, or a kind of profile, has in pgo.toml, all of them by its name.
#[derive(Clone, Copy)]
pub struct Tables {
    /// The name.
    pub name: &'static str,
    /// Of the whole file.
    pub top: Option<Form>,
    /// Of a program.
    pub program: Form,
    /// Of a tool.
    pub tool: Option<Form>,
    /// Of a workload that it runs itself.
    pub workload: Option<Form>,
    /// For a craft: what programs that it builds may have beside its own, such as a kind of profile.
    pub with: &'static [&'static Tables],
    /// Rules between keys; each error with its place.
    pub check: fn(&Config, &Place<'_>) -> Result<()>,
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// How a table is read, and what editors are told of it.
#[derive(Clone, Copy)]
pub struct Form {
    pub(super) parse: fn(Spanned<DeValue<'_>>) -> Read,
    pub(super) schema: fn(&mut SchemaGenerator) -> Schema,
    /// Keys of the table that stood outside of it once, with blanks between: `key`, or `path.to.key=key` where
    /// it had another name there.
    pub(super) moved: &'static str,
}

type Value = Arc<dyn Any + Send + Sync>;
/// A table with its defaults, and what it was read as.
type Read = Result<(Table, Value), toml::de::Error>;

impl Form {
    /// A table that is read as `T`.
    pub const fn of<T: DeserializeOwned + Serialize + JsonSchema + Any + Send + Sync>() -> Self {
        Self { parse: parse::<T>, schema: SchemaGenerator::subschema_for::<T>, moved: "" }
    }

    /// The same, with keys that stood outside of it once, as in `"seed merge.tool=merge"`.
    #[must_use]
    pub const fn moved(self, moved: &'static str) -> Self {
        Self { moved, ..self }
    }
}

fn parse<T: DeserializeOwned + Serialize + Any + Send + Sync>(value: Spanned<DeValue<'_>>) -> Read {
    let read = T::deserialize(ValueDeserializer::from(value))?;
    let table = Table::try_from(&read).map_err(serde::de::Error::custom)?;
    Ok((table, Arc::new(read)))
}

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
