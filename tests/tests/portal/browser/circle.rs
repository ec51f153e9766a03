//! The whole circle by browser alone, at the portal's pages and at the sensor console's: onboard, carry the file, connect,
//! edit, to locally managed and back, delete. Nothing is asked of a command line but the setup codes.

use std::path::PathBuf;

use anyhow::Result;
use picket_lab::{
    Binaries, Console, Person,
    waiting::{PATIENCE, Waited, until},
};

use super::Desk;

const REACTIVATION: &str = "/settings/reactivation";

/// A person with a browser before the portal and the sensor console.
struct Circle<'a> {
    desk: &'a Desk,
    person: Person<'a>,
    id: String,
}

impl Circle<'_> {
    /// Downloads the file of the page that is open.
    fn file(&self, name: &str) -> Result<PathBuf> {
        let to = self.desk.folder.join(name);
        self.desk.browser.until("form[action$='/file/text']")?;
        self.desk.browser.click("form[action$='/file'] button")?;
        self.desk.browser.take_download(&to)?;
        Ok(to)
    }

    /// Loads the sensor's page at the portal until it says all of this.
    fn portal_says(&self, all: &[&str]) -> Result<()> {
        self.says(&format!("{}/sensors/{}", self.desk.portal.pages_url()?, self.id), all)
    }

    fn console_says(&self, all: &[&str]) -> Result<()> {
        self.says(&self.person.console.url(), all)
    }

    fn says(&self, address: &str, all: &[&str]) -> Result<()> {
        until(&format!("{address} says {all:?}"), PATIENCE, || {
            self.desk.browser.open(address)?;
            let shown = self.desk.browser.shown();
            Ok(if all.iter().all(|said| shown.contains(said)) { Waited::Holds(()) } else { Waited::NotYet(shown) })
        })
    }

    /// Ticks or unticks Cloud connected in Reissue, and carries the new file to the console.
    fn reissue(&self, name: &str, mode: &str) -> Result<()> {
        self.desk.open(&format!("/sensors/{}/reissue", self.id))?;
        self.desk.browser.click("#cloud")?;
        self.desk.browser.click("main button[type=submit]")?;
        let file = self.file(name)?;
        self.person.open(REACTIVATION)?;
        self.person.upload(REACTIVATION, &file)?;
        self.person.submit_when_there("/settings/reactivation/activate")?;
        until(&format!("the console shows {mode}"), PATIENCE, || {
            self.person.open("/")?;
            let there = self.desk.browser.count(&format!("[data-mode={mode}]"))? > 0;
            Ok(if there { Waited::Holds(()) } else { Waited::NotYet(self.desk.browser.shown()) })
        })
    }
}

#[test]
fn onboarded_connected_edited_reissued_both_ways_and_deleted() -> Result<()> {
    let desk = Desk::new()?;
    let agent = desk.sensor()?;
    let binaries = Binaries::beside_this_program()?;
    let mut console = Console::set_up(&binaries, &desk.folder.join("sensor-console"), &agent)?;
    console.start()?;
    let person = Person { browser: &desk.browser, console: &console };

    desk.first_sign_in()?;
    desk.browser.click("main a[href='/onboard']")?;
    desk.browser.until("#name")?;
    desk.browser.write("#name", "line-3 10.4.1.17")?;
    desk.browser.write("#subscription", "Plant One")?;
    desk.browser.write("#zone", "Line 3")?;
    desk.browser.click("main button[type=submit]")?;
    desk.browser.until("form[action$='/file/text']")?;
    let circle = Circle { desk: &desk, person, id: desk.id_of_the_page()? };
    circle.portal_says(&["Never connected"])?;
    desk.open(&format!("/sensors/{}/file", circle.id))?;
    let file = circle.file("first.activation")?;

    person.first_sign_in(&agent, &file)?;
    circle.console_says(&["line-3 10.4.1.17", "Line 3"])?;
    circle.portal_says(&["Connected", "Cloud connected"])?;

    desk.browser.click("a[href$='/edit']")?;
    desk.browser.until("#zone")?;
    desk.browser.write("#name", "line-4 10.4.1.17")?;
    desk.browser.write("#zone", "Line 4")?;
    desk.browser.click("main button[type=submit]")?;
    desk.browser.until("a[href$='/delete']")?;
    circle.console_says(&["line-4 10.4.1.17", "Line 4"])?;

    circle.reissue("local.activation", "locally-managed")?;
    // What it said last is shown until it has been silent for long enough to count as such.
    circle.portal_says(&["Locally managed", "it does not report here"])?;
    circle.reissue("cloud.activation", "cloud-connected")?;
    agent.until("the third activation is in force", |status| status["epoch"] == 3)?;
    circle.portal_says(&["Connected", "Cloud connected"])?;

    desk.browser.click("a[href$='/delete']")?;
    desk.browser.until("#reason")?;
    desk.browser.write("#reason", "line 4 was dismantled")?;
    desk.browser.click("button.danger")?;
    desk.browser.until("main:not(:has(#reason))")?;
    circle.console_says(&["line 4 was dismantled"])?;
    agent.until("the sensor is deactivated", |status| status["state"] == "deactivated")?;
    circle.portal_says(&["Deactivated", "line 4 was dismantled", "Known to the sensor"])?;
    desk.open("/sensors")?;
    desk.browser.until(".empty")
}
