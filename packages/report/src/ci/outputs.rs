//! What later steps of a job read: the outputs of its step.

use honing_core::{ExitCode, event::Summary, outcome::Outcome, units};

/// Outputs of a step, for `$GITHUB_OUTPUT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outputs(Vec<(&'static str, String)>);

impl Outputs {
    /// What a run came to. Where there are several programs, a value has a line for each.
    pub fn of(exit: ExitCode, programs: &[Summary], matched: &[(String, Option<f64>)], folder: &str) -> Self {
        let each = |value: &dyn Fn(&Summary) -> Option<String>| {
            programs.iter().map(|one| value(one).unwrap_or_default()).collect::<Vec<_>>().join("\n")
        };
        let shares: Vec<String> =
            matched.iter().map(|(_, share)| share.map(units::share).unwrap_or_default()).collect();
        Self(vec![
            ("code", exit.code().to_string()),
            ("exit", exit.name().to_owned()),
            ("outcome", each(&|one| tag(one.outcome.as_ref()?))),
            ("optimized", each(&|one| one.optimized.as_ref().map(|built| built.path.clone()))),
            ("match", shares.join("\n")),
            ("folder", folder.to_owned()),
        ])
    }

    /// As the runner reads it: each value between two lines of `delimiter`, which no value has.
    pub fn render(&self, delimiter: &str) -> String {
        let has = |delimiter: &str| self.0.iter().any(|(_, value)| value.contains(delimiter));
        let mut delimiter = delimiter.to_owned();
        while has(&delimiter) {
            delimiter.push('_');
        }
        self.0.iter().map(|(name, value)| format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")).collect()
    }
}

/// The outcome by its name in events.
fn tag(outcome: &Outcome) -> Option<String> {
    let value = serde_json::to_value(outcome).ok()?;
    value.get("outcome")?.as_str().map(str::to_owned)
}
