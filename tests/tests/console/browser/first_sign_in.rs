//! From a sensor in its box to its Overview.

use anyhow::{Result, ensure};
use picket_lab::{
    browser::Key,
    person::{NAME, PASSWORD},
    portal::text,
};
use picket_tests::scene::proved;

use super::{Desk, hands::armoured};

#[test]
fn with_a_trust_root_from_the_image_to_cloud_connected() -> Result<()> {
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("line-3", &["--mode", "cloud-connected", "--site", "North"])?;
    desk.person().become_admin(&desk.scene.agent)?;
    // Until the sensor is activated every other page leads back to the flow.
    desk.person().open("/alerts")?;
    ensure!(desk.browser.address()?.ends_with("/first-sign-in/activation"), "{}", desk.browser.shown());
    desk.person().upload("/first-sign-in/activation", &sensor.file)?;
    desk.browser.until("[data-step=preview]")?;
    let shown = desk.browser.text("main")?;
    for said in ["line-3", "Plant One", "North", desk.scene.portal.url()] {
        ensure!(shown.contains(said), "the preview does not say {said}: {shown}");
    }
    ensure!(desk.scene.agent.status()?["state"] == "unactivated", "a preview changed something");
    desk.person().activate_and_finish()?;
    let status = proved(&desk.scene.agent, "cloud-connected")?;
    ensure!(status["active"]["activation"]["sensor"] == sensor.id.as_str(), "{status}");
    Ok(())
}

#[test]
fn with_an_empty_trust_store_by_the_fingerprint_that_the_portal_shows() -> Result<()> {
    let desk = Desk::trusting_nobody()?;
    let sensor = desk.scene.onboard("unknown-root", &["--mode", "locally-managed"])?;
    let fingerprint = desk.fingerprint()?;
    desk.person().become_admin(&desk.scene.agent)?;
    let wrong = "0".repeat(64);
    desk.person().trust(&sensor.file, &wrong)?;
    desk.browser.until("[data-refusal]")?;
    ensure!(desk.scene.agent.status()?["trusted"] == false, "a wrong fingerprint was trusted");
    ensure!(!desk.browser.text("main")?.contains(&fingerprint[48..]), "the page gives away what is to be compared");
    desk.person().compare(&fingerprint)?;
    desk.person().activate_and_finish()?;
    proved(&desk.scene.agent, "locally-managed")?;
    Ok(())
}

#[test]
fn goes_on_where_it_was_after_a_restart_and_ends_with_the_setup_code_used_up() -> Result<()> {
    let mut desk = Desk::new()?;
    let sensor = desk.scene.onboard("restarted", &["--mode", "locally-managed"])?;
    desk.person().become_admin(&desk.scene.agent)?;
    desk.browser.until("form[action='/first-sign-in/activation']")?;
    desk.console.stop()?;
    desk.console.start()?;
    desk.person().open("/first-sign-in")?;
    ensure!(
        desk.browser.address()?.ends_with("/sign-in"),
        "there could be a second first admin: {}",
        desk.browser.shown()
    );
    desk.person().sign_in(NAME, "not-the-right-password")?;
    desk.browser.until("[role=alert]")?;
    desk.person().sign_in(NAME, PASSWORD)?;
    desk.person().upload("/first-sign-in/activation", &sensor.file)?;
    desk.person().activate_and_finish()?;
    Ok(())
}

#[test]
fn works_with_scripts_off() -> Result<()> {
    let desk = Desk::new()?;
    desk.browser.without_scripts()?;
    let sensor = desk.scene.onboard("no-scripts", &["--mode", "cloud-connected"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    proved(&desk.scene.agent, "cloud-connected")?;
    Ok(())
}

#[test]
fn works_with_the_keyboard_alone() -> Result<()> {
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("by-keys", &["--mode", "locally-managed"])?;
    let code = text(&desk.scene.agent.ask(&["setup-code"])?, "code")?;
    desk.person().open("/")?;
    for (field, value) in [("code", code.as_str()), ("name", NAME), ("password", PASSWORD), ("again", PASSWORD)] {
        desk.browser.tab_to(&format!("[name={field}]"))?;
        desk.browser.type_text(value)?;
    }
    desk.browser.press(&[Key::Enter])?;
    desk.browser.tab_to("form[action='/first-sign-in/activation'] [name=text]")?;
    desk.browser.type_text(&armoured(&sensor.file)?)?;
    for button in [
        "form[action='/first-sign-in/activation'] button[type=submit]",
        "form[action='/first-sign-in/activation/activate'] button[type=submit]",
        "#progress[data-state=proved] a[href='/first-sign-in/certificate']",
        "form[action='/first-sign-in/certificate/keep'] button[type=submit]",
    ] {
        desk.browser.tab_to(button)?;
        desk.browser.press(&[Key::Enter])?;
    }
    desk.browser.until("[data-mode]")?;
    proved(&desk.scene.agent, "locally-managed")?;
    Ok(())
}
