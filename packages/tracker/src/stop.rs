//! How tasks learn that the tracker stops.

use tokio::sync::watch;

/// Tells all holders of its [`Stop`]s to end; so does dropping it.
#[derive(Debug)]
pub struct StopSender(watch::Sender<bool>);

/// A task's ear for the stop.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// A sender and the first receiver.
pub fn channel() -> (StopSender, Stop) {
    let (sender, receiver) = watch::channel(false);
    (StopSender(sender), Stop(receiver))
}

impl StopSender {
    /// Tells all.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Waits for the stop; returns at once if it has been told.
    pub async fn requested(mut self) {
        // An error means that the sender is gone, which is a stop as well.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
