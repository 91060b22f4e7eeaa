//! What the types cannot say: rules between keys, each error with its place.

use std::ops::RangeInclusive;

use crate::config::sections::Config;
use crate::config::{
    forms::Tables,
    place::Place,
    program::Program,
    workload::{CPU, Kind, PEAK_MEMORY, SYSTEM, Service, USER, WALL, Workload},
};
use crate::{
    error::{Error, Result},
    names::closest,
    template::{self, Placeholder, TemplateError},
};

/// Folders of the output directory that are not a program's.
pub const TAKEN_NAMES: [&str; 7] = ["aa", "build", "ci", "lock", "machine.json", "runs", "workspace"];
/// Files beside the folders of workloads.
const TAKEN_BESIDE_WORKLOADS: [&str; 2] = ["manifest.json", "shard.json"];
/// Bounds that the JSON Schema states as well.
const MAX_WEIGHT: u32 = 1_000_000;
const MAX_RETRIES: u32 = 10;
const EXIT_CODES: RangeInclusive<i32> = 0..=255;
const LONGEST_NAME: usize = 100;
const MAX_WARMUP: u32 = 100;
const MOST_WORSE: f64 = 1000.0;
const MOST_GROWTH: f64 = 10_000.0;

/// Signals that a service can be asked to stop with.
const STOP_SIGNALS: [&str; 6] = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"];

impl Config {
    pub(super) fn validate<'a>(&'a self, top: &Place<'a>, crafts: &[&Tables]) -> Result<()> {
        if self.program.is_empty() {
            return Err(top
                .error("no program is defined")
                .with_hint(crate::advise!("add a [program.NAME] table, or run `{pgo} init`")));
        }
        let bench = top.key(&["bench"]);
        if let Some(pairs) = self.bench.pairs
            && (!(2..=1000).contains(&pairs) || !pairs.is_multiple_of(2))
        {
            return Err(bench
                .key(&["pairs"])
                .error(format!("pairs = {pairs} is not an even number from 2 to 1000"))
                .with_hint(format!("write pairs = {}", pairs.next_multiple_of(2).clamp(2, 1000))));
        }
        if !(0.5..=0.9999).contains(&self.bench.confidence) {
            return Err(bench
                .key(&["confidence"])
                .error(format!("confidence = {} is not a share from 0.5 to 0.9999", self.bench.confidence))
                .with_hint("write 0.99 for 99 %"));
        }
        if self.bench.warmup > MAX_WARMUP {
            return Err(bench
                .key(&["warmup"])
                .error(format!("warmup is at most {MAX_WARMUP} pairs"))
                .with_hint("write warmup = 1"));
        }
        self.check_percentages(top)?;
        for name in self.tool.keys() {
            check_name(name, "tool", &top.key(&["tool", name]))?;
        }
        for (name, program) in &self.program {
            let place = top.key(&["program", name]);
            let craft = crafts.iter().find(|craft| craft.name == program.own.craft());
            let runs = craft.filter(|craft| craft.workload.is_some()).map(|craft| craft.name);
            self.check_program(name, program, &place, runs)?;
            self.check_needs(name, program).map_err(|error| {
                place.key(&["needs"]).error(error.to_string()).with_any_hint(error.hint())
            })?;
        }
        Ok(())
    }

    fn check_percentages<'a>(&'a self, top: &Place<'a>) -> Result<()> {
        let policy = &self.policy;
        for (path, value, most) in [
            (["bench", "margin"], Some(self.bench.margin), 50.0),
            (["bench", "precision"], Some(self.bench.precision), 50.0),
            (["policy", "min_gain"], policy.min_gain, 100.0),
            (["policy", "max_regression"], Some(policy.max_regression), MOST_WORSE),
            (["policy", "max_growth"], policy.max_growth, MOST_GROWTH),
            (["policy", "min_match"], Some(policy.min_match), 100.0),
            (["merge", "max_lost"], Some(self.merge.max_lost), 100.0),
        ] {
            check_percent(value, most, &top.key(&path))?;
        }
        let workloads = || self.program.values().flat_map(|program| program.workload.values());
        for (name, limit) in &policy.metric {
            let place = top.key(&["policy", "metric", name]);
            let built_in = [CPU, USER, SYSTEM, WALL, PEAK_MEMORY];
            let own = workloads().flat_map(|workload| workload.metric.keys().map(String::as_str));
            let known: Vec<&str> = built_in.into_iter().chain(own).collect();
            if !known.contains(&name.as_str()) {
                return Err(unknown_metric(name, &known, &place));
            }
            check_percent(limit.min_gain, 100.0, &place.key(&["min_gain"]))?;
            check_percent(limit.max_regression, MOST_WORSE, &place.key(&["max_regression"]))?;
        }
        Ok(())
    }

    fn check_program<'a>(
        &self,
        name: &'a str,
        program: &'a Program,
        place: &Place<'a>,
        runs: Option<&str>,
    ) -> Result<()> {
        check_name(name, "program", place)?;
        if TAKEN_NAMES.contains(&name) {
            return Err(place
                .error(format!("a program cannot be called `{name}`: Honing keeps a folder of that name"))
                .with_hint(format!("call it `{name}-program`; the name is yours to choose")));
        }
        for (name, workload) in &program.workload {
            let of_program = place.key(&["env"]);
            self.check_placeholders(name, workload, program.env.values(), &of_program)?;
            self.check_workload(name, workload, &place.key(&["workload", name]), runs)?;
        }
        if let Some((first, _)) = program.workload.iter().find(|_| !program.pgo) {
            return Err(place
                .key(&["workload", first])
                .error(format!("program `{name}` is built without PGO (pgo = false) and has a workload"))
                .with_hint("remove one of them"));
        }
        let evaluate = || program.workload.iter().filter(|(_, workload)| workload.role.evaluates());
        match evaluate().next() {
            Some((first, _)) if evaluate().all(|(_, workload)| workload.gate.is_empty()) => Err(place
                .key(&["workload", first, "gate"])
                .error(format!("program `{name}`: nothing decides"))
                .with_hint("write gate = [\"cpu\"] in one of its eval workloads at least")),
            _ => Ok(()),
        }
    }

    fn check_workload<'a>(
        &self,
        name: &str,
        workload: &'a Workload,
        place: &Place<'a>,
        runs: Option<&str>,
    ) -> Result<()> {
        check_name(name, "workload", place)?;
        if TAKEN_BESIDE_WORKLOADS.contains(&name) {
            return Err(place
                .error(format!("a workload cannot be called `{name}`: Honing keeps a file of that name"))
                .with_hint(format!("call it `{name}-workload`; the name is yours to choose")));
        }
        match workload.kind() {
            None => {
                let ways = match runs {
                    Some(craft) => format!("`command`, `service` and `{craft}`"),
                    None => "`command` and `service`".into(),
                };
                return Err(place
                    .error(format!("workload `{name}` needs exactly one of {ways}"))
                    .with_hint("for example command = [\"{program}\", \"--version\"]"));
            }
            Some(Kind::Service(service)) => check_service(service, &place.key(&["service"]))?,
            Some(Kind::Own(own)) if workload.role.evaluates() => {
                return Err(place
                    .key(&["role"])
                    .error(format!("what `{}` runs can train but not evaluate: it is not the program that ships", own.name))
                    .with_hint("set role = \"train\", and add a `command` or `service` workload with role = \"eval\""));
            }
            Some(_) => {}
        }
        if workload.weight == 0 || workload.weight > MAX_WEIGHT {
            return Err(place
                .key(&["weight"])
                .error(format!("weight = {} is not between 1 and {MAX_WEIGHT}", workload.weight))
                .with_hint("remove the workload, or set role = \"eval\" to keep it out of the training"));
        }
        if workload.retries > MAX_RETRIES {
            return Err(place
                .key(&["retries"])
                .error(format!("retries = {} is more than {MAX_RETRIES}", workload.retries))
                .with_hint("a workload that fails so often teaches the wrong paths; mend it"));
        }
        if workload.exit_codes.is_empty() {
            return Err(place
                .key(&["exit_codes"])
                .error("no exit code counts as success")
                .with_hint("write exit_codes = [0]"));
        }
        if let Some(code) = workload.exit_codes.iter().find(|code| !EXIT_CODES.contains(code)) {
            return Err(place
                .key(&["exit_codes"])
                .error(format!("{code} is no exit code: they are 0 to 255"))
                .with_hint("a shell's code of a signal is 128 and its number, such as 143 for SIGTERM"));
        }
        if workload.answer.is_some() && workload.compare_output == Some(false) {
            return Err(place
                .key(&["answer"])
                .error(format!(
                    "workload `{name}` has an `answer` that is not compared: compare_output = false"
                ))
                .with_hint("remove one of them"));
        }
        check_measuring(workload, place)?;
        if let Some(work) = &workload.work {
            check_pointer(work, &place.key(&["work"]))?;
        }
        self.check_templates(name, workload, place)
    }

    fn check_templates<'a>(&self, name: &str, workload: &'a Workload, place: &Place<'a>) -> Result<()> {
        for (key, words) in workload.commands() {
            let place = place.key(&key.split('.').collect::<Vec<_>>());
            if words.first().is_none_or(String::is_empty) {
                let what = if words.is_empty() { "is empty" } else { "begins with an empty word" };
                return Err(place.error(format!("workload `{name}`: `{key}` {what}")).with_hint(
                    "write the program first, then its arguments: [\"{program}\", \"--version\"]",
                ));
            }
            self.check_placeholders(name, workload, words, &place)?;
        }
        for own in workload.own.iter() {
            self.check_placeholders(name, workload, own.texts(), &place.key(&[own.name]))?;
        }
        self.check_placeholders(name, workload, workload.env.values(), &place.key(&["env"]))?;
        if let Some(service) = &workload.service {
            let ready = service.ready.tcp.iter().chain(&service.ready.http);
            self.check_placeholders(name, workload, ready, &place.key(&["service", "ready"]))?;
        }
        // What only prepares, or only puts under load, is not what is optimized.
        let main = match workload.kind() {
            Some(Kind::Command(words)) => words,
            Some(Kind::Service(service)) => &service.start,
            _ => return Ok(()),
        };
        // A library is trained through a program that is linked with it.
        let through = !workload.role.evaluates() && workload.runs_through().is_some();
        let runs =
            template::placeholders(main).is_ok_and(|found| found.contains(&Placeholder::Program)) || through;
        if !runs {
            return Err(place.error(format!("workload `{name}` never runs the program")).with_hint(
                "write {program} where its path belongs in `command` or `service.start`, so that every flavour can be put there",
            ));
        }
        Ok(())
    }

    fn check_placeholders(
        &self,
        name: &str,
        workload: &Workload,
        words: impl IntoIterator<Item: AsRef<str>>,
        place: &Place<'_>,
    ) -> Result<()> {
        let found = template::placeholders(words).map_err(|error| {
            let error_at = place.error(error.to_string());
            match error {
                TemplateError::Unbalanced(_) => error_at.with_hint("write {{ and }} for braces of its own"),
                TemplateError::Unknown(_) => error_at
                    .with_hint("write {program} for what is optimized, and {{ and }} for braces of its own"),
            }
        })?;
        for placeholder in found {
            match placeholder {
                Placeholder::Tool(tool)
                    if !self.tool.contains_key(&tool)
                        && !place.program(self).is_some_and(|program| self.lists(program, &tool)) =>
                {
                    let error = place.error(format!(
                        "workload `{name}` uses {{tool:{tool}}}, and there is no [tool.{tool}]"
                    ));
                    return Err(match closest(&tool, self.tool.keys().map(String::as_str)) {
                        Some(near) => error.with_hint(format!("did you mean {{tool:{near}}}?")),
                        None => {
                            error.with_hint(format!("add [tool.{tool}], with a table for what builds it"))
                        }
                    });
                }
                Placeholder::Other(other) if !self.program.contains_key(&other.program) => {
                    let names: Vec<&str> = self.program.keys().map(String::as_str).collect();
                    let error = crate::unknown("program", &other.program, "pgo.toml", &names);
                    let at = place.error(format!("workload `{name}` uses {{{other}}}: {error}"));
                    return Err(at.with_hint(error.hint().unwrap_or_default()));
                }
                Placeholder::Seed if workload.seed.is_none() => {
                    return Err(place
                        .error(format!("workload `{name}` uses {{seed}} and has no seed"))
                        .with_hint("add seed = 1 to the workload"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What is measured of a workload, and what decides.
fn check_measuring<'a>(workload: &'a Workload, place: &Place<'a>) -> Result<()> {
    for (key, metric) in &workload.metric {
        let place = place.key(&["metric", key]);
        if workload.metrics().iter().filter(|name| *name == key).count() > 1 {
            return Err(place
                .error(format!("`{key}` is measured of every workload, and cannot be a metric of one's own"))
                .with_hint("give the metric another name"));
        }
        match (&metric.pointer, &metric.pattern) {
            (Some(pointer), None) => check_pointer(pointer, &place.key(&["pointer"]))?,
            (None, Some(pattern)) if pattern.contains('(') => {}
            (None, Some(_)) => {
                return Err(place
                    .key(&["pattern"])
                    .error("`pattern` needs a group around the number")
                    .with_hint("for example pattern = 'took ([0-9.]+) ms'"));
            }
            _ => {
                return Err(place
                    .error(format!("metric `{key}` needs exactly one of `pointer` and `pattern`"))
                    .with_hint("for example pointer = \"/latency_us/p99\""));
            }
        }
    }
    if let Some(latency) = &workload.latency {
        check_pointer(&latency.pointer, &place.key(&["latency", "pointer"]))?;
    }
    let known = workload.metrics();
    if let Some(unknown) = workload.gate.iter().find(|gate| !known.contains(&gate.as_str())) {
        return Err(unknown_metric(unknown, &known, &place.key(&["gate"])));
    }
    let demands = [("min_gain", workload.min_gain), ("max_regression", workload.max_regression)];
    if let Some((key, _)) = demands.iter().find(|(_, demand)| demand.is_some() && workload.gate.is_empty()) {
        return Err(place
            .key(&[key])
            .error(format!("{key} of a workload in which nothing decides (gate = [])"))
            .with_hint("name the metrics that decide in `gate`, or remove it"));
    }
    check_percent(workload.min_gain, 100.0, &place.key(&["min_gain"]))?;
    check_percent(workload.max_regression, MOST_WORSE, &place.key(&["max_regression"]))
}

fn unknown_metric(name: &str, known: &[&str], place: &Place<'_>) -> Error {
    let error = place.error(format!("nothing measures `{name}`"));
    match closest(name, known.iter().copied()) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error.with_hint(format!("metrics are {}", known.join(", "))),
    }
}

fn check_percent(value: Option<f64>, most: f64, place: &Place<'_>) -> Result<()> {
    let Some(value) = value.filter(|value| !(0.0..=most).contains(value)) else { return Ok(()) };
    let key = place.name();
    Err(place
        .error(format!("{key} = {value} is not a percentage from 0 to {most}"))
        .with_hint(format!("write {key} = 1.0 for 1 %")))
}

fn check_service(service: &Service, place: &Place<'_>) -> Result<()> {
    let ready = &service.ready;
    let ways = [&ready.tcp, &ready.http, &ready.log].into_iter().flatten().count();
    if ways != 1 {
        return Err(place
            .key(&["ready"])
            .error("`ready` needs exactly one of `tcp`, `http` and `log`")
            .with_hint("for example ready.tcp = \"127.0.0.1:{port:http}\""));
    }
    if ready.http.as_ref().is_some_and(|url| !url.starts_with("http://")) {
        return Err(place
            .key(&["ready", "http"])
            .error("`ready.http` is a URL that starts with http://")
            .with_hint("for example ready.http = \"http://127.0.0.1:{port:http}/health\""));
    }
    if !STOP_SIGNALS.contains(&service.stop.signal.as_str()) {
        return Err(place
            .key(&["stop", "signal"])
            .error(format!("`{}` is not a signal to stop a service with", service.stop.signal))
            .with_hint(format!("use one of {}", STOP_SIGNALS.join(", "))));
    }
    Ok(())
}

/// Names become folder names and words on the command line.
fn check_name(name: &str, what: &str, place: &Place<'_>) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with(['.', '-']) || !name.chars().all(fits) {
        return Err(place
            .error(format!("`{name}` cannot be the name of a {what}"))
            .with_hint("use ASCII letters, digits, `-`, `_` and `.`, a letter or digit first"));
    }
    // Files are called after it, with more in front and behind.
    if name.len() > LONGEST_NAME {
        return Err(place
            .error(format!("the name of a {what} has {} letters", name.len()))
            .with_hint(format!("at most {LONGEST_NAME}")));
    }
    Ok(())
}

fn check_pointer(pointer: &str, place: &Place<'_>) -> Result<()> {
    if pointer.is_empty() || pointer.starts_with('/') {
        return Ok(());
    }
    Err(place
        .error(format!("`{pointer}` is not a JSON pointer"))
        .with_hint(format!("write it as \"/{}\"", pointer.replace('.', "/"))))
}
