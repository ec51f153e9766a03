//! The same deeds at Reactivation with a mouse and with the keyboard alone.

use std::{fs, path::Path};

use anyhow::Result;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use picket_lab::browser::Key;

use super::Desk;

const REACTIVATION: &str = "/settings/reactivation";

/// How a person uses the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hands {
    /// Clicks, and chooses files.
    Mouse,
    /// Moves on by Tab and presses Enter; pastes the file's text, which is the only way that needs no file dialog.
    Keys,
}

impl Hands {
    /// Goes to Reactivation: by its address, or from wherever the person is.
    pub(super) fn go(self, desk: &Desk) -> Result<()> {
        match self {
            Self::Mouse => desk.person().open(REACTIVATION),
            Self::Keys => {
                press(desk, "nav a[href='/settings']")?;
                press(desk, ".tile[href='/settings/reactivation']")
            }
        }
    }

    /// Goes to Overview.
    pub(super) fn go_home(self, desk: &Desk) -> Result<()> {
        match self {
            Self::Mouse => desk.person().open("/"),
            Self::Keys => press(desk, "nav a[href='/']"),
        }
    }

    /// Brings a file in Reactivation and agrees to its preview.
    pub(super) fn reactivate(self, desk: &Desk, file: &Path) -> Result<()> {
        self.go(desk)?;
        match self {
            Self::Mouse => desk.person().upload(REACTIVATION, file)?,
            Self::Keys => {
                press(desk, "form[action='/settings/reactivation'] summary")?;
                desk.browser.tab_to("form[action='/settings/reactivation'] [name=text]")?;
                desk.browser.type_text(&armoured(file)?)?;
                press(desk, "form[action='/settings/reactivation'] button[type=submit]")?;
            }
        }
        self.send(desk, "/settings/reactivation/activate")
    }

    /// Waits for the form of this address and sends it.
    pub(super) fn send(self, desk: &Desk, action: &str) -> Result<()> {
        match self {
            Self::Mouse => desk.person().submit_when_there(action),
            Self::Keys => press(desk, &format!("form[action='{action}'] button[type=submit]")),
        }
    }
}

fn press(desk: &Desk, css: &str) -> Result<()> {
    desk.browser.tab_to(css)?;
    desk.browser.press(&[Key::Enter])
}

/// An activation file as text that can be typed.
pub(super) fn armoured(file: &Path) -> Result<String> {
    let text = STANDARD.encode(fs::read(file)?);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    Ok(format!("-----BEGIN PICKET ACTIVATION-----\n{}\n-----END PICKET ACTIVATION-----\n", lines.join("\n")))
}
