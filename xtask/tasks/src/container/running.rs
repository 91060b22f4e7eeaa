//! The image, run: it gets well, answers announces and scrapes, and ends in order.

use std::{
    net::{TcpListener, UdpSocket},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use duct::cmd;

use super::{image::Image, tools::Tools};
use crate::ci::say;

const CONTAINER: &str = "honing-tracker";
/// Answers that are waited for.
const REQUESTS: u64 = 2000;
/// For the tracker to get well.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn serves(tools: &Tools, image: &Image<'_>, workspace: &Path) -> Result<()> {
    let (udp, http) = (free_udp()?, free_tcp()?);
    let (env_udp, env_http) = (format!("HONING_TRACKER_UDP={udp}"), format!("HONING_TRACKER_HTTP={http}"));
    let mut words = vec!["run", "--detach", "--replace", "--name", CONTAINER, "--network", "host"];
    // Not podman's own limits: raising one takes a right that not every root has.
    words.extend(["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]);
    words.extend(["--env", &env_udp, "--env", &env_http, &image.name]);
    tools.podman(&words).stdout_null().run().context("podman run")?;
    let served = well(tools).and_then(|()| load(workspace, &udp, &http));
    let stopped = stop(tools);
    served.and(stopped)?;
    say(&format!("==> {} gets well, answers real clients' requests, ends in order", image.name));
    Ok(())
}

/// The health check that the image declares, as podman runs it.
fn well(tools: &Tools) -> Result<()> {
    let start = Instant::now();
    loop {
        let check = tools.podman(&["healthcheck", "run", CONTAINER]).stdout_capture().stderr_capture();
        let check = check.unchecked().run()?;
        if check.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&check.stderr);
        ensure!(start.elapsed() < PATIENCE, "it does not get well: {said}\n{}", logs(tools));
        thread::sleep(Duration::from_millis(200));
    }
}

fn load(workspace: &Path, udp: &str, http: &str) -> Result<()> {
    let requests = REQUESTS.to_string();
    let args = ["run", "--quiet", "--bin", "honing-tracker-load", "--", "--udp", udp, "--http", http];
    let load = cmd(
        "cargo",
        args.iter().chain(&["--mix", "eval", "--seed", "1", "--strict", "--requests", &requests]),
    );
    let report: serde_json::Value =
        serde_json::from_str(&load.dir(workspace).read()?).context("its report")?;
    let requests = &report["requests"];
    let answered = requests["errors"] == 0 && requests["timeouts"] == 0;
    ensure!(answered && requests["completed"].as_u64() >= Some(REQUESTS), "not all was answered: {requests}");
    Ok(())
}

fn stop(tools: &Tools) -> Result<()> {
    tools.podman(&["stop", "--time", "20", CONTAINER]).stdout_null().run()?;
    let code = tools.podman(&["inspect", "--format", "{{.State.ExitCode}}", CONTAINER]).read()?;
    let log = logs(tools);
    tools.podman(&["rm", CONTAINER]).stdout_null().run()?;
    ensure!(code == "0" && log.contains(r#""message":"stopped""#), "it ended with {code}\n{log}");
    Ok(())
}

fn logs(tools: &Tools) -> String {
    let log = tools.podman(&["logs", CONTAINER]).stderr_to_stdout().unchecked().read();
    log.unwrap_or_else(|error| error.to_string())
}

/// Ports of loopback that are free a moment before they are needed.
fn free_udp() -> Result<String> {
    Ok(UdpSocket::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

fn free_tcp() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
