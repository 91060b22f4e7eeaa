//! What the integration tests share: a tracker in this process, and one as a process.
#![allow(dead_code, reason = "every test binary uses a part of it")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use honing_tracker::{Config, Server, ServerError, Tracker};
use tokio::{runtime::Runtime, sync::oneshot};

/// No wait in these tests is longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A tracker in this process, stopped on drop.
pub(crate) struct Local {
    pub(crate) udp: Vec<SocketAddr>,
    pub(crate) http: Vec<SocketAddr>,
    pub(crate) tracker: Arc<Tracker>,
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    ended: tokio::task::JoinHandle<Result<(), ServerError>>,
}

impl Local {
    pub(crate) fn start(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        let home = vec!["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()];
        (config.udp.listen, config.http.listen) = (home.clone(), home);
        change(&mut config);
        config.check().unwrap();
        let runtime = Runtime::new().unwrap();
        let server = {
            let _guard = runtime.enter();
            Server::bind(config).unwrap()
        };
        let (udp, http) = (server.udp_addrs(), server.http_addrs());
        let tracker = server.tracker();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = runtime.spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self { udp, http, tracker, runtime, stop: Some(stop), ended }
    }

    /// Asks for the end and waits for it.
    pub(crate) fn stop(mut self) {
        drop(self.stop.take());
        let limit = async { tokio::time::timeout(PATIENCE, &mut self.ended).await };
        self.runtime.block_on(limit).expect("stops in time").expect("without a panic").unwrap();
    }
}

/// A child that does not outlive the test, however that ends.
pub(crate) struct Reaped(pub(crate) Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Reaped {
    /// Waits for the end, but not for ever.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the child ends", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

/// The real binary, ready to serve.
pub(crate) struct Process {
    pub(crate) child: Reaped,
    pub(crate) udp: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) log: BufReader<ChildStderr>,
}

pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_honing-tracker"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Process {
    pub(crate) fn start(more: &[&str]) -> Self {
        let args = ["--udp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--log-format", "json"];
        let child = command().args(args).args(more).spawn().unwrap();
        let mut child = Reaped(child);
        let mut log = BufReader::new(child.0.stderr.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let event: serde_json::Value = serde_json::from_str(&line).expect(&line);
        assert_eq!(event["message"], "listening");
        let addr = |key: &str| {
            let list = event[key].as_str().unwrap();
            list.trim_matches(['[', ']']).parse().unwrap()
        };
        Self { udp: addr("udp"), http: addr("http"), child, log }
    }

    /// Sends a signal.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.0.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.unwrap(), signal).unwrap();
    }

    /// What is left of the log, after the end.
    pub(crate) fn rest_of_log(&mut self) -> String {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        rest
    }
}

/// One request over a connection of its own: status line and headers, then the body.
pub(crate) fn get(addr: SocketAddr, target: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nhost: tracker\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|at| at == b"\r\n\r\n").expect("a head");
    (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end + 4..].to_vec())
}

/// Waits until `done`, with patience.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
