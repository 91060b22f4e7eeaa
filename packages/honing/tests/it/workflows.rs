//! The workflows, as written: every command of `.github/workflows` and `.gitlab-ci.yml` is run here,
//! in clones of a small repository. What is around them is played: the Git server by a bare
//! repository, `gh` by a script that writes down how it was called.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use serde_norway::Value;

use crate::{
    stored::{LIB, MAIN},
    support::{Fixture, LOCKFILE, commit, git},
};

const HONING: &str = env!("CARGO_BIN_EXE_honing");
/// What prepares a runner, and what runs these very tests.
const BESIDE: [&str; 2] = ["rustup toolchain install ", ".ci/run"];
/// What the systems put in for expressions.
const EXPRESSIONS: [(&str, &str); 2] = [("${{ github.token }}", "token"), ("${{ github.run_id }}", "1")];

/// One script of a job, with the variables that it is given.
struct Script {
    text: String,
    env: Vec<(String, String)>,
}

fn yaml(file: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    serde_norway::from_str(&fs::read_to_string(root.join(file)).unwrap()).unwrap()
}

fn text(value: &Value) -> String {
    let mut text = value.as_str().unwrap_or_else(|| unreachable!("{value:?} is no text")).to_owned();
    for (expression, with) in EXPRESSIONS {
        text = text.replace(expression, with);
    }
    assert!(!text.contains("${{"), "an expression that nothing here puts in: {text}");
    text
}

/// The scripts of a workflow's job.
fn github(file: &str, job: &str) -> Vec<Script> {
    let workflow = yaml(&format!(".github/workflows/{file}"));
    let steps = workflow["jobs"][job]["steps"].as_sequence().unwrap();
    let scripts = steps.iter().filter(|step| step.get("run").is_some()).map(|step| {
        let env = step.get("env").and_then(Value::as_mapping).into_iter().flatten();
        let env = env.map(|(name, value)| (text(name), text(value))).collect();
        Script { text: text(&step["run"]), env }
    });
    let scripts: Vec<Script> =
        scripts.filter(|script| !BESIDE.iter().any(|beside| script.text.starts_with(beside))).collect();
    assert!(!scripts.is_empty(), "{job} of {file} runs nothing that is tried here");
    scripts
}

/// The script of a GitLab job: its lines are run by one shell.
fn gitlab(job: &str) -> Script {
    let jobs = yaml(".gitlab-ci.yml");
    let lines = jobs[job]["script"].as_sequence().unwrap().iter().map(text);
    Script { text: lines.collect::<Vec<_>>().join("\n"), env: Vec::new() }
}

/// A Git server, and programs for jobs.
struct World {
    origin: Fixture,
    bin: Fixture,
}

impl World {
    fn new() -> Self {
        let source = Fixture::tiny();
        source.write("src/lib.rs", LIB);
        source.write("src/main.rs", MAIN);
        source.write(".gitignore", "/target\n");
        source.write("Cargo.lock", LOCKFILE);
        git(&source, &["init", "--quiet", "--initial-branch", "main"]);
        commit(&source, "source");
        let origin = Fixture::empty("origin.git");
        git(&origin, &["clone", "--quiet", "--bare", &source.root.display().to_string(), "."]);
        git(&origin, &["config", "receive.advertisePushOptions", "true"]);
        // The options of a push are told to hooks alone.
        origin.write("hooks/pre-receive", "#!/bin/sh\nenv | grep ^GIT_PUSH_OPTION > options || true\n");
        executable(&origin, "hooks/pre-receive");

        let bin = Fixture::empty("bin");
        // As the alias of a workspace: `cargo xtask pgo …` is `honing …`.
        bin.write("cargo-xtask", &format!("#!/bin/sh\nshift 2\nexec '{HONING}' \"$@\"\n"));
        bin.write("gh", "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$(dirname \"$0\")/gh.args\"\n");
        executable(&bin, "cargo-xtask");
        executable(&bin, "gh");
        Self { origin, bin }
    }

    /// A runner's clone, and the job's scripts run in it.
    fn job(&self, scripts: &[Script], system: &[(&str, &str)]) -> Fixture {
        let clone = self.origin.clone_in("runner");
        for script in scripts {
            let ran = self.run(&clone, script, system);
            let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
            assert!(ran.status.success(), "{}\n{out}\n{err}", script.text);
        }
        clone
    }

    fn run(&self, clone: &Fixture, script: &Script, system: &[(&str, &str)]) -> Output {
        let path = format!("{}:{}", self.bin.root.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.args(["-eo", "pipefail", "-c", &script.text]).current_dir(&clone.root);
        for (name, _) in clone.honing(&[]).get_envs().filter(|(_, value)| value.is_none()) {
            command.env_remove(name);
        }
        let env = script.env.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        command.env("PATH", path).envs(env).envs(system.iter().copied()).output().unwrap()
    }

    /// What a reviewer does with the branch that a refresh pushed.
    fn merge(&self, branch: &str) {
        git(&self.origin, &["update-ref", "refs/heads/main", &format!("refs/heads/{branch}")]);
    }

    /// How `gh` was called last.
    fn gh(&self) -> Vec<String> {
        self.bin.read("gh.args").lines().map(str::to_owned).collect()
    }
}

fn executable(at: &Fixture, file: &str) {
    fs::set_permissions(at.path(file), fs::Permissions::from_mode(0o755)).unwrap();
}

/// What a release leaves to be published.
fn is_released(runner: &Fixture) {
    for file in ["tiny", "tiny.provenance.json", "checklist.md"] {
        assert!(runner.path("target/dist").join(file).is_file(), "{file}");
    }
    let list = runner.read("target/dist/checklist.md");
    assert!(list.contains("**ready**"), "{list}");
    assert!(runner.read("target/dist/tiny.provenance.json").contains("pgo/profiles/tiny/"));
}

#[test]
fn every_command_of_the_github_workflows() {
    let world = World::new();
    let system = [("GITHUB_ACTIONS", "true"), ("GITHUB_REF_NAME", "v0.1.0")];
    let runner = world.job(&github("refresh.yml", "refresh"), &system);
    let called = world.gh();
    assert_eq!(called[..4], ["pr", "create", "--head", "pgo/refresh-1"]);
    let body = called.iter().skip_while(|word| *word != "--body-file").nth(1).unwrap();
    assert!(runner.read(body).contains("tiny"), "the body is the report");
    world.merge("pgo/refresh-1");

    let runner = world.job(&github("check.yml", "profile"), &system);
    assert!(runner.path("target/honing/ci/report.md").is_file());

    let runner = world.job(&github("release.yml", "release"), &system);
    is_released(&runner);
    let called = world.gh();
    assert_eq!(called[..3], ["release", "create", "v0.1.0"]);
    assert!(
        called.iter().skip(3).filter(|word| !word.starts_with("--")).all(|file| runner.path(file).is_file())
    );
}

#[test]
fn every_command_of_the_gitlab_jobs() {
    let world = World::new();
    let server = world.origin.root.display().to_string();
    let system = [
        ("GITLAB_CI", "true"),
        ("PGO_PUSH_TOKEN", "token"),
        ("CI_SERVER_HOST", "git.localhost"),
        ("CI_PROJECT_PATH", "group/project"),
        ("CI_PIPELINE_ID", "1"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", &format!("url.{server}.insteadOf")),
        ("GIT_CONFIG_VALUE_0", "https://pgo:token@git.localhost/group/project.git"),
    ];
    world.job(&[gitlab("refresh")], &system);
    let options = world.origin.read("options");
    assert!(options.contains("=merge_request.create\n"), "{options}");
    world.merge("pgo/refresh-1");

    let runner = world.job(&[gitlab("check")], &system);
    assert!(runner.path("target/honing/ci/gl-code-quality-report.json").is_file());

    is_released(&world.job(&[gitlab("release")], &system));
}
