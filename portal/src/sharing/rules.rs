//! Which events a destination wants: by kind, severity, site and zone. Pure.

use std::collections::BTreeSet;

use picket_protocol::{alerts::Severity, names::Label};
use serde::{Deserialize, Serialize};

use super::event::{Event, Place};

/// What a destination wants. Everything that is said must hold; what is left out holds for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Alerts.
    #[serde(default = "yes")]
    pub alerts: bool,
    /// Health events.
    #[serde(default = "yes")]
    pub health: bool,
    /// At least as grave as this.
    #[serde(default = "everything")]
    pub severity: Severity,
    /// Of sensors of one of these sites.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sites: BTreeSet<Label>,
    /// Of sensors of one of these zones.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub zones: BTreeSet<Label>,
}

const fn yes() -> bool {
    true
}

const fn everything() -> Severity {
    Severity::Informational
}

impl Default for Rule {
    fn default() -> Self {
        Self { alerts: true, health: true, severity: everything(), sites: BTreeSet::new(), zones: BTreeSet::new() }
    }
}

impl Rule {
    /// Most sites, and most zones.
    pub const MAX_LABELS: usize = 256;

    /// Whether the destination wants an event. A test message is always wanted.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        match event {
            Event::Alert(shared) => self.alerts && self.matches(event.severity(), &shared.place),
            Event::Health(health) => self.health && self.matches(event.severity(), &health.place),
            Event::Test(_) => true,
        }
    }

    fn matches(&self, severity: Severity, place: &Place) -> bool {
        let among = |allowed: &BTreeSet<Label>, filed: &Option<Label>| {
            allowed.is_empty() || filed.as_ref().is_some_and(|filed| allowed.contains(filed))
        };
        // The gravest comes first.
        severity <= self.severity && among(&self.sites, &place.site) && among(&self.zones, &place.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::tests::{alert, health};
    use super::*;

    fn labels(names: &[&str]) -> BTreeSet<Label> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn without_a_word_everything_is_wanted() {
        let rule: Rule = serde_json::from_str("{}").unwrap();
        assert_eq!(rule, Rule::default());
        assert!(rule.wants(&alert("{}")) && rule.wants(&health(1)));
    }

    #[test]
    fn severity_is_a_threshold() {
        for (least, wanted) in
            [(Severity::Informational, true), (Severity::Low, true), (Severity::Medium, true), (Severity::High, false)]
        {
            assert_eq!(Rule { severity: least, ..Rule::default() }.wants(&alert("{}")), wanted, "{least}");
        }
    }

    #[test]
    fn a_sensor_without_the_site_or_zone_that_is_asked_for_is_not_meant() {
        let site = Rule { sites: labels(&["Plant | A=1", "B"]), ..Rule::default() };
        assert!(site.wants(&alert("{}")) && site.wants(&health(1)));
        assert!(!Rule { sites: labels(&["B"]), ..Rule::default() }.wants(&alert("{}")));
        assert!(!Rule { zones: labels(&["Z"]), ..site }.wants(&alert("{}")));
    }

    #[test]
    fn each_kind_can_be_left_out() {
        let no_alerts = Rule { alerts: false, ..Rule::default() };
        assert!(!no_alerts.wants(&alert("{}")) && no_alerts.wants(&health(1)));
        let no_health = Rule { health: false, ..Rule::default() };
        assert!(no_health.wants(&alert("{}")) && !no_health.wants(&health(1)));
    }
}
