//! What a Cargo profile says once `inherits`, configuration files and environment are
//! taken together.

use std::collections::BTreeMap;

/// The settings of profile `name`, as TOML values, where anything sets them.
///
/// `layers` are the `[profile]` tables of the root manifest and then of configuration
/// files, the more important ones later; `env` looks up `CARGO_PROFILE_<NAME>_<KEY>`,
/// which comes before all of them.
pub fn settings(
    name: &str,
    layers: &[toml::Table],
    env: &dyn Fn(&str) -> Option<String>,
) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    // A chain longer than there are profiles is a circle; cargo refuses it.
    let most = layers.iter().map(toml::Table::len).sum::<usize>() + 2;
    let mut chain = vec![name.to_owned()];
    while let Some(parent) = chain.last().and_then(|name| parent(name, layers))
        && chain.len() <= most
    {
        chain.push(parent);
    }
    for name in chain.iter().rev() {
        for table in layers.iter().filter_map(|layer| layer.get(name)?.as_table()) {
            flatten("", table, &mut found);
        }
        let variable = name.to_uppercase().replace('-', "_");
        for key in ["opt-level", "debug", "strip", "lto", "panic", "codegen-units", "overflow-checks"] {
            let key_part = key.to_uppercase().replace('-', "_");
            if let Some(value) = env(&format!("CARGO_PROFILE_{variable}_{key_part}")) {
                found.insert(key.to_owned(), value);
            }
        }
    }
    found.remove("inherits");
    found
}

fn parent(name: &str, layers: &[toml::Table]) -> Option<String> {
    let inherits = |layer: &toml::Table| Some(layer.get(name)?.get("inherits")?.as_str()?.to_owned());
    layers.iter().rev().find_map(inherits).or_else(|| match name {
        "bench" => Some("release".into()),
        "test" => Some("dev".into()),
        _ => None,
    })
}

/// `package.foo.opt-level` for what is nested.
fn flatten(prefix: &str, table: &toml::Table, found: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let key = format!("{prefix}{key}");
        match value.as_table() {
            Some(inner) => flatten(&format!("{key}."), inner, found),
            None => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                found.insert(key, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inherits_layers_and_environment() {
        let table = |text: &str| text.parse::<toml::Table>().unwrap();
        let layers = [
            table(
                "[release]\nlto = \"fat\"\ncodegen-units = 1\n[pgo]\ninherits = \"release\"\nstrip = true\n[release.package.a]\nopt-level = 2\n",
            ),
            table("[release]\nlto = \"thin\"\n"),
        ];
        let env = |name: &str| (name == "CARGO_PROFILE_RELEASE_DEBUG").then(|| "1".to_owned());
        let found = settings("pgo", &layers, &env);
        let lines: Vec<String> = found.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let expected =
            ["codegen-units = 1", "debug = 1", "lto = thin", "package.a.opt-level = 2", "strip = true"];
        assert_eq!(lines, expected);
        assert!(settings("bench", &layers, &|_| None).contains_key("lto"));
    }

    #[test]
    fn a_circle_ends() {
        let layers = ["[a]\ninherits = \"b\"\n[b]\ninherits = \"a\"\n".parse().unwrap()];
        assert!(settings("a", &layers, &|_| None).is_empty());
    }
}
