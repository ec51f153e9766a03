//! The metrics: the status as OpenMetrics text. Made at each scrape from one snapshot, so that they agree with it.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use picket_protocol::{
    local_api::{AlertStatus, Link, MEDIA_METRICS, SensorState, Status},
    refusal::Refusal,
};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::Registry,
};

use super::{
    LocalApi,
    answer::{self, Refused},
    reads::look,
};

type Labels = Vec<(String, String)>;
type Numbers = Family<Labels, Gauge>;
type Counts = Family<Labels, Counter>;

pub(super) async fn metrics(State(api): State<Arc<LocalApi>>) -> Result<Response, Refused> {
    let text = text(&look(&api).await?.status).map_err(|error| Refusal::InvalidRequest { why: error.to_string() })?;
    Ok(answer::content(MEDIA_METRICS, text))
}

fn text(status: &Status) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("picket");
    let version = Info::new(vec![("version", status.agent.version.clone())]);
    registry.register("agent", "The running agent", version);
    for (name, help, value) in numbers(status) {
        let gauge = Gauge::<i64>::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    }
    let health = Numbers::default();
    for (component, is) in &status.health {
        let labels = labels(&[("component", &component.to_string()), ("code", &is.code)]);
        health.get_or_create(&labels).set(i64::from(is.code == "ok"));
    }
    registry.register("health", "1 where a component is well; its code is a label", health);
    let answered = Counter::<u64>::default();
    answered.inc_by(status.upstream.as_ref().map_or(0, |upstream| upstream.answered));
    registry.register("heartbeats_answered", "Heartbeats answered since the agent started", answered);
    alerts(&mut registry, &status.alerts);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

/// What came in, what went out, what was left out and why, what waits.
fn alerts(registry: &mut Registry, alerts: &AlertStatus) {
    let (head, delivered) = (Numbers::default(), Numbers::default());
    let dropped = Counts::default();
    for stream in &alerts.streams {
        let of = |more: &[(&str, &str)]| labels(&[&[("stream", &*stream.stream.to_string())], more].concat());
        head.get_or_create(&of(&[])).set(whole(stream.head));
        delivered.get_or_create(&of(&[])).set(whole(stream.delivered));
        for (reason, count) in &stream.dropped {
            dropped.get_or_create(&of(&[("reason", reason)])).inc_by(*count);
        }
    }
    registry.register("stream_head", "The last number given in a stream of alerts", head);
    registry.register("stream_delivered", "Delivered up to this number", delivered);
    registry.register("alerts_dropped", "Numbers that are never delivered, by reason", dropped);
    let backlog = Numbers::default();
    for consumer in &alerts.consumers {
        backlog.get_or_create(&labels(&[("consumer", &consumer.role.to_string())])).set(whole(consumer.backlog));
    }
    registry.register("backlog", "Numbers that wait for a consumer", backlog);
    let counted = Counts::default();
    for (what, count) in &alerts.counters {
        counted.get_or_create(&labels(&[("what", what)])).inc_by(*count);
    }
    registry.register("counted", "What engine input, alert log and delivery count", counted);
}

fn labels(labels: &[(&str, &str)]) -> Labels {
    labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn whole(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn numbers(status: &Status) -> Vec<(&'static str, &'static str, i64)> {
    let yes = i64::from;
    let upstream = status.upstream.as_ref();
    let hub = status.hub.as_ref();
    let mut numbers = vec![
        ("epoch", "Counter of commits", whole(status.epoch.0)),
        ("activated", "1 while an activation is in force", yes(matches!(status.state, SensorState::Active { .. }))),
        ("deactivated", "1 after the portal ended it", yes(matches!(status.state, SensorState::Deactivated { .. }))),
        ("candidate", "1 while an activation is being proved", yes(status.candidate.is_some())),
        ("uptime_seconds", "Seconds since the agent started", whole(status.agent.uptime_seconds)),
        ("clock_below_floor", "1 while the clock is wrong", yes(status.clock.wall < status.clock.floor)),
    ];
    if let Some(upstream) = upstream {
        numbers.push(("upstream_connected", "1 while heartbeats are answered", yes(upstream.link == Link::Connected)));
        numbers.push(("heartbeat_interval_seconds", "Between heartbeats", i64::from(upstream.interval_seconds)));
        if let Some(at) = upstream.last_answer {
            numbers.push(("upstream_last_answer_timestamp_seconds", "The last answered heartbeat", at.0));
        }
        if let Some(until) = upstream.certificate_until {
            numbers.push(("certificate_expiry_timestamp_seconds", "When the sensor's certificate ends", until.0));
        }
    }
    if let Some(hub) = hub {
        numbers.push(("hub_connected", "1 while the IoT hub accepts", yes(hub.link == Link::Connected)));
    }
    numbers
}
