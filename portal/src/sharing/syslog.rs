//! Syslog messages (RFC 5424) in the frames of syslog over TLS (RFC 5425). Bytes only; knows no connection.

use picket_protocol::alerts::Severity;

use super::{cef, event::Event};

/// Most bytes of a message. RFC 5425 §4.3.1: a receiver takes 2048, and should take 8192.
pub const MAX_MESSAGE: usize = 8192;
/// RFC 5424 §6.2.4.
const MAX_HOSTNAME: usize = 255;
/// local0 (RFC 5424 §6.2.1).
const FACILITY: u8 = 16;

/// An event as one frame: `LENGTH SP MESSAGE` (RFC 5425 §4.3).
#[must_use]
pub fn frame(event: &Event) -> String {
    let message = message(event);
    format!("{} {message}", message.len())
}

/// `<PRI>1 TIMESTAMP HOSTNAME picket - MSGID - CEF` (RFC 5424 §6). The host name is the sensor's name: it is the
/// originator, we relay. UTF-8 without the mark of §6.4, since readers of CEF expect `CEF:` where the message begins.
fn message(event: &Event) -> String {
    let (priority, at) = (FACILITY * 8 + severity(event.severity()), event.at());
    let (hostname, kind) = match event {
        Event::Alert(shared) => (hostname(shared.sensor.name.as_str()), "alert"),
        Event::Health(health) => match &health.sensors[..] {
            [only] => (hostname(only.sensor.name.as_str()), "health"),
            _ => ("-".to_owned(), "health"),
        },
        Event::Test(_) => ("-".to_owned(), "test"),
    };
    let mut message = format!("<{priority}>1 {at} {hostname} picket - {kind} - ");
    message.push_str(&cef::write(event, MAX_MESSAGE - message.len()));
    message
}

/// PRINTUSASCII only: other characters become `-`.
fn hostname(name: &str) -> String {
    name.chars().take(MAX_HOSTNAME).map(|c| if c.is_ascii_graphic() { c } else { '-' }).collect()
}

/// RFC 5424 §6.2.1, table 2.
const fn severity(of: Severity) -> u8 {
    match of {
        Severity::High => 2,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Informational => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::tests::{alert, health};
    use super::*;

    #[test]
    fn a_message_has_the_header_of_the_standard() {
        let start = "<132>1 2026-01-31T08:00:00.250Z Pump-1 picket - alert - CEF:0|Picket|Picket|";
        assert!(message(&alert("{}")).starts_with(start), "{}", message(&alert("{}")));
        let start = "<132>1 2026-01-31T08:05:00.000Z - picket - health - CEF:0|";
        assert!(message(&health(2)).starts_with(start), "{}", message(&health(2)));
    }

    #[test]
    fn a_frame_counts_bytes_not_characters() {
        let text = frame(&alert(r#"{"alert":{"signature":"Überlauf 😀"}}"#));
        let (length, rest) = text.split_once(' ').unwrap();
        assert_eq!(length.parse::<usize>().unwrap(), rest.len());
        assert_ne!(rest.len(), rest.chars().count());
    }

    #[test]
    fn a_host_name_is_visible_ascii() {
        assert_eq!(hostname("Pumpe Süd 1"), "Pumpe-S-d-1");
        assert_eq!(hostname(&"ü".repeat(300)).len(), MAX_HOSTNAME);
    }

    #[test]
    fn no_message_is_longer_than_receivers_take() {
        let long = "|\\\n=".repeat(200_000);
        let record = serde_json::json!({
            "alert": { "signature": long, "signature_id": long, "gid": long, "category": long, "action": long },
            "proto": long, "app_proto": long, "http": { "url": long, "http_user_agent": long, "hostname": long },
        });
        let message = message(&alert(&record.to_string()));
        assert!(message.len() <= MAX_MESSAGE && message.len() > MAX_MESSAGE / 2, "{}", message.len());
        assert!(self::message(&health(50)).len() <= MAX_MESSAGE);
    }
}
