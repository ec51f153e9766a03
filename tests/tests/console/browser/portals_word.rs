//! What the portal itself says to a sensor: that its file is worth nothing any more, that it does not know it, that it was
//! deleted; and what answers in its place.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use picket_lab::Agent;
use picket_tests::{
    faults::{Reply, Server},
    scene::proved,
};

use super::{
    connectivity::Plant,
    hands::Hands,
    ledger,
    refusals::{follows, says_all},
};

/// Reactivates with a file that the portal's own word ends at once.
fn ended_by(plant: &Plant, file: &Path, code: &str) -> Result<()> {
    Hands::Mouse.reactivate(&plant.desk, file)?;
    plant.desk.browser.until(&format!("[data-refusal='activation.not-proved'] + [data-last-failure='{code}']"))?;
    follows(&plant.desk, "[data-last-failure]", code)
}

/// Another sensor, with whose file it came first.
fn thief(plant: &Plant, file: &Path) -> Result<Agent> {
    let mut thief = plant.desk.scene.another_sensor("thief")?;
    thief.start()?;
    thief.activate(file)?;
    proved(&thief, "cloud-connected")?;
    Ok(thief)
}

#[test]
fn its_last_word_ends_a_candidate_and_its_signed_word_the_activation() -> Result<()> {
    let plant = Plant::new()?;
    let (desk, scene) = (&plant.desk, &plant.desk.scene);
    let gone = scene.onboard("gone", &["--mode", "cloud-connected"])?;
    scene.portal.ask(&["sensor", "delete", &gone.id, "--reason", "never racked"])?;
    ended_by(&plant, &gone.file, "portal.deleted")?;
    Hands::Mouse.go(desk)?;
    says_all(desk, "activation.not-proved")?;

    // A newer file was downloaded; another sensor came first.
    let voided = scene.folder.join("voided.activation");
    scene.reissue(&plant.sensor, &[])?;
    scene.portal.download(&plant.sensor, &voided)?;
    let newest = scene.portal.download(&plant.sensor, &scene.folder.join("newest.activation"))?;
    ended_by(&plant, &voided, "portal.voided")?;
    let _thief = thief(&plant, &newest)?;
    ended_by(&plant, &newest, "portal.already-used")?;

    scene.portal.ask(&["sensor", "delete", &plant.sensor, "--reason", "line 3 was dismantled"])?;
    scene.agent.until("it is deactivated", |status| status["state"] == "deactivated")?;
    Hands::Mouse.go(desk)?;
    ensure!(desk.browser.text(".messages")?.contains("line 3 was dismantled"), "{}", desk.browser.shown());
    follows(desk, "#past", "activation.deactivated")?;
    desk.shown.all_of(ledger::LAST_WORD)
}

#[test]
fn a_portal_that_knows_no_sensor_and_a_page_in_its_place_leave_all_as_it_is() -> Result<()> {
    let mut plant = Plant::new()?;
    let url = plant.desk.scene.portal.url().to_owned();
    let file = plant.desk.scene.reissue(&plant.sensor, &[])?;
    plant.desk.scene.portal.stop()?;

    // A hotspot's sign-in page, say, by the portal's own certificate.
    let data = plant.desk.scene.portal.data().to_owned();
    let body = b"<!doctype html><title>Please sign in</title>".to_vec();
    let page = Reply { body, headers: "content-type: text/html\r\n".into(), ..Reply::status(200) };
    let address = plant.desk.scene.portal.address().to_owned();
    let server = Server::in_place_of(&address, &data.join("server.pem"), &data.join("server.key"), page)?;
    plant.refused(&file, &url, "endpoint.bad-answer")?;
    drop(server);

    let mut stranger = plant.desk.scene.portal.init_stranger(&plant.desk.scene.folder.join("stranger"))?;
    stranger.start()?;
    Hands::Mouse.go(&plant.desk)?;
    plant.desk.browser.until("#state [data-refusal='portal.rejected']")?;
    let table = plant.desk.browser.text("#state table")?;
    ensure!(table.contains(&url), "no row for {url}: {table}");
    says_all(&plant.desk, "portal.rejected")?;
    plant.desk.person().open("/")?;
    plant.desk.browser.until("[data-mode=cloud-connected]")?;
    let status = plant.desk.scene.agent.status()?;
    ensure!(status["epoch"] == 1, "whoever only rejects ended something: {status}");
    stranger.stop().context("the stranger")?;
    plant.desk.shown.all_of(ledger::PORTAL)
}
