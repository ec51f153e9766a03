//! What the service tells the parts that handle alerts: epochs, routes, what the upstream has stored. Decides nothing.

use std::sync::Arc;

use picket_lifecycle::{
    State,
    effect::Confirmed,
    epochs::EpochRecord,
    routes::{Route, Routes},
    stamp::Stamp,
};
use tokio::sync::{mpsc, watch};

/// Confirmations that may wait. More are dropped: the next heartbeat's answer brings them again.
const WAITING: usize = 4;

/// The service's end.
#[derive(Debug)]
pub struct Feeds {
    epochs: watch::Sender<Arc<[EpochRecord]>>,
    routes: watch::Sender<Routes>,
    confirmed: mpsc::Sender<Confirmed>,
}

/// The other end.
#[derive(Debug)]
pub struct AlertFeeds {
    /// The last epochs, the oldest first.
    pub epochs: watch::Receiver<Arc<[EpochRecord]>>,
    /// What connections may be open for now. Nothing before the service runs.
    pub routes: watch::Receiver<Routes>,
    /// What the upstream in force has stored.
    pub confirmed: mpsc::Receiver<Confirmed>,
}

impl Feeds {
    /// Both ends, with the epochs of this state.
    #[must_use]
    pub fn of(state: &State) -> (Self, AlertFeeds) {
        let (epochs, of_epochs) = watch::channel(state.epochs().into());
        let (routes, of_routes) = watch::channel(Routes::default());
        let (confirmed, of_confirmed) = mpsc::channel(WAITING);
        let feeds = AlertFeeds { epochs: of_epochs, routes: of_routes, confirmed: of_confirmed };
        (Self { epochs, routes, confirmed }, feeds)
    }

    /// Tells what is so in a state that was just adopted. Epochs first: what a route names is known by then.
    pub(super) fn publish(&self, state: &State) {
        self.epochs.send_if_modified(|known| {
            let changed = **known != *state.epochs();
            if changed {
                *known = state.epochs().into();
            }
            changed
        });
        self.set_routes(state.routes());
    }

    /// Nothing new is opened under this stamp, until the next state is adopted.
    pub(super) fn withdraw(&self, stamp: Stamp) {
        let other = |route: &Route| route.stamp != stamp;
        let Routes { hub, console } = self.routes.borrow().clone();
        self.set_routes(Routes { hub: hub.filter(other), console: console.filter(other) });
    }

    pub(super) fn confirm(&self, confirmed: Confirmed) {
        if self.confirmed.try_send(confirmed).is_err() {
            tracing::debug!("confirmations were not taken; the next heartbeat brings them again");
        }
    }

    fn set_routes(&self, routes: Routes) {
        self.routes.send_if_modified(|known| {
            let changed = *known != routes;
            *known = routes;
            changed
        });
    }
}
