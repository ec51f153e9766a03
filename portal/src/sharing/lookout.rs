//! Notices how sensors stand, and has the store keep what is to be told. What that is, [`super::health`] decides.

use std::time::Duration;

use picket_protocol::time::UnixSeconds;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::health::compare;
use crate::{
    clock,
    domain::{refused::Refused, role::Role},
    store::Store,
};

/// How often it looks at least. With the longest gathering below a minute.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Looks at every sensor again and again.
#[derive(Debug)]
pub(super) struct Lookout {
    store: Store,
    role: Role,
    listening_since: UnixSeconds,
    /// The number of the newest health event.
    newest: watch::Sender<i64>,
    /// For how long changes are gathered before they are told.
    gather: Duration,
    /// Since when there is something to tell.
    gathering_since: Option<Instant>,
}

impl Lookout {
    pub(super) const fn new(
        store: Store,
        role: Role,
        listening_since: UnixSeconds,
        newest: watch::Sender<i64>,
        gather: Duration,
    ) -> Self {
        Self { store, role, listening_since, newest, gather, gathering_since: None }
    }

    /// Looks until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            if let Err(refused) = self.look().await {
                tracing::warn!(why = refused.problem().title, "how sensors stand cannot be looked at");
            }
            sleep(LOOK_EVERY.min(self.gather / 3)).await;
        }
    }

    /// Changes are told as they are when the gathering ends: what came and went meanwhile is no news.
    async fn look(&mut self) -> Result<(), Refused> {
        let (sensors, told) = (self.store.standing(self.role).await?, self.store.told().await?);
        let news = compare(&sensors, &told, self.listening_since, clock::now());
        if news.is_empty() {
            self.gathering_since = None;
            return Ok(());
        }
        let since = *self.gathering_since.get_or_insert_with(Instant::now);
        if since.elapsed() < self.gather {
            return Ok(());
        }
        let newest = self.store.tell(news).await?;
        self.gathering_since = None;
        self.newest.send_replace(newest);
        Ok(())
    }
}
