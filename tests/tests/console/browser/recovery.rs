//! A forgotten password: nonce from the page, document from the real portal, a new password once.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use picket_lab::{
    Binaries, Portal, Role,
    person::{NAME, PASSWORD},
};
use picket_protocol::local_api::routes;
use picket_tests::{LocalApi, Scene};

use super::{Desk, ledger, refusals::says_all};

/// A value that the page lets people copy.
fn copied(desk: &Desk, what: &str) -> Result<String> {
    let button = format!("button[aria-label='Copy {what}']");
    desk.browser.until(&button)?;
    desk.browser.attribute(&button, "data-copy")?.with_context(|| format!("no {what}: {}", desk.browser.shown()))
}

/// Begins a recovery, and has the portal sign for what the page shows.
fn document(desk: &Desk, appliance: Option<&str>) -> Result<PathBuf> {
    document_of(desk, &desk.scene.portal, appliance)
}

fn document_of(desk: &Desk, portal: &Portal, appliance: Option<&str>) -> Result<PathBuf> {
    desk.person().open("/recovery")?;
    desk.person().submit_when_there("/recovery/begin")?;
    let (shown, nonce) = (copied(desk, "Appliance id")?, copied(desk, "Nonce")?);
    let file = desk.scene.path("sensor.recovery")?;
    let appliance = appliance.unwrap_or(&shown);
    let out = ["--appliance", appliance, "--nonce", &nonce, "--out", &file];
    portal.ask(&[["sensor", "recover"].as_slice(), &out].concat())?;
    Ok(file.into())
}

#[test]
fn a_document_of_the_portal_gives_a_new_password_once() -> Result<()> {
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("forgotten", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    let document = document(&desk, None)?;
    desk.person().upload("/recovery", &document)?;
    let password = copied(&desk, "New password")?;
    desk.person().open("/")?;
    ensure!(desk.browser.address()?.ends_with("/sign-in"), "a session outlived it: {}", desk.browser.shown());
    desk.person().open("/recovery")?;
    ensure!(!desk.browser.shown().contains(&password), "it is shown again");
    desk.person().sign_in(NAME, PASSWORD)?;
    desk.browser.until("[role=alert]")?;
    desk.person().sign_in(NAME, &password)?;
    desk.browser.until("[data-mode]")?;
    let people = fs::read_to_string(desk.console.accounts())?;
    // A second time: a recovery that was begun since has another nonce.
    desk.person().open("/recovery")?;
    desk.person().submit_when_there("/recovery/begin")?;
    desk.person().upload("/recovery", &document)?;
    desk.browser.until("[data-refusal]")?;
    says_all(&desk, "recovery.wrong-nonce")?;
    // And once somebody else was quicker.
    let document = self::document(&desk, None)?;
    let redeemed =
        LocalApi::connect(&desk.scene.agent.socket())?.ask("POST", routes::RECOVERY_REDEEM, &fs::read(&document)?)?;
    ensure!(redeemed.status == 200, "{redeemed:?}");
    desk.person().upload("/recovery", &document)?;
    desk.browser.until("[data-refusal]")?;
    says_all(&desk, "recovery.not-started")?;
    ensure!(fs::read_to_string(desk.console.accounts())? == people, "a used document changed a password");
    desk.person().sign_in(NAME, &password)?;
    desk.browser.until("[data-mode]")?;
    desk.shown.all_of(ledger::RECOVERY)
}

#[test]
fn a_document_of_another_portal_that_is_trusted_changes_nothing() -> Result<()> {
    let mut scene = Scene::new()?;
    let mut other =
        Portal::init(&Binaries::beside_this_program()?, Role::Portal, &scene.folder.join("another-portal"))?;
    other.start()?;
    scene.agent.stop()?;
    other.export_root(&scene.agent.trust_directory().join("another.root"))?;
    scene.agent.start()?;
    let desk = Desk::of(scene)?;
    let sensor = desk.scene.onboard("ours", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    let people = fs::read_to_string(desk.console.accounts())?;
    let document = document_of(&desk, &other, None)?;
    desk.person().upload("/recovery", &document)?;
    desk.browser.until("[data-refusal]")?;
    says_all(&desk, "recovery.not-by-owner")?;
    ensure!(fs::read_to_string(desk.console.accounts())? == people, "another portal's document changed a password");
    desk.shown.all_of(ledger::RECOVERY_BY_OTHERS)
}

#[test]
fn a_document_for_another_appliance_changes_nothing() -> Result<()> {
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("guarded", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    let document = document(&desk, Some("PASB5CNJPASB5CNJW"))?;
    desk.person().upload("/recovery", &document)?;
    desk.browser.until("[data-refusal]")?;
    says_all(&desk, "activation.wrong-appliance")?;
    desk.person().sign_in(NAME, PASSWORD)?;
    desk.browser.until("[data-mode]")
}
