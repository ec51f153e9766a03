//! Each refusal's page, reached by uploading the very bytes that are refused.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use super::Desk;

const UPLOAD: &str = "/first-sign-in/activation";

/// Uploads a file, and what the page says is refused must be this.
fn refused(desk: &Desk, file: &Path, code: &str) -> Result<()> {
    desk.person().open(UPLOAD)?;
    desk.person().upload(UPLOAD, file)?;
    desk.browser.until("[data-refusal]")?;
    let shown = desk.browser.attribute("[data-refusal]", "data-refusal")?;
    ensure!(shown.as_deref() == Some(code), "{code}: {}", desk.browser.shown());
    let next = desk.browser.count("[data-refusal] li")?;
    ensure!(next > 0, "{code} does not say what to do next: {}", desk.browser.shown());
    let explained = desk.scene.agent.ask(&["explain", code])?;
    let title = explained["title"].as_str().with_context(|| explained.to_string())?;
    ensure!(desk.browser.text("[data-refusal]")?.contains(title), "{code}: {}", desk.browser.shown());
    Ok(())
}

#[test]
fn of_damaged_foreign_and_outdated_files() -> Result<()> {
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("refused", &["--mode", "locally-managed"])?;
    desk.person().become_admin(&desk.scene.agent)?;
    let good = fs::read(&sensor.file)?;
    let write = |name: &str, bytes: &[u8]| -> Result<PathBuf> {
        let file = desk.scene.folder.join(name);
        fs::write(&file, bytes)?;
        Ok(file)
    };
    let mut damaged = good.clone();
    *damaged.last_mut().context("an empty file")? ^= 1;
    refused(&desk, &write("damaged.activation", &damaged)?, "activation.bad-signature")?;
    refused(&desk, &write("text.activation", b"<script>alert(1)</script>")?, "activation.malformed")?;
    refused(&desk, &write("huge.activation", &vec![0xd9; 65 * 1024])?, "activation.too-large")?;
    ensure!(desk.scene.agent.status()?["state"] == "unactivated", "a refused file changed something");
    Ok(())
}
