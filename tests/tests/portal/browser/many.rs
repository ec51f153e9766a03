//! Many sensors at once in a browser without scripts: a table that is mended, its files, columns, several edited, reissued and
//! deleted.

use anyhow::{Result, ensure};

use super::Desk;

/// The page of what came of it: the one before it has the form.
const DONE: &str = "main:not(:has(form))";

#[test]
fn a_table_is_mended_and_taken_and_its_sensors_are_edited_reissued_and_deleted_together() -> Result<()> {
    let desk = Desk::new()?;
    desk.browser.without_scripts()?;
    desk.first_sign_in()?;
    let table = desk.folder.join("sensors.csv");
    std::fs::write(&table, "name,subscription,zone\nmixer 1,Plant One,Mixing\n-,Plant One,Mixing\n")?;
    desk.open("/onboard/many")?;
    desk.browser.choose_file("#file", &table)?;
    desk.browser.click("main form button[type=submit]")?;
    desk.browser.until("[data-refusal='portal.table-refused']")?;
    ensure!(desk.browser.text("[data-refusal]")?.contains("row 3, name"), "{}", desk.browser.shown());
    // What was sent stands there, to be mended in place.
    desk.browser.write("#text", "name,subscription,zone\nmixer 1,Plant One,Mixing\nmixer 2,Plant One,Mixing\n")?;
    desk.browser.click("main form button[type=submit]")?;
    desk.browser.until("form[action='/sensors/files'] button")?;
    desk.browser.click("form[action='/sensors/files'] button")?;
    let archive = desk.folder.join("files.zip");
    desk.browser.take_download(&archive)?;
    ensure!(std::fs::read(&archive)?.starts_with(b"PK"), "no archive");

    desk.open("/sensors")?;
    desk.browser.click("details:has([name=column]) summary")?;
    desk.browser.click("#column-tags")?;
    desk.browser.click("form[action='/sensors/columns'] button")?;
    desk.browser.until("tbody:not(:has(td[data-label=Tags]))")?;
    ensure!(desk.browser.count("td[data-label=Zone]")? == 2, "{}", desk.browser.shown());

    choose_both(&desk, "edit")?;
    desk.browser.write("#zone", "Mixing hall")?;
    desk.browser.click("main form button[type=submit]")?;
    desk.browser.until(DONE)?;
    desk.open("/sensors?search=mixing+hall")?;
    ensure!(desk.browser.count("th[scope=row]")? == 2, "{}", desk.browser.shown());
    tick_all(&desk, "reissue")?;
    // It begins with cloud connected.
    desk.browser.click("#cloud:checked")?;
    desk.browser.click("main form button[type=submit]")?;
    // Somebody carries the new files there.
    desk.browser.until("form[action='/sensors/files'] button")?;
    ensure!(desk.browser.shown().contains("2 sensors reissued"), "{}", desk.browser.shown());
    desk.browser.click("form[action='/sensors/files'] button")?;
    desk.browser.take_download(&archive)?;
    desk.open("/sensors?mode=locally-managed")?;
    ensure!(desk.browser.count("th[scope=row]")? == 2, "{}", desk.browser.shown());
    choose_both(&desk, "delete")?;
    desk.browser.write("#reason", "never racked")?;
    desk.browser.click("#sure")?;
    desk.browser.click("button.danger")?;
    desk.browser.until(DONE)?;
    desk.open("/sensors")?;
    desk.browser.until(".empty")
}

fn choose_both(desk: &Desk, deed: &str) -> Result<()> {
    desk.open("/sensors")?;
    desk.browser.click("tbody tr:nth-child(1) [name=sensor]")?;
    desk.browser.click("tbody tr:nth-child(2) [name=sensor]")?;
    desk.browser.click(&format!("[name=deed][value={deed}]"))?;
    desk.browser.until("main form [name=sensor][type=hidden]")
}

/// By the link that asks for the page once more with every box ticked.
fn tick_all(desk: &Desk, deed: &str) -> Result<()> {
    desk.open("/sensors?mode=cloud-connected")?;
    desk.browser.click("a[href^='/sensors/ticked']")?;
    desk.browser.until("tbody:not(:has([name=sensor]:not(:checked))) [name=sensor]:checked")?;
    desk.browser.click(&format!("[name=deed][value={deed}]"))?;
    desk.browser.until("main form [name=sensor][type=hidden]")
}
