//! How much each unit leaves open, as `systemd-analyze security` counts it, against limits that may only fall.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use picket_lab::process::run;

use crate::builds::root;

/// A unit, and the most it may be exposed: less where it has no network.
const LIMITS: [(&str, f32); 4] = [
    ("systemd/agent/picket-agent.service", 1.1),
    ("systemd/agent/picket-agent-key.service", 1.1),
    ("systemd/console/picket-console.service", 0.5),
    ("systemd/portal/picket-portal.service", 1.1),
];

/// Says the exposure of each; fails above a limit.
pub(super) fn check() -> Result<String> {
    let mut seen = Vec::new();
    for (unit, limit) in LIMITS {
        let analyse = ["security", "--offline=true", "--no-pager"];
        let said = run(Command::new("systemd-analyze").args(analyse).arg(root().join(unit)))?;
        let exposure = exposure(&said).with_context(|| format!("no exposure of {unit} in {said}"))?;
        ensure!(exposure <= limit, "{unit} is exposed by {exposure}, more than {limit}:\n{said}");
        let name = unit.rsplit('/').next().unwrap_or(unit);
        seen.push(format!("{name} {exposure:.1} (limit {limit:.1})"));
    }
    Ok(seen.join(", "))
}

/// Reads `→ Overall exposure level for picket-agent.service: 1.1 OK`.
fn exposure(said: &str) -> Option<f32> {
    let (_, rest) = said.lines().last()?.split_once("Overall exposure level")?;
    rest.split_once(": ")?.1.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::exposure;

    #[test]
    fn reads_what_systemd_says() {
        let said = "✗ PrivateNetwork= 0.5\n→ Overall exposure level for picket-agent.service: 1.1 OK 🙂";
        assert_eq!(exposure(said), Some(1.1));
        assert_eq!(exposure("Failed to load"), None);
    }
}
