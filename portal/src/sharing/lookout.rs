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
            self.look_or_miss().await;
            sleep(LOOK_EVERY.min(self.gather / 3)).await;
        }
    }

    /// A portal whose database fails hears nobody, and must not take that for everybody's silence: afterwards it is as after
    /// a start.
    async fn look_or_miss(&mut self) {
        if let Err(refused) = self.look().await {
            tracing::warn!(why = refused.problem().title, "how sensors stand cannot be looked at");
            (self.listening_since, self.gathering_since) = (clock::now(), None);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sharing::kept::tests::{insert, open, register};

    const DEAF: &[&str] = &["ALTER TABLE health_told RENAME TO lost"];
    const WELL: &[&str] = &["ALTER TABLE lost RENAME TO health_told"];

    #[tokio::test]
    async fn an_outage_of_the_portal_is_not_told_as_everybodys_silence() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        register(&store, 1).await;
        insert(&store, &[
            "INSERT INTO identities (row, thumbprint, sensor, serial, state, enrolled_at, roots) VALUES \
             (1, x'03', (SELECT id FROM sensors WHERE name = 'Pump 1'), 1, 'committed', 0, 1)",
            "INSERT INTO heartbeats (identity, chain, last_seen, roots_version, version, interval, troubled, body) VALUES \
             (1, '', 1000, 1, '', 10, 0, x'')",
        ])
        .await;
        let newest = watch::Sender::new(0);
        let lookout = || Lookout::new(store.clone(), Role::Portal, UnixSeconds(0), newest.clone(), Duration::ZERO);
        let mut deaf = lookout();
        insert(&store, DEAF).await;
        deaf.look_or_miss().await;
        insert(&store, WELL).await;
        deaf.look_or_miss().await;
        assert_eq!(store.newest_health_event().await, Ok(0), "it has not listened for long enough");
        lookout().look_or_miss().await;
        assert_eq!(store.newest_health_event().await, Ok(1), "whoever has listened all the time tells it");
    }
}
