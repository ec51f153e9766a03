//! The status as it changes, a line each time: nobody has to ask again and again, and while nobody listens nothing wakes.

use std::{sync::Arc, time::Duration};

use axum::{extract::State, response::Response};
use picket_protocol::{local_api::Status, refusal::Refusal};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use super::{LocalApi, answer::Refused, lines, reads::look};
use crate::{alert_log::Place, service::Snapshot};

/// Between two lines: alerts come by the thousand, and people read one status at a time.
const BETWEEN_LINES: Duration = Duration::from_secs(1);

pub(super) async fn status(State(api): State<Arc<LocalApi>>) -> Result<Response, Refused> {
    let turn = Arc::clone(&api.few_followers).acquire_owned().await;
    let turn = turn.map_err(|_| Refusal::InvalidRequest { why: "the agent is stopping".to_owned() })?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(follow(api, sender));
    Ok(lines::answer(receiver, turn))
}

/// Sends the status now and at each change, until nobody reads it or the agent stops.
async fn follow(api: Arc<LocalApi>, sender: mpsc::Sender<Status>) {
    let mut changes =
        Changes { snapshots: api.service.watch(), alerts: api.alerts.log().head(), stopping: api.stopping.subscribe() };
    loop {
        // Asked anew, since alerts are counted without the service: it publishes a snapshot, which is no change to us.
        let Ok(snapshot) = look(&api).await else { return };
        changes.seen();
        if sender.send(snapshot.status.clone()).await.is_err() {
            return;
        }
        let earliest = Instant::now() + BETWEEN_LINES;
        tokio::select! {
            going_on = changes.any(&snapshot) => if !going_on { return },
            () = sender.closed() => return,
        }
        tokio::select! {
            () = sleep_until(earliest) => {}
            () = sender.closed() => return,
        }
    }
}

struct Changes {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    alerts: watch::Receiver<Place>,
    stopping: watch::Receiver<bool>,
}

impl Changes {
    fn seen(&mut self) {
        self.snapshots.mark_unchanged();
        self.alerts.mark_unchanged();
    }

    /// Waits for something that was not so in `last`. False when there is nothing left to wait for.
    async fn any(&mut self, last: &Snapshot) -> bool {
        loop {
            tokio::select! {
                changed = self.snapshots.changed() => {
                    if changed.is_err() {
                        return false;
                    }
                    if is_news(&self.snapshots.borrow_and_update().status, &last.status) {
                        return true;
                    }
                }
                changed = self.alerts.changed() => return changed.is_ok(),
                _ = self.stopping.changed() => return false,
            }
        }
    }
}

/// Whether anything changed but the seconds that pass: other followers' questions make snapshots, too.
pub(super) fn is_news(now: &Status, last: &Status) -> bool {
    let still = |status: &Status| {
        let mut status = status.clone();
        status.agent.uptime_seconds = 0;
        status.clock.wall = last.clock.wall;
        if let Some(candidate) = &mut status.candidate {
            candidate.remaining_seconds = 0;
        }
        status
    };
    still(now) != still(last)
}
