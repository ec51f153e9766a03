//! System Settings, Management console: a locally managed sensor is connected to one, and taken off again.

use std::fs;

use anyhow::{Context, Result, ensure};
use picket_lab::{Binaries, Portal, Role, person::NAME};
use picket_tests::scene::proved;
use serde_json::Value;

use super::{Desk, ledger, refusals::says_all};

const PAGE: &str = "/settings/management-console";
const OFF: &str = "/settings/management-console/disconnect";

/// A management console, and a token of it.
fn console(desk: &Desk) -> Result<(Portal, String)> {
    let folder = &desk.scene.folder;
    let mut console =
        Portal::init(&Binaries::beside_this_program()?, Role::ManagementConsole, &folder.join("management-console"))?;
    console.start()?;
    let token = fs::read_to_string(console.pairing_token(&folder.join("pairing-token"))?)?;
    Ok((console, token))
}

/// Fills in the form and sends it; the CA's text is pasted with scripts off, chosen as a file with them.
fn connect(desk: &Desk, console: &Portal, url: &str, token: &str) -> Result<()> {
    let field = |name: &str| format!("form[action='{PAGE}'] [name={name}]");
    desk.browser.until(&field("url"))?;
    desk.browser.write(&field("url"), url)?;
    desk.browser.choose_file(&field("file"), &console.authority())?;
    desk.browser.write(&field("token"), token)?;
    desk.person().submit(PAGE)
}

fn audited(desk: &Desk, what: &str) -> Result<()> {
    let audit = desk.scene.agent.ask(&["audit"])?;
    let record = audit.as_array().into_iter().flatten().find(|record| record["what"] == what);
    let who = record.with_context(|| format!("no {what} in {audit}"))?["who"].to_string();
    ensure!(who.contains(&NAME.to_lowercase()), "{what} by {who}");
    Ok(())
}

#[test]
fn an_admin_connects_a_sensor_to_a_management_console_and_takes_it_off() -> Result<()> {
    let desk = Desk::new()?;
    let (console, token) = console(&desk)?;
    let sensor = desk.scene.onboard("pump house", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    desk.person().open(PAGE)?;
    connect(&desk, &console, console.url(), "hunter2")?;
    desk.browser.until("[data-refusal='console.no-pairing-token']")?;
    connect(&desk, &console, "ftp://console", &token)?;
    desk.browser.until("[data-refusal='request.invalid']")?;
    // What was typed is there to be put right, but for the secret.
    let typed = format!("form[action='{PAGE}'] [name=url]");
    ensure!(desk.browser.attribute(&typed, "value")?.as_deref() == Some("ftp://console"), "{}", desk.browser.shown());
    ensure!(!desk.browser.run("return document.documentElement.outerHTML")?.to_string().contains(&token), "the token");
    says_all(&desk, "request.invalid")?;
    ensure!(desk.scene.agent.status()?["epoch"] == 1, "a refused connection changed something");

    desk.person().open(PAGE)?;
    connect(&desk, &console, console.url(), &token)?;
    desk.browser.until(&format!("form[action='{OFF}']"))?;
    desk.scene.agent.until("the console answers", |status| status["upstream"]["link"] == "connected")?;
    desk.person().open(PAGE)?;
    ensure!(desk.browser.text("main")?.contains(console.url()), "{}", desk.browser.shown());
    audited(&desk, "console-connected")?;
    desk.person().submit(OFF)?;
    desk.browser.until(&format!("body:not(:has(form[action='{OFF}']))"))?;
    let status = desk.scene.agent.status()?;
    ensure!(status["upstream"].is_null() && status["active"]["activation"]["name"] == "pump house", "{status}");
    audited(&desk, "console-disconnected")?;
    desk.shown.all_of(ledger::PAIRING)
}

#[test]
fn connecting_works_with_scripts_off_and_is_not_offered_to_a_cloud_connected_sensor() -> Result<()> {
    let desk = Desk::new()?;
    desk.browser.without_scripts()?;
    let (console, token) = console(&desk)?;
    let sensor = desk.scene.onboard("no scripts", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    desk.person().open(PAGE)?;
    connect(&desk, &console, console.url(), &token)?;
    desk.browser.until(&format!("form[action='{OFF}']"))?;
    desk.scene.agent.until("the console answers", |status| status["upstream"]["link"] == "connected")?;
    desk.scene.agent.activate(&desk.scene.reissue(&sensor.id, &["--mode", "cloud-connected"])?)?;
    proved(&desk.scene.agent, "cloud-connected")?;
    // The page that stood open: its word comes too late.
    desk.person().submit(OFF)?;
    desk.browser.until("[data-refusal='request.invalid']")?;
    desk.person().open(PAGE)?;
    ensure!(desk.browser.count(&format!("form[action^='{PAGE}']"))? == 0, "{}", desk.browser.shown());
    let status: Value = desk.scene.agent.status()?;
    ensure!(status["active"]["activation"]["mode"] == "cloud-connected", "{status}");
    Ok(())
}
