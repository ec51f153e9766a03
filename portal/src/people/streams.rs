//! What came of a sensor's streams: 1 to N received, so many dropped and why, what is lacking.

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use picket_protocol::heartbeat::{Heartbeat, StreamTotals};
use serde_json::{Value, json};

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

pub(crate) async fn of_sensor(State(portal): Shared, Reached(id): Reached) -> Answer {
    let view = portal.store.sensor(id, portal.viewpoint()).await?;
    let streams = streams(&portal, &view).await?;
    Ok(json(StatusCode::OK, &json!({ "streams": streams, "waiting": portal.alerts.waiting(id) })))
}

/// Each stream that sent something or that the sensor's last heartbeat names.
pub(crate) async fn streams(portal: &Portal, view: &SensorView) -> Result<Vec<Value>, Refused> {
    let heartbeat = view.last_heartbeat.as_deref().and_then(|bytes| Heartbeat::decode(bytes).ok());
    let mut reported = heartbeat.and_then(|heartbeat| heartbeat.status).map_or_else(BTreeMap::new, |it| it.streams);
    let came = portal.alerts.streams(view.registration.id).await?.into_iter();
    let mut streams: Vec<Value> = came.map(|came| stream(&came, reported.remove(&came.stream).as_ref())).collect();
    let nothing = |id| StreamView { stream: id, marks: Marks::default(), last_at: None };
    streams.extend(reported.iter().map(|(id, totals)| stream(&nothing(*id), Some(totals))));
    Ok(streams)
}

fn stream(StreamView { stream, marks, last_at }: &StreamView, reported: Option<&StreamTotals>) -> Value {
    let complete = marks.lacking() == 0 && reported.is_none_or(|reported| reported.head <= marks.last());
    json!({
        "stream": stream,
        "up_to": marks.last(),
        "received": marks.received(),
        "dropped": marks.dropped(),
        "lacking": marks.lacking(),
        "lacks": marks.confirmation().lacks.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect::<Vec<_>>(),
        "complete": complete,
        "last_at": shown(*last_at),
        "reported": reported.map(told),
    })
}

/// What the sensor's last heartbeat says of it.
fn told(totals: &StreamTotals) -> Value {
    json!({
        "head": totals.head,
        "delivered": totals.delivered,
        "dropped": totals.dropped,
        "oldest_undelivered": shown(totals.oldest_undelivered),
    })
}
