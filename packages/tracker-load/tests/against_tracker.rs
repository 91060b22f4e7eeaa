//! The load against our own tracker in this process: every answer has to be right, to the letter
//! of the BEPs (`strict`). What other trackers do is in other_trackers_*.rs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may fail too")]

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
    Local { udp, http, _runtime: runtime }
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
        strict: true,
    }
}

fn clean(report: &Report) {
    let requests = report.requests;
    assert_eq!(report.lines(), Vec::<String>::new());
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
        assert!((4_000..=4_016).contains(&report.requests.sent), "{report:?}");
        assert!(report.requests.malformed > 0);
        assert!(report.latency_us.p50 > 0.0 && report.latency_us.p50 <= report.latency_us.max);
    }
}

#[test]
fn one_protocol_alone_gets_all_requests() {
    let local = tracker();
    let udp = run(&Plan { http: vec![], ..plan(&local, &MIXES[0]) }).unwrap();
    let http = run(&Plan { udp: vec![], ..plan(&local, &MIXES[0]) }).unwrap();
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
    assert!((1_000..=1_128).contains(&report.requests.sent), "{report:?}");
    assert!((0.9..3.0).contains(&report.duration_s), "{report:?}");
}

/// A tracker over UDP that does with the packet of a given number what the test wants.
fn fake(mut before: impl FnMut(usize) -> bool + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = socket.local_addr().unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    thread::spawn(move || {
        let mut packet = [0; 2048];
        for count in 0.. {
            let Ok((length, from)) = socket.recv_from(&mut packet) else {
                return;
            };
            if length < 16 || !before(count) {
                continue;
            }
            let (action, transaction) = (&packet[8..12], &packet[12..16]);
            let answer = match action[3] {
                0 => [action, transaction, &[1; 8]].concat(),
                1 => [action, transaction, &[1; 12]].concat(),
                2 if packet[0] == 1 => [action, transaction, &vec![0; (length - 16) / 20 * 12]].concat(),
                _ => [&[0, 0, 0, 3], transaction].concat(),
            };
            socket.send_to(&answer, from).unwrap();
        }
    });
    addr
}

fn plan_for(addr: SocketAddr, mode: Mode, requests: u64) -> Plan {
    Plan {
        udp: vec![addr],
        http: vec![],
        mix: &MIXES[3],
        seed: 1,
        mode,
        concurrency: 1,
        warmup: None,
        until: Until::Requests(requests),
        strict: false,
    }
}

#[test]
fn a_stall_shows_in_all_requests_that_it_delays() {
    let stalling = || {
        fake(|count| {
            if count == 20 {
                thread::sleep(Duration::from_millis(300));
            }
            true
        })
    };
    // 200 requests are due within 0.4 s, of which the stall takes 0.3 s.
    let open = run(&plan_for(stalling(), Mode::Open { rate: 500 }, 200)).unwrap();
    clean(&open);
    assert!(open.latency_us.p50 > 30_000.0, "{open:?}");
    // The closed loop sends nothing meanwhile, and so hardly sees it.
    let closed = run(&plan_for(stalling(), Mode::Closed, 200)).unwrap();
    clean(&closed);
    assert!(closed.latency_us.p50 < 30_000.0, "{closed:?}");
    assert!(closed.latency_us.max > 250_000.0, "{closed:?}");
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    let addr = fake(|count| count != 5);
    let report = run(&plan_for(addr, Mode::Closed, 20)).unwrap();
    clean(&report);
    assert_eq!(report.requests.retransmits, 1);
}

#[test]
fn answers_that_never_come_are_timeouts() {
    let addr = fake(|count| count < 3);
    let report = run(&plan_for(addr, Mode::Closed, 3)).unwrap();
    assert!(report.requests.timeouts > 0, "{report:?}");
    assert_eq!(report.requests.retransmits, 2 * report.requests.timeouts);
    assert!(report.failed() > 0.01);
}

#[test]
fn nobody_there_is_said() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = holder.local_addr().unwrap();
    drop(holder);
    let none = Local { udp: vec![addr], http: vec![], _runtime: tracker()._runtime };
    let error = run(&plan(&none, &MIXES[0])).unwrap_err();
    assert!(matches!(error, LoadError::Unreachable { protocol: "udp", .. }), "{error}");
    let none = Local { udp: vec![], http: vec![addr], ..none };
    let error = run(&plan(&none, &MIXES[0])).unwrap_err();
    assert!(matches!(error, LoadError::Unreachable { protocol: "http", .. }), "{error}");
}

#[test]
fn a_tracker_that_vanishes_ends_the_run() {
    let local = tracker();
    let until = Until::Elapsed(Duration::from_secs(60));
    let plan = Plan { until, udp: vec![], ..plan(&local, &MIXES[0]) };
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
        let output = Command::new(env!("CARGO_BIN_EXE_honing-tracker-load")).args(args).output();
        let output = output.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let (udp, http) = (local.udp[0].to_string(), local.http[0].to_string());
    let args = ["--udp", &udp, "--http", &http, "--seed", "7", "--requests", "2000", "--strict"];
    let (code, stdout, stderr) = load(&args);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&json["schema"], &json["mix"], &json["seed"]), (&2.into(), &"train".into(), &7.into()));
    for field in ["sent", "completed", "timeouts", "errors", "malformed"] {
        assert!(json["requests"][field].is_u64(), "{field}");
    }
    for field in ["p50", "p90", "p99", "p999", "max", "mean"] {
        assert!(json["latency_us"][field].is_f64(), "{field}");
        assert!(json["by_kind"]["udp_announce"]["latency_us"][field].is_f64(), "{field}");
    }
    assert_eq!((&json["failures"], &json["remarks"]), (&serde_json::json!({}), &serde_json::json!({})));
    // What pgo/pgo.toml points at.
    for pointer in ["/requests/completed", "/throughput_per_s", "/latency_us"] {
        assert!(json.pointer(pointer).is_some(), "{pointer}");
    }
    let (code, stdout, _) = load(&["--list-mixes"]);
    assert_eq!((code, stdout.lines().count()), (0, MIXES.len()));
    let (code, _, stderr) = load(&["--udp", "[::]:9", "--requests", "1"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("is not loopback"), "{stderr}");
    let digest = || load(&["--mix", "eval", "--seed", "3", "--requests", "500", "--dry-run"]);
    assert_eq!(digest(), digest());
}
