//! What a craft or a kind of profile says of its tables in pgo.toml: how they are read, and by which rules.

use std::{any::Any, fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use toml::{
    Spanned, Table,
    de::{DeValue, ValueDeserializer},
};

use crate::{
    config::{own::Read, place::Place, sections::Config},
    error::Result,
};

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
