//! Every page by what every reader needs: axe-core finds nothing serious, and nothing is wider than a phone.

use std::fs;

use anyhow::{Context, Result, ensure};
use picket_lab::{
    Binaries,
    browser::{LAPTOP, Screen},
};
use serde_json::Value;

use super::Desk;

const PHONE: Screen = Screen { width: 360, height: 740, dark: true };

/// `cargo xtask test` fetches it: pinned, by its digest.
fn axe() -> Result<String> {
    let binaries = Binaries::beside_this_program()?;
    let file = binaries.folder().parent().context("no target folder")?.join("axe/axe.min.js");
    fs::read_to_string(&file).with_context(|| format!("{} is needed: cargo xtask test", file.display()))
}

/// What axe-core finds serious or critical on the page, and what is wider than its screen.
fn findings(desk: &Desk, axe: &str, page: &str) -> Result<Vec<String>> {
    let asked = "const done = arguments[arguments.length - 1];
        axe.run(document, { resultTypes: ['violations'] }).then(
            (found) => done(found.violations.map((one) => ({ id: one.id, impact: one.impact, at: one.nodes.map((node) => node.html) }))),
            (error) => done([{ id: String(error), impact: 'critical', at: [] }]));";
    let found = desk.browser.run_async(&format!("{axe};\n{asked}"))?;
    let found = found.as_array().context("axe-core gave no list")?;
    let grave = found.iter().filter(|one| matches!(one["impact"].as_str(), Some("serious" | "critical")));
    let mut findings: Vec<_> = grave.map(|one| format!("{page}: {one}")).collect();
    let width = desk.browser.run("return document.documentElement.scrollWidth - window.innerWidth")?;
    if width.as_i64().unwrap_or(1) > 0 {
        findings.push(format!("{page}: {width} px wider than the screen"));
    }
    Ok(findings)
}

#[test]
fn axe_finds_nothing_serious_on_any_page_on_a_laptop_and_a_dark_phone() -> Result<()> {
    let axe = axe()?;
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("read", &["--mode", "cloud-connected"])?;
    let mut all = Vec::new();
    let mut look = |page: &str| -> Result<()> {
        for screen in [LAPTOP, PHONE] {
            desk.browser.show_on(screen)?;
            all.extend(findings(&desk, &axe, page)?);
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
