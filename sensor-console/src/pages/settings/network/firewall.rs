//! What a firewall must let through for what is in force, on the page and as a file to hand over.

use axum::{
    http::header,
    response::{IntoResponse as _, Response},
};
use picket_protocol::local_api::{FirewallRule, SensorState, Status, firewall_now};

use crate::{guard::SignedIn, page::Failed, texts::settings::network as texts};

/// The rules. Empty: not one packet.
pub(super) fn rules(status: &Status) -> Vec<FirewallRule> {
    firewall_now(status)
}

/// Why there are none.
pub(super) const fn why_none(status: &Status) -> &'static str {
    match status.state {
        SensorState::Unactivated => texts::FIREWALL_BEFORE,
        SensorState::Active { .. } | SensorState::Deactivated { .. } => texts::NO_FIREWALL,
    }
}

pub(in crate::pages) async fn endpoints(by: SignedIn) -> Result<Response, Failed> {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"endpoints.txt\""),
    ];
    Ok((headers, text(&rules(by.status()?))).into_response())
}

/// One rule a line: `allow tcp HOST PORT  # what for`.
fn text(rules: &[FirewallRule]) -> String {
    if rules.is_empty() {
        return format!("# {}\n", texts::NO_FIREWALL);
    }
    let line = |rule: &FirewallRule| format!("allow tcp {} {}  # {}\n", rule.host, rule.port, rule.why);
    rules.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensor_that_sends_nothing_needs_no_rule() {
        assert!(text(&[]).starts_with("# Nothing"));
        let rule = FirewallRule { host: "portal.example".into(), port: 443, why: "the portal".into() };
        assert_eq!(text(&[rule]), "allow tcp portal.example 443  # the portal\n");
    }
}
