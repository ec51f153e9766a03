//! A locally managed sensor with alerts in its log, its console, and somebody who has done the first sign-in.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, ensure};
use picket_lab::{
    Agent, Binaries, Console, Generator, Portal, PrivateFolder, Role, Settings, person::NAME, person::PASSWORD,
    portal::text,
};

use picket_tests::Visitor;

/// In the log, so that pages have something to show.
const ALERTS: usize = 500;

/// Programs end before their folder goes.
pub(crate) struct Stage {
    pub(crate) console: Console,
    pub(crate) agent: Agent,
    _folder: PrivateFolder,
}

impl Stage {
    /// Activated by command; nobody has an account at the console yet.
    pub(crate) fn set_up() -> Result<Self> {
        let (shipped, folder) = (Binaries::of_profile("size")?, PrivateFolder::on_disk()?);
        let mut portal = Portal::init(&Binaries::of_profile("debug")?, Role::Portal, &folder.join("portal"))?;
        portal.start()?;
        let mut agent = Agent::set_up(&shipped, &folder.join("sensor"), &Settings::default())?;
        portal.export_root(&agent.trust_directory().join("portal.root"))?;
        agent.start()?;
        let sensor = portal.add_sensor("measured", &["--mode", "locally-managed"])?;
        agent.activate(&portal.download(&sensor, &folder.join("measured.activation"))?)?;
        Generator::new(&agent.eve_file(), 1)?.alerts(ALERTS)?;
        agent.until("the alerts are in the log", |status| {
            status["alerts"]["counters"]["logged"].as_u64().unwrap_or(0) >= ALERTS as u64
        })?;
        let mut console = Console::set_up(&shipped, &folder.join("sensor-console"), &agent)?;
        console.start()?;
        Ok(Self { console, agent, _folder: folder })
    }

    /// Somebody before the console, not signed in yet.
    pub(crate) fn visitor(&self) -> Result<Visitor> {
        Visitor::open(&self.console.certificate(), (Ipv4Addr::LOCALHOST, self.console.port()).into())
    }

    /// Becomes the admin by the setup code, and keeps the self-signed certificate.
    pub(crate) fn first_sign_in(&mut self) -> Result<()> {
        let code = text(&self.agent.ask(&["setup-code"])?, "code")?;
        let mut client = self.visitor()?;
        let fields = [("code", code.as_str()), ("name", NAME), ("password", PASSWORD), ("again", PASSWORD)];
        let answer = client.post("/first-sign-in", &fields)?;
        ensure!(answer.status == 303, "the first sign-in was answered {}: {}", answer.status, answer.body);
        let page = client.get("/first-sign-in/certificate")?;
        let token = hidden(&page.body, "csrf").context("the page has no token")?;
        let answer = client.post("/first-sign-in/certificate/keep", &[("csrf", token)])?;
        ensure!(answer.status == 303, "the certificate was answered {}", answer.status);
        Ok(())
    }
}

/// The value of a hidden field.
fn hidden<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\""))?;
    rest.split('"').next()
}
