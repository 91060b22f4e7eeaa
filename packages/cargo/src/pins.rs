//! Settings of a Cargo profile that pgo.toml pins, by cargo's own names.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cargo_profile::Key;

/// What the Cargo profile of a program has to say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CargoProfile {
    /// 0, 1, 2, 3, `"s"` or `"z"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opt_level: Option<Pin>,
    /// `false`, `"off"`, `"thin"` or `"fat"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lto: Option<Pin>,
    /// A whole number from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codegen_units: Option<Pin>,
    /// As cargo's `debug`, such as `"none"` or `"full"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug: Option<Pin>,
    /// `"none"`, `"debuginfo"` or `"symbols"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strip: Option<Pin>,
    /// `"unwind"` or `"abort"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic: Option<Pin>,
    /// True or false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incremental: Option<Pin>,
}

/// A value, as Cargo.toml would have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Pin {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
}

impl fmt::Display for Pin {
    /// Without quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}

impl Pin {
    /// As it is written in pgo.toml.
    pub(crate) fn to_toml(&self) -> toml::Value {
        match self {
            Self::Bool(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
        }
    }
}

impl CargoProfile {
    /// Whether nothing is pinned.
    pub fn is_empty(&self) -> bool {
        self.pins().next().is_none()
    }

    /// What is pinned.
    pub fn pins(&self) -> impl Iterator<Item = (Key, &Pin)> {
        let of = |key: Key| match key {
            Key::OptLevel => &self.opt_level,
            Key::Lto => &self.lto,
            Key::CodegenUnits => &self.codegen_units,
            Key::Debug => &self.debug,
            Key::Strip => &self.strip,
            Key::Panic => &self.panic,
            Key::Incremental => &self.incremental,
        };
        Key::ALL.into_iter().filter_map(move |key| Some((key, of(key).as_ref()?)))
    }
}
