//! The load against the real tracker in this process: every answer has to be right.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests may fail too"
)]

use std::{
    net::{SocketAddr, TcpListener, UdpSocket},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use honing_tracker::{Config, Server};
use honing_tracker_load::{
    LoadError, Plan, Report, Until,
    limits::Mode,
    mix::{MIXES, Mix},
    run,
};

/// A tracker that is stopped on drop, with its runtime.
struct Local {
    udp: Vec<SocketAddr>,
    http: Vec<SocketAddr>,
    _runtime: tokio::runtime::Runtime,
}

fn tracker() -> Local {
    let mut config = Config::default();
    let home = vec!["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()];
    (config.udp.listen, config.http.listen) = (home.clone(), home);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = {
        let _guard = runtime.enter();
        Server::bind(config).unwrap()
    };
    let (udp, http) = (server.udp_addrs(), server.http_addrs());
    runtime.spawn(server.run(std::future::pending()));
    Local {
        udp,
        http,
        _runtime: runtime,
    }
}

fn plan(local: &Local, mix: &'static Mix) -> Plan {
    Plan {
        udp: local.udp.clone(),
        http: local.http.clone(),
        mix,
        seed: 7,
        mode: Mode::Closed,
        concurrency: 8,
        warmup: None,
        until: Until::Requests(4_000),
    }
}

fn clean(report: &Report) {
    let requests = report.requests;
    assert_eq!((requests.errors, requests.timeouts), (0, 0), "{report:?}");
    assert_eq!(requests.completed, requests.sent);
}

#[test]
fn every_mix_is_answered_rightly() {
    let local = tracker();
    for mix in &MIXES {
        let report = run(&plan(&local, mix)).unwrap();
        clean(&report);
        // Each worker's first connects come on top, one per family.
        assert!(
            (4_000..=4_016).contains(&report.requests.sent),
            "{report:?}"
        );
        assert!(report.requests.malformed > 0);
        assert!(report.latency_us.p50 > 0.0 && report.latency_us.p50 <= report.latency_us.max);
    }
}

#[test]
fn one_protocol_alone_gets_all_requests() {
    let local = tracker();
    let udp = run(&Plan {
        http: vec![],
        ..plan(&local, &MIXES[0])
    })
    .unwrap();
    let http = run(&Plan {
        udp: vec![],
        ..plan(&local, &MIXES[0])
    })
    .unwrap();
    for (report, prefix) in [(udp, "udp"), (http, "http")] {
        clean(&report);
        let json = serde_json::to_value(&report).unwrap();
        for kind in json["by_kind"].as_object().unwrap().keys() {
            assert!(kind.starts_with(prefix) || kind == "malformed", "{kind}");
        }
    }
}

#[test]
fn the_open_loop_keeps_its_rate() {
    let local = tracker();
    let report = run(&Plan {
        mode: Mode::Open { rate: 1_000 },
        concurrency: 64,
        warmup: Some(Until::Requests(500)),
        until: Until::Elapsed(Duration::from_secs(1)),
        ..plan(&local, &MIXES[1])
    })
    .unwrap();
    clean(&report);
    assert!(
        (1_000..=1_128).contains(&report.requests.sent),
        "{report:?}"
    );
    assert!((0.9..3.0).contains(&report.duration_s), "{report:?}");
}

#[test]
fn the_open_loop_counts_a_stall_from_the_moment_requests_were_due() {
    // Answers connects only; everything after that waits for the retransmission, which is lost too.
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = socket.local_addr().unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(4)))
        .unwrap();
    let server = thread::spawn(move || {
        let (mut packet, mut stalled) = ([0; 2048], false);
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            if length == 16 && packet[8..12] == [0; 4] {
                let answer = [&packet[8..16], &[1; 8]].concat();
                socket.send_to(&answer, from).unwrap();
                if !std::mem::replace(&mut stalled, true) {
                    // Answered before the stall, so that the run starts.
                    continue;
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
    });
    let report = run(&Plan {
        udp: vec![addr],
        http: vec![],
        mix: &MIXES[3],
        seed: 1,
        mode: Mode::Open { rate: 200 },
        concurrency: 1,
        warmup: None,
        until: Until::Requests(2),
    })
    .unwrap();
    assert!(
        report.requests.timeouts > 0 && report.requests.retransmits > 0,
        "{report:?}"
    );
    assert!(report.failed() > 0.01);
    drop(server);
}

#[test]
fn nobody_there_is_said() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = holder.local_addr().unwrap();
    drop(holder);
    let none = Local {
        udp: vec![addr],
        http: vec![],
        _runtime: tracker()._runtime,
    };
    let error = run(&plan(&none, &MIXES[0])).unwrap_err();
    assert!(
        matches!(
            error,
            LoadError::Unreachable {
                protocol: "udp",
                ..
            }
        ),
        "{error}"
    );
    let none = Local {
        udp: vec![],
        http: vec![addr],
        ..none
    };
    let error = run(&plan(&none, &MIXES[0])).unwrap_err();
    assert!(
        matches!(
            error,
            LoadError::Unreachable {
                protocol: "http",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_tracker_that_vanishes_ends_the_run() {
    let local = tracker();
    let until = Until::Elapsed(Duration::from_secs(60));
    let plan = Plan {
        until,
        udp: vec![],
        ..plan(&local, &MIXES[0])
    };
    let start = Instant::now();
    let load = thread::spawn(move || run(&plan));
    thread::sleep(Duration::from_millis(300));
    local._runtime.shutdown_timeout(Duration::from_secs(5));
    let error = load.join().unwrap().unwrap_err();
    assert!(matches!(error, LoadError::Lost { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn the_binary_writes_its_fields_and_exits_with_its_codes() {
    let local = tracker();
    let load = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_honing-tracker-load"))
            .args(args)
            .output();
        let output = output.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (udp, http) = (local.udp[0].to_string(), local.http[0].to_string());
    let args = [
        "--udp",
        &udp,
        "--http",
        &http,
        "--seed",
        "7",
        "--requests",
        "2000",
    ];
    let (code, stdout, stderr) = load(&args);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&json["schema"], &json["mix"], &json["seed"]),
        (&1.into(), &"train".into(), &7.into())
    );
    for field in ["sent", "completed", "timeouts", "errors", "malformed"] {
        assert!(json["requests"][field].is_u64(), "{field}");
    }
    for field in ["p50", "p90", "p99", "p999", "max", "mean"] {
        assert!(json["latency_us"][field].is_f64(), "{field}");
        assert!(
            json["by_kind"]["udp_announce"]["latency_us"][field].is_f64(),
            "{field}"
        );
    }
    let (code, stdout, _) = load(&["--list-mixes"]);
    assert_eq!((code, stdout.lines().count()), (0, MIXES.len()));
    let (code, _, stderr) = load(&["--udp", "[::]:9", "--requests", "1"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("is not loopback"), "{stderr}");
    let digest = || {
        load(&[
            "--mix",
            "eval",
            "--seed",
            "3",
            "--requests",
            "500",
            "--dry-run",
        ])
    };
    assert_eq!(digest(), digest());
}
