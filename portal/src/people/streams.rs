//! What came of a sensor's streams: 1 to N received, so many dropped and why, what is lacking.

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use picket_protocol::{
    alerts::DropReason,
    heartbeat::{Heartbeat, StreamTotals},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Shared,
    answers::{Answer, json, shown},
    reached::Reached,
};
use crate::{
    alerts::StreamView,
    domain::{marks::Marks, refused::Refused},
    portal::Portal,
    store::views::SensorView,
};

/// The streams of a sensor.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Streams {
    streams: Vec<Stream>,
    /// Events that a broker brought and the sensor has not reported yet.
    waiting: u64,
}

/// What came of a stream.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Stream {
    pub(crate) stream: String,
    pub(crate) up_to: u64,
    pub(crate) received: u64,
    /// Numbers that never come, by reason.
    #[schema(value_type = HashMap<String, u64>)]
    pub(crate) dropped: BTreeMap<DropReason, u64>,
    pub(crate) lacking: u64,
    /// The first of what is lacking.
    lacks: Vec<Range>,
    pub(crate) complete: bool,
    last_at: Option<String>,
    /// By the sensor's last heartbeat.
    reported: Option<Reported>,
}

/// Numbers of a stream, both included.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Range {
    from: u64,
    to: u64,
}

/// What a sensor said of a stream.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Reported {
    head: u64,
    delivered: u64,
    dropped: BTreeMap<String, u64>,
    oldest_undelivered: Option<String>,
}

pub(crate) async fn of_sensor(State(portal): Shared, Reached(id): Reached) -> Answer {
    let view = portal.store.sensor(id, portal.viewpoint()).await?;
    let streams = streams(&portal, &view).await?;
    Ok(json(StatusCode::OK, &Streams { streams, waiting: portal.alerts.waiting(id) }))
}

/// Each stream that sent something or that the sensor's last heartbeat names.
pub(crate) async fn streams(portal: &Portal, view: &SensorView) -> Result<Vec<Stream>, Refused> {
    let heartbeat = view.last_heartbeat.as_deref().and_then(|bytes| Heartbeat::decode(bytes).ok());
    let mut reported = heartbeat.and_then(|heartbeat| heartbeat.status).map_or_else(BTreeMap::new, |it| it.streams);
    let came = portal.alerts.streams(view.registration.id).await?.into_iter();
    let mut streams: Vec<Stream> = came.map(|came| stream(&came, reported.remove(&came.stream).as_ref())).collect();
    let nothing = |id| StreamView { stream: id, marks: Marks::default(), last_at: None };
    streams.extend(reported.iter().map(|(id, totals)| stream(&nothing(*id), Some(totals))));
    Ok(streams)
}

fn stream(StreamView { stream, marks, last_at }: &StreamView, reported: Option<&StreamTotals>) -> Stream {
    let complete = marks.lacking() == 0 && reported.is_none_or(|reported| reported.head <= marks.last());
    Stream {
        stream: stream.to_string(),
        up_to: marks.last(),
        received: marks.received(),
        dropped: marks.dropped().clone(),
        lacking: marks.lacking(),
        lacks: marks.confirmation().lacks.iter().map(|(from, to)| Range { from: *from, to: *to }).collect(),
        complete,
        last_at: shown(*last_at),
        reported: reported.map(told),
    }
}

/// What the sensor's last heartbeat says of it.
fn told(totals: &StreamTotals) -> Reported {
    Reported {
        head: totals.head,
        delivered: totals.delivered,
        dropped: totals.dropped.clone(),
        oldest_undelivered: shown(totals.oldest_undelivered),
    }
}
