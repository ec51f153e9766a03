//! Delivers the alert log to the hub and to the management console: one task per consumer, along the routes of the
//! activation in force.
//!
//! The core (`picket_lifecycle::delivery`) decides what is sent when; here it is done. No connection outlives its route:
//! [`Deliveries::abort`] returns when none of a stamp is open any more.

mod board;
mod body;
mod client;
mod consumer;
mod https;
mod kind;
mod mqtt;
mod record;
mod supervisor;
#[cfg(test)]
mod tests;
mod way;

use std::{collections::BTreeMap, num::NonZeroU32};

use picket_lifecycle::{effect::Confirmed, moment::BootId, routes::Routes, stamp::Stamp};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use self::{
    board::Board,
    supervisor::{Order, Supervisor},
};
pub use self::{board::ConsumerStatus, kind::ConsumerKind, way::Credentials};
use crate::alert_log::AlertLog;

/// What deliveries are done with.
#[derive(Debug)]
pub struct Parts {
    /// Where alerts come from.
    pub log: AlertLog,
    /// Where they may go now.
    pub routes: watch::Receiver<Routes>,
    /// What the upstream in force has stored.
    pub confirmed: mpsc::Receiver<Confirmed>,
    /// Who the sensor is.
    pub credentials: Credentials,
    /// Which boot of the machine this is.
    pub boot: BootId,
    /// Most bytes on the wire to each consumer, in kbit/s.
    pub kilobits_per_second: Option<NonZeroU32>,
}

/// The deliveries that run.
#[derive(Debug)]
pub struct Deliveries {
    orders: mpsc::UnboundedSender<Order>,
    board: Board,
    running: JoinHandle<()>,
}

impl Deliveries {
    /// Delivers from now on, as the routes say.
    #[must_use]
    pub fn start(parts: Parts) -> Self {
        let board = Board::new();
        let (orders, received) = mpsc::unbounded_channel();
        let running = tokio::spawn(Supervisor::new(parts, board.clone()).run(received));
        Self { orders, board, running }
    }

    /// Ends every delivery under this stamp. When this returns, no connection of it is open. A new one is opened only
    /// if the routes still show the stamp, so they have to be changed first.
    pub async fn abort(&self, stamp: Stamp) {
        let (done, aborted) = oneshot::channel();
        if self.orders.send(Order::Abort(stamp, done)).is_ok() {
            // An error means that the deliveries are gone, and their connections with them.
            let _ = aborted.await;
        }
    }

    /// How each consumer stands.
    #[must_use]
    pub fn status(&self) -> Vec<ConsumerStatus> {
        self.board.consumers()
    }

    /// What was counted since the agent started.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<String, u64> {
        self.board.counters()
    }

    /// The hub's health: `ok`, or the code of what keeps alerts from it.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<&'static str> {
        self.board.health()
    }

    /// Ends all of them, and keeps what was acknowledged.
    pub async fn stop(self) {
        let Self { orders, running, .. } = self;
        drop(orders);
        let _ = running.await;
    }
}
