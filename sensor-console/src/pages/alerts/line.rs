//! What of the detection engine's record is shown in a list. The record itself is never changed.

use picket_protocol::local_api::AlertView;
use serde::Deserialize;

/// The fields that people look for first; each may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    alert: Named,
    anomaly: Event,
    event_type: String,
    src_ip: String,
    src_port: Option<u16>,
    dest_ip: String,
    dest_port: Option<u16>,
    proto: String,
    app_proto: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Named {
    signature: String,
    category: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Event {
    event: String,
}

impl Line {
    /// Of a record; all fields are empty where it is none that we know.
    pub(super) fn of(alert: &AlertView) -> Self {
        serde_json::from_str(alert.record.get()).unwrap_or_default()
    }

    /// What was detected; none when the record does not say.
    pub(super) fn signature(&self) -> Option<&str> {
        [&self.alert.signature, &self.anomaly.event, &self.event_type]
            .into_iter()
            .map(String::as_str)
            .find(|s| !s.is_empty())
    }

    pub(super) fn category(&self) -> Option<&str> {
        Some(self.alert.category.as_str()).filter(|category| !category.is_empty())
    }

    pub(super) fn source(&self) -> String {
        end(&self.src_ip, self.src_port)
    }

    pub(super) fn destination(&self) -> String {
        end(&self.dest_ip, self.dest_port)
    }

    /// `TCP`, `modbus over TCP`.
    pub(super) fn protocol(&self) -> Option<String> {
        match (self.app_proto.as_str(), self.proto.as_str()) {
            ("", "") => None,
            ("" | "failed" | "unknown", proto) => Some(proto.to_owned()),
            (app, proto) => Some(format!("{app} over {proto}")),
        }
    }
}

fn end(address: &str, port: Option<u16>) -> String {
    match port {
        Some(port) if address.contains(':') => format!("[{address}]:{port}"),
        Some(port) => format!("{address}:{port}"),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_an_ipv6_address_so_that_its_port_can_be_told() {
        assert_eq!(end("fd00::1", Some(502)), "[fd00::1]:502");
        assert_eq!(end("10.0.0.1", None), "10.0.0.1");
    }
}
