//! Sends to one destination: at least once, in order, from a durable cursor that moves only after the destination took what
//! lies before it. One task per destination, so that a dead one holds up nobody else.

use std::{collections::BTreeSet, time::Duration};

use picket_protocol::alerts::Severity;
use tokio::{sync::watch, time::sleep};
use uuid::Uuid;

use super::{
    backoff::BackOff,
    destination::{Cursor, Destination},
    event::{Event, NamedSensor, Place, SharedAlert, TestMessage},
    link::{Failure, Link, Part},
};
use crate::{
    alerts::{AlertStore, Cursor as Position, Filter, Page},
    clock,
    domain::refused::Refused,
    entropy,
    store::Store,
};

/// Alerts read in one go: a record has up to 256 KiB.
const READ: u32 = 64;
/// Bytes after which a block is full: a block is what moves the cursor.
const FULL_BLOCK: usize = 1 << 20;
/// Alerts that are read for one block when the rule wants few of them.
const MOST_LOOKED_AT: usize = 5000;
/// What leaves no alert out.
const LEAST: Severity = Severity::Informational;
/// Health events of one block.
const HEALTH_EVENTS: u32 = 50;
/// Without a word of news it is looked anyway.
const LOOK_ANYWAY: Duration = Duration::from_secs(60);

/// What a sender reads from.
#[derive(Debug, Clone)]
pub(super) struct Sources {
    pub(super) store: Store,
    pub(super) alerts: AlertStore,
    /// The newest health event.
    pub(super) newest_health: watch::Receiver<i64>,
}

/// Sends to one destination.
#[derive(Debug)]
pub(super) struct Sender {
    destination: Destination,
    sources: Sources,
    link: Link,
    back_off: BackOff,
}

/// What lies between two places of the cursor.
#[derive(Debug)]
struct Block {
    parts: Vec<Part>,
    bytes: usize,
    end: Cursor,
}

/// What became of a block.
#[derive(Debug, Default)]
struct Outcome {
    delivered: usize,
    refused: usize,
}

impl Sender {
    pub(super) fn new(destination: Destination, sources: Sources) -> Self {
        let link = Link::new(&destination.target);
        Self { destination, sources, link, back_off: BackOff::default() }
    }

    /// Sends until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            if let Err(refused) = self.send_from_cursor().await {
                tracing::warn!(destination = %self.destination.name, why = refused.problem().title, "sharing waits");
                self.wait(None).await;
            }
        }
    }

    /// Goes on from the durable cursor, until the database fails.
    async fn send_from_cursor(&mut self) -> Result<(), Refused> {
        let (_, progress) = self.sources.store.destination(self.destination.id).await?;
        let (mut alerts, mut health) = (self.sources.alerts.newest(), self.sources.newest_health.clone());
        let mut cursor = progress.cursor;
        loop {
            // Seen before it is read: what comes meanwhile is news.
            alerts.mark_unchanged();
            health.mark_unchanged();
            let block = self.gather(cursor).await?;
            if block.end == cursor {
                tokio::select! {
                    _ = alerts.changed() => {}
                    _ = health.changed() => {}
                    () = sleep(LOOK_ANYWAY) => {}
                }
                continue;
            }
            let outcome = self.deliver(&block.parts).await;
            cursor = block.end;
            self.move_cursor(cursor, outcome).await;
        }
    }

    /// However long it takes: what the destination took is not sent again because the database cannot be written.
    async fn move_cursor(&mut self, to: Cursor, Outcome { delivered, refused }: Outcome) {
        while let Err(failed) = self.sources.store.move_cursor(self.destination.id, to, delivered, refused).await {
            tracing::warn!(destination = %self.destination.name, why = failed.problem().title, "the cursor waits");
            self.wait(None).await;
        }
        self.back_off.reset();
    }

    async fn gather(&self, from: Cursor) -> Result<Block, Refused> {
        let mut block = Block { parts: Vec::new(), bytes: 0, end: from };
        for event in self.sources.store.health_events(from.health, HEALTH_EVENTS).await? {
            block.end.health = event.number;
            self.add(&Event::Health(event), &mut block);
        }
        self.gather_alerts(&mut block).await?;
        Ok(block)
    }

    async fn gather_alerts(&self, block: &mut Block) -> Result<(), Refused> {
        let rule = &self.destination.rule;
        if !rule.alerts {
            block.end.alert = block.end.alert.max(*self.sources.alerts.newest().borrow());
            return Ok(());
        }
        // The store need not read what the rule's severity leaves out.
        let filter = Filter { severity: Some(rule.severity).filter(|least| *least != LEAST), sensors: None };
        let (mut looked_at, mut more) = (0, true);
        while more && looked_at < MOST_LOOKED_AT && !self.is_full(block) {
            let page = self.sources.alerts.page(&filter, Position::After(block.end.alert), READ).await?;
            (looked_at, more) = (looked_at + page.alerts.len(), page.more);
            self.add_alerts(page, block).await?;
        }
        Ok(())
    }

    async fn add_alerts(&self, page: Page, block: &mut Block) -> Result<(), Refused> {
        let sensors: BTreeSet<_> = page.alerts.iter().map(|alert| alert.sensor).collect();
        let known = self.sources.store.named_sensors(sensors).await?;
        for alert in page.alerts {
            if self.is_full(block) {
                return Ok(());
            }
            block.end.alert = alert.row;
            let named = known.get(&alert.sensor).cloned();
            // A portal.db that was restored from a backup may be older than the alerts.
            let (sensor, place) = named.unwrap_or_else(|| (NamedSensor::unnamed(alert.sensor), Place::default()));
            self.add(&Event::Alert(SharedAlert { sensor, place, alert }), block);
        }
        if let Position::After(row) = page.next {
            block.end.alert = row; // past what the filter left out
        }
        Ok(())
    }

    fn add(&self, event: &Event, block: &mut Block) {
        if self.destination.rule.wants(event) {
            let part = self.destination.target.part(event);
            block.bytes += part.text.len();
            block.parts.push(part);
        }
    }

    const fn is_full(&self, block: &Block) -> bool {
        block.bytes >= FULL_BLOCK || block.parts.len() >= self.destination.target.most_events()
    }

    /// Delivers parts, however long it takes. Those that the destination refuses for good are passed over.
    async fn deliver(&mut self, parts: &[Part]) -> Outcome {
        let (mut outcome, mut at, mut width) = (Outcome::default(), 0, parts.len());
        while at < parts.len() {
            let some = &parts[at..(at + width).min(parts.len())];
            let Err(failure) = self.link.send(some).await else {
                self.back_off.reset();
                outcome.delivered += some.len();
                at += some.len();
                width = (width * 2).min(parts.len());
                continue;
            };
            if failure.minds_content && some.len() > 1 {
                width = some.len() / 2;
            } else if failure.minds_content && self.takes_a_test().await {
                tracing::warn!(destination = %self.destination.name, event = some[0].id, why = failure.why, "refused for good");
                self.back_off.reset();
                outcome.refused += 1;
                at += 1;
            } else {
                self.failed(failure).await;
            }
        }
        outcome
    }

    /// An event is blamed for a refusal only if a harmless one passes.
    async fn takes_a_test(&mut self) -> bool {
        let part = self.destination.target.part(&test_message());
        self.link.send(&[part]).await.is_ok()
    }

    async fn failed(&mut self, failure: Failure) {
        tracing::info!(destination = %self.destination.name, why = failure.why, "not delivered");
        // That it cannot be written down is no reason to stop trying.
        let _ = self.sources.store.destination_failed(self.destination.id, &failure.why).await;
        self.wait(failure.retry_after).await;
    }

    async fn wait(&mut self, asked: Option<Duration>) {
        sleep(self.back_off.wait(u32::from_ne_bytes(entropy::draw()), asked)).await;
    }
}

/// Sends a test message on a connection of its own.
///
/// # Errors
/// When the destination did not take it.
pub(super) async fn test(destination: &Destination) -> Result<(), Failure> {
    let part = destination.target.part(&test_message());
    Link::new(&destination.target).send(&[part]).await
}

fn test_message() -> Event {
    let id: Uuid = entropy::uuid();
    Event::Test(TestMessage { id, at: clock::now() })
}
