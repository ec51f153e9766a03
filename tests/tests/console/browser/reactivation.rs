//! System Settings, Reactivation: local, cloud and back, and one that fails; by mouse, by keyboard, and with scripts off.

use anyhow::{Result, ensure};
use picket_tests::{
    faults::{Authority, closed_port},
    scene::proved,
};

use super::{Desk, hands::Hands, ledger, refusals::says_all};

fn both_ways(desk: &Desk, hands: Hands) -> Result<()> {
    let sensor = desk.scene.onboard("both-ways", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    for mode in ["cloud-connected", "locally-managed"] {
        hands.reactivate(desk, &desk.scene.reissue(&sensor.id, &["--mode", mode])?)?;
        proved(&desk.scene.agent, mode)?;
        hands.go_home(desk)?;
        desk.browser.until(&format!("[data-mode={mode}]"))?;
    }
    ensure!(desk.scene.agent.status()?["epoch"] == 3, "{}", desk.scene.agent.status()?);
    Ok(())
}

fn fails(desk: &Desk, hands: Hands) -> Result<()> {
    let sensor = desk.scene.onboard("steady", &["--mode", "cloud-connected"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    Authority::new("A hub's CA")?.write(&desk.scene.folder.join("hub-ca.pem"))?;
    let hub = format!("https://127.0.0.1:{}", closed_port()?);
    let file = desk.scene.reissue(&sensor.id, &["--hub-url", &hub, "--hub-ca", &desk.scene.path("hub-ca.pem")?])?;
    hands.reactivate(desk, &file)?;
    desk.browser.until("[data-candidate]")?;
    desk.scene.agent.until("the hub was tried in vain", |status| {
        status["candidate"]["proof"]["hub"]["problem"]["code"] == "endpoint.refused"
    })?;
    hands.go(desk)?;
    desk.browser.until("[data-refusal='endpoint.refused']")?;
    ensure!(desk.browser.text("#state table")?.contains(&hub), "{}", desk.browser.shown());
    hands.send(desk, "/settings/reactivation/keep")?;
    desk.browser.until("[data-refusal='activation.kept-present']")?;
    says_all(desk, "activation.kept-present")?;
    let status = desk.scene.agent.status()?;
    ensure!(status["epoch"] == 1 && status["candidate"].is_null(), "{status}");
    ensure!(status["hub"]["url"] == desk.scene.portal.url(), "{status}");
    hands.go(desk)?;
    hands.send(desk, "/settings/reactivation/retry")?;
    desk.browser.until("[data-candidate]")
}

fn with_scripts_off() -> Result<Desk> {
    let desk = Desk::new()?;
    desk.browser.without_scripts()?;
    Ok(desk)
}

#[test]
fn local_to_cloud_and_back_to_local() -> Result<()> {
    both_ways(&Desk::new()?, Hands::Mouse)
}

#[test]
fn local_to_cloud_and_back_to_local_with_the_keyboard_alone() -> Result<()> {
    both_ways(&Desk::new()?, Hands::Keys)
}

#[test]
fn local_to_cloud_and_back_to_local_with_scripts_off() -> Result<()> {
    both_ways(&with_scripts_off()?, Hands::Mouse)
}

#[test]
fn one_that_fails_leaves_the_old_in_force_and_says_why() -> Result<()> {
    fails(&Desk::new()?, Hands::Mouse)
}

#[test]
fn one_that_fails_leaves_the_old_in_force_with_the_keyboard_alone() -> Result<()> {
    fails(&Desk::new()?, Hands::Keys)
}

#[test]
fn one_that_fails_leaves_the_old_in_force_with_scripts_off() -> Result<()> {
    fails(&with_scripts_off()?, Hands::Mouse)
}

#[test]
fn a_file_that_is_refused_leaves_the_form_to_bring_another() -> Result<()> {
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("tried-again", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    Hands::Mouse.go(&desk)?;
    desk.person().upload("/settings/reactivation", &desk.scene.agent.configuration())?;
    desk.browser.until("[data-refusal]")?;
    says_all(&desk, "activation.malformed")?;
    Hands::Mouse.go(&desk)?;
    desk.person().submit("/settings/reactivation")?;
    desk.browser.until("[data-refusal='console.no-file']")?;
    // The refusal has the focus, so that it is read first; the form is below it.
    ensure!(desk.browser.has_focus("[data-refusal]")?, "{}", desk.browser.shown());
    let file = desk.scene.reissue(&sensor.id, &["--mode", "cloud-connected"])?;
    desk.person().upload("/settings/reactivation", &file)?;
    desk.person().submit_when_there("/settings/reactivation/activate")?;
    proved(&desk.scene.agent, "cloud-connected")?;
    // What was in force before does not come back by its file.
    Hands::Mouse.go(&desk)?;
    desk.person().upload("/settings/reactivation", &sensor.file)?;
    desk.browser.until("[data-refusal]")?;
    says_all(&desk, "activation.older-than-active")?;
    desk.shown.all_of(ledger::PAST)
}

#[test]
fn overview_without_scripts_says_of_when_it_is_and_loads_again_by_a_link() -> Result<()> {
    let desk = with_scripts_off()?;
    let sensor = desk.scene.onboard("still", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    ensure!(desk.browser.text("[data-load-again]")?.contains("UTC"), "{}", desk.browser.shown());
    desk.scene.agent.ask(&["name", "renamed"])?;
    desk.browser.click("[data-load-again] a")?;
    desk.browser.until("[data-mode]")?;
    ensure!(desk.browser.text("#identity")?.contains("renamed"), "{}", desk.browser.shown());
    Ok(())
}
