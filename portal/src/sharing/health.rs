//! Decides which changes of how sensors stand are told: once per change, grouped by place. Pure: no clock, no store.

use std::collections::{BTreeMap, BTreeSet};

use picket_protocol::{ids::SensorId, time::UnixSeconds};

use super::event::{Affected, HealthKind, NamedSensor, Place};
use crate::domain::connection::disconnected_after;

/// Most sensors of one event: as many names as a CEF field holds.
pub const MAX_GROUP: usize = 40;
/// A certificate is renewed when a third of its 90 days is left; with this little left, renewing has failed for two weeks.
const CERTIFICATE_SOON: i64 = 14 * 86_400;
/// As the sensor itself warns.
const LICENCE_SOON: i64 = 30 * 86_400;

/// What may be wrong with a sensor for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// It is not heard.
    Disconnected,
    /// Two sensors speak with its key.
    PossibleClone,
    /// Its certificate ends soon.
    CertificateExpiring,
    /// Its licence ends soon.
    LicenceExpiring,
}

impl Condition {
    /// Every condition.
    pub const ALL: [Self; 4] =
        [Self::Disconnected, Self::PossibleClone, Self::CertificateExpiring, Self::LicenceExpiring];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::PossibleClone => "possible-clone",
            Self::CertificateExpiring => "certificate-expiring",
            Self::LicenceExpiring => "licence-expiring",
        }
    }

    /// What is told when it begins.
    #[must_use]
    pub const fn begins(self) -> HealthKind {
        match self {
            Self::Disconnected => HealthKind::SensorDisconnected,
            Self::PossibleClone => HealthKind::PossibleClone,
            Self::CertificateExpiring => HealthKind::CertificateExpiring,
            Self::LicenceExpiring => HealthKind::LicenceExpiring,
        }
    }

    /// What is told when it ends.
    const fn ends(self) -> Option<HealthKind> {
        match self {
            Self::Disconnected => Some(HealthKind::SensorBack),
            Self::PossibleClone | Self::CertificateExpiring | Self::LicenceExpiring => None,
        }
    }
}

/// A sensor, as far as health events look at it. Deleted sensors are not among them.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Which.
    pub sensor: NamedSensor,
    /// Where it is filed.
    pub place: Place,
    /// Whether a sensor of its mode is ever heard here.
    pub reports_here: bool,
    /// When it was last heard with an activation in force.
    pub last_seen: Option<UnixSeconds>,
    /// The interval it keeps.
    pub interval_seconds: u32,
    /// The open alarm that it may have a clone.
    pub clone_alarm: Option<i64>,
    /// When the certificate that it got last ends.
    pub certificate_until: Option<UnixSeconds>,
    /// When its licence ends.
    pub licence_until: Option<UnixSeconds>,
}

/// What was told and is not over: the condition, and which one of its kind (an alarm's number, a date).
pub type Told = BTreeMap<(SensorId, Condition), i64>;

/// One group of sensors to which the same happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What.
    pub kind: HealthKind,
    /// Where.
    pub place: Place,
    /// To whom.
    pub sensors: Vec<Affected>,
}

/// What is to be told, and what is then told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// To be told.
    pub groups: Vec<Group>,
    /// Began, or is now about something else.
    pub begun: Told,
    /// Over.
    pub over: BTreeSet<(SensorId, Condition)>,
}

impl News {
    /// Whether anything changed, told or not.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.over.is_empty()
    }
}

/// Whether a condition holds.
enum Verdict {
    /// It does: which one, and the date to tell.
    Holds(i64, Option<UnixSeconds>),
    /// It does not.
    Over,
    /// Nobody can say: what was told last stays.
    Unknown,
}

/// Compares how sensors stand with what was told.
#[must_use]
pub fn compare(sensors: &[Standing], told: &Told, listening_since: UnixSeconds, now: UnixSeconds) -> News {
    let mut news = News::default();
    let mut groups: BTreeMap<(HealthKind, &Place), Vec<Affected>> = BTreeMap::new();
    let tell = |kind, standing: &Standing, date| (kind, Affected { sensor: standing.sensor.clone(), date });
    for standing in sensors {
        for condition in Condition::ALL {
            let key = (standing.sensor.id, condition);
            let was = told.get(&key);
            let told_now = match standing.judge(condition, listening_since, now) {
                Verdict::Holds(which, date) if was != Some(&which) => {
                    news.begun.insert(key, which);
                    Some(tell(condition.begins(), standing, date))
                }
                Verdict::Over if was.is_some() => {
                    news.over.insert(key);
                    condition.ends().map(|kind| tell(kind, standing, standing.last_seen))
                }
                Verdict::Holds(..) | Verdict::Over | Verdict::Unknown => None,
            };
            if let Some((kind, affected)) = told_now {
                groups.entry((kind, &standing.place)).or_default().push(affected);
            }
        }
    }
    let known: BTreeSet<SensorId> = sensors.iter().map(|standing| standing.sensor.id).collect();
    news.over.extend(told.keys().filter(|(sensor, _)| !known.contains(sensor)));
    news.groups = groups.into_iter().flat_map(|((kind, place), sensors)| bounded(kind, place, &sensors)).collect();
    news
}

fn bounded(kind: HealthKind, place: &Place, sensors: &[Affected]) -> Vec<Group> {
    let group = |sensors: &[Affected]| Group { kind, place: place.clone(), sensors: sensors.to_vec() };
    sensors.chunks(MAX_GROUP).map(group).collect()
}

impl Standing {
    fn judge(&self, condition: Condition, listening_since: UnixSeconds, now: UnixSeconds) -> Verdict {
        let ends_soon = |until: Option<UnixSeconds>, soon| match until {
            Some(until) if until.since(now) <= soon => Verdict::Holds(until.0, Some(until)),
            _ => Verdict::Over,
        };
        match condition {
            Condition::Disconnected => self.disconnected(listening_since, now),
            Condition::PossibleClone => self.clone_alarm.map_or(Verdict::Over, |alarm| Verdict::Holds(alarm, None)),
            // Who reports elsewhere, or to nobody, renews nothing here.
            Condition::CertificateExpiring if !self.reports_here => Verdict::Over,
            Condition::CertificateExpiring => ends_soon(self.certificate_until, CERTIFICATE_SOON),
            Condition::LicenceExpiring => ends_soon(self.licence_until, LICENCE_SOON),
        }
    }

    /// A portal that has just begun to listen has missed nobody, and has heard nobody again either.
    fn disconnected(&self, listening_since: UnixSeconds, now: UnixSeconds) -> Verdict {
        let Some(seen) = self.last_seen.filter(|_| self.reports_here) else { return Verdict::Unknown };
        let patience = disconnected_after(self.interval_seconds);
        if now.since(seen) <= patience {
            Verdict::Over
        } else if now.since(listening_since) > patience {
            Verdict::Holds(0, Some(seen))
        } else {
            Verdict::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::tests::sensor;
    use super::*;

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
    const LONG_AGO: UnixSeconds = UnixSeconds(1_700_000_000);

    fn heard(number: u8) -> Standing {
        Standing {
            sensor: sensor(number),
            place: Place::default(),
            reports_here: true,
            last_seen: Some(NOW),
            interval_seconds: 60,
            clone_alarm: None,
            certificate_until: Some(NOW.plus(80 * 86_400)),
            licence_until: None,
        }
    }

    fn silent(number: u8) -> Standing {
        Standing { last_seen: Some(NOW.plus(-301)), ..heard(number) }
    }

    /// As the portal does: tells, and remembers.
    fn tell(sensors: &[Standing], told: &mut Told, listening_since: UnixSeconds) -> Vec<(HealthKind, usize)> {
        let news = compare(sensors, told, listening_since, NOW);
        told.retain(|key, _| !news.over.contains(key));
        told.extend(news.begun);
        assert!(compare(sensors, told, listening_since, NOW).is_empty(), "nothing is told twice");
        news.groups.iter().map(|group| (group.kind, group.sensors.len())).collect()
    }

    #[test]
    fn a_standing_condition_is_told_once_and_its_end_once() {
        let mut told = Told::new();
        assert_eq!(tell(&[heard(1)], &mut told, LONG_AGO), []);
        assert_eq!(tell(&[silent(1)], &mut told, LONG_AGO), [(HealthKind::SensorDisconnected, 1)]);
        let longer = Standing { last_seen: Some(NOW.plus(-9999)), ..silent(1) };
        assert_eq!(tell(&[longer], &mut told, LONG_AGO), []);
        assert_eq!(tell(&[heard(1)], &mut told, LONG_AGO), [(HealthKind::SensorBack, 1)]);
        assert_eq!(told, Told::new());
    }

    #[test]
    fn a_portal_that_starts_tells_neither_that_a_sensor_left_nor_that_it_is_back() {
        let mut told = Told::new();
        assert_eq!(tell(&[silent(1)], &mut told, NOW), []);
        tell(&[silent(1)], &mut told, LONG_AGO);
        assert_eq!(tell(&[silent(1)], &mut told, NOW), []);
        assert_eq!(tell(&[heard(1)], &mut told, NOW), [(HealthKind::SensorBack, 1)]);
    }

    #[test]
    fn a_sensor_that_never_spoke_or_never_does_is_not_missed() {
        let never = Standing { last_seen: None, ..silent(1) };
        let elsewhere = Standing { reports_here: false, ..silent(2) };
        assert_eq!(tell(&[never, elsewhere], &mut Told::new(), LONG_AGO), []);
    }

    #[test]
    fn a_deleted_sensor_is_forgotten_in_silence() {
        let mut told = Told::new();
        tell(&[silent(1), heard(2)], &mut told, LONG_AGO);
        assert_eq!(tell(&[heard(2)], &mut told, LONG_AGO), []);
        assert_eq!(told, Told::new());
    }

    #[test]
    fn sensors_of_one_place_are_told_together_and_no_event_is_endless() {
        let elsewhere = Standing { place: Place { site: "B".parse().ok(), zone: None }, ..silent(200) };
        let mut sensors: Vec<Standing> = (0..100).map(silent).collect();
        sensors.push(elsewhere);
        let kind = HealthKind::SensorDisconnected;
        assert_eq!(tell(&sensors, &mut Told::new(), LONG_AGO), [(kind, 40), (kind, 40), (kind, 20), (kind, 1)]);
    }

    #[test]
    fn a_second_clone_alarm_and_another_date_are_told_again() {
        let mut told = Told::new();
        let alarm = |number| Standing { clone_alarm: Some(number), ..heard(1) };
        assert_eq!(tell(&[alarm(1)], &mut told, LONG_AGO), [(HealthKind::PossibleClone, 1)]);
        assert_eq!(tell(&[alarm(1)], &mut told, LONG_AGO), []);
        assert_eq!(tell(&[alarm(2)], &mut told, LONG_AGO), [(HealthKind::PossibleClone, 1)]);
        assert_eq!(tell(&[heard(1)], &mut told, LONG_AGO), []);
        let licence = |days: i64| Standing { licence_until: Some(NOW.plus(days * 86_400)), ..heard(1) };
        assert_eq!(tell(&[licence(31)], &mut told, LONG_AGO), []);
        assert_eq!(tell(&[licence(30)], &mut told, LONG_AGO), [(HealthKind::LicenceExpiring, 1)]);
        assert_eq!(tell(&[licence(29)], &mut told, LONG_AGO), [(HealthKind::LicenceExpiring, 1)]);
        assert_eq!(tell(&[licence(400)], &mut told, LONG_AGO), []);
    }

    #[test]
    fn a_certificate_is_told_when_renewing_has_failed_for_two_weeks() {
        let mut told = Told::new();
        let until = |days: i64| Standing { certificate_until: Some(NOW.plus(days * 86_400)), ..heard(1) };
        assert_eq!(tell(&[until(15)], &mut told, LONG_AGO), []);
        assert_eq!(tell(&[until(14)], &mut told, LONG_AGO), [(HealthKind::CertificateExpiring, 1)]);
        assert_eq!(tell(&[until(90)], &mut told, LONG_AGO), []);
        assert_eq!(tell(&[until(-1)], &mut told, LONG_AGO), [(HealthKind::CertificateExpiring, 1)]);
        let elsewhere = Standing { reports_here: false, ..until(-1) };
        assert_eq!(tell(std::slice::from_ref(&elsewhere), &mut told, LONG_AGO), []);
        assert_eq!(
            (tell(&[elsewhere], &mut Told::new(), LONG_AGO), told),
            (vec![], Told::new()),
            "nothing is renewed here"
        );
    }
}
