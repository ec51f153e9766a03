//! System Settings, Reactivation: local, cloud and back, and one that fails.

use std::path::Path;

use anyhow::{Result, ensure};
use picket_tests::{
    faults::{Authority, closed_port},
    scene::proved,
};

use super::Desk;

const HERE: &str = "/settings/reactivation";

/// Uploads a file in Reactivation and agrees to its preview.
fn reactivate(desk: &Desk, file: &Path) -> Result<()> {
    desk.person().open(HERE)?;
    desk.person().upload(HERE, file)?;
    desk.person().submit_when_there("/settings/reactivation/activate")
}

#[test]
fn local_to_cloud_and_back_to_local() -> Result<()> {
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("both-ways", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    for mode in ["cloud-connected", "locally-managed"] {
        reactivate(&desk, &desk.scene.reissue(&sensor.id, &["--mode", mode])?)?;
        proved(&desk.scene.agent, mode)?;
        desk.person().open("/")?;
        desk.browser.until(&format!("[data-mode={mode}]"))?;
    }
    ensure!(desk.scene.agent.status()?["epoch"] == 3, "{}", desk.scene.agent.status()?);
    Ok(())
}

#[test]
fn one_that_fails_leaves_the_old_in_force_and_says_why() -> Result<()> {
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("steady", &["--mode", "cloud-connected"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    Authority::new("A hub's CA")?.write(&desk.scene.folder.join("hub-ca.pem"))?;
    let hub = format!("https://127.0.0.1:{}", closed_port()?);
    let file = desk.scene.reissue(&sensor.id, &["--hub-url", &hub, "--hub-ca", &desk.scene.path("hub-ca.pem")?])?;
    reactivate(&desk, &file)?;
    desk.browser.until("[data-candidate]")?;
    desk.scene.agent.until("the hub was tried in vain", |status| {
        status["candidate"]["proof"]["hub"]["problem"]["code"] == "endpoint.refused"
    })?;
    desk.person().open(HERE)?;
    desk.person().submit_when_there("/settings/reactivation/keep")?;
    desk.browser.until("[data-refusal='activation.kept-present']")?;
    let status = desk.scene.agent.status()?;
    ensure!(status["epoch"] == 1 && status["candidate"].is_null(), "{status}");
    ensure!(status["hub"]["url"] == desk.scene.portal.url(), "{status}");
    desk.person().submit_when_there("/settings/reactivation/retry")?;
    desk.browser.until("[data-candidate]")
}
