//! Every page by what every reader needs: axe-core finds nothing serious, and nothing is wider than a phone.

use anyhow::{Context, Result, ensure};
use picket_lab::{
    axe,
    browser::{LAPTOP, Screen},
};
use picket_tests::{
    FakeClock, Scene,
    faults::{Authority, closed_port},
};
use serde_json::Value;

use super::{Desk, hands::Hands, ledger, refusals::says_all};

const PHONE: Screen = Screen { width: 360, height: 740, dark: true };

#[test]
fn axe_finds_nothing_serious_on_any_page_on_a_laptop_and_a_dark_phone() -> Result<()> {
    let axe = axe::source()?;
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("read", &["--mode", "cloud-connected"])?;
    let mut all = Vec::new();
    let mut look = |page: &str| look_at(&desk, &axe, page, &mut all);
    desk.person().open("/first-sign-in")?;
    look("/first-sign-in")?;
    desk.person().become_admin(&desk.scene.agent)?;
    desk.browser.until("form[action='/first-sign-in/activation']")?;
    look("/first-sign-in/activation")?;
    desk.person().upload("/first-sign-in/activation", &sensor.file)?;
    desk.browser.until("[data-step=preview]")?;
    look("/first-sign-in/activation/preview")?;
    // Under way, for as long as a dead proxy keeps it from its portal.
    desk.scene.agent.ask(&["proxy", "set", &format!("http://127.0.0.1:{}", closed_port()?)])?;
    desk.person().submit("/first-sign-in/activation/activate")?;
    desk.browser.until("#progress [data-refusal='endpoint.proxy-unreachable']")?;
    look("/first-sign-in/activation/progress")?;
    // What has the focus keeps it while its surroundings change.
    desk.browser.tab_to("#continue")?;
    desk.scene.agent.ask(&["proxy", "clear"])?;
    desk.browser.until("#progress[data-state=proved]")?;
    ensure!(desk.browser.has_focus("#continue")?, "{}", desk.browser.shown());
    desk.browser.click("#continue")?;
    desk.person().submit_when_there("/first-sign-in/certificate/keep")?;
    desk.browser.until("[data-mode]")?;
    desk.scene.agent.until("alerts may be shown", |status| status["state"] == "active")?;
    let pages = desk.console.pages()?;
    ensure!(pages.len() > 1, "the console lists no pages: {pages:?}");
    for page in &pages {
        let path = page["path"].as_str().context("a page without a path")?;
        desk.person().open(path)?;
        look(path)?;
    }
    desk.person().open("/alerts/999")?;
    look("/alerts/999")?;
    says_all(&desk, "request.not-found")?;
    look("/explain/request.not-found")?;
    desk.browser.open("about:blank")?;
    ensure!(all.is_empty(), "{} findings:\n{}", all.len(), all.join("\n"));
    desk.shown.all_of(ledger::READING)
}

/// Looks at the page that is shown on a laptop and a dark phone.
fn look_at(desk: &Desk, axe: &str, page: &str, all: &mut Vec<String>) -> Result<()> {
    for screen in [LAPTOP, PHONE] {
        desk.browser.show_on(screen)?;
        all.extend(axe::findings(&desk.browser, axe, page)?);
    }
    desk.browser.show_on(LAPTOP)
}

#[test]
fn axe_finds_nothing_serious_where_something_is_refused_or_under_way() -> Result<()> {
    let axe = axe::source()?;
    let mut scene = Scene::new()?;
    scene.agent.stop()?;
    let clock = FakeClock::start(&mut scene.agent, "+73y")?;
    let (desk, mut all) = (Desk::of(scene)?, Vec::new());
    let sensor = desk.scene.onboard("read", &["--mode", "locally-managed"])?;
    desk.person().become_admin(&desk.scene.agent)?;
    desk.person().upload("/first-sign-in/activation", &sensor.file)?;
    desk.browser.until("[data-refusal]")?;
    look_at(&desk, &axe, "a first file that may be let pass", &mut all)?;
    clock.set("+0")?;
    desk.person().upload("/first-sign-in/activation", &sensor.file)?;
    desk.person().activate_and_finish()?;
    Hands::Mouse.go(&desk)?;
    desk.person().upload("/settings/reactivation", &desk.scene.agent.configuration())?;
    desk.browser.until("[data-refusal]")?;
    look_at(&desk, &axe, "a file that is refused", &mut all)?;
    desk.person().open("/settings/management-console")?;
    for (field, content) in [("url", "https://console.plant"), ("token", "x")] {
        desk.browser.write(&format!("form[action='/settings/management-console'] [name={field}]"), content)?;
    }
    desk.person().upload("/settings/management-console", &desk.scene.agent.configuration())?;
    desk.browser.until("[data-refusal='console.no-ca-certificate']")?;
    look_at(&desk, &axe, "a management console that cannot be believed", &mut all)?;
    Authority::new("A hub's CA")?.write(&desk.scene.folder.join("hub-ca.pem"))?;
    let hub = format!("https://127.0.0.1:{}", closed_port()?);
    let authority = desk.scene.path("hub-ca.pem")?;
    let cloud = ["--mode", "cloud-connected", "--hub-url", &hub, "--hub-ca", &authority];
    Hands::Mouse.reactivate(&desk, &desk.scene.reissue(&sensor.id, &cloud)?)?;
    desk.browser.until("[data-refusal='endpoint.refused']")?;
    look_at(&desk, &axe, "a candidate whose hub refuses", &mut all)?;
    Hands::Mouse.send(&desk, "/settings/reactivation/keep")?;
    desk.browser.until("[data-refusal='activation.kept-present']")?;
    look_at(&desk, &axe, "a candidate that did not take over", &mut all)?;
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
