//! Every setting with its value and where it comes from.

use std::path::Path;

use serde::Serialize;

use crate::config::{Config, Positions};

/// A setting as `show-config` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The dotted key.
    pub key: String,
    /// The value, as TOML.
    pub value: String,
    /// `default`, or the place that sets it.
    pub origin: String,
}

/// The settings of a configuration that was read from `text`, the file at `path`.
pub fn settings(config: &Config, text: &str, path: &Path) -> Vec<Setting> {
    let positions = Positions::new(text);
    let mut found = Vec::new();
    for (key, value) in config.to_table().unwrap_or_default() {
        collect(&mut vec![key.clone()], &value, &positions, path, &mut found);
    }
    found
}

fn collect(
    keys: &mut Vec<String>,
    value: &toml::Value,
    positions: &Positions<'_>,
    path: &Path,
    found: &mut Vec<Setting>,
) {
    if let toml::Value::Table(table) = value {
        for (key, value) in table {
            keys.push(key.clone());
            collect(keys, value, positions, path, found);
            keys.pop();
        }
        return;
    }
    let borrowed: Vec<&str> = keys.iter().map(String::as_str).collect();
    let origin = match positions.exact(&borrowed) {
        Some((line, _)) => format!("{}:{line}", path.display()),
        None => "default".into(),
    };
    found.push(Setting { key: keys.join("."), value: value.to_string(), origin });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::made_for_tests::CRAFTS;

    #[test]
    fn says_where_each_value_comes_from() {
        let text = "[bench]\npairs = 8\n[program.t.made]\nof = \"t\"\n";
        let path = Path::new("pgo/pgo.toml");
        let config = Config::parse(text, path, CRAFTS).unwrap();
        let lines: Vec<String> = settings(&config, text, path)
            .into_iter()
            .map(|setting| format!("{} = {}  # {}", setting.key, setting.value, setting.origin))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        counts.merge = ""  # default
        policy.max_regression = 0.0  # default
        policy.inconclusive = "warn"  # default
        policy.ships = ["improved", "not_measured"]  # default
        policy.min_match = 80.0  # default
        policy.toolchain_change = "warn"  # default
        policy.rebase = "never"  # default
        merge.max_lost = 1.0  # default
        bench.pairs = 8  # pgo/pgo.toml:2
        bench.time = "10m"  # default
        bench.precision = 2.0  # default
        bench.warmup = 1  # default
        bench.confidence = 0.99  # default
        bench.margin = 1.0  # default
        bench.seed = 1  # default
        program.t.made.of = "t"  # pgo/pgo.toml:4
        program.t.made.parts = []  # default
        program.t.counts.when = "exit"  # default
        program.t.pgo = true  # default
        "#);
    }
}
