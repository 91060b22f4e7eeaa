//! One build of the Containerfile, and what is in the image.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{bases::Bases, context::Context, tools::Tools};
use crate::ci::say;

/// Share of the profile's weight that the image's program has to have applied. Edits since the profile
/// was recorded cost a percent or two; a file that the image lacks, or names that differ there, all.
const LEAST_MATCH: f64 = 0.95;

pub(super) struct Image<'a> {
    tools: &'a Tools,
    pub(super) name: String,
    /// The packages that were compiled in the step that makes the program.
    pub(super) compiled: Vec<String>,
}

impl<'a> Image<'a> {
    /// Builds with the build arguments `args`.
    pub(super) fn build(
        tools: &'a Tools,
        bases: &Bases,
        files: &Context,
        tag: &str,
        args: &[&str],
    ) -> Result<Self> {
        let name = format!("localhost/honing-{tag}");
        say(&format!("==> {name} {}", args.join(" ")));
        let toolchain = format!("{}:/toolchain:ro", bases.sysroot.display());
        let (build, runtime) =
            (format!("BUILD_IMAGE={}", bases.build), format!("RUNTIME_IMAGE={}", bases.runtime));
        // chroot and the host's network: nothing here can make namespaces inside a container.
        let mut words =
            vec!["build", "--layers", "--isolation", "chroot", "--network", "host", "--format", "docker"];
        words.extend([
            "--volume",
            &toolchain,
            "--build-arg",
            &build,
            "--build-arg",
            &runtime,
            "--tag",
            &name,
        ]);
        words.extend(args.iter().flat_map(|arg| ["--build-arg", arg]));
        words.extend(["--target", "release", "--file", "Containerfile", "."]);
        let log =
            tools.buildah(&words).dir(&files.root).stderr_to_stdout().unchecked().stdout_capture().run()?;
        let log_text = String::from_utf8_lossy(&log.stdout);
        let tail: Vec<&str> = log_text.lines().rev().take(60).collect();
        ensure!(
            log.status.success(),
            "{}\nbuildah build failed",
            tail.into_iter().rev().collect::<Vec<_>>().join("\n")
        );
        Ok(Self { tools, name, compiled: compiled_last(&log_text) })
    }

    /// What a person who runs it relies on.
    pub(super) fn is_as_the_containerfile_says(&self) -> Result<()> {
        let inspected = self.tools.buildah(&["inspect", "--type", "image", &self.name]).read()?;
        let inspected: Value = serde_json::from_str(&inspected).context("buildah inspect")?;
        let config = &inspected["Docker"]["config"];
        let said = |key: &str| config[key].to_string();
        let rows = [
            ("User", "\"10001:10001\""),
            ("Entrypoint", "[\"honing-tracker\"]"),
            ("StopSignal", "\"SIGTERM\""),
            ("ExposedPorts", "{\"6969/tcp\":{},\"6969/udp\":{}}"),
        ];
        for (key, expected) in rows {
            ensure!(said(key) == expected, "{key} of {} is {}, not {expected}", self.name, said(key));
        }
        let health = config["Healthcheck"]["Test"].to_string();
        ensure!(health == "[\"CMD\",\"honing-tracker\",\"--health\"]", "its health check is {health}");
        say("==> user, entrypoint, ports, stop signal and health check are as written");
        Ok(())
    }

    /// The file that the build left beside the program.
    pub(super) fn provenance(&self) -> Result<Provenance> {
        let path = "/usr/local/bin/honing-tracker.provenance.json";
        let container = self.tools.buildah(&["from", "--pull-never", &self.name]).read()?;
        let root = self.tools.buildah(&["mount", &container]).read()?;
        let text = fs::read_to_string(format!("{root}{path}")).with_context(|| path.to_owned());
        self.tools.buildah(&["rm", &container]).stdout_null().run()?;
        Ok(Provenance(serde_json::from_str(&text?).context("the provenance file")?))
    }
}

/// What went into the program.
pub(super) struct Provenance(Value);

impl Provenance {
    /// That the profile of this workspace went in, and that it applied.
    pub(super) fn is_of_the_stored_profile(&self, workspace: &Path) -> Result<()> {
        let named = &self.0["predicate"]["buildDefinition"]["externalParameters"]["pgo"]["profile"];
        let file = named.as_str().with_context(|| format!("the program was built without PGO: {named}"))?;
        let stored = fs::read(workspace.join(file)).with_context(|| file.to_owned())?;
        let digest =
            hmac_sha256::Hash::hash(&stored).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let inputs = &self.0["predicate"]["buildDefinition"]["resolvedDependencies"];
        let of_profile = inputs.as_array().into_iter().flatten().find(|input| input["name"] == *named);
        let there = of_profile.map(|input| &input["digest"]["sha256"]);
        ensure!(
            there == Some(&Value::from(digest.clone())),
            "{file} has SHA-256 {digest}, the image's {there:?}"
        );
        let share = &self.0["predicate"]["runDetails"]["honing_result"]["match"]["share"];
        ensure!(share.as_f64().is_some_and(|share| share >= LEAST_MATCH), "the image's match is {share}");
        say(&format!("==> built with {file}, match {share}"));
        Ok(())
    }

    /// That no profile went in, and that it says why.
    pub(super) fn is_without_pgo(&self) -> Result<()> {
        let pgo = &self.0["predicate"]["buildDefinition"]["externalParameters"]["pgo"];
        ensure!(pgo["profile"].is_null() && pgo["without"] == "--no-pgo", "it says of PGO: {pgo}");
        say("==> with PGO=off it is built without, and says so");
        Ok(())
    }
}

/// The packages that the last `pgo build` of a log compiled.
fn compiled_last(log: &str) -> Vec<String> {
    let lines: Vec<&str> = log.lines().collect();
    let begin = lines.iter().rposition(|line| line.contains("--output /out/")).unwrap_or(0);
    let package = |line: &&str| line.trim().strip_prefix("Compiling ")?.split(' ').next().map(str::to_owned);
    lines[begin..].iter().filter_map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_last_build_compiled() {
        let log = "STEP 1\n   Compiling serde v1.0.0\nRUN cargo xtask pgo build --output /out/\n   Compiling honing-tracker v0.1.0 (/src)\n";
        assert_eq!(compiled_last(log), ["honing-tracker"]);
    }
}
