//! One consumer's delivery under one activation: feeds the core what happened, and does what it says.
//!
//! Decides nothing. Ends when it is told to, or when a stream was drawn anew.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use picket_lifecycle::{
    delivery::{Counts, Delivery, DeliveryEffect, DeliveryEvent, Limits, Marks, Now, Place, Terms},
    effect::Confirmed,
    moment::{BootId, BootMillis},
    routes::Route,
};
use picket_protocol::ids::{Epoch, StreamId};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    board::Board,
    client::{Ended, HubClient},
    kind::ConsumerKind,
    record::{self, Record},
};
use crate::{
    alert_log::{AlertLog, Entry, LogError},
    clock, entropy,
};

/// Timers stop while a machine sleeps and the boot-time clock does not: look at it at least this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(5 * 60);
/// Most entries of one reading. Bytes bound it first, unless there are only skips.
const MAX_ENTRIES: usize = 4096;
/// How soon people see what happened.
const SHOWN_WITHIN: Duration = Duration::from_millis(250);
/// How long an end waits for the marks to be kept. What is not kept is sent once more.
const LAST_KEEP: Duration = Duration::from_secs(2);
/// Until a log that cannot be read is tried again.
const LOG_RETRY: Duration = Duration::from_secs(5);

/// What a delivery is done with.
#[derive(Debug)]
pub(super) struct Consumer {
    pub(super) kind: ConsumerKind,
    pub(super) route: Arc<Route>,
    pub(super) log: AlertLog,
    pub(super) board: Board,
    pub(super) boot: BootId,
    pub(super) limits: Limits,
    pub(super) confirmed: mpsc::Receiver<Confirmed>,
}

/// Why a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// It was told to.
    Told,
    /// A stream was retired: what was read of it has other numbers now.
    Renumbered,
}

/// What a piece of work with the log comes to.
#[derive(Debug)]
enum Done {
    Event(DeliveryEvent<Record>),
    Renumbered,
    Nothing,
}

/// What the delivery wakes for.
#[derive(Debug)]
enum Woken {
    Event(DeliveryEvent<Record>),
    Confirmed(Confirmed),
    Over(Over),
    /// Only to show how it stands.
    Nothing,
}

/// A delivery that runs.
struct Running<C> {
    consumer: Consumer,
    client: C,
    name: String,
    /// Always there between two events.
    core: Option<Delivery<Record>>,
    work: JoinSet<Done>,
    head: watch::Receiver<Place>,
    shown: Counts,
    show_at: Option<BootMillis>,
    problem: Option<&'static str>,
}

impl Consumer {
    /// Delivers until it is told to end. When this returns, no connection is open any more.
    pub(super) async fn run<C: HubClient>(self, client: C, mut end: oneshot::Receiver<()>) -> Over {
        let name = self.kind.consumer(&self.route.owner);
        let Some(marks) = marks(&self.log, &name, &self.route.epochs, &mut end).await else { return Over::Told };
        let Route { stamp, confirms, .. } = *self.route;
        let terms = Terms { stamp, confirms, limits: self.limits, boot: self.boot };
        let mut running = Running {
            name,
            core: Some(Delivery::new(terms, marks, now())),
            work: JoinSet::new(),
            head: self.log.head(),
            shown: Counts::default(),
            show_at: None,
            problem: None,
            client,
            consumer: self,
        };
        running.tell(DeliveryEvent::Woke);
        loop {
            let woken = running.woken(&mut end).await;
            if let Some(over) = running.take(woken) {
                running.end().await;
                return over;
            }
        }
    }
}

/// How far a consumer is; nothing if the delivery is to end before the log can be read.
async fn marks(log: &AlertLog, name: &str, epochs: &BTreeSet<Epoch>, end: &mut oneshot::Receiver<()>) -> Option<Marks> {
    let marks = async || {
        log.strand(name, epochs).await?;
        log.consumer(name).await
    };
    loop {
        match marks().await {
            Ok(marks) => return Some(marks),
            Err(error) => tracing::warn!(consumer = name, %error, "the alert log cannot be used yet"),
        }
        tokio::select! {
            _ = &mut *end => return None,
            () = sleep(LOG_RETRY) => {}
        }
    }
}

impl<C: HubClient> Running<C> {
    async fn woken(&mut self, end: &mut oneshot::Receiver<()>) -> Woken {
        let wake = self.core.as_ref().and_then(Delivery::next_wake);
        let until = |at: BootMillis| at.since(now()).min(LONGEST_SLEEP);
        let next = [wake, self.show_at].into_iter().flatten().min().map_or(LONGEST_SLEEP, until);
        let stamp = self.consumer.route.stamp;
        tokio::select! {
            biased;
            _ = end => Woken::Over(Over::Told),
            Some(confirmed) = self.consumer.confirmed.recv() => Woken::Confirmed(confirmed),
            ended = self.client.ended() => Woken::Event(match ended {
                Ended::Batch { batch, wire_bytes, result } => {
                    DeliveryEvent::BatchEnded { stamp, batch, wire_bytes, result }
                }
                Ended::Line(failure) => DeliveryEvent::LineBroke { stamp, failure },
            }),
            Some(done) = self.work.join_next() => match done {
                Ok(Done::Event(event)) => Woken::Event(event),
                Ok(Done::Renumbered) => Woken::Over(Over::Renumbered),
                Ok(Done::Nothing) => Woken::Nothing,
                // Work that panicked told its own story; its ticket must not be waited for.
                Err(_) => Woken::Over(Over::Renumbered),
            },
            Ok(()) = self.head.changed() => Woken::Event(DeliveryEvent::Grew),
            () = sleep(next) => {
                let due = wake.is_some_and(|at| at <= now());
                if due { Woken::Event(DeliveryEvent::Woke) } else { Woken::Nothing }
            }
        }
    }

    /// Something if this is the end.
    fn take(&mut self, woken: Woken) -> Option<Over> {
        match woken {
            Woken::Over(over) => return Some(over),
            Woken::Event(event) => self.tell(event),
            Woken::Confirmed(confirmed) if confirmed.stamp == self.consumer.route.stamp => self.confirmed(confirmed),
            // Of another activation.
            Woken::Confirmed(_) | Woken::Nothing => {}
        }
        if self.show_at.is_some_and(|at| at <= now()) {
            self.show();
        }
        None
    }

    fn tell(&mut self, event: DeliveryEvent<Record>) {
        let now = Now { wall: clock::wall(), boot: now(), entropy: entropy::draw().unwrap_or_default() };
        let Some(core) = self.core.take() else { return };
        let (core, effects) = core.on(&now, event);
        let core = self.core.insert(core);
        for effect in effects {
            match effect {
                DeliveryEffect::Send(batch) => {
                    self.client.send(batch, core.batch(batch).unwrap_or_default());
                }
                DeliveryEffect::Recall => self.client.recall(),
                effect => {
                    let (log, epochs) = (self.consumer.log.clone(), self.consumer.route.epochs.clone());
                    let name = self.name.clone();
                    self.work.spawn(async move { work(&log, &name, &epochs, effect).await });
                }
            }
        }
        self.show_at.get_or_insert(now.boot.plus(SHOWN_WITHIN));
    }

    /// What the portal says is told to the core, unless it knows numbers that this log never gave.
    fn confirmed(&mut self, confirmed: Confirmed) {
        let log = &self.consumer.log;
        if let Some(stream) = log.outrun(&self.consumer.route.epochs, &confirmed.confirmations) {
            tracing::warn!(%stream, "the portal knows numbers that this sensor never gave");
            let log = log.clone();
            self.work.spawn(async move { renumber(&log, stream).await });
            return;
        }
        self.tell(DeliveryEvent::Confirmed(confirmed.confirmations));
    }

    fn show(&mut self) {
        self.show_at = None;
        let Some(core) = &self.core else { return };
        let view = core.view();
        let Consumer { kind, route, board, .. } = &self.consumer;
        let failed = view.last_failure.or(view.log_failure);
        let code = failed.map(|failed| failed.why.code());
        if code != self.problem {
            match failed {
                Some(failed) => tracing::warn!(consumer = %kind, code, why = %failed.why, "alerts are not delivered"),
                None => tracing::info!(consumer = %kind, "alerts are delivered again"),
            }
            self.problem = code;
        }
        board.show(*kind, &route.endpoint.url, &view, self.shown);
        self.shown = view.counts;
    }

    /// Closes the connection first; what was acknowledged is then kept, if the log takes it in time.
    async fn end(mut self) {
        self.client.recall();
        self.work.abort_all();
        self.consumer.log.take_back(&self.name).await;
        self.show();
        let Some(core) = self.core.take() else { return };
        let keep = self.consumer.log.set_consumer(&self.name, core.marks());
        if !matches!(timeout(LAST_KEEP, keep).await, Ok(Ok(()))) {
            tracing::warn!(consumer = %self.consumer.kind, "what was acknowledged last is sent once more");
        }
    }
}

async fn work(log: &AlertLog, name: &str, epochs: &BTreeSet<Epoch>, effect: DeliveryEffect) -> Done {
    let failed = |error: LogError| record::refusal(&error);
    Done::Event(match effect {
        DeliveryEffect::Read { ticket, after, max_bytes } => {
            let read = log.read(name, epochs, after, max_bytes, MAX_ENTRIES).await;
            DeliveryEvent::Read { ticket, result: read.map(record::chunk).map_err(failed) }
        }
        DeliveryEffect::ReadRange { ticket, stream, from, to, max_bytes } => {
            let read = log.range(stream, from, to, max_bytes).await;
            for skip in read.iter().flatten().filter_map(Entry::skip) {
                // It is sent all the same; a count that could not be moved is moved when they are asked for again.
                let _ = log.lacked(stream, skip.from, skip.to).await;
            }
            DeliveryEvent::RangeRead { ticket, result: read.map(record::items).map_err(failed) }
        }
        DeliveryEffect::SetAside { ticket, id, why } => {
            let result = match log.set_aside_poison(id, &why).await {
                // The log was begun anew meanwhile: what is not there any more goes nowhere either.
                Err(LogError::NoSuchAlert(_)) => Ok(()),
                other => other.map_err(failed),
            };
            DeliveryEvent::AsideSet { ticket, result }
        }
        DeliveryEffect::Keep { ticket, marks } => {
            let result = log.set_consumer(name, &marks).await.map_err(failed);
            DeliveryEvent::Kept { ticket, result }
        }
        DeliveryEffect::Send(_) | DeliveryEffect::Recall => return Done::Nothing,
    })
}

/// What is not delivered yet gets new numbers.
async fn renumber(log: &AlertLog, stream: StreamId) -> Done {
    match log.new_stream(stream).await {
        Ok(()) => Done::Renumbered,
        Err(error) => {
            tracing::warn!(%stream, %error, "the stream could not be retired; the next confirmation tries again");
            Done::Nothing
        }
    }
}

fn now() -> BootMillis {
    BootMillis(u64::try_from(clock::since_boot().as_millis()).unwrap_or(u64::MAX))
}
