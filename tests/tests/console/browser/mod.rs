//! By a real browser: real agent, real portal, real console, Chromium.

mod certificate;
mod connectivity;
mod decisions;
mod first_sign_in;
mod forms;
mod hands;
mod ledger;
mod middle_boxes;
mod pairing;
mod portals_word;
mod reactivation;
mod reading;
mod recovery;
mod refusals;
mod roles;
mod state_folder;
mod window;

use std::fs;

use anyhow::Result;
use picket_lab::{Binaries, Browser, Console, Person, portal::text};
use picket_tests::Scene;

use self::ledger::Shown;

/// A scene with the console and a browser before it. Programs end before their folder goes.
struct Desk {
    browser: Browser,
    console: Console,
    scene: Scene,
    shown: Shown,
}

impl Desk {
    /// An unactivated sensor whose image trusts the portal.
    fn new() -> Result<Self> {
        Self::of(Scene::new()?)
    }

    /// An unactivated sensor that trusts nobody.
    fn trusting_nobody() -> Result<Self> {
        let mut scene = Scene::new()?;
        into_its_box(&mut scene)?;
        scene.agent.start()?;
        Self::of(scene)
    }

    fn of(scene: Scene) -> Result<Self> {
        let mut console =
            Console::set_up(&Binaries::beside_this_program()?, &scene.folder.join("sensor-console"), &scene.agent)?;
        console.start()?;
        let browser = Browser::start(&scene.folder.join("browser"))?;
        Ok(Self { browser, console, scene, shown: Shown::default() })
    }

    fn person(&self) -> Person<'_> {
        Person { browser: &self.browser, console: &self.console }
    }

    /// The fingerprint of the portal's trust root, as the portal shows it.
    fn fingerprint(&self) -> Result<String> {
        text(&self.scene.portal.ask(&["root", "show"])?, "fingerprint")
    }
}

/// Stops the sensor, which then trusts nobody and remembers nothing.
fn into_its_box(scene: &mut Scene) -> Result<()> {
    scene.agent.stop()?;
    fs::remove_file(scene.agent.trust_directory().join("portal.root"))?;
    fs::remove_dir_all(scene.agent.state())?;
    Ok(fs::create_dir(scene.agent.state())?)
}
