//! Events as CEF messages: which field of an event stands under which key. [`message`] writes, [`text`] escapes.

mod eve;
pub mod message;
#[cfg(test)]
mod tests;
pub mod text;

use picket_protocol::alerts::Severity;

use super::event::{Affected, Event, HealthEvent, NamedSensor, Place, SharedAlert, TestMessage};
use message::{Header, Message};

/// Most characters of a sensor's name and similar short texts.
const MAX_SHORT: usize = 255;
/// Most characters of `msg` (CEF dictionary).
const MAX_MSG: usize = 1023;

/// The event as CEF, in at most `limit` bytes: fields that do not fit are cut or left out, the last ones first.
#[must_use]
pub fn write(event: &Event, limit: usize) -> String {
    match event {
        Event::Alert(shared) => alert(shared, event, limit),
        Event::Health(health) => self::health(health, event, limit),
        Event::Test(test) => self::test(*test, event, limit),
    }
}

/// CEF counts from 0 to 10.
const fn severity(of: Severity) -> u8 {
    match of {
        Severity::High => 8,
        Severity::Medium => 5,
        Severity::Low => 3,
        Severity::Informational => 1,
    }
}

fn alert(shared: &SharedAlert, event: &Event, limit: usize) -> String {
    let SharedAlert { sensor, place, alert } = shared;
    let record = eve::Record::read(&alert.record);
    let (class, name) = (record.class(), record.name());
    let mut message = begin(&class, &name, event, limit);
    message.exact("cn1Label", "epoch");
    message.exact("cn1", alert.epoch.0);
    sensor_fields(&mut message, sensor);
    record.connection(&mut message);
    place_fields(&mut message, place);
    record.application(&mut message);
    if text::plain(&name, text::Position::Header, message::MAX_NAME) != name {
        message.text("msg", &name, MAX_MSG);
    }
    message.finish()
}

fn health(health: &HealthEvent, event: &Event, limit: usize) -> String {
    let class = format!("health:{}", health.kind.as_str());
    let mut message = begin(&class, health.kind.title(), event, limit);
    message.exact("cat", "health");
    message.exact("cnt", health.sensors.len());
    if let [only] = &health.sensors[..] {
        sensor_fields(&mut message, &only.sensor);
    }
    place_fields(&mut message, &health.place);
    message.custom(4, "sensors", &sentence(&health.sensors));
    message.finish()
}

fn test(test: TestMessage, event: &Event, limit: usize) -> String {
    let mut message = begin("test", TestMessage::TEXT, event, limit);
    message.exact("cat", "test");
    message.text("msg", &format!("{}: {}", TestMessage::TEXT, test.id), MAX_MSG);
    message.finish()
}

/// Header, instant and id: what every event has.
fn begin(class: &str, name: &str, event: &Event, limit: usize) -> Message {
    let mut message = Message::new(&Header { class, name, severity: severity(event.severity()) }, limit);
    message.exact("rt", event.at().0);
    // externalId has 40 characters, an alert's id up to 57.
    message.custom(1, "id", &event.id());
    message
}

fn sensor_fields(message: &mut Message, sensor: &NamedSensor) {
    message.text("dvchost", sensor.name.as_str(), MAX_SHORT);
    message.exact("deviceExternalId", sensor.id);
}

fn place_fields(message: &mut Message, place: &Place) {
    for (number, label, value) in [(2, "site", &place.site), (3, "zone", &place.zone)] {
        if let Some(value) = value {
            message.custom(number, label, value.as_str());
        }
    }
}

/// Every sensor with its date, for people.
fn sentence(sensors: &[Affected]) -> String {
    let one = |affected: &Affected| match affected.date {
        Some(date) => format!("{} ({date})", affected.sensor.name),
        None => affected.sensor.name.to_string(),
    };
    sensors.iter().map(one).collect::<Vec<_>>().join(", ")
}
