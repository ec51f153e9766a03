//! What a plant's network does to an activation, caused for real: a row for each endpoint, and each fault's own refusal.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use picket_tests::faults::{Authority, Login, Proxy, Reply, Server, Trick, black_hole, closed_port, hangs_up};

use super::{
    Desk,
    hands::Hands,
    ledger,
    refusals::{follows, says_all},
};

/// A cloud-connected sensor, and the means to reissue it with another hub.
pub(super) struct Plant {
    pub(super) desk: Desk,
    pub(super) sensor: String,
    hub: Authority,
}

impl Plant {
    pub(super) fn new() -> Result<Self> {
        Self::at(Desk::new()?)
    }

    /// Before a desk at which nobody has sat yet.
    pub(super) fn at(desk: Desk) -> Result<Self> {
        let sensor = desk.scene.onboard("plant", &["--mode", "cloud-connected"])?;
        desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
        let hub = Authority::new("The hub's CA")?;
        hub.write(&desk.scene.folder.join("hub-ca.pem"))?;
        Ok(Self { desk, sensor: sensor.id, hub })
    }

    fn with_hub(&self, url: &str) -> Result<PathBuf> {
        self.desk.scene.reissue(&self.sensor, &["--hub-url", url, "--hub-ca", &self.desk.scene.path("hub-ca.pem")?])
    }

    /// Reactivates with a file, and the page must name the endpoint and the fault.
    pub(super) fn refused(&self, file: &Path, endpoint: &str, code: &str) -> Result<()> {
        Hands::Mouse.reactivate(&self.desk, file)?;
        // The page goes on by itself while the candidate is tried.
        self.desk.browser.until(&format!("#state [data-refusal='{code}']"))?;
        let table = self.desk.browser.text("#state table")?;
        ensure!(table.contains(endpoint), "{code}: no row for {endpoint}: {table}");
        says_all(&self.desk, code)
    }

    /// Sets a proxy on this machine, in the console's page.
    pub(super) fn set_proxy(&self, port: u16, login: Option<(&str, &str)>) -> Result<()> {
        let browser = &self.desk.browser;
        self.desk.person().open("/settings/network")?;
        let field = |name: &str| format!("form[action='/settings/network'] [name={name}]");
        browser.write(&field("url"), &format!("http://127.0.0.1:{port}"))?;
        if let Some((user, password)) = login {
            browser.write(&field("user"), user)?;
            browser.write(&field("password"), password)?;
        }
        self.desk.person().submit("/settings/network")?;
        browser.until("form[action='/settings/network/proxy/remove']")
    }
}

#[test]
fn each_fault_of_a_hub_has_its_row_and_its_page() -> Result<()> {
    let plant = Plant::new()?;
    let local = |port: u16| format!("https://127.0.0.1:{port}");
    let impostor = Server::start(&Authority::new("Another CA")?, Reply::status(200))?;
    let failing = Server::start(&plant.hub, Reply::status(503))?;
    let expired = Server::start_expired(&plant.hub, Reply::status(200))?;
    for (url, code) in [
        (local(closed_port()?), "endpoint.refused"),
        ("https://no-such-host.invalid".into(), "endpoint.dns"),
        (local(black_hole()?), "endpoint.timeout"),
        // Nothing has a way to it: it is everybody's address.
        ("https://255.255.255.255".into(), "endpoint.unreachable"),
        (local(hangs_up()?), "endpoint.tls-failed"),
        (impostor.url(), "endpoint.tls-untrusted"),
        (expired.url(), "endpoint.tls-expired"),
        (failing.url(), "endpoint.http"),
    ] {
        plant.refused(&plant.with_hub(&url)?, &url, code)?;
    }
    ensure!(impostor.asked().is_empty() && expired.asked().is_empty(), "an untrusted server was sent a request");
    ensure!(plant.desk.scene.agent.status()?["epoch"] == 1, "a hub that fails took over");
    // Each took the place of the one before, and the list of past ones says so.
    Hands::Mouse.go(&plant.desk)?;
    follows(&plant.desk, "#past", "activation.superseded")?;
    plant.desk.shown.all_of(ledger::HUB)
}

#[test]
fn each_fault_on_the_way_to_the_portal_has_its_row_and_its_page() -> Result<()> {
    let plant = Plant::new()?;
    let portal = plant.desk.scene.portal.url().to_owned();
    let guarded = Proxy::http(Login::Basic("plant", "correct horse"), Trick::None)?;
    let faults = [(closed_port()?, "endpoint.proxy-unreachable"), (guarded.port(), "endpoint.proxy-auth-required")];
    for (port, code) in faults {
        plant.set_proxy(port, None)?;
        plant.refused(&plant.desk.scene.reissue(&plant.sensor, &[])?, &portal, code)?;
    }
    plant.desk.shown.all_of(ledger::PROXY)
}

#[test]
fn a_first_activation_names_the_portal_that_is_down_and_goes_on_by_itself_when_it_is_back() -> Result<()> {
    let mut desk = Desk::new()?;
    let sensor = desk.scene.onboard("outage", &["--mode", "cloud-connected"])?;
    desk.scene.portal.stop()?;
    desk.person().become_admin(&desk.scene.agent)?;
    desk.person().upload("/first-sign-in/activation", &sensor.file)?;
    desk.person().submit_when_there("/first-sign-in/activation/activate")?;
    desk.browser.until("#progress [data-refusal='endpoint.refused']")?;
    let table = desk.browser.text("#progress table")?;
    ensure!(table.contains(desk.scene.portal.url()), "{table}");
    says_all(&desk, "endpoint.refused")?;
    desk.person().open("/first-sign-in/activation/progress")?;
    desk.scene.portal.start()?;
    desk.browser.until("#progress[data-state=proved]")?;
    desk.browser.click("#continue")?;
    desk.person().submit_when_there("/first-sign-in/certificate/keep")?;
    desk.browser.until("[data-mode=cloud-connected]")
}
