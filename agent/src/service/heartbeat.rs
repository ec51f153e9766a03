//! Makes a heartbeat's bytes of the state's draft and what only the shell knows. Decides nothing.

use std::{collections::BTreeMap, time::Duration};

use picket_lifecycle::effect::{SendHeartbeat, StatusDraft};
use picket_protocol::{
    heartbeat::{Heartbeat, SensorStatus, StreamTotals, TiStatus, Versions},
    ids::{ApplianceId, StreamId},
    time::UnixSeconds,
};

/// What only the shell knows.
pub(super) struct Facts<'a> {
    pub(super) appliance: &'a ApplianceId,
    pub(super) versions: Versions,
    pub(super) addresses: Vec<String>,
    pub(super) uptime: Duration,
    pub(super) clock: UnixSeconds,
    pub(super) counters: BTreeMap<String, u64>,
    pub(super) streams: BTreeMap<StreamId, StreamTotals>,
}

/// The bytes of a heartbeat.
pub(super) fn compose(order: &SendHeartbeat, facts: Facts<'_>) -> Vec<u8> {
    let draft = order.draft.clone();
    let Facts { appliance, versions, addresses, uptime, clock, counters, streams } = facts;
    let status = draft.status.map(|status| {
        let StatusDraft { mode, epoch, name, interval, health, automatic_ti, last_candidate } = status;
        SensorStatus {
            mode,
            epoch,
            name,
            appliance: appliance.clone(),
            addresses,
            uptime_seconds: uptime.as_secs(),
            clock,
            interval_seconds: u32::try_from(interval.as_secs()).unwrap_or(u32::MAX),
            counters,
            health,
            ti: TiStatus { version: None, automatic: automatic_ti, status: "none".to_owned() },
            streams: told(streams),
            last_candidate,
        }
    });
    let (chain, serial, standing) = (draft.chain, draft.serial, draft.standing);
    Heartbeat { chain, sensor: order.call.sensor, serial, standing, versions, status }.encode()
}

/// As many streams as a heartbeat may name; those that have nothing left to deliver go first.
fn told(streams: BTreeMap<StreamId, StreamTotals>) -> BTreeMap<StreamId, StreamTotals> {
    let mut streams: Vec<(StreamId, StreamTotals)> = streams.into_iter().collect();
    streams.sort_by_key(|(_, totals)| totals.delivered >= totals.head);
    streams.into_iter().take(SensorStatus::MAX_STREAMS).collect()
}
