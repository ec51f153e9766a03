//! Alerts for people: listed, followed, exported, verified. Reads the alert log and changes nothing.

use std::{ops::ControlFlow, sync::Arc};

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use picket_protocol::{
    alerts::Severity,
    ids::Epoch,
    local_api::{AlertVerification, AlertView, MAX_ALERTS_PAGE, StreamVerification},
    refusal::Refusal,
};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

use super::{
    LocalApi,
    answer::{self, Refused},
    lines,
    reads::invalid_query,
};
use crate::alert_log::{AlertLog, ListFilter, LogError, LoggedAlert, Place, VerifiedStream};

/// Alerts that wait for a slow reader.
const WAITING_LINES: usize = 16;
/// Alerts read at a time for one: bounds its memory.
const STREAMED_PAGE: usize = 100;

type Api = State<Arc<LocalApi>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    after: Option<u64>,
    before: Option<u64>,
    #[serde(default = "default_page")]
    limit: usize,
    severity: Option<Severity>,
    epoch: Option<Epoch>,
}

const fn default_page() -> usize {
    100
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    after: Option<u64>,
    severity: Option<Severity>,
    epoch: Option<Epoch>,
}

pub(super) async fn list(State(api): Api, page: Result<Query<Page>, QueryRejection>) -> Result<Response, Refused> {
    let Query(Page { after, before, limit, severity, epoch }) = page.map_err(invalid_query)?;
    let filter = ListFilter {
        after: after.map(Place),
        before: before.map(Place),
        at_least: severity,
        epochs: epoch.map(|epoch| [epoch].into()),
        limit: limit.min(MAX_ALERTS_PAGE),
    };
    let alerts = api.alerts.log().list(&filter).await.map_err(failed)?;
    Ok(answer::value(&alerts.iter().map(view).collect::<Vec<AlertView>>()))
}

pub(super) async fn export(
    State(api): Api,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Refused> {
    let Query(wanted) = wanted.map_err(invalid_query)?;
    let turn = turn(&api).await?;
    let (sender, receiver) = mpsc::channel(WAITING_LINES);
    let log = api.alerts.log().clone();
    let end = *log.head().borrow();
    tokio::spawn(async move { send_through(&log, wanted.filter(Place(0)), end, &sender).await });
    Ok(lines::answer(receiver, turn))
}

pub(super) async fn follow(
    State(api): Api,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Refused> {
    let Query(wanted) = wanted.map_err(invalid_query)?;
    let turn = turn(&api).await?;
    let (sender, receiver) = mpsc::channel(WAITING_LINES);
    let log = api.alerts.log().clone();
    let begin = *log.head().borrow();
    tokio::spawn(follow_from(log, wanted.filter(begin), sender, api.stopping.subscribe()));
    Ok(lines::answer(receiver, turn))
}

pub(super) async fn verify(State(api): Api) -> Result<Response, Refused> {
    let _turn = turn(&api).await?;
    let found = api.alerts.log().verify().await.map_err(failed)?;
    Ok(answer::value(&AlertVerification {
        complete: found.complete(),
        streams: found.streams.into_iter().map(verified).collect(),
        counters: api.alerts.counters(),
    }))
}

impl Wanted {
    fn filter(&self, otherwise_after: Place) -> ListFilter {
        ListFilter {
            after: Some(self.after.map_or(otherwise_after, Place)),
            before: None,
            at_least: self.severity,
            epochs: self.epoch.map(|epoch| [epoch].into()),
            limit: STREAMED_PAGE,
        }
    }
}

/// Sends what comes, until nobody reads it or the agent stops.
async fn follow_from(
    log: AlertLog,
    mut filter: ListFilter,
    sender: mpsc::Sender<AlertView>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut head = log.head();
    loop {
        let end = *head.borrow_and_update();
        let ControlFlow::Continue(reached) = send_through(&log, filter.clone(), end, &sender).await else { return };
        filter.after = Some(reached);
        tokio::select! {
            changed = head.changed() => if changed.is_err() { return },
            () = sender.closed() => return,
            _ = stopping.changed() => return,
        }
    }
}

/// Sends what the log holds up to a place; says how far it came, or that it is no use to go on.
async fn send_through(
    log: &AlertLog,
    mut filter: ListFilter,
    end: Place,
    sender: &mpsc::Sender<AlertView>,
) -> ControlFlow<(), Place> {
    filter.before = Some(Place(end.0.saturating_add(1)));
    loop {
        let page = match log.list(&filter).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "alerts could not be read for a caller of the local API");
                return ControlFlow::Break(());
            }
        };
        let Some(last) = page.last().map(|alert| alert.place) else { return ControlFlow::Continue(end) };
        for alert in &page {
            if sender.send(view(alert)).await.is_err() {
                return ControlFlow::Break(());
            }
        }
        filter.after = Some(last);
    }
}

pub(super) async fn turn(api: &LocalApi) -> Result<OwnedSemaphorePermit, Refusal> {
    let turn = Arc::clone(&api.few_streams).acquire_owned().await;
    turn.map_err(|_| Refusal::InvalidRequest { why: "the agent is stopping".to_owned() })
}

pub(super) fn view(alert: &LoggedAlert) -> AlertView {
    AlertView::new(alert.place.0, alert.id, alert.epoch, alert.severity, alert.at, &alert.record)
}

fn verified(stream: VerifiedStream) -> StreamVerification {
    let VerifiedStream { stream, epoch, head, in_log, let_go, dropped, first_missing } = stream;
    StreamVerification { stream, epoch, head, in_log, let_go, dropped, first_missing }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
pub(super) fn failed(error: LogError) -> Refusal {
    Refusal::StorageFailed { path: "alert log".to_owned(), why: error.to_string() }
}
