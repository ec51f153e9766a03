//! Each refusal's page, reached by uploading the very bytes that are refused: the protocol's vectors.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context, Result, ensure};
use picket_tests::{
    FakeClock, Scene,
    clock::earlier_build,
    scene::as_text,
    vectors::{self, Vector},
};

use super::{Desk, into_its_box, ledger};

const UPLOAD: &str = "/first-sign-in/activation";
const TRUST: &str = "/first-sign-in/trust";

/// What the vectors are read against: a day on which most of them are in their upload window.
const NOW: &str = "@2026-03-01 20:00:00";
/// The sensors that an unactivated one which trusts the vectors' root can be.
const UNACTIVATED: [&str; 3] = ["plain", "no-keys", "clock-at-1970"];

/// What says all by its title. Of a secret that was wrong nothing is repeated.
const FOUND_NOTHING: [&str; 7] = [
    "activation.no-candidate",
    "name.fixed",
    "recovery.not-started",
    "recovery.wrong-nonce",
    "setup.done",
    "setup.wrong-code",
    "trust.confirmation-mismatch",
];

/// Title, what was found, what to do next, the code; and a link to the page that says more.
pub(super) fn says_all(desk: &Desk, code: &str) -> Result<()> {
    let panel = format!("[data-refusal='{code}']");
    ensure!(desk.browser.count(&panel)? > 0, "not refused as {code}: {}", desk.browser.shown());
    let explained = desk.scene.agent.ask(&["explain", code])?;
    let title = explained["title"].as_str().with_context(|| explained.to_string())?;
    let shown = desk.browser.text(&panel)?;
    ensure!(shown.contains(title) && shown.contains(code), "{code}: {shown}");
    ensure!(desk.browser.count(&format!("{panel} li"))? > 0, "{code} does not say what to do next: {shown}");
    let found = desk.browser.count(&format!("{panel} dd"))?;
    ensure!(found > 0 || FOUND_NOTHING.contains(&code), "{code} found nothing: {shown}");
    follows(desk, &panel, code)
}

/// The link of a code leads to the page that says more.
pub(super) fn follows(desk: &Desk, within: &str, code: &str) -> Result<()> {
    let explained = desk.scene.agent.ask(&["explain", code])?;
    desk.browser.click(&format!("{within} a[href='/explain/{code}']"))?;
    desk.browser.until("main ol")?;
    ensure!(explained["title"] == desk.browser.text("h1")?, "{code}: {}", desk.browser.shown());
    let why = explained["why"].as_str().with_context(|| explained.to_string())?;
    ensure!(desk.browser.text("main")?.contains(why), "{code}: {}", desk.browser.shown());
    desk.shown.note(code);
    Ok(())
}

/// A sensor as a context of the vectors has it, with the clock in the test's hand.
fn sensor_of(context: &str) -> Result<(Desk, FakeClock)> {
    let mut scene = Scene::new()?;
    let command = earlier_build(&scene.agent, vectors::build_date(context)?)?;
    into_its_box(&mut scene)?;
    if let Some(root) = vectors::trust_root_file(context)? {
        fs::write(scene.agent.trust_directory().join("vectors.root"), root)?;
    }
    fs::write(scene.agent.state().join("appliance-id"), vectors::appliance(context)?)?;
    let clock = FakeClock::start_as(&mut scene.agent, command, NOW)?;
    let desk = Desk::of(scene)?;
    desk.person().become_admin(&desk.scene.agent)?;
    desk.browser.until("form")?;
    Ok((desk, clock))
}

/// When a refusal can be met at all.
fn clock_for(code: &str) -> &'static str {
    match code {
        "activation.not-yet-valid" => "@2026-02-27 00:00:00",
        "activation.clock-unusable" => "@1970-01-02 00:00:00",
        _ => NOW,
    }
}

fn refused(desk: &Desk, at: &str, vector: &Vector) -> Result<()> {
    desk.person().open(at)?;
    desk.person().upload(at, &vector.file)?;
    desk.browser.until("[data-refusal]")?;
    says_all(desk, &vector.expected).with_context(|| vector.name.clone())
}

#[test]
fn each_is_reached_by_uploading_its_vector() -> Result<()> {
    let all = vectors::activation_files()?;
    let refusals = all.iter().filter(|vector| vector.layer.is_some() && !is_empty(vector));
    let mut left: BTreeSet<&str> = refusals.clone().map(|vector| vector.expected.as_str()).collect();
    ensure!(left.len() >= 21, "{left:?}");

    // One of each code and of each step of the reading order that may give it.
    let (desk, clock) = sensor_of("plain")?;
    let here = refusals.clone().filter(|vector| UNACTIVATED.contains(&vector.context.as_str()));
    let each: BTreeMap<_, _> = here.rev().map(|vector| ((&vector.expected, &vector.layer), vector)).collect();
    for vector in each.values() {
        clock.set(clock_for(&vector.expected))?;
        refused(&desk, UPLOAD, vector)?;
        left.remove(vector.expected.as_str());
    }
    clock.set(NOW)?;
    ensure!(desk.scene.agent.status()?["state"] == "unactivated", "a refused file changed something");

    // Every vector has the same serial: with nothing else in force, none is older. Reactivation's tests meet this refusal.
    left.remove("activation.older-than-active");
    drop((desk, clock));

    // While nobody is trusted: what cannot be compared, and what is compared before anything else.
    let (desk, _clock) = sensor_of("no-trust")?;
    let too_old = vectors::named(&all, "chain-from-version-2-of-none")?;
    refused(&desk, TRUST, too_old)?;
    left.remove(too_old.expected.as_str());
    let no_root = vectors::named(&all, "no-trust-root")?;
    let fingerprint = desk.scene.agent.run(&["verify", &as_text(&no_root.file)?])?.stdout;
    desk.person().open(TRUST)?;
    desk.person().upload(TRUST, &no_root.file)?;
    desk.browser.until("form[action='/first-sign-in/trust/confirm']")?;
    let shown = desk.browser.text("main dd .id")?;
    let beginning = shown.trim_end_matches('·');
    ensure!(beginning.len() == 48 && String::from_utf8_lossy(&fingerprint).contains(beginning), "{shown}");
    left.remove(no_root.expected.as_str());
    ensure!(left.is_empty(), "nobody has reached {left:?}");
    Ok(())
}

/// The console itself says that there is no file.
fn is_empty(vector: &Vector) -> bool {
    fs::metadata(&vector.file).is_ok_and(|file| file.len() == 0)
}

#[test]
fn what_is_no_document_at_all_is_shown_as_text() -> Result<()> {
    let desk = Desk::new()?;
    desk.person().become_admin(&desk.scene.agent)?;
    let write = |name: &str, bytes: &[u8]| -> Result<_> {
        let file = desk.scene.folder.join(name);
        fs::write(&file, bytes)?;
        Ok(file)
    };
    let text = write("text.activation", b"<script>alert(1)</script>")?;
    for (file, code) in
        [(text, "activation.malformed"), (write("huge.activation", &vec![0xd9; 65 * 1024])?, "activation.too-large")]
    {
        let vector = Vector::of(file, code);
        refused(&desk, UPLOAD, &vector)?;
    }
    ensure!(desk.scene.agent.status()?["state"] == "unactivated", "a refused file changed something");
    desk.shown.all_of(ledger::NO_DOCUMENT)
}
