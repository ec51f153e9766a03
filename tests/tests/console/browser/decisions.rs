//! Decisions that come too late, and others that the agent does not take.

use anyhow::{Result, ensure};
use picket_tests::{
    faults::{Authority, closed_port},
    scene::proved,
};

use super::{Desk, hands::Hands, ledger, refusals::says_all};

/// Of a candidate: an older file beside it, and a word about it when it is gone.
#[test]
fn a_word_about_a_candidate_that_is_gone_is_refused() -> Result<()> {
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("undecided", &["--mode", "cloud-connected"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    Authority::new("A hub's CA")?.write(&desk.scene.folder.join("hub-ca.pem"))?;
    let hub = format!("https://127.0.0.1:{}", closed_port()?);
    let other_hub = ["--hub-url", &hub, "--hub-ca", &desk.scene.path("hub-ca.pem")?];
    desk.scene.portal.ask(&[&["sensor", "reissue", &sensor.id], &other_hub[..]].concat())?;
    let older = desk.scene.portal.download(&sensor.id, &desk.scene.folder.join("older.activation"))?;
    let newer = desk.scene.portal.download(&sensor.id, &desk.scene.folder.join("newer.activation"))?;
    // So that the page stays as it was while others decide.
    desk.browser.without_scripts()?;
    Hands::Mouse.reactivate(&desk, &newer)?;
    desk.browser.until("[data-candidate]")?;
    Hands::Mouse.reactivate(&desk, &older)?;
    desk.browser.until("[data-refusal]")?;
    says_all(&desk, "activation.busy")?;

    Hands::Mouse.go(&desk)?;
    desk.scene.agent.ask(&["candidate", "keep"])?;
    desk.person().submit("/settings/reactivation/switch")?;
    desk.browser.until("[data-refusal]")?;
    says_all(&desk, "activation.no-candidate")?;
    Hands::Mouse.go(&desk)?;
    says_all(&desk, "activation.kept-present")?;
    ensure!(desk.scene.agent.status()?["epoch"] == 1, "a word that came too late changed something");
    desk.shown.all_of(ledger::CANDIDATE)
}

#[test]
fn a_name_that_is_none_or_that_is_the_portals_is_refused() -> Result<()> {
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("named", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    let rename = |name: &str| -> Result<()> {
        desk.browser.write("form[action='/settings/name'] [name=name]", name)?;
        desk.person().submit("/settings/name")?;
        desk.browser.until("[data-refusal]")
    };
    desk.person().open("/settings/name")?;
    rename("-named")?;
    says_all(&desk, "name.invalid")?;
    desk.person().open("/settings/name")?;
    // While the page stands open, the sensor becomes another mode's.
    desk.scene.agent.activate(&desk.scene.reissue(&sensor.id, &["--mode", "cloud-connected"])?)?;
    proved(&desk.scene.agent, "cloud-connected")?;
    rename("another")?;
    says_all(&desk, "name.fixed")?;
    ensure!(desk.scene.agent.status()?["active"]["activation"]["name"] == "named", "a refused name was taken");
    desk.shown.all_of(ledger::NAME)
}
