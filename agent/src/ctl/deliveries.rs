//! How alerts are on their way, as a part of the status.

use std::collections::BTreeMap;

use picket_protocol::{
    local_api::{AlertStatus, ConsumerStatus, StreamStatus},
    time::UnixSeconds,
};

use super::{
    failure::Failure,
    screen::{Screen, ago, capitalised},
};

/// Where alerts come from, how many there are, and who waits for them.
pub(super) fn show(alerts: &AlertStatus, now: UnixSeconds, screen: &Screen) -> Result<(), Failure> {
    let AlertStatus { source, streams, consumers, counters } = alerts;
    let forgotten = counters.get(AlertStatus::OF_FORGOTTEN_EPOCHS).filter(|count| **count > 0);
    let oldest = streams.iter().filter_map(|stream| stream.oldest_undelivered).min();
    screen.blank()?;
    screen.list(&[
        ("engine output", Some(source.clone())),
        ("alerts", Some(totals(streams))),
        ("undelivered for good", forgotten.map(|count| format!("{count}, of activations too long ago"))),
        ("oldest undelivered", oldest.map(|then| ago(then, now))),
    ])?;
    consumers.iter().try_for_each(|consumer| consumer_lines(consumer, screen))
}

fn totals(streams: &[StreamStatus]) -> String {
    let sum = |of: fn(&StreamStatus) -> u64| streams.iter().map(of).sum::<u64>();
    let mut dropped: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, count) in streams.iter().flat_map(|stream| &stream.dropped) {
        *dropped.entry(reason).or_default() += count;
    }
    let dropped: String = dropped.iter().map(|(reason, count)| format!(", {count} dropped ({reason})")).collect();
    format!("{} logged, {} delivered{dropped}", sum(|stream| stream.head), sum(|stream| stream.delivered))
}

fn consumer_lines(consumer: &ConsumerStatus, screen: &Screen) -> Result<(), Failure> {
    let ConsumerStatus { role, backlog, unconfirmed, problem, .. } = consumer;
    let unconfirmed = unconfirmed.map_or_else(String::new, |count| format!(", {count} not confirmed yet"));
    screen.line(&format!("{}: {backlog} alerts wait{unconfirmed}.", capitalised(&role.to_string())))?;
    problem.iter().try_for_each(|problem| screen.problem(problem))
}
