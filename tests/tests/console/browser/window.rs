//! A file outside its upload window, let pass by an admin's word: shown first, and recorded.

use anyhow::{Result, ensure};
use picket_lab::person::NAME;
use picket_tests::{FakeClock, Scene};

use super::{Desk, ledger, refusals::says_all};

/// Ticks the box under the refusal, and goes on to the preview.
fn let_pass(desk: &Desk, action: &str) -> Result<()> {
    let form = format!("form[action='{action}']");
    desk.browser.until(&form)?;
    // Without the tick the browser does not send it.
    desk.person().submit(action)?;
    desk.browser.click(&format!("{form} [name=let-pass]"))?;
    desk.person().submit(action)
}

#[test]
fn an_admins_word_lets_it_pass_and_is_recorded() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.agent.stop()?;
    let clock = FakeClock::start(&mut scene.agent, "+73y")?;
    let desk = Desk::of(scene)?;
    let sensor = desk.scene.onboard("late", &["--mode", "locally-managed"])?;
    desk.person().become_admin(&desk.scene.agent)?;
    desk.person().upload("/first-sign-in/activation", &sensor.file)?;
    desk.browser.until("[data-refusal]")?;
    says_all(&desk, "activation.upload-window-over")?;
    desk.person().open("/first-sign-in/activation/preview")?;
    let_pass(&desk, "/first-sign-in/activation/let-pass")?;
    desk.browser.until("[data-step=preview] .message.warning")?;
    ensure!(desk.scene.agent.status()?["state"] == "unactivated", "a word alone changed something");
    desk.person().activate_and_finish()?;

    // And where no clock can tell.
    clock.set("-56y")?;
    let newer = desk.scene.reissue(&sensor.id, &["--mode", "locally-managed", "--site", "South"])?;
    desk.person().open("/settings/reactivation")?;
    desk.person().upload("/settings/reactivation", &newer)?;
    desk.browser.until("[data-refusal='activation.clock-unusable']")?;
    says_all(&desk, "activation.clock-unusable")?;
    desk.person().open("/settings/reactivation/preview")?;
    ensure!(desk.browser.count("form[action='/settings/reactivation']")? == 1, "{}", desk.browser.shown());
    let_pass(&desk, "/settings/reactivation/let-pass")?;
    desk.browser.until(".message.warning")?;
    desk.person().submit_when_there("/settings/reactivation/activate")?;
    desk.browser.until("[data-refusal], #past tbody tr + tr")?;
    let status = desk.scene.agent.status()?;
    ensure!(status["active"]["activation"]["site"] == "South", "{status}");
    let audit = desk.scene.agent.ask(&["audit"])?;
    let words = audit.as_array().into_iter().flatten().filter(|record| record["what"] == "upload-window-overridden");
    let people: Vec<_> = words.map(|record| record["who"].to_string()).collect();
    ensure!(people.len() == 2 && people.iter().all(|who| who.contains(&NAME.to_lowercase())), "{audit}");
    desk.shown.all_of(ledger::WINDOW)
}
