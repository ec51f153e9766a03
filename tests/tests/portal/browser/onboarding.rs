//! From the form to a connected sensor, and back out: onboard, carry the file, connect, edit, delete.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use picket_lab::browser::Key;

use super::{Desk, PASSWORD};

/// The file as the portal shows it for pasting.
fn carry(desk: &Desk) -> Result<PathBuf> {
    desk.browser.click("form[action$='/file/text'] button")?;
    desk.browser.until("[data-armour]")?;
    let file = desk.folder.join("carried.activation");
    fs::write(&file, desk.browser.text("[data-armour]")?)?;
    Ok(file)
}

#[test]
fn a_sensor_is_onboarded_connects_is_edited_and_deleted() -> Result<()> {
    let desk = Desk::new()?;
    let agent = desk.sensor()?;
    desk.first_sign_in()?;
    desk.open("/onboard")?;
    desk.browser.write("#name", "line-3 10.4.1.17")?;
    desk.browser.write("#subscription", "Plant One")?;
    desk.browser.write("#zone", "Line 3")?;
    desk.browser.click("main button[type=submit]")?;
    desk.browser.until("form[action$='/file/text']")?;
    let id = desk.id_of_the_page()?;
    let file = carry(&desk)?;
    agent.ask(&["activate", file.to_str().context("a path in UTF-8")?])?;
    desk.portal.until(&id, "the sensor is connected", |seen| seen["connection"] == "connected")?;
    desk.open("/sensors?connection=connected")?;
    ensure!(desk.browser.text("tbody")?.contains("line-3 10.4.1.17"), "{}", desk.browser.shown());

    desk.open(&format!("/sensors/{id}/edit"))?;
    desk.browser.write("#zone", "Line 4")?;
    desk.browser.click("main button[type=submit]")?;
    desk.browser.until("a[href$='/delete']")?;
    agent.until("the sensor knows its new zone", |status| status.to_string().contains("Line 4"))?;

    desk.browser.click("a[href$='/delete']")?;
    desk.browser.until("#reason")?;
    desk.browser.write("#reason", "scrapped")?;
    desk.browser.click("button.danger")?;
    desk.browser.until("h1")?;
    agent.until("the sensor knows that it was deleted", |status| status["state"] == "deactivated")?;
    desk.open("/sensors")?;
    desk.browser.until(".empty")
}

#[test]
fn onboarding_needs_a_keyboard_alone() -> Result<()> {
    let desk = Desk::new()?;
    desk.first_sign_in()?;
    desk.open("/")?;
    desk.browser.tab_to("main a[href='/onboard']")?;
    desk.browser.press(&[Key::Enter])?;
    desk.browser.until("#name")?;
    desk.browser.tab_to("#name")?;
    desk.browser.type_text("by keyboard")?;
    desk.browser.tab_to("#subscription")?;
    desk.browser.type_text("Plant One")?;
    desk.browser.tab_to("main button[type=submit]")?;
    desk.browser.press(&[Key::Enter])?;
    desk.browser.until("form[action$='/file/text']")?;
    let sensor = desk.portal.sensor(&desk.id_of_the_page()?)?;
    ensure!(sensor["name"] == "by keyboard", "{sensor}");
    Ok(())
}

#[test]
fn everything_works_without_scripts() -> Result<()> {
    let desk = Desk::new()?;
    desk.browser.without_scripts()?;
    desk.first_sign_in()?;
    desk.open("/onboard")?;
    desk.browser.write("#name", "no scripts")?;
    desk.browser.write("#subscription", "Plant One")?;
    desk.browser.click("main button[type=submit]")?;
    desk.browser.until("form[action$='/file/text']")?;
    carry(&desk)?;
    desk.open("/sensors?search=no+scripts")?;
    desk.browser.until("tbody a")?;
    desk.browser.click("form.sign-out button")?;
    desk.browser.until("form[action='/sign-in']")?;
    desk.browser.write("#name", "owner")?;
    desk.browser.write("#password", PASSWORD)?;
    desk.browser.click("main button[type=submit]")?;
    desk.browser.until("[data-step=carry]")
}
