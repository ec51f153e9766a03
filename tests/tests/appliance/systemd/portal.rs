//! The portal as its package ships it, on a machine of its own: by the commands of the documentation, on its own ports.

use anyhow::{Result, ensure};
use picket_lab::machine::Web;
use picket_protocol::wire::EST_CACERTS;

use super::stage::Stage;
use crate::manual;

#[test]
fn a_portal_is_installed_listens_where_it_says_and_is_back_after_a_reboot() -> Result<()> {
    let mut stage = Stage::bare("portal")?;
    let said = stage.run(manual::PORTAL, &[])?;
    ensure!(said.contains("setup code"), "nobody could sign in: {said}");
    answers(&stage)?;
    stage.machine.reboot()?;
    answers(&stage)?;
    stage.machine.power_off()
}

fn answers(stage: &Stage) -> Result<()> {
    for unit in ["picket-portal.socket", "picket-portal.service"] {
        ensure!(stage.machine.property(unit, "ActiveState")? == "active", "{unit} is not active");
    }
    let page = Web::new("https://127.0.0.1:8443")?.page(&stage.machine, "/choose-password")?;
    ensure!(page.contains("name=\"code\""), "{page}");
    // Of what sensors ask for, this needs no certificate.
    let authorities = Web::new("https://127.0.0.1")?.page(&stage.machine, EST_CACERTS)?;
    ensure!(!authorities.is_empty(), "sensors get no authority");
    Ok(())
}
