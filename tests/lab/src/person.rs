//! A person at the sensor console: what people do in its pages, by browser. The paths and fields are those of the pages'
//! forms. Judges nothing; what a page does not have ends the deed with what it shows instead.

use std::{fs, path::Path};

use anyhow::{Result, ensure};

use crate::{
    agent::Agent,
    browser::Browser,
    console::Console,
    portal::text,
    waiting::{PATIENCE, Waited, until},
};

/// What the person is called at the console.
pub const NAME: &str = "Olga";
/// Long enough, and nobody's first guess.
pub const PASSWORD: &str = "four-words-of-no-relation";

/// A person, their browser and the console in it.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// What they look at.
    pub browser: &'a Browser,
    /// What they use.
    pub console: &'a Console,
}

impl Person<'_> {
    /// Goes to a page of the console.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn open(&self, path: &str) -> Result<()> {
        self.browser.open(&format!("{}{path}", self.console.url()))
    }

    /// Reads the setup code at the machine and becomes the first admin.
    ///
    /// # Errors
    /// When the page is not as expected.
    pub fn become_admin(&self, agent: &Agent) -> Result<()> {
        let code = text(&agent.ask(&["setup-code"])?, "code")?;
        self.open("/")?;
        let form = "form[action='/first-sign-in']";
        self.browser.until(form)?;
        for (field, value) in [("code", code.as_str()), ("name", NAME), ("password", PASSWORD), ("again", PASSWORD)] {
            self.browser.write(&format!("{form} [name={field}]"), value)?;
        }
        self.submit("/first-sign-in")
    }

    /// Signs in, or is refused: waits for the answer, which would take the place of the page that is opened next.
    ///
    /// # Errors
    /// When the page is not as expected.
    pub fn sign_in(&self, name: &str, password: &str) -> Result<()> {
        self.open("/sign-in")?;
        for (field, value) in [("name", name), ("password", password)] {
            self.browser.write(&format!("form[action='/sign-in'] [name={field}]"), value)?;
        }
        self.submit("/sign-in")?;
        self.browser.until("[role=alert], body:not(:has(form[action='/sign-in']))")
    }

    /// As an admin, adds a person in Users, and takes the password that is shown once.
    ///
    /// # Errors
    /// When the page is not as expected.
    pub fn add_person(&self, name: &str, role: &str) -> Result<String> {
        let form = "form[action='/settings/users']";
        self.open("/settings/users")?;
        self.browser.write(&format!("{form} [name=name]"), name)?;
        self.browser.click(&format!("{form} [name=role] option[value={role}]"))?;
        self.submit("/settings/users")?;
        self.browser.until("#content .copyable code")?;
        self.browser.text("#content .copyable code")
    }

    /// Trusts the root of a file by what the portal shows of its fingerprint.
    ///
    /// # Errors
    /// When the page is not as expected.
    pub fn trust(&self, file: &Path, fingerprint: &str) -> Result<()> {
        self.upload("/first-sign-in/trust", file)?;
        self.compare(fingerprint)
    }

    /// Types the end of a fingerprint beside what the page shows of it.
    ///
    /// # Errors
    /// When the page is not as expected.
    pub fn compare(&self, fingerprint: &str) -> Result<()> {
        let confirm = "/first-sign-in/trust/confirm";
        self.browser.until(&format!("form[action='{confirm}'] [name=characters]"))?;
        let end = &fingerprint[fingerprint.len() - 16..];
        self.browser.write(&format!("form[action='{confirm}'] [name=characters]"), end)?;
        self.submit(confirm)
    }

    /// Chooses a file in the form of this address, and sends it.
    ///
    /// # Errors
    /// When the page is not as expected.
    pub fn upload(&self, action: &str, file: &Path) -> Result<()> {
        ensure!(fs::metadata(file)?.len() > 0, "{} is empty", file.display());
        self.browser.until(&format!("form[action='{action}'] [name=file]"))?;
        self.browser.choose_file(&format!("form[action='{action}'] [name=file]"), file)?;
        self.submit(action)
    }

    /// Agrees to what the preview says, waits until nothing is left to prove, and keeps the self-signed certificate.
    ///
    /// # Errors
    /// When the page is not as expected.
    pub fn activate_and_finish(&self) -> Result<()> {
        self.submit_when_there("/first-sign-in/activation/activate")?;
        self.until_proved()?;
        self.browser.click("a[href='/first-sign-in/certificate']")?;
        self.submit_when_there("/first-sign-in/certificate/keep")?;
        self.browser.until("[data-mode]")
    }

    /// Waits until nothing is left to prove; where no script runs, by the link that loads the page again.
    fn until_proved(&self) -> Result<()> {
        const AGAIN: &str = "[data-load-again] a";
        until("nothing is left to prove", PATIENCE, || {
            if self.browser.count("#progress[data-state=proved]").is_ok_and(|count| count > 0) {
                return Ok(Waited::Holds(()));
            }
            let seen = self.browser.shown();
            if self.browser.count(AGAIN).is_ok_and(|count| count > 0) {
                self.browser.click(AGAIN)?;
            }
            Ok(Waited::NotYet(seen))
        })
    }

    /// The whole first sign-in with a file whose root is trusted already.
    ///
    /// # Errors
    /// When the page is not as expected.
    pub fn first_sign_in(&self, agent: &Agent, file: &Path) -> Result<()> {
        self.become_admin(agent)?;
        self.upload("/first-sign-in/activation", file)?;
        self.activate_and_finish()
    }

    /// Waits for the form of this address and sends it.
    ///
    /// # Errors
    /// When it does not come.
    pub fn submit_when_there(&self, action: &str) -> Result<()> {
        self.browser.until(&format!("form[action='{action}']"))?;
        self.submit(action)
    }

    /// Sends the form of this address.
    ///
    /// # Errors
    /// When there is none.
    pub fn submit(&self, action: &str) -> Result<()> {
        self.browser.click(&format!("form[action='{action}'] button[type=submit]"))
    }
}
