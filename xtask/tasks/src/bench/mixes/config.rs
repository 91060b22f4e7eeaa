//! pgo.toml with other training traffic. What is gated stays, and the traffic that it is measured on.
//! Workloads that only inform are left out, since the table has no row for them; and a loss, which other
//! traffic may well lead to, does not end the run.

use anyhow::{Context, Result};
use toml::{Table, Value};

/// One training.
#[derive(Debug)]
pub(super) struct Training {
    /// Name of its files.
    pub(super) id: &'static str,
    /// Its row.
    pub(super) title: &'static str,
    /// Mix and seed; none for pgo.toml as it is.
    traffic: Option<(&'static str, i64)>,
}

/// As many for each mix as pgo.toml's own training with `train` has.
const REQUESTS: &str = "200000";

/// The first is the yardstick; the second says what is chance.
pub(super) const TRAININGS: [Training; 6] = [
    Training { id: "train", title: "`train`", traffic: Some(("train", 7)) },
    Training { id: "train-again", title: "`train`, another seed", traffic: Some(("train", 77)) },
    Training { id: "eval", title: "`eval`", traffic: Some(("eval", 7)) },
    Training { id: "udp-only", title: "`udp-only`", traffic: Some(("udp-only", 7)) },
    Training { id: "http-heavy", title: "`http-heavy`", traffic: Some(("http-heavy", 7)) },
    Training { id: "pgo-toml", title: "pgo.toml", traffic: None },
];

impl Training {
    /// `text` is the repository's pgo.toml.
    pub(super) fn config(&self, text: &str) -> Result<String> {
        let mut config: Table = toml::from_str(text).context("pgo/pgo.toml")?;
        let policy = config.entry("policy").or_insert_with(|| Table::new().into());
        let policy = policy.as_table_mut().context("policy of pgo/pgo.toml is no table")?;
        policy.insert("max_regression".into(), 1000.0.into());
        let workloads = config
            .get_mut("program")
            .and_then(|programs| programs.get_mut("tracker")?.get_mut("workload")?.as_table_mut())
            .context("pgo/pgo.toml has no workloads of the tracker")?;
        workloads.retain(|_, workload| !informs(workload));
        let Some((mix, seed)) = self.traffic else { return Ok(toml::to_string(&config)?) };
        let mut kept = Table::new();
        let mut training = None;
        for (name, workload) in std::mem::take(workloads) {
            match workload.get("role").and_then(Value::as_str) {
                Some("train") if training.is_none() => training = Some((name, workload)),
                Some("train") => (),
                _ => _ = kept.insert(name, workload),
            }
        }
        let (name, mut workload) = training.context("pgo/pgo.toml has no training of the tracker")?;
        retrain(&mut workload, mix, seed).context("the training of pgo/pgo.toml has another shape")?;
        kept.insert(name, workload);
        *workloads = kept;
        Ok(toml::to_string(&config)?)
    }
}

fn informs(workload: &Value) -> bool {
    workload.get("gate").and_then(Value::as_array).is_some_and(Vec::is_empty)
}

fn retrain(workload: &mut Value, mix: &str, seed: i64) -> Option<()> {
    workload.as_table_mut()?.insert("seed".into(), seed.into());
    let load = workload.get_mut("service")?.get_mut("load")?.as_array_mut()?;
    for (option, value) in [("--mix", mix), ("--requests", REQUESTS)] {
        let at = load.iter().position(|word| word.as_str() == Some(option))?;
        *load.get_mut(at + 1)? = value.into();
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PGO: &str = include_str!("../../../../../pgo/pgo.toml");

    #[test]
    fn only_the_training_is_another() {
        let before: Table = toml::from_str(PGO).unwrap();
        let workloads = |config: &Table| config["program"]["tracker"]["workload"].as_table().unwrap().clone();
        for training in &TRAININGS {
            let after: Table = toml::from_str(&training.config(PGO).unwrap()).unwrap();
            assert_eq!(after["bench"], before["bench"]);
            assert_eq!(after["policy"]["max_age"], before["policy"]["max_age"]);
            assert_eq!(after["policy"]["max_regression"].as_float(), Some(1000.0));
            let (is, was) = (workloads(&after), workloads(&before));
            assert_eq!(is.get("eval-mixed"), was.get("eval-mixed"));
            assert!(was.contains_key("eval-rate") && !is.contains_key("eval-rate"));
            let trained: Vec<_> = is.values().filter(|one| one["role"].as_str() == Some("train")).collect();
            match training.traffic {
                None => assert_eq!(is.len() + 1, was.len()),
                Some((mix, seed)) => {
                    assert_eq!((trained.len(), trained[0]["seed"].as_integer()), (1, Some(seed)));
                    let load = trained[0]["service"]["load"].to_string();
                    assert!(load.contains(&format!("\"--mix\", \"{mix}\"")), "{load}");
                    assert!(load.contains("\"--requests\", \"200000\""), "{load}");
                }
            }
        }
        assert!(TRAININGS[0].config("").is_err());
    }
}
