//! The settings of a Cargo profile that matter to PGO, and the many ways to write their values.

use serde::Serialize;

/// A setting of a Cargo profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// How much is optimized.
    OptLevel,
    /// Optimization across crates.
    Lto,
    /// Parts that a crate is compiled in.
    CodegenUnits,
    /// Debug information.
    Debug,
    /// What is removed from the binary.
    Strip,
    /// What a panic does.
    Panic,
    /// Whether compiling reuses what was compiled before.
    Incremental,
}

impl Key {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::OptLevel,
        Self::Lto,
        Self::CodegenUnits,
        Self::Debug,
        Self::Strip,
        Self::Panic,
        Self::Incremental,
    ];

    /// As Cargo.toml has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OptLevel => "opt-level",
            Self::Lto => "lto",
            Self::CodegenUnits => "codegen-units",
            Self::Debug => "debug",
            Self::Strip => "strip",
            Self::Panic => "panic",
            Self::Incremental => "incremental",
        }
    }

    /// What cargo takes, for people.
    pub fn values(self) -> &'static str {
        match self {
            Self::OptLevel => "0, 1, 2, 3, \"s\" or \"z\"",
            Self::Lto => "false, \"off\", \"thin\" or \"fat\"",
            Self::CodegenUnits => "a whole number from 1",
            Self::Debug => {
                "\"none\", \"line-directives-only\", \"line-tables-only\", \"limited\" or \"full\""
            }
            Self::Strip => "\"none\", \"debuginfo\" or \"symbols\"",
            Self::Panic => "\"unwind\" or \"abort\"",
            Self::Incremental => "true or false",
        }
    }

    /// The one way to write a value among those that mean the same (`lto = true` is `fat`);
    /// `None` where cargo takes no such value. Texts are without quotes.
    pub fn canonical(self, value: &str) -> Option<String> {
        let word = match (self, value) {
            (Self::OptLevel, "0" | "1" | "2" | "3" | "s" | "z")
            | (Self::Lto, "false" | "off" | "thin" | "fat")
            | (Self::Debug, "none" | "line-directives-only" | "line-tables-only" | "limited" | "full")
            | (Self::Strip, "none" | "debuginfo" | "symbols")
            | (Self::Panic, "unwind" | "abort")
            | (Self::Incremental, "true" | "false") => value,
            (Self::Lto, "true") => "fat",
            (Self::Debug, "0" | "false") => "none",
            (Self::Debug, "1") => "limited",
            (Self::Debug, "2" | "true") => "full",
            (Self::Strip, "false") => "none",
            (Self::Strip, "true") => "symbols",
            (Self::CodegenUnits, number) => {
                return number.parse::<u32>().ok().filter(|units| *units > 0).map(|units| units.to_string());
            }
            _ => return None,
        };
        Some(word.to_owned())
    }

    /// A canonical value, as TOML has it.
    pub fn to_toml(self, canonical: &str) -> toml::Value {
        match self {
            Self::CodegenUnits | Self::OptLevel | Self::Incremental | Self::Lto => {
                let number = canonical.parse::<i64>().ok().map(toml::Value::from);
                let truth = || canonical.parse::<bool>().ok().map(toml::Value::from);
                number.or_else(truth).unwrap_or_else(|| canonical.into())
            }
            Self::Debug | Self::Strip | Self::Panic => canonical.into(),
        }
    }

    /// What cargo does where nobody says anything, in a profile that is `dev` in the end, or
    /// `release` (the Cargo Book, "Default profiles"). `strip` follows from `debug`, see
    /// [`Key::default_strip`].
    pub(super) fn default(self, dev: bool) -> &'static str {
        match self {
            Self::OptLevel => {
                if dev {
                    "0"
                } else {
                    "3"
                }
            }
            Self::Lto => "false",
            Self::CodegenUnits => {
                if dev {
                    "256"
                } else {
                    "16"
                }
            }
            Self::Debug => {
                if dev {
                    "full"
                } else {
                    "none"
                }
            }
            Self::Strip => "none",
            Self::Panic => "unwind",
            Self::Incremental => {
                if dev {
                    "true"
                } else {
                    "false"
                }
            }
        }
    }

    /// Cargo strips the standard library's debug information where nothing else has any
    /// (since 1.77).
    pub(super) fn default_strip(debug: &str) -> &'static str {
        if debug == "none" { "debuginfo" } else { "none" }
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn values_that_mean_the_same() {
        let table = [
            (Key::Lto, "true", Some("fat")),
            (Key::Lto, "off", Some("off")),
            (Key::Lto, "fatt", None),
            (Key::Debug, "1", Some("limited")),
            (Key::Debug, "false", Some("none")),
            (Key::Strip, "true", Some("symbols")),
            (Key::CodegenUnits, "16", Some("16")),
            (Key::CodegenUnits, "0", None),
            (Key::OptLevel, "s", Some("s")),
            (Key::OptLevel, "4", None),
            (Key::Panic, "abort", Some("abort")),
            (Key::Incremental, "1", None),
        ];
        for (key, value, canonical) in table {
            assert_eq!(key.canonical(value).as_deref(), canonical, "{} = {value}", key.name());
        }
    }

    #[test]
    fn defaults_are_canonical() {
        for key in Key::ALL {
            for dev in [true, false] {
                assert_eq!(key.canonical(key.default(dev)).as_deref(), Some(key.default(dev)));
            }
        }
        assert_eq!(Key::OptLevel.to_toml("3").to_string(), "3");
        assert_eq!(Key::OptLevel.to_toml("s").to_string(), "\"s\"");
        assert_eq!(Key::Lto.to_toml("false").to_string(), "false");
    }
}
