//! Two programs of one library: what is trained by running one of them serves the other, for real.

use crate::support::Fixture;

const WORK: &str = r"
/// The longest Collatz sequence below a number.
#[inline(never)]
pub fn longest(to: u64) -> u64 {
    (1..to).map(steps).max().unwrap_or(0)
}

#[inline(never)]
fn steps(mut n: u64) -> u64 {
    let mut steps = 0;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}
";

const MAIN: &str = r#"fn main() {
    let to = std::env::args().nth(1).and_then(|to| to.parse().ok()).unwrap_or(1000);
    println!("{}", work::longest(to));
}
"#;

/// `worker` is trained by running `driver`, which needs what `worker` was built to; `sum` has neither training
/// nor profile.
const CONFIG: &str = r#"[policy]
ships = ["not_measured"]
[program.worker.cargo]
package = "worker"
[program.worker.workload.learn]
role = "train"
command = ["{program:driver:instrument}", "3000"]

[program.driver]
needs = ["instrument: worker.instrument"]
cargo.package = "driver"
[program.driver.workload.learn]
role = "train"
command = ["{program}", "2000"]
env.WORKER = "{program:worker}"
env.SUM = "{program:sum}"
env.PROFILE = "{profile:worker}"

[program.sum.cargo]
package = "sum"
"#;

fn workspace() -> Fixture {
    let fixture = Fixture::empty("components");
    let members = ["work", "worker", "driver", "sum"];
    let listed: Vec<String> = members.iter().map(|name| format!("\"{name}\"")).collect();
    fixture
        .write("Cargo.toml", &format!("[workspace]\nresolver = \"2\"\nmembers = [{}]\n", listed.join(", ")));
    for name in members {
        let uses = if name == "work" { "" } else { "\n[dependencies]\nwork = { path = \"../work\" }\n" };
        let text = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{uses}");
        fixture.write(&format!("{name}/Cargo.toml"), &text);
        let main = if name == "work" { ("lib.rs", WORK) } else { ("main.rs", MAIN) };
        fixture.write(&format!("{name}/src/{}", main.0), main.1);
    }
    fixture.write("pgo/pgo.toml", CONFIG);
    fixture
}

#[test]
fn a_program_is_trained_by_running_another() {
    let fixture = workspace();
    let ran = fixture.succeeds(&["--format", "json"]);
    // What it left is the trained one's, and applies.
    assert!(!ran.stdout.contains("the profile does not fit"), "{}", ran.stdout);
    let events = ran.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let ended = events.filter(|event| event["event"] == "stage_finished");
    let ended: Vec<String> =
        ended.map(|event| format!("{}.{}", event["program"], event["stage"]).replace('"', "")).collect();
    let place = |step: &str| ended.iter().position(|one| one == step);
    let order = ["worker.instrument", "driver.instrument", "worker.train", "worker.record", "driver.train"];
    assert!(order.map(place).is_sorted() && place("worker.instrument").is_some(), "{ended:?}");
    assert!(!fixture.path("target/honing/sum/instrument").exists());
    fixture.is_up_to_date(&[]);
    // Elsewhere the builds take the profiles of the folder.
    fixture.succeeds(&["export", "--all", "handed-over"]);
    let built = || std::fs::read(fixture.path("target/honing/worker/optimize/worker")).unwrap();
    let before = built();
    fixture.succeeds(&["clean"]);
    let only = ["--profiles", "handed-over", "--only", "worker.optimize"];
    let plan = fixture.succeeds(&[&["plan", "--explain"], &only[..]].concat()).stdout;
    assert!(plan.contains("worker: merge: run") && plan.contains("driver: merge: skip"), "{plan}");
    fixture.succeeds(&only);
    assert_eq!(built(), before);
    assert!(!fixture.path("target/honing/driver/optimize").exists());
    let plan =
        fixture.succeeds(&["plan", "--explain", "--from", "driver.instrument", "--skip", "worker.record"]);
    let commands =
        ["driver: instrument: run", "worker: train: run", "worker: record: skip", "driver: train: run"];
    let places =
        commands.map(|line| plan.stdout.find(line).unwrap_or_else(|| panic!("{line}: {}", plan.stdout)));
    assert!(places.is_sorted(), "{}", plan.stdout);
    let wrong = fixture.run(&["--from", "wroker.train"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("programs are sum, driver, worker"), "{}", wrong.stderr);
}
