//! By a real browser: real portal, real sensor, Chromium.

mod circle;
mod many;
mod onboarding;
mod reading;

use std::fs;

use anyhow::{Context, Result};
use picket_lab::{Agent, Binaries, Browser, Portal, PrivateFolder, Role, Settings};

/// What every owner chooses.
const PASSWORD: &str = "three grey pumps hum";

/// A portal and a browser before it. Programs end before their folder goes.
struct Desk {
    browser: Browser,
    portal: Portal,
    folder: PrivateFolder,
}

impl Desk {
    fn new() -> Result<Self> {
        let (folder, binaries) = (PrivateFolder::new()?, Binaries::beside_this_program()?);
        let mut portal = Portal::init(&binaries, Role::Portal, &folder.join("portal"))?;
        portal.start()?;
        let browser = Browser::start(&folder.join("browser"))?;
        Ok(Self { browser, portal, folder })
    }

    fn open(&self, path: &str) -> Result<()> {
        self.browser.open(&format!("{}{path}", self.portal.pages_url()?))
    }

    /// From the setup code to Getting started.
    fn first_sign_in(&self) -> Result<()> {
        self.open("/choose-password")?;
        self.browser.write("#name", "owner")?;
        self.browser.write("#code", &self.portal.owner_code()?)?;
        self.browser.write("#password", PASSWORD)?;
        self.browser.write("#again", PASSWORD)?;
        self.browser.click("main button[type=submit]")?;
        self.browser.until("[data-step=onboard]")
    }

    /// A sensor whose image trusts the portal.
    fn sensor(&self) -> Result<Agent> {
        let room = self.folder.join("sensor");
        fs::create_dir(&room)?;
        let mut agent = Agent::set_up(&Binaries::beside_this_program()?, &room, &Settings::default())?;
        self.portal.export_root(&agent.trust_directory().join("portal.root"))?;
        agent.start()?;
        Ok(agent)
    }

    fn id_of_the_page(&self) -> Result<String> {
        let address = self.browser.address()?;
        let after = address.split_once("/sensors/").with_context(|| address.clone())?.1;
        Ok(after.split('/').next().unwrap_or_default().to_owned())
    }
}
