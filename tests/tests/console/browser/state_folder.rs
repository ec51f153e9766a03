//! A state folder that takes nothing, and one of a later release: what people do is refused, and says why.

use std::fs;

use anyhow::{Context, Result, ensure};
use picket_tests::{mounts, scene::decided};

use super::{Desk, ledger, refusals::says_all};

#[test]
fn on_a_read_only_disk_nothing_is_changed_and_the_page_says_so() -> Result<()> {
    let mut desk = Desk::new()?;
    let sensor = desk.scene.onboard("read-only", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    let before = decided(&desk.scene.agent.status()?)?;
    desk.scene.agent.stop()?;
    mounts::start_with(&mut desk.scene.agent, mounts::READ_ONLY)?;
    desk.person().open("/settings/name")?;
    desk.browser.write("form[action='/settings/name'] [name=name]", "another")?;
    desk.person().submit("/settings/name")?;
    desk.browser.until("[data-refusal]")?;
    says_all(&desk, "state.storage-failed")?;
    ensure!(decided(&desk.scene.agent.status()?)? == before, "a refused name changed something");
    desk.shown.all_of(ledger::DISK)
}

#[test]
fn state_of_a_later_release_is_left_alone_and_the_page_says_so() -> Result<()> {
    let mut desk = Desk::new()?;
    let sensor = desk.scene.onboard("rolled back", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    desk.scene.agent.stop()?;
    let database = desk.scene.agent.state().join("control.db");
    let mut bytes = fs::read(&database)?;
    // SQLite's user version, which counts the formats of the state.
    bytes.get_mut(60..64).context("no database")?.copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&database, &bytes)?;
    desk.scene.agent.start()?;
    // It reads nothing of that state, not even whom it trusts: the console begins from the beginning.
    desk.person().open("/")?;
    desk.person().trust(&sensor.file, &desk.fingerprint()?)?;
    desk.browser.until("[data-refusal]")?;
    says_all(&desk, "state.newer")?;
    desk.scene.agent.stop()?;
    ensure!(fs::read(&database)? == bytes, "the later release's state was touched");
    desk.shown.all_of(ledger::LATER_RELEASE)
}
