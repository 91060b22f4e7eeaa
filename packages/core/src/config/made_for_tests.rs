//! Crafts that only tests know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::forms::{Form, Tables};

pub(crate) const CRAFTS: &[&Tables] = &[&MADE, &OTHER];

static MADE: Tables = Tables {
    name: "made",
    top: None,
    program: Form::of::<Program>().moved("of parts"),
    tool: Some(Form::of::<Tool>().moved("of")),
    workload: Some(Form::of::<Checks>().moved("made_check=check")),
    with: &[&COUNTS],
    check: |_, _| Ok(()),
};

static OTHER: Tables =
    Tables { name: "other", tool: None, workload: None, with: &[], program: Form::of::<Tool>(), ..MADE };

static COUNTS: Tables = Tables {
    name: "counts",
    top: Some(Form::of::<Merging>().moved("merge.tool=merge")),
    program: Form::of::<Counting>().moved("when"),
    tool: None,
    workload: None,
    with: &[],
    check: |_, _| Ok(()),
};

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Program {
    pub(crate) of: String,
    #[serde(default)]
    pub(crate) parts: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tool {
    of: String,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Checks {
    check: Check,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Check {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    args: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Counting {
    pub(crate) when: When,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    #[default]
    Exit,
    Always,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Merging {
    merge: String,
}
