//! Signals: the first one asks for an orderly end, the second ends at once.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Handlers that are in place already, so that no signal is missed after `listening`.
pub(crate) struct Shutdown {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
}

impl Shutdown {
    /// Puts the handlers in place.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the first signal.
    pub(crate) async fn requested(mut self) {
        self.next().await;
        tokio::spawn(async move {
            let code = self.next().await;
            // Still runs what is registered for exit, so even this writes a profile.
            std::process::exit(code);
        });
    }

    /// Waits for a signal; the exit code that shells give to one who died of it.
    #[cfg(unix)]
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => 128 + 15,
            _ = self.interrupt.recv() => 128 + 2,
        }
    }

    /// Elsewhere Ctrl-C is what there is.
    #[cfg(not(unix))]
    async fn next(&mut self) -> i32 {
        if tokio::signal::ctrl_c().await.is_err() {
            // No handler to be had: serve on rather than stop for no reason.
            std::future::pending::<()>().await;
        }
        130
    }
}
