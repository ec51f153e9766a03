//! What each role is offered, what it is refused when it sends it all the same, and that nothing it sends changes anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context, Result, ensure};
use picket_lab::{Generator, person};
use picket_tests::{
    FakeClock, Scene,
    faults::{Authority, closed_port},
    scene::{decided, proved},
};
use serde_json::Value;

use super::{
    Desk,
    forms::{Form, links_on},
    into_its_box,
};

const ANALYST: &str = "ana";
const VIEWER: &str = "vic";
const ALERTS: usize = 3;

/// What everybody may send: it is about themselves.
const OWN: [&str; 3] = ["/account/password", "/account/sessions/end", "/sign-out"];
/// What the audit says of it, and of sign-ins.
const OWN_DEEDS: [&str; 4] = ["signed-in", "sign-ins-refused", "session-ended", "signed-out"];
/// What only admins are offered. A new form has to be named here, and is tried by everybody else.
const ADMINS: [&str; 23] = [
    "/first-sign-in/activation",
    "/first-sign-in/activation/activate",
    "/first-sign-in/activation/let-pass",
    "/first-sign-in/certificate",
    "/first-sign-in/certificate/keep",
    "/first-sign-in/trust",
    "/first-sign-in/trust/confirm",
    "/settings/certificate",
    "/settings/management-console",
    "/settings/management-console/disconnect",
    "/settings/name",
    "/settings/network",
    "/settings/network/check",
    "/settings/network/proxy/remove",
    "/settings/reactivation",
    "/settings/reactivation/activate",
    "/settings/reactivation/keep",
    "/settings/reactivation/let-pass",
    "/settings/reactivation/retry",
    "/settings/reactivation/switch",
    "/settings/users",
    "/settings/users/remove",
    "/settings/users/role",
];
/// What analysts take away and viewers do not.
const EXPORTS: [&str; 4] = [
    "/alerts/export.csv",
    "/alerts/export.ndjson",
    "/settings/audit/export.ndjson",
    "/settings/diagnostics/bundle.json",
];

/// A sensor in use, with an analyst and a viewer, and every form that its admin was ever offered.
struct Staffed {
    desk: Desk,
    clock: FakeClock,
    offered: BTreeMap<String, Form>,
    passwords: BTreeMap<&'static str, String>,
}

impl Staffed {
    fn new() -> Result<Self> {
        let mut scene = Scene::new()?;
        into_its_box(&mut scene)?;
        let clock = FakeClock::start(&mut scene.agent, "+0")?;
        let desk = Desk::of(scene)?;
        let mut staffed = Self { desk, clock, offered: BTreeMap::new(), passwords: BTreeMap::new() };
        staffed.first_sign_in()?;
        let sensor = text_id(&staffed.desk.scene.agent.status()?)?;
        for (name, role) in [(ANALYST, "analyst"), (VIEWER, "viewer")] {
            let password = staffed.desk.person().add_person(name, role)?;
            staffed.passwords.insert(name, password);
        }
        Generator::new(&staffed.desk.scene.agent.eve_file(), 1)?.alerts(ALERTS)?;
        staffed.desk.scene.agent.until("the alerts are there to be shown", |status| {
            status["alerts"]["counters"]["logged"].as_u64().unwrap_or(0) >= ALERTS as u64
        })?;
        staffed.candidate_that_is_kept_out(&sensor)?;
        staffed.under_a_management_console()?;
        for page in staffed.desk.console.pages()?.iter().filter(|page| page["who"] != "everybody") {
            staffed.look(page["path"].as_str().context("a page without a path")?)?;
        }
        Ok(staffed)
    }

    fn first_sign_in(&mut self) -> Result<()> {
        let sensor = self.desk.scene.onboard("staffed", &["--mode", "locally-managed"])?;
        let fingerprint = self.desk.fingerprint()?;
        self.desk.person().become_admin(&self.desk.scene.agent)?;
        self.look("/first-sign-in/trust")?;
        self.desk.person().upload("/first-sign-in/trust", &sensor.file)?;
        self.desk.browser.until("form[action='/first-sign-in/trust/confirm']")?;
        self.look("/first-sign-in/trust")?;
        self.desk.person().compare(&fingerprint)?;
        self.desk.browser.until("[data-step=preview]")?;
        self.look("/first-sign-in/activation")?;
        self.look_late("/first-sign-in/activation/preview")?;
        self.look("/first-sign-in/activation/preview")?;
        self.desk.person().activate_and_finish()?;
        proved(&self.desk.scene.agent, "locally-managed").map(drop)
    }

    /// A reactivation that a dead proxy keeps from being proved, until the admin keeps what is in force.
    fn candidate_that_is_kept_out(&mut self, sensor: &str) -> Result<()> {
        let proxy = format!("http://127.0.0.1:{}", closed_port()?);
        self.desk.scene.agent.ask(&["proxy", "set", &proxy])?;
        let file = self.desk.scene.reissue(sensor, &["--mode", "cloud-connected"])?;
        self.desk.person().open("/settings/reactivation")?;
        self.desk.person().upload("/settings/reactivation", &file)?;
        self.desk.browser.until("form[action='/settings/reactivation/activate']")?;
        self.look_late("/settings/reactivation/preview")?;
        self.look("/settings/reactivation/preview")?;
        self.desk.person().submit("/settings/reactivation/activate")?;
        self.desk.browser.until("[data-candidate]")?;
        self.look("/settings/reactivation")?;
        self.desk.person().submit_when_there("/settings/reactivation/keep")?;
        self.desk.browser.until("[data-refusal='activation.kept-present']")
    }

    /// Opens a page as the admin, and keeps its forms.
    fn look(&mut self, path: &str) -> Result<()> {
        self.desk.person().open(path)?;
        let forms = Form::all_on(&self.desk.browser)?.into_iter().filter(|form| form.method == "post");
        self.offered.extend(forms.map(|form| (form.action.clone(), form)));
        Ok(())
    }

    /// As [`Self::look`], when the file's upload window is over.
    fn look_late(&mut self, path: &str) -> Result<()> {
        self.clock.set("+73y")?;
        self.look(path)?;
        self.clock.set("+0")
    }

    /// Reports to a management console that does not answer, for as long as somebody looks at the page of it.
    fn under_a_management_console(&mut self) -> Result<()> {
        let (agent, folder) = (&self.desk.scene.agent, &self.desk.scene.folder);
        Authority::new("A management console's CA")?.write(&folder.join("console-ca.pem"))?;
        fs::write(folder.join("pairing-token"), "a-pairing-token-of-22-or-more")?;
        let (url, token) = (format!("https://127.0.0.1:{}", closed_port()?), self.desk.scene.path("pairing-token")?);
        let ca = self.desk.scene.path("console-ca.pem")?;
        agent.ask(&["console", "connect", &url, "--ca", &ca, "--pairing-token-file", &token])?;
        self.look("/settings/management-console")?;
        self.desk.scene.agent.ask(&["console", "disconnect"]).map(drop)
    }

    fn sign_in(&self, name: &str) -> Result<()> {
        self.desk.person().sign_in(name, &self.passwords[name])?;
        self.desk.browser.until("[data-mode]")
    }

    /// What a change would show in: the sensor, its audit but for people's own comings and goings, the console's people.
    fn state(&self) -> Result<(Value, Vec<Value>, String)> {
        let agent = &self.desk.scene.agent;
        let audit = agent.ask(&["audit"])?;
        let mut changes = audit.as_array().context("the audit is a list")?.clone();
        changes.retain(|record| !OWN_DEEDS.iter().any(|deed| record["what"] == *deed));
        Ok((decided(&agent.status()?)?, changes, fs::read_to_string(self.desk.console.accounts())?))
    }

    /// Follows every link from every listed page, and gives each page's path to `visit` while it is shown.
    fn crawl(&self, mut visit: impl FnMut(&str) -> Result<()>) -> Result<BTreeSet<String>> {
        let listed = self.desk.console.pages()?;
        let mut ahead: Vec<String> =
            listed.iter().filter_map(|page| page["path"].as_str().map(str::to_owned)).collect();
        let mut seen = BTreeSet::new();
        while let Some(address) = ahead.pop() {
            let path = address.split('?').next().unwrap_or_default().to_owned();
            if !seen.insert(path.clone()) {
                continue;
            }
            if is_file(&path) {
                Form::fetch(&self.desk.browser, &address)?;
                continue;
            }
            self.desk.person().open(&address)?;
            ahead.extend(links_on(&self.desk.browser)?);
            visit(&path)?;
        }
        Ok(seen)
    }
}

fn text_id(status: &Value) -> Result<String> {
    picket_lab::portal::text(&status["active"]["activation"], "sensor")
}

/// What a browser saves instead of showing it.
fn is_file(path: &str) -> bool {
    [".csv", ".ndjson", ".json", ".txt"].iter().any(|end| path.ends_with(end))
}

#[test]
fn each_role_is_offered_what_it_may_do_and_nothing_else() -> Result<()> {
    let staffed = Staffed::new()?;
    let browser = &staffed.desk.browser;
    for (name, exports, tiles) in [(VIEWER, false, 0), (ANALYST, true, 0), (person::NAME, true, 1)] {
        match staffed.passwords.contains_key(name) {
            true => staffed.sign_in(name)?,
            false => staffed.desk.person().sign_in(name, person::PASSWORD)?,
        }
        staffed.desk.person().open("/settings")?;
        ensure!(browser.count("a[href='/settings/users']")? == tiles, "{name}: {}", browser.shown());
        for page in ["/alerts", "/settings/audit", "/settings/diagnostics"] {
            staffed.desk.person().open(page)?;
            let offered = links_on(browser)?.iter().any(|link| is_file(link.split('?').next().unwrap_or_default()));
            ensure!(offered == exports, "{name} {page}: {}", browser.shown());
        }
        for export in EXPORTS {
            let answer = Form::fetch(browser, export)?;
            let expected = if exports { (200, None) } else { (403, Some("console.may-not-export")) };
            ensure!((answer.status, answer.refusal.as_deref()) == expected, "{name} {export}: {answer:?}");
        }
    }
    Ok(())
}

#[test]
fn a_crawl_of_every_page_that_sends_every_form_changes_nothing() -> Result<()> {
    let staffed = Staffed::new()?;
    let browser = &staffed.desk.browser;
    let admins: BTreeSet<&str> = staffed.offered.keys().map(String::as_str).filter(|one| !OWN.contains(one)).collect();
    ensure!(admins == BTreeSet::from(ADMINS), "the admin is offered {admins:?}");
    let before = staffed.state()?;
    for name in [VIEWER, ANALYST] {
        staffed.sign_in(name)?;
        let mut forms = 0;
        let seen = staffed.crawl(|path| {
            ensure!(browser.count("h1")? == 1, "{name} {path}: {}", browser.shown());
            for form in Form::all_on(browser)?.into_iter().filter(|form| form.action != "/sign-out") {
                let others = form.method == "post" && !OWN.contains(&form.action.as_str());
                let open = ["/sign-in", "/first-sign-in", "/recovery/begin"].contains(&form.action.as_str());
                ensure!(!others || open, "{name} is offered {} on {path}", form.action);
                // To begin a recovery is everybody's, and draws a nonce: the sensor is as before, its audit is not.
                if form.action != "/recovery/begin" {
                    form.filled_in().send(browser)?;
                    forms += 1;
                }
            }
            Ok(())
        })?;
        ensure!(seen.contains("/alerts/1") && forms > 3, "{name} saw {forms} forms on {seen:?}");
        staffed.desk.person().open("/account")?;
        for form in staffed.offered.values().filter(|form| ADMINS.contains(&form.action.as_str())) {
            let answer = form.clone().filled_in().send(browser)?;
            let refused = answer.status == 403 && answer.refusal.as_deref() == Some("console.not-admin");
            ensure!(refused, "{name} {}: {answer:?}", form.action);
        }
        let after = staffed.state()?;
        ensure!(after == before, "{name} changed something: {before:?} and then {after:?}");
    }
    Ok(())
}

#[test]
fn whoever_changes_nothing_else_changes_their_own_password_and_ends_their_own_sessions() -> Result<()> {
    let staffed = Staffed::new()?;
    let (browser, chosen) = (&staffed.desk.browser, "pumps-hum-in-grey-light");
    // Twice, so that there is another session to end.
    for _ in 0..2 {
        staffed.sign_in(VIEWER)?;
    }
    staffed.desk.person().open("/account")?;
    staffed.desk.person().submit("/account/sessions/end")?;
    browser.until("body:not(:has(form[action='/account/sessions/end']))")?;
    for (field, value) in [("present", staffed.passwords[VIEWER].as_str()), ("password", chosen), ("again", chosen)] {
        browser.write(&format!("form[action='/account/password'] [name={field}]"), value)?;
    }
    staffed.desk.person().submit("/account/password")?;
    browser.until(".message.ok")?;
    staffed.desk.person().sign_in(VIEWER, &staffed.passwords[VIEWER])?;
    browser.until("[role=alert]")?;
    staffed.desk.person().sign_in(VIEWER, chosen)?;
    browser.until("[data-mode]")
}
