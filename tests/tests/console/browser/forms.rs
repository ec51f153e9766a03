//! Forms of the page that the browser shows, read and sent from within it: with its cookie, its token, its origin.

use anyhow::{Context, Result};
use picket_lab::Browser;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A form: where it goes, and what is in it beside the session's token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Form {
    pub(super) action: String,
    pub(super) method: String,
    /// Whether it takes a file: another encoding.
    pub(super) files: bool,
    /// Names and values. A file's value is its content.
    pub(super) fields: Vec<(String, String)>,
}

/// What came back. A redirect has the status 0: scripts may not look into it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The code of the refusal on the page, if there is one.
    pub(super) refusal: Option<String>,
}

const READ: &str = "return [...document.forms].map((form) => ({
    action: form.getAttribute('action'), method: form.method, files: form.enctype === 'multipart/form-data',
    fields: [...form.elements].filter((one) => one.name && one.name !== 'csrf')
        .map((one) => [one.name, one.type === 'file' ? '' : one.value]),
}))";

const SEND: &str = "const done = arguments[arguments.length - 1];
    const token = document.querySelector('[name=csrf]'), post = form.method === 'post';
    const body = form.files ? new FormData() : new URLSearchParams();
    if (post) body.append('csrf', token ? token.value : '');
    for (const [name, value] of form.fields)
        body.append(name, form.files && name === 'file' ? new Blob([value]) : value);
    const address = post ? form.action : form.action + '?' + body;
    fetch(address, { method: form.method, body: post ? body : undefined, redirect: 'manual' })
        .then(async (answer) => {
            const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
            const refusal = page.querySelector('[data-refusal]');
            done({ status: answer.status, refusal: refusal && refusal.dataset.refusal });
        }, (error) => done({ status: 1, refusal: String(error) }));";

impl Form {
    /// Every form of the page.
    pub(super) fn all_on(browser: &Browser) -> Result<Vec<Self>> {
        Ok(serde_json::from_value(browser.run(READ)?)?)
    }

    /// The form with something in each empty field, and the greatest role in each role.
    pub(super) fn filled_in(mut self) -> Self {
        for (name, value) in &mut self.fields {
            match name.as_str() {
                "role" => *value = "admin".into(),
                _ if value.is_empty() => *value = "x".into(),
                _ => {}
            }
        }
        self
    }

    /// The form with this in a field.
    pub(super) fn with(mut self, field: &str, content: &str) -> Self {
        for (name, value) in &mut self.fields {
            if name == field {
                *value = content.into();
            }
        }
        self
    }

    /// Sends it with the token of the page that is shown.
    pub(super) fn send(&self, browser: &Browser) -> Result<Answer> {
        let answer = browser.run_async(&format!("const form = {};\n{SEND}", serde_json::to_string(self)?))?;
        serde_json::from_value(answer.clone()).with_context(|| format!("{}: {answer}", self.action))
    }

    /// Asks for an address that is no page.
    pub(super) fn fetch(browser: &Browser, path: &str) -> Result<Answer> {
        let form = Self { action: path.into(), method: "get".into(), files: false, fields: Vec::new() };
        form.send(browser)
    }
}

/// Where the links of the page lead to, within the console.
pub(super) fn links_on(browser: &Browser) -> Result<Vec<String>> {
    let found: Value = browser
        .run("return [...document.querySelectorAll(\"a[href^='/']\")].map((link) => link.getAttribute('href'))")?;
    Ok(serde_json::from_value(found)?)
}
