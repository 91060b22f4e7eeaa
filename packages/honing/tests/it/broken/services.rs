//! Services that do not start, do not get ready, die, or do not stop.

use std::{net::TcpListener, os::fd::AsRawFd};

use super::{Row, table};
use crate::support::Fixture;

/// The program is the service's last act, so that there is a profile where it may be.
const SERVICE: &str = r#"[program.tiny.workload.serve]
role = "train"
service.start = ["sh", "-c", "START", "{program}"]
service.load = ["sh", "-c", "LOAD"]
service.ready.READY
service.ready.timeout = "500ms"
service.stop.grace = "500ms"
"#;

fn serve(case: &super::Case<'_>, start: &str, load: &str, ready: &str) {
    let quoted = |text: &str| text.replace('"', "\\\"");
    let service =
        SERVICE.replace("START", &quoted(start)).replace("LOAD", &quoted(load)).replace("READY", ready);
    case.config_also(&service);
}

const LOG: &str = "log = 'up'";
/// Ends in an orderly way: runs the program, which writes its profile.
const ORDERLY: &str = "trap '\"$0\" 100; exit 0' TERM; echo up; while :; do sleep 0.05; done";

const ROWS: [Row; 14] = [
    Row {
        name: "a service that goes into the background",
        breaks: |case| serve(case, "setsid \"$0\" 999999999999 >/dev/null & echo; exit 0", "true", LOG),
        args: &[],
        code: 11,
        says: &["train: workload `serve`: the service ended before it was ready, with exit code 0"],
        hint: "stay in the foreground",
    },
    Row {
        name: "a service that cannot write its profile",
        breaks: |case| {
            let start = format!("chmod 555 \"$(dirname \"$LLVM_PROFILE_FILE\")\"; {ORDERLY}");
            serve(case, &start, "true", LOG);
            case.without_privileges();
        },
        args: &[],
        code: 12,
        says: &["train: workload `serve`", "LLVM Profile Error: Failed to write file", "Permission denied"],
        hint: "flush = \"continuous\"",
    },
    Row {
        name: "a service that cannot start",
        breaks: |case| serve(case, "echo no such option: --port >&2; exit 2", "true", LOG),
        args: &[],
        code: 11,
        says: &["train: workload `serve`: the service ended before it was ready", "exit code 2"],
        hint: "no such option: --port",
    },
    Row {
        name: "a service that never gets ready",
        breaks: |case| serve(case, "echo starting; sleep 95", "true", LOG),
        args: &[],
        code: 11,
        says: &["train: workload `serve`", "not ready within 500ms", "a line of output that matches `up`"],
        hint: "ready.timeout",
    },
    Row {
        name: "a service that never opens its port",
        breaks: |case| serve(case, "sleep 95", "true", "tcp = \"127.0.0.1:{port:http}\""),
        args: &[],
        code: 11,
        says: &["train: workload `serve`", "not ready within 500ms", "a connection to 127.0.0.1:"],
        hint: "ready.timeout",
    },
    Row {
        name: "a service whose health page does not answer",
        breaks: |case| serve(case, "sleep 95", "true", "http = \"http://127.0.0.1:{port:http}/health\""),
        args: &[],
        code: 11,
        says: &["train: workload `serve`", "not ready within 500ms", "a 2xx answer from http://127.0.0.1:"],
        hint: "ready.timeout",
    },
    Row {
        name: "a port in use",
        breaks: |case| {
            let held = TcpListener::bind("127.0.0.1:0").unwrap();
            let ready = format!("tcp = \"127.0.0.1:{}\"", held.local_addr().unwrap().port());
            serve(case, ORDERLY, "true", &ready);
            // Held until the end of the tests; the number alone says so.
            let _ = held.as_raw_fd();
            std::mem::forget(held);
        },
        args: &[],
        code: 11,
        says: &["train: workload `serve`", "before the service is started, something else", "127.0.0.1:"],
        hint: "{port:NAME}",
    },
    Row {
        name: "a service that dies under load",
        breaks: |case| serve(case, "echo up; sleep 0.2; echo out of memory >&2; exit 3", "sleep 94", LOG),
        args: &[],
        code: 11,
        says: &["train: workload `serve`: the service ended under load", "exit code 3"],
        hint: "out of memory",
    },
    Row {
        name: "a service that is killed under load",
        breaks: |case| serve(case, "echo up; sleep 0.2; kill -KILL $$", "sleep 94", LOG),
        args: &[],
        code: 11,
        says: &["train: workload `serve`: the service ended under load", "signal SIGKILL"],
        hint: "up",
    },
    Row {
        name: "a load that fails",
        breaks: |case| serve(case, ORDERLY, "echo refused >&2; exit 5", LOG),
        args: &[],
        code: 11,
        says: &["train: workload `serve`: load: ", "exit code 5"],
        hint: "refused",
    },
    Row {
        name: "a load that hangs",
        breaks: |case| {
            serve(case, ORDERLY, "sleep 93", LOG);
            case.config_also("timeout = \"500ms\"");
        },
        args: &[],
        code: 11,
        says: &["train: workload `serve`: load: ", "did not end within 500ms"],
        hint: "`timeout` of workload `serve`",
    },
    Row {
        name: "a service that ignores SIGTERM",
        breaks: |case| serve(case, "trap '' TERM; echo up; while :; do sleep 0.05; done", "true", LOG),
        args: &[],
        code: 11,
        says: &["train: workload `serve`", "did not stop within 500ms of SIGTERM"],
        hint: "stop.grace",
    },
    Row {
        name: "a service that is ended by the signal, without its profile",
        breaks: |case| serve(case, "echo up; exec sleep 92", "true", LOG),
        args: &[],
        code: 12,
        says: &["train: workload `serve`", "ended by SIGTERM and wrote no profile"],
        hint: "flush = \"continuous\"",
    },
    Row {
        name: "a service that fails on its way out",
        breaks: |case| {
            serve(
                case,
                "trap 'echo cannot save >&2; exit 6' TERM; echo up; while :; do sleep 0.05; done",
                "true",
                LOG,
            );
        },
        args: &[],
        code: 11,
        says: &["train: workload `serve`", "exit code 6 after SIGTERM"],
        hint: "cannot save",
    },
];

#[test]
fn services() {
    table(&Fixture::tiny(), &ROWS);
}
