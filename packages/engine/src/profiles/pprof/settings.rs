//! What pgo.toml says of the profiles of a Go program: the tables called `pprof`.

use honing_core::{
    Result,
    config::{Config, Form, Place, Program, Tables},
    template,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tables, for programs that tell their samples.
pub static TABLES: Tables = Tables {
    name: "pprof",
    top: None,
    program: Form::of::<Pulling>(),
    tool: None,
    workload: None,
    with: &[],
    check,
};

/// Seconds that one capture may take.
const SECONDS: std::ops::RangeInclusive<u32> = 1..=60;

/// How a running service is asked for its samples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "PprofProgram")]
pub(crate) struct Pulling {
    /// Where it answers with a CPU profile: the handler of `net/http/pprof`. `{port:NAME}` is the port of the
    /// workload's service.
    pub(crate) url: String,
    /// How long one capture takes, in seconds. Captures follow each other while the load runs.
    #[schemars(range(min = 1, max = 60))]
    pub(crate) seconds: u32,
}

impl Default for Pulling {
    fn default() -> Self {
        Self { url: "http://127.0.0.1:{port:pprof}/debug/pprof/profile".into(), seconds: 2 }
    }
}

impl Pulling {
    /// What is said of a program.
    pub(crate) fn of(program: &Program) -> Self {
        program.own.get().cloned().unwrap_or_default()
    }
}

fn check(config: &Config, top: &Place<'_>) -> Result<()> {
    for (name, program) in &config.program {
        let Some(pulling) = program.own.get::<Pulling>() else { continue };
        let place = top.key(&["program", name, "pprof"]);
        if !SECONDS.contains(&pulling.seconds) {
            return Err(place
                .key(&["seconds"])
                .error("a capture takes 1 to 60 seconds")
                .with_hint("2 is the default; the load decides how many captures follow each other"));
        }
        template::placeholders([&pulling.url])
            .map_err(|error| place.key(&["url"]).error(error.to_string()))?;
        if !pulling.url.starts_with("http://") {
            return Err(place
                .key(&["url"])
                .error("the service is asked by http:// only")
                .with_hint("a profile from elsewhere is given with `merge --from FILE`"));
        }
    }
    Ok(())
}
