//! Waits for the signal to stop, and tells everybody who has to.

use std::{io, sync::Arc};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Tells that the agent stops.
#[derive(Debug, Clone)]
pub struct Stop {
    sender: Arc<watch::Sender<bool>>,
    receiver: watch::Receiver<bool>,
}

impl Stop {
    /// Stops at SIGTERM or SIGINT.
    ///
    /// # Errors
    /// When the signals cannot be caught.
    pub fn at_signals() -> io::Result<Self> {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (sender, receiver) = watch::channel(false);
        let stop = Self { sender: Arc::new(sender), receiver };
        let asked = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            asked.ask();
        });
        Ok(stop)
    }

    /// Tells everybody that the agent stops.
    pub fn ask(&self) {
        self.sender.send_replace(true);
    }

    /// Ends when the agent is to stop.
    pub async fn wait(mut self) {
        // A sender that is gone has been asked to stop as well.
        let _ = self.receiver.wait_for(|stop| *stop).await;
    }
}
