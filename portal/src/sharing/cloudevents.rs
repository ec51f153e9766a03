//! Events as CloudEvents 1.0 in JSON, and batches of them. An alert's data is the engine's record, byte for byte.

use picket_protocol::{
    names::{Label, SensorName},
    wire::EVENT_ALERT,
};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use super::event::{Event, HealthEvent, NamedSensor, Place, SharedAlert, TestMessage};

/// `application/cloudevents-batch+json`.
pub const MEDIA_BATCH: &str = picket_protocol::wire::MEDIA_EVENTS;
/// Type of a health event.
pub const EVENT_HEALTH: &str = "io.picket.health";
/// Type of a test message.
pub const EVENT_TEST: &str = "io.picket.test";
/// An event with our extension attributes (CloudEvents §3.2: lower-case letters and digits).
#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: &'static str,
    time: String,
    datacontenttype: &'static str,
    picketseverity: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    picketepoch: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picketsensor: Option<&'a SensorName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picketsite: Option<&'a Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picketzone: Option<&'a Label>,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Record(&'a RawValue),
    Value(Value),
}

/// One event.
#[must_use]
pub fn write(event: &Event) -> String {
    let envelope = match event {
        Event::Alert(shared) => alert(shared, event),
        Event::Health(health) => self::health(health, event),
        Event::Test(_) => Envelope::of(event, EVENT_TEST, "/portal", json!({ "message": TestMessage::TEXT })),
    };
    serde_json::to_string(&envelope).expect("strings, numbers and JSON can be written as JSON")
}

/// Events as the body of a request.
#[must_use]
pub fn batch<'a>(events: impl Iterator<Item = &'a str>) -> String {
    let mut body = String::from("[");
    for (at, event) in events.enumerate() {
        if at > 0 {
            body.push(',');
        }
        body.push_str(event);
    }
    body.push(']');
    body
}

fn alert<'a>(shared: &'a SharedAlert, event: &Event) -> Envelope<'a> {
    let SharedAlert { sensor, place, alert } = shared;
    // The store takes only JSON; were it otherwise, a text is still an event.
    let data = serde_json::from_str::<&RawValue>(&alert.record)
        .map_or_else(|_| Data::Value(Value::from(&*alert.record)), Data::Record);
    let envelope = Envelope::of(event, EVENT_ALERT, &source(sensor), Value::Null);
    Envelope { picketepoch: Some(alert.epoch.0), picketsensor: Some(&sensor.name), data, ..envelope.placed(place) }
}

fn health<'a>(health: &'a HealthEvent, event: &Event) -> Envelope<'a> {
    let (source, name) = match &health.sensors[..] {
        [only] => (source(&only.sensor), Some(&only.sensor.name)),
        _ => ("/portal".to_owned(), None),
    };
    let sensors = health.sensors.iter().map(|affected| {
        let date = affected.date.map(|date| date.to_string());
        json!({ "id": affected.sensor.id, "name": affected.sensor.name, "date": date })
    });
    let data = json!({
        "kind": health.kind,
        "title": health.kind.title(),
        "sensors": sensors.collect::<Vec<_>>(),
    });
    Envelope { picketsensor: name, ..Envelope::of(event, EVENT_HEALTH, &source, data).placed(&health.place) }
}

fn source(sensor: &NamedSensor) -> String {
    format!("/sensors/{}", sensor.id)
}

impl<'a> Envelope<'a> {
    fn of(event: &Event, kind: &'static str, source: &str, data: Value) -> Self {
        Self {
            specversion: "1.0",
            id: event.id(),
            source: source.to_owned(),
            kind,
            time: event.at().to_string(),
            datacontenttype: "application/json",
            picketseverity: event.severity().number(),
            picketepoch: None,
            picketsensor: None,
            picketsite: None,
            picketzone: None,
            data: Data::Value(data),
        }
    }

    fn placed(self, place: &'a Place) -> Self {
        Self { picketsite: place.site.as_ref(), picketzone: place.zone.as_ref(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::tests::{alert, health};
    use super::*;

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_record_travels_byte_for_byte_whatever_is_in_it() {
        let record = r#"{"a":1.50,  "a":2,"text":"\u0000\ud83d\ude00\/\"}]","deep":[[{}]]}"#;
        let written = write(&alert(record));
        assert!(written.ends_with(&format!(r#""data":{record}}}"#)), "{written}");
    }

    #[test]
    fn an_alert_says_whose_it_is_and_where_that_stands() {
        let event = read(&write(&alert("{}")));
        assert_eq!(event["type"], "io.picket.alert");
        assert_eq!(event["id"], "01010101-0101-0101-0101-010101010101/5");
        assert_eq!(event["source"], "/sensors/07070707-0707-0707-0707-070707070707");
        assert_eq!((&event["picketsensor"], &event["picketsite"]), (&json!("Pump 1"), &json!("Plant | A=1")));
        assert_eq!((&event["picketseverity"], &event["picketepoch"]), (&json!(2), &json!(3)));
        assert_eq!(event["time"], "2026-01-31T08:00:00.250Z");
        assert!(event.get("picketzone").is_none());
    }

    #[test]
    fn a_record_that_is_no_json_is_still_told() {
        assert_eq!(read(&write(&alert("{\"half")))["data"], "{\"half");
    }

    #[test]
    fn a_health_event_names_each_sensor() {
        let event = read(&write(&health(2)));
        assert_eq!((&event["type"], &event["source"]), (&json!("io.picket.health"), &json!("/portal")));
        assert_eq!(event["data"]["kind"], "sensor-disconnected");
        assert_eq!(event["data"]["sensors"][1]["name"], "Pump 2");
        assert_eq!(event["data"]["sensors"][1]["date"], "2026-01-31T08:00:00Z");
        assert_eq!(read(&write(&health(1)))["picketsensor"], "Pump 1");
    }

    #[test]
    fn a_batch_is_an_array() {
        let events = [write(&alert("{}")), write(&health(1))];
        assert_eq!(read(&batch(events.iter().map(String::as_str))).as_array().unwrap().len(), 2);
        assert_eq!(batch(std::iter::empty()), "[]");
    }
}
