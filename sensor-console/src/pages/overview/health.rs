//! How good or bad the agent's words are: for badges, and for the one word of the identity strip.

use picket_look::Tone;
use picket_protocol::{heartbeat::Component, local_api::Link};

use crate::texts::overview as texts;

/// Words of components that cost nothing yet.
const DEGRADED: [&str; 6] = ["engine-drops", "engine-silent", "full", "set-aside", "disk-low", "newer-state"];

/// How bad a component's word is.
pub(crate) fn tone(code: &str) -> Tone {
    match code {
        "ok" => Tone::Ok,
        code if DEGRADED.contains(&code) => Tone::Warning,
        _ => Tone::Critical,
    }
}

/// A link's state.
pub(crate) const fn link(link: Link) -> (Tone, &'static str) {
    match link {
        Link::Pending => (Tone::Notice, texts::LINK_PENDING),
        Link::Connected => (Tone::Ok, texts::LINK_CONNECTED),
        Link::Retrying => (Tone::Warning, texts::LINK_RETRYING),
        Link::Disconnected => (Tone::Critical, texts::LINK_DISCONNECTED),
        Link::Rejected => (Tone::Critical, texts::LINK_REJECTED),
        Link::ClockWrong => (Tone::Critical, texts::LINK_CLOCK),
    }
}

/// A component's name.
pub(crate) const fn component(component: Component) -> &'static str {
    match component {
        Component::Engine => texts::COMPONENT_ENGINE,
        Component::AlertLog => texts::COMPONENT_ALERT_LOG,
        Component::Disk => texts::COMPONENT_DISK,
        Component::Clock => texts::COMPONENT_CLOCK,
        Component::Upstream => texts::COMPONENT_UPSTREAM,
        Component::Hub => texts::COMPONENT_HUB,
        Component::Ti => texts::COMPONENT_TI,
        Component::ControlState => texts::COMPONENT_CONTROL_STATE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_nobody_knows_is_grave() {
        assert_eq!(["ok", "disk-low", "endpoint.dns"].map(tone), [Tone::Ok, Tone::Warning, Tone::Critical]);
    }
}
