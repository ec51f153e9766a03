//! What is shared: alerts, health events, test messages. Values in no format yet; knows neither SQL nor the network.

use picket_protocol::{
    alerts::{Severity, UnixMillis},
    ids::SensorId,
    names::{Label, SensorName},
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::alerts::StoredAlert;

/// One thing to tell.
#[derive(Debug, Clone)]
pub enum Event {
    /// A detection.
    Alert(SharedAlert),
    /// How sensors stand has changed.
    Health(HealthEvent),
    /// Whether the way is open.
    Test(TestMessage),
}

/// Where the owner files a sensor, as far as rules look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The site.
    pub site: Option<Label>,
    /// The zone in it.
    pub zone: Option<Label>,
}

/// A sensor by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedSensor {
    /// Its id.
    pub id: SensorId,
    /// Its name at the time of telling.
    pub name: SensorName,
}

impl NamedSensor {
    /// A sensor whose name is not known: its id is one, too.
    #[must_use]
    pub fn unnamed(id: SensorId) -> Self {
        Self { id, name: id.to_string().parse().expect("a UUID has the characters of a name") }
    }
}

/// An alert with whose it is.
#[derive(Debug, Clone)]
pub struct SharedAlert {
    /// Whose it is.
    pub sensor: NamedSensor,
    /// Where that sensor is filed.
    pub place: Place,
    /// The alert as it is stored.
    pub alert: StoredAlert,
}

/// A change of how sensors stand: those of one place to which the same happened while changes were gathered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthEvent {
    /// Its number at this portal.
    pub number: i64,
    /// When it was noticed.
    pub at: UnixSeconds,
    /// What happened.
    pub kind: HealthKind,
    /// Where.
    pub place: Place,
    /// To whom; never empty, at most [`super::health::MAX_GROUP`].
    pub sensors: Vec<Affected>,
}

/// A sensor that a health event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// Which.
    #[serde(flatten)]
    pub sensor: NamedSensor,
    /// The date that the event is about: the last word heard, or the end of a certificate or licence.
    pub date: Option<UnixSeconds>,
}

/// What may happen to a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HealthKind {
    /// It is not heard any more.
    SensorDisconnected,
    /// It is heard again.
    SensorBack,
    /// Two sensors speak with its key.
    PossibleClone,
    /// Its certificate ends soon and it has not renewed it.
    CertificateExpiring,
    /// Its licence ends soon.
    LicenceExpiring,
}

impl HealthKind {
    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SensorDisconnected => "sensor-disconnected",
            Self::SensorBack => "sensor-back",
            Self::PossibleClone => "possible-clone",
            Self::CertificateExpiring => "certificate-expiring",
            Self::LicenceExpiring => "licence-expiring",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::SensorDisconnected => "Sensor disconnected",
            Self::SensorBack => "Sensor connected again",
            Self::PossibleClone => "Possible clone of a sensor",
            Self::CertificateExpiring => "Certificate of a sensor expires",
            Self::LicenceExpiring => "Licence of a sensor expires",
        }
    }

    /// How grave it is, by the scale of alerts: the rules are the same.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::PossibleClone => Severity::High,
            Self::SensorDisconnected | Self::CertificateExpiring => Severity::Medium,
            Self::LicenceExpiring => Severity::Low,
            Self::SensorBack => Severity::Informational,
        }
    }
}

/// A message that says only that it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestMessage {
    /// Names it.
    pub id: Uuid,
    /// When it was made.
    pub at: UnixSeconds,
}

impl TestMessage {
    /// What it says.
    pub const TEXT: &'static str = "Test message of the Picket portal";
}

impl Event {
    /// How grave.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Alert(shared) => shared.alert.severity,
            Self::Health(event) => event.kind.severity(),
            Self::Test(_) => Severity::Informational,
        }
    }

    /// Its name among those of its kind: unique at this portal.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Alert(shared) => shared.alert.id.to_string(),
            Self::Health(event) => format!("health/{}", event.number),
            Self::Test(test) => format!("test/{}", test.id),
        }
    }

    /// When it happened.
    #[must_use]
    pub fn at(&self) -> UnixMillis {
        let seconds = |at: UnixSeconds| UnixMillis(at.0.saturating_mul(1000));
        match self {
            Self::Alert(shared) => detected_at(&shared.alert),
            Self::Health(event) => seconds(event.at),
            Self::Test(test) => seconds(test.at),
        }
    }
}

/// When it was detected, by the sensor's word; when it was received, if that is no date between the years 1970 and 9999.
fn detected_at(alert: &StoredAlert) -> UnixMillis {
    const YEAR_10000: i64 = 253_402_300_800_000;
    let said = alert.detected_at.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_millisecond);
    let said = said.ok().filter(|at| (0..YEAR_10000).contains(at));
    UnixMillis(said.unwrap_or_else(|| alert.received_at.0.clamp(0, YEAR_10000 / 1000 - 1) * 1000))
}

#[cfg(test)]
pub(super) mod tests {
    use picket_protocol::{
        alerts::AlertId,
        ids::{Epoch, StreamId},
    };

    use super::*;

    pub(in crate::sharing) fn sensor(number: u8) -> NamedSensor {
        NamedSensor { id: SensorId::from_bytes([number; 16]), name: format!("Pump {number}").parse().unwrap() }
    }

    /// An alert with this record.
    pub(in crate::sharing) fn alert(record: &str) -> Event {
        let alert = StoredAlert {
            row: 1,
            sensor: SensorId::from_bytes([7; 16]),
            id: AlertId { stream: StreamId::from_bytes([1; 16]), number: 5 },
            epoch: Epoch(3),
            severity: Severity::Medium,
            detected_at: "2026-01-31T08:00:00.250Z".to_owned(),
            received_at: UnixSeconds(1_800_000_000),
            record: record.to_owned(),
        };
        let sensor = NamedSensor { id: SensorId::from_bytes([7; 16]), ..self::sensor(1) };
        Event::Alert(SharedAlert { sensor, place: Place { site: "Plant | A=1".parse().ok(), zone: None }, alert })
    }

    /// So many sensors disconnected.
    pub(in crate::sharing) fn health(sensors: u8) -> Event {
        let affected = |number| Affected { sensor: sensor(number), date: Some(UnixSeconds(1_769_846_400)) };
        Event::Health(HealthEvent {
            number: 9,
            at: UnixSeconds(1_769_846_700),
            kind: HealthKind::SensorDisconnected,
            place: Place { site: "Plant | A=1".parse().ok(), zone: None },
            sensors: (1..=sensors).map(affected).collect(),
        })
    }

    #[test]
    fn a_date_that_is_none_falls_back_to_the_receipt() {
        let with = |said: &str| {
            let Event::Alert(mut shared) = alert("{}") else { panic!("an alert") };
            shared.alert.detected_at = said.to_owned();
            Event::Alert(shared).at().to_string()
        };
        assert_eq!(with("2026-01-31T09:00:00.25+01:00"), "2026-01-31T08:00:00.250Z");
        for no_date in ["", "soon", "-000044-03-15T12:00:00Z", "1969-12-31T23:59:59Z", "2026-13-01T00:00:00Z", "x\n<1>"]
        {
            assert_eq!(with(no_date), "2027-01-15T08:00:00.000Z", "{no_date:?}");
        }
    }
}
