//! By a real browser: real portal, real sensor, Chromium.

mod onboarding;
mod reading;

use anyhow::Result;
use picket_lab::{Binaries, Browser, Portal, PrivateFolder, Role};

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
}
