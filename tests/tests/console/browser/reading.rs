//! Every page by what every reader needs: axe-core finds nothing serious, and nothing is wider than a phone.

use anyhow::{Context, Result, ensure};
use picket_lab::{
    axe,
    browser::{LAPTOP, Screen},
};
use serde_json::Value;

use super::Desk;

const PHONE: Screen = Screen { width: 360, height: 740, dark: true };

#[test]
fn axe_finds_nothing_serious_on_any_page_on_a_laptop_and_a_dark_phone() -> Result<()> {
    let axe = axe::source()?;
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("read", &["--mode", "cloud-connected"])?;
    let mut all = Vec::new();
    let mut look = |page: &str| -> Result<()> {
        for screen in [LAPTOP, PHONE] {
            desk.browser.show_on(screen)?;
            all.extend(axe::findings(&desk.browser, &axe, page)?);
        }
        desk.browser.show_on(LAPTOP)
    };
    desk.person().open("/first-sign-in")?;
    look("/first-sign-in")?;
    desk.person().become_admin(&desk.scene.agent)?;
    desk.browser.until("form[action='/first-sign-in/activation']")?;
    look("/first-sign-in/activation")?;
    desk.person().upload("/first-sign-in/activation", &sensor.file)?;
    desk.browser.until("[data-step=preview]")?;
    look("/first-sign-in/activation/preview")?;
    desk.person().activate_and_finish()?;
    desk.scene.agent.until("alerts may be shown", |status| status["state"] == "active")?;
    let pages = desk.console.pages()?;
    ensure!(pages.len() > 1, "the console lists no pages: {pages:?}");
    for page in &pages {
        let path = page["path"].as_str().context("a page without a path")?;
        desk.person().open(path)?;
        look(path)?;
    }
    desk.browser.open("about:blank")?;
    ensure!(all.is_empty(), "{} findings:\n{}", all.len(), all.join("\n"));
    Ok(())
}

#[test]
fn looking_at_every_page_of_a_signed_in_person_changes_nothing() -> Result<()> {
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("looked-at", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    let before = (desk.scene.agent.status()?["epoch"].clone(), desk.scene.agent.ask(&["audit"])?);
    // Password recovery, which is before the sign-in, draws its nonce when it is opened.
    for page in desk.console.pages()?.iter().filter(|page| page["who"] != "everybody") {
        let path = page["path"].as_str().context("a page without a path")?.to_owned();
        desk.person().open(&path)?;
        ensure!(
            desk.browser.count("h1")? == 1,
            "{path} has {} h1: {}",
            desk.browser.count("h1")?,
            desk.browser.shown()
        );
    }
    let after: (Value, Value) = (desk.scene.agent.status()?["epoch"].clone(), desk.scene.agent.ask(&["audit"])?);
    ensure!(before == after, "something was changed by looking: {} and then {}", before.1, after.1);
    Ok(())
}
