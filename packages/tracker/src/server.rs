//! Binds the listeners, runs them, and ends them in order.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, UdpSocket},
    sync::Semaphore,
    task::JoinSet,
};
use tracing::{error, info};

use crate::{clock::Clock, config::Config, http, stop, tracker::Tracker, udp};

/// Why the tracker cannot serve, or serve on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A listener's address cannot be had.
    #[error("cannot listen on {protocol} {addr}: {source}; {}", hint(source))]
    Bind {
        /// `udp` or `http`.
        protocol: &'static str,
        /// The address.
        addr: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// A receive loop has ended by itself, which is a defect: clients would wait for answers that
    /// never come, so the tracker stops instead and can be started again.
    #[error("a UDP loop has ended: {0}; please report this, and start the tracker again")]
    LoopEnded(String),
}

fn hint(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::AddrInUse => {
            "another process has the port: end it, or choose another (port 0 takes a free one)"
        }
        io::ErrorKind::AddrNotAvailable => "choose an address that this machine has",
        io::ErrorKind::PermissionDenied => "choose a port from 1024 on",
        _ => "check the address",
    }
}

/// A tracker whose listeners are bound and which is ready to run.
#[derive(Debug)]
pub struct Server {
    tracker: Arc<Tracker>,
    config: Config,
    udp: Vec<Vec<Arc<UdpSocket>>>,
    http: Vec<TcpListener>,
}

impl Server {
    /// Binds all listeners; call it within a tokio runtime.
    ///
    /// # Errors
    /// [`ServerError::Bind`] for the first address that cannot be had.
    pub fn bind(config: Config) -> Result<Self, ServerError> {
        Self::bind_with(config, Clock::monotonic())
    }

    /// The same with a clock of the caller's choice.
    ///
    /// # Errors
    /// As for [`Server::bind`].
    pub fn bind_with(config: Config, clock: Clock) -> Result<Self, ServerError> {
        let failed = |protocol, addr| move |source| ServerError::Bind { protocol, addr, source };
        let mut udp = Vec::new();
        for addr in &config.udp.listen {
            udp.push(udp::serve::bind(*addr, &config.udp).map_err(failed("udp", *addr))?);
        }
        let mut http = Vec::new();
        for addr in &config.http.listen {
            http.push(http::serve::bind(*addr).map_err(failed("http", *addr))?);
        }
        let tracker = Arc::new(Tracker::new(&config, clock));
        Ok(Self { tracker, config, udp, http })
    }

    /// The UDP addresses as bound, with real ports in place of 0.
    pub fn udp_addrs(&self) -> Vec<SocketAddr> {
        self.udp.iter().filter_map(|sockets| sockets[0].local_addr().ok()).collect()
    }

    /// The HTTP addresses as bound, with real ports in place of 0.
    pub fn http_addrs(&self) -> Vec<SocketAddr> {
        self.http.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// What the listeners share.
    pub fn tracker(&self) -> Arc<Tracker> {
        Arc::clone(&self.tracker)
    }

    /// Serves until `shutdown` is done; then takes nothing new, answers what is under way within
    /// the config's `shutdown_seconds`, and returns.
    ///
    /// # Errors
    /// [`ServerError::LoopEnded`], after the same orderly end.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
        info!(udp = ?self.udp_addrs(), http = ?self.http_addrs(), "listening");
        let (stop, stopped) = stop::channel();
        let mut udp_loops = JoinSet::new();
        for socket in self.udp.into_iter().flatten() {
            let tracker = Arc::clone(&self.tracker);
            udp_loops.spawn(udp::serve::serve(socket, tracker, stopped.clone()));
        }
        let grace = Duration::from_secs(self.config.shutdown_seconds.into());
        let slots = Arc::new(Semaphore::new(self.config.http.max_connections.get()));
        let http_config = Arc::new(self.config.http);
        let mut listeners = JoinSet::new();
        for listener in self.http {
            listeners.spawn(http::serve::serve(
                listener,
                Arc::clone(&self.tracker),
                Arc::clone(&http_config),
                Arc::clone(&slots),
                stopped.clone(),
                grace,
            ));
        }
        let sweeping = sweep(Arc::clone(&self.tracker), self.config.sweep_seconds);
        let mut result = Ok(());
        tokio::select! {
            () = shutdown => (),
            () = sweeping => (),
            Some(ended) = udp_loops.join_next() => {
                let why = ended.map_or_else(|error| error.to_string(), |_| "no reason".to_owned());
                result = Err(ServerError::LoopEnded(why));
            }
        }
        info!("stopping");
        stop.stop();
        let mut served = udp::serve::Served::default();
        while let Some(ended) = udp_loops.join_next().await {
            match ended {
                Ok(one) => served += one,
                Err(error) => error!(%error, "a UDP loop had ended before"),
            }
        }
        while listeners.join_next().await.is_some() {}
        let udp::serve::Served { answered, refused, ignored } = served;
        info!(udp_answered = answered, udp_refused = refused, udp_ignored = ignored, "stopped");
        result
    }
}

/// Forgets silent peers, for ever.
async fn sweep(tracker: Arc<Tracker>, seconds: u32) {
    let mut ticks = tokio::time::interval(Duration::from_secs(seconds.into()));
    loop {
        ticks.tick().await;
        tracker.sweep();
    }
}
