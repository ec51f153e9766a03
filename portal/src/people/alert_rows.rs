//! An alert as people get it: as JSON, as a line of NDJSON, as a line of CSV that no spreadsheet takes for a formula.

use std::{borrow::Cow, collections::HashMap};

use picket_protocol::{
    alerts::Severity,
    ids::{Epoch, SensorId},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::{csv::write_field, openapi::words};
use crate::{
    alerts::{Filter, StoredAlert},
    domain::{access::Scope, refused::Refused},
    store::{Store, views::Whereabouts},
};

/// How alerts are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AlertExportFormat)]
pub(crate) enum Format {
    /// RFC 4180, UTF-8.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// The columns of the CSV that are read out of the record, and where they stand in it.
const FROM_RECORD: [(&str, &str); 9] = [
    ("event_type", "/event_type"),
    ("signature_id", "/alert/signature_id"),
    ("signature", "/alert/signature"),
    ("category", "/alert/category"),
    ("proto", "/proto"),
    ("src_ip", "/src_ip"),
    ("src_port", "/src_port"),
    ("dest_ip", "/dest_ip"),
    ("dest_port", "/dest_port"),
];

impl Format {
    pub(crate) const fn media(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::Csv => "alerts.csv",
            Self::Ndjson => "alerts.ndjson",
        }
    }

    pub(crate) const fn header(self) -> &'static str {
        match self {
            Self::Csv => {
                "row,id,sensor,sensor_name,site,zone,epoch,severity,detected_at,received_at,event_type,signature_id,\
                 signature,category,proto,src_ip,src_port,dest_ip,dest_port,record\r\n"
            }
            Self::Ndjson => "",
        }
    }
}

/// Where sensors are filed: what alerts are shown with.
#[derive(Debug)]
pub(crate) struct Rows {
    filed: HashMap<SensorId, Whereabouts>,
    /// Whether these are all that there are.
    whole: bool,
}

/// An alert.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Alert)]
pub(crate) struct Shown<'a> {
    row: i64,
    id: String,
    #[schema(value_type = String)]
    sensor: SensorId,
    sensor_name: Option<&'a str>,
    site: Option<&'a str>,
    zone: Option<&'a str>,
    #[schema(value_type = u64)]
    epoch: Epoch,
    #[schema(value_type = words::Severity)]
    severity: Severity,
    detected_at: &'a str,
    received_at: String,
    /// The engine's record, as it came.
    #[schema(value_type = Option<Object>)]
    record: Option<&'a RawValue>,
}

impl Rows {
    /// Of one sensor, or of all, within a scope.
    pub(crate) async fn of(store: &Store, sensor: Option<SensorId>, scope: &Scope) -> Result<Self, Refused> {
        let mut filed = match sensor {
            Some(sensor) => store.whereabouts_of(sensor).await?,
            None => store.whereabouts().await?,
        };
        filed.retain(|_, filed| scope.covers(filed.subscription));
        Ok(Self { filed, whole: scope.is_all() })
    }

    /// The filter of a request.
    pub(crate) fn filter(
        &self,
        sensor: Option<SensorId>,
        severity: Option<Severity>,
        site: Option<&str>,
        zone: Option<&str>,
    ) -> Filter {
        if site.is_none() && zone.is_none() && self.whole {
            return Filter { sensors: sensor.map(|sensor| vec![sensor]), severity };
        }
        let fits = |wanted: Option<&str>, filed: &Option<String>| wanted.is_none() || wanted == filed.as_deref();
        let filed = self.filed.iter().filter(|(_, filed)| fits(site, &filed.site) && fits(zone, &filed.zone));
        let sensors = filed.map(|(id, _)| *id).filter(|id| sensor.is_none_or(|sensor| sensor == *id));
        Filter { sensors: Some(sensors.collect()), severity }
    }

    /// The name of a sensor of theirs.
    pub(crate) fn name(&self, sensor: SensorId) -> Option<&str> {
        self.filed.get(&sensor).map(|filed| filed.name.as_str())
    }

    pub(crate) fn shown<'a>(&'a self, alert: &'a StoredAlert) -> Shown<'a> {
        let filed = self.filed.get(&alert.sensor);
        Shown {
            row: alert.row,
            id: alert.id.to_string(),
            sensor: alert.sensor,
            sensor_name: filed.map(|filed| filed.name.as_str()),
            site: filed.and_then(|filed| filed.site.as_deref()),
            zone: filed.and_then(|filed| filed.zone.as_deref()),
            epoch: alert.epoch,
            severity: alert.severity,
            detected_at: &alert.detected_at,
            received_at: alert.received_at.to_string(),
            record: serde_json::from_str(&alert.record).ok(),
        }
    }

    /// Appends an alert as a line.
    pub(crate) fn write(&self, alert: &StoredAlert, format: Format, out: &mut String) {
        let shown = self.shown(alert);
        match format {
            Format::Ndjson => {
                let line = serde_json::to_string(&shown).unwrap_or_default();
                out.push_str(&on_one_line(&line));
                out.push('\n');
            }
            Format::Csv => shown.write_csv(&alert.record, out),
        }
    }
}

impl Shown<'_> {
    fn write_csv(&self, record: &str, out: &mut String) {
        let sensor = self.sensor.to_string();
        let own = [
            &self.row.to_string(),
            &self.id,
            &sensor,
            self.sensor_name.unwrap_or_default(),
            self.site.unwrap_or_default(),
            self.zone.unwrap_or_default(),
            &self.epoch.to_string(),
            self.severity.as_str(),
            self.detected_at,
            &self.received_at,
        ];
        own.iter().for_each(|field| write_field(field, out));
        let read: Value = serde_json::from_str(record).unwrap_or_default();
        for (_, pointer) in FROM_RECORD {
            match read.pointer(pointer) {
                None | Some(Value::Null) => write_field("", out),
                Some(Value::String(text)) => write_field(text, out),
                Some(other) => write_field(&other.to_string(), out),
            }
        }
        write_field(&on_one_line(record), out);
        out.pop(); // the last comma
        out.push_str("\r\n");
    }
}

/// A JSON text without line breaks: in valid JSON they stand between tokens alone, where a space means the same.
fn on_one_line(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\r']) { text.replace(['\n', '\r'], " ").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use picket_protocol::{
        alerts::AlertId,
        ids::{StreamId, SubscriptionId},
        time::UnixSeconds,
    };

    use super::*;

    fn alert(record: &str) -> StoredAlert {
        StoredAlert {
            row: 3,
            sensor: SensorId::from_bytes([7; 16]),
            id: AlertId { stream: StreamId::from_bytes([1; 16]), number: 9 },
            epoch: Epoch(2),
            severity: Severity::High,
            detected_at: "2027-01-15T08:00:00.123Z".to_owned(),
            received_at: UnixSeconds(1_800_000_001),
            record: record.to_owned(),
        }
    }

    fn rows(name: &str) -> Rows {
        let subscription = SubscriptionId::from_bytes([1; 16]);
        let filed = Whereabouts { name: name.to_owned(), subscription, site: Some("North".to_owned()), zone: None };
        Rows { filed: HashMap::from([(SensorId::from_bytes([7; 16]), filed)]), whole: true }
    }

    fn written(rows: &Rows, record: &str, format: Format) -> String {
        let mut out = String::new();
        rows.write(&alert(record), format, &mut out);
        out
    }

    #[test]
    fn a_line_of_ndjson_holds_the_record_byte_for_byte() {
        let record = r#"{"a":1.50,"a":2,  "text":"\u0041/\/"}"#;
        assert_eq!(
            written(&rows("Pump"), record, Format::Ndjson),
            format!(
                "{{\"row\":3,\"id\":\"01010101-0101-0101-0101-010101010101/9\",\
                 \"sensor\":\"07070707-0707-0707-0707-070707070707\",\"sensor_name\":\"Pump\",\"site\":\"North\",\
                 \"zone\":null,\"epoch\":2,\"severity\":\"high\",\"detected_at\":\"2027-01-15T08:00:00.123Z\",\
                 \"received_at\":\"2027-01-15T08:00:01Z\",\"record\":{record}}}\n"
            )
        );
    }

    #[test]
    fn an_alert_is_one_line_however_its_record_was_laid_out() {
        let record = "{\r\n  \"a\":\r\"x\\ny\"\n}";
        for format in [Format::Ndjson, Format::Csv] {
            let line = written(&rows("Pump"), record, format);
            assert_eq!(line.trim_end().lines().count(), 1, "{line}");
            assert!(!line.trim_end().contains('\r'));
        }
        let line = written(&rows("Pump"), record, Format::Ndjson);
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["record"]["a"], "x\ny");
    }

    #[test]
    fn a_spreadsheet_finds_no_formula() {
        for hostile in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"] {
            let record = serde_json::json!({ "alert": { "signature": hostile } }).to_string();
            let line = written(&rows("Pump"), &record, Format::Csv);
            assert!(line.contains(&format!(",\"'{hostile}\",")), "{line}");
        }
        assert!(written(&rows("=cmd|' /C calc'!A0"), "{}", Format::Csv).contains(",\"'=cmd|' /C calc'!A0\","));
    }

    #[test]
    fn a_line_of_csv_has_as_many_fields_as_the_header() {
        let header = Format::Csv.header().trim_end().split(',').count();
        assert_eq!(header, 10 + FROM_RECORD.len() + 1);
        assert!(FROM_RECORD.iter().all(|(name, _)| Format::Csv.header().contains(&format!(",{name},"))));
        let record = r#"{"event_type":"alert","src_port":502,"alert":{"signature":"a \"quoted\", one"}}"#;
        let line = written(&rows("Pump"), record, Format::Csv);
        assert!(line.starts_with("\"3\",\"01010101-0101-0101-0101-010101010101/9\",\"07070707-"), "{line}");
        assert!(
            line.contains("\"alert\",\"\",\"a \"\"quoted\"\", one\",\"\",\"\",\"\",\"502\",\"\",\"\",\"{"),
            "{line}"
        );
        assert!(line.ends_with("}\"\r\n"), "{line}");
    }
}
