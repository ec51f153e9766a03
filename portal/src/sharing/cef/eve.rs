//! The engine's record as CEF fields. Every text in it may come from an attacker's packets, so every type is doubted.

use std::{borrow::Cow, net::IpAddr};

use serde_json::Value;

use super::message::Message;

/// A record of the detection engine (EVE JSON).
pub(super) struct Record(Value);

/// A text of the record, the key it stands under, and how many characters the CEF dictionary allows there.
const TEXTS: [(&str, &str, usize); 8] = [
    ("/alert/category", "cat", 1023),
    ("/alert/action", "act", 63),
    ("/proto", "proto", 31),
    ("/app_proto", "app", 31),
    ("/http/http_method", "requestMethod", 1023),
    ("/http/hostname", "destinationDnsDomain", 255),
    ("/http/url", "request", 1023),
    ("/http/http_user_agent", "requestClientApplication", 1023),
];
/// So many of them are about the connection.
const CONNECTION: usize = 4;

impl Record {
    /// A record that is no JSON has no fields: the alert is shared without them.
    pub(super) fn read(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// What kind of detection: the signature's `generator:number`, or the anomaly's event.
    pub(super) fn class(&self) -> String {
        match (self.text("/alert/signature_id"), self.text("/anomaly/event")) {
            (Some(signature), _) => format!("{}:{signature}", self.text("/alert/gid").unwrap_or("1".into())),
            (None, Some(anomaly)) => format!("anomaly:{anomaly}"),
            (None, None) => "alert".to_owned(),
        }
    }

    /// What was detected.
    pub(super) fn name(&self) -> Cow<'_, str> {
        let name = self.text("/alert/signature").or_else(|| self.text("/anomaly/event"));
        name.filter(|name| !name.trim().is_empty()).unwrap_or("Alert".into())
    }

    /// Between whom.
    pub(super) fn connection(&self, message: &mut Message) {
        let sides = [("/src_ip", "src", 2, "Source IPv6 Address"), ("/dest_ip", "dst", 3, "Destination IPv6 Address")];
        for (pointer, key, number, label) in sides {
            match self.text(pointer).and_then(|text| text.parse().ok()) {
                Some(IpAddr::V4(address)) => message.exact(key, address),
                // In CEF 0 src and dst are IPv4.
                Some(IpAddr::V6(address)) => {
                    message.exact(&format!("c6a{number}Label"), label);
                    message.exact(&format!("c6a{number}"), address);
                }
                None => {}
            }
        }
        for (pointer, key) in [("/src_port", "spt"), ("/dest_port", "dpt")] {
            if let Some(port) = self.text(pointer).and_then(|text| text.parse::<u16>().ok()) {
                message.exact(key, port);
            }
        }
        self.texts(&TEXTS[..CONNECTION], message);
    }

    /// What the application said.
    pub(super) fn application(&self, message: &mut Message) {
        self.texts(&TEXTS[CONNECTION..], message);
    }

    fn texts(&self, texts: &[(&str, &str, usize)], message: &mut Message) {
        for (pointer, key, most) in texts {
            if let Some(text) = self.text(pointer) {
                message.text(key, &text, *most);
            }
        }
    }

    fn text(&self, pointer: &str) -> Option<Cow<'_, str>> {
        match self.0.pointer(pointer)? {
            Value::String(text) => Some(text.into()),
            Value::Number(number) => Some(number.to_string().into()),
            Value::Bool(truth) => Some(truth.to_string().into()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}
