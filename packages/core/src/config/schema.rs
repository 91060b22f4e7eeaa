//! The JSON Schema of `pgo.toml`: core's, with what the tables of others look like put in.

use schemars::generate::SchemaSettings;
use serde_json::json;

use super::parse::with_kinds;
use crate::config::forms::Tables;
use crate::config::sections::Config;

impl Config {
    /// As pretty JSON with a final newline.
    pub fn json_schema(crafts: &[&'static Tables]) -> String {
        let mut generator = SchemaSettings::default().into_generator();
        // Core's types get their names first: one of another may be called the same.
        drop(generator.root_schema_for::<Self>());
        let mut others = Vec::new();
        for tables in with_kinds(crafts) {
            for (at, form) in [
                ("", tables.top),
                ("/$defs/Program", Some(tables.program)),
                ("/$defs/Tool", tables.tool),
                ("/$defs/Workload", tables.workload),
            ] {
                others.extend(form.map(|form| (at, tables.name, (form.schema)(&mut generator).to_value())));
            }
        }
        let mut schema = generator.into_root_schema_for::<Self>().to_value();
        for (at, name, own) in others {
            if let Some(table) = schema.pointer_mut(at) {
                table["properties"][name] = own;
            }
        }
        // What builds it has to be said, once.
        let has_tools = |craft: &&&Tables| craft.tool.is_some();
        for (at, crafts) in [
            ("/$defs/Program", crafts.iter().collect::<Vec<_>>()),
            ("/$defs/Tool", crafts.iter().filter(has_tools).collect()),
        ] {
            if let Some(table) = schema.pointer_mut(at) {
                table["oneOf"] = crafts.iter().map(|craft| json!({ "required": [craft.name] })).collect();
            }
        }
        let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::made_for_tests::CRAFTS;

    #[test]
    fn it_has_the_tables_of_others() {
        let schema: serde_json::Value = serde_json::from_str(&Config::json_schema(CRAFTS)).unwrap();
        let keys = |at: &str| {
            let keys = schema.pointer(at).and_then(|it| it.pointer("/properties")?.as_object());
            keys.unwrap().keys().map(String::as_str).collect::<Vec<_>>()
        };
        assert_eq!(keys("/$defs/Program"), ["counts", "env", "made", "needs", "other", "pgo", "workload"]);
        assert_eq!(keys("/$defs/Tool"), ["made"]);
        assert!(keys("/$defs/Workload").contains(&"made") && keys("").contains(&"counts"));
        let of = |at: &str| schema.pointer(at).unwrap()["oneOf"].clone();
        assert_eq!(of("/$defs/Program"), json!([{ "required": ["made"] }, { "required": ["other"] }]));
        assert_eq!(of("/$defs/Tool"), json!([{ "required": ["made"] }]));
    }
}
