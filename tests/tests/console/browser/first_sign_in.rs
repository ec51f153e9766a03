//! From a sensor in its box to its Overview.

use std::fs;

use anyhow::{Context, Result, ensure};
use picket_lab::{
    browser::Key,
    person::{NAME, PASSWORD},
    portal::text,
};
use picket_tests::scene::proved;

use super::{Desk, forms::Form, hands::armoured, ledger, refusals::says_all};

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
    says_all(&desk, "trust.confirmation-mismatch")?;
    desk.person().open("/first-sign-in/trust")?;
    // In another tab it was compared already.
    let confirm = Form::all_on(&desk.browser)?.into_iter().find(|form| form.action == "/first-sign-in/trust/confirm");
    let answer = confirm.context("no form to compare")?.with("characters", &fingerprint[48..]).send(&desk.browser)?;
    ensure!(answer.refusal.is_none() && desk.scene.agent.status()?["trusted"] == true, "{answer:?}");
    desk.person().compare(&fingerprint)?;
    desk.browser.until("[data-refusal]")?;
    says_all(&desk, "trust.already-pinned")?;
    desk.shown.all_of(ledger::TRUST)?;
    desk.person().open("/")?;
    desk.person().upload("/first-sign-in/activation", &sensor.file)?;
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
fn setup_codes_that_are_wrong_come_too_fast_or_too_late_are_refused() -> Result<()> {
    let mut desk = Desk::new()?;
    let code = text(&desk.scene.agent.ask(&["setup-code"])?, "code")?;
    let other = if code.starts_with('A') { "C" } else { "A" };
    let wrong = format!("{other}{}", &code[1..]);
    let give = |desk: &Desk, code: &str| -> Result<String> {
        desk.person().open("/first-sign-in")?;
        for (field, value) in [("code", code), ("name", NAME), ("password", PASSWORD), ("again", PASSWORD)] {
            desk.browser.write(&format!("form[action='/first-sign-in'] [name={field}]"), value)?;
        }
        desk.person().submit("/first-sign-in")?;
        desk.browser.until("[data-refusal]")?;
        Ok(desk.browser.attribute("[data-refusal]", "data-refusal")?.unwrap_or_default())
    };
    ensure!(give(&desk, &wrong)? == "setup.wrong-code", "{}", desk.browser.shown());
    says_all(&desk, "setup.wrong-code")?;
    let mut tries = 1;
    while give(&desk, &wrong)? != "setup.wait" {
        tries += 1;
        ensure!(tries < 100, "nobody has to wait: {}", desk.browser.shown());
    }
    says_all(&desk, "setup.wait")?;
    desk.scene.agent.stop()?;
    desk.scene.agent.start()?;
    desk.person().become_admin(&desk.scene.agent)?;
    desk.browser.until("form[action='/first-sign-in/activation']")?;
    // Accounts that are lost bring no second first sign-in.
    desk.console.stop()?;
    fs::remove_file(desk.console.accounts())?;
    desk.console.start()?;
    ensure!(give(&desk, &code)? == "setup.done", "{}", desk.browser.shown());
    says_all(&desk, "setup.done")?;
    desk.shown.all_of(ledger::SETUP)
}

#[test]
fn an_agent_that_dies_at_the_word_activate_costs_only_time() -> Result<()> {
    let mut desk = Desk::new()?;
    let sensor = desk.scene.onboard("interrupted", &["--mode", "locally-managed"])?;
    desk.person().become_admin(&desk.scene.agent)?;
    desk.person().upload("/first-sign-in/activation", &sensor.file)?;
    desk.browser.until("[data-step=preview]")?;
    desk.scene.agent.kill();
    desk.person().submit("/first-sign-in/activation/activate")?;
    desk.browser.until("[data-refusal='console.no-agent']")?;
    desk.scene.agent.start()?;
    ensure!(desk.scene.agent.status()?["state"] == "unactivated", "a page that says no did it");
    // The file is still there: it need not be brought again.
    desk.person().open("/first-sign-in/activation/preview")?;
    desk.person().activate_and_finish()?;
    proved(&desk.scene.agent, "locally-managed").map(drop)
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
