//! What a start of the agent needs of the boot before it.

use anyhow::{Result, ensure};

use super::stage::Stage;
use crate::manual;

/// As after a boot at which systemd-tmpfiles failed as a whole; by itself it lets nobody stop it.
const AS_IF_NEVER_MADE: &str = "mkdir -p /run/systemd/system/systemd-tmpfiles-setup.service.d
printf '[Unit]\\nRefuseManualStop=no\\n' > /run/systemd/system/systemd-tmpfiles-setup.service.d/stop.conf
systemctl daemon-reload
systemctl stop picket-console.socket picket-console picket-agent.socket picket-agent systemd-tmpfiles-setup
rm -r --one-file-system /run/picket-agent-root
systemctl start picket-agent";

#[test]
fn folders_that_the_boot_did_not_make_are_made_before_the_agent_starts() -> Result<()> {
    let mut stage = Stage::bare("starts")?;
    stage.run(manual::INSTALL, &[])?;
    stage.machine.shell(AS_IF_NEVER_MADE)?;
    ensure!(stage.machine.picketctl("status")?["state"] == "unactivated", "it is not what it was");
    stage.machine.power_off()
}
