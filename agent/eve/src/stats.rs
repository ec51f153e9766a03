//! What the detection engine says it lost itself: its `stats` records. Counts since the engine's own start.

use serde::Deserialize;

/// The part of a `stats` record that is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// What it got from the network.
    pub capture: Capture,
    /// What it made of that.
    pub detect: Detect,
}

/// What it got from the network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Capture {
    /// Packets that the engine did not get to see.
    pub kernel_drops: u64,
}

/// What it made of packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Detect {
    /// Alerts that it did not write, since one packet had too many.
    pub alert_queue_overflow: u64,
}
