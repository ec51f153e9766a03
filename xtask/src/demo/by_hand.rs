//! Says what a person can do while the demo stays up: which command, which file, which address.

use std::fs;

use anyhow::{Context, Result};
use picket_lab::{Agent, Binaries, Console, Settings, portal::text};

use super::world::World;
use crate::builds::root;

/// A sensor fresh from its box, with its console. Stays up as long as it is held.
pub(super) struct Fresh {
    console: Console,
    agent: Agent,
}

/// Starts a sensor that trusts nobody, and its console.
pub(super) fn fresh_sensor(world: &World) -> Result<Fresh> {
    let (binaries, room) = (Binaries::beside_this_program()?, world.folder.join("fresh"));
    fs::create_dir(&room)?;
    let mut agent = Agent::set_up(&binaries, &room, &Settings { hardware: "demo-2".into(), ..Settings::default() })?;
    agent.start()?;
    let mut console = Console::set_up(&binaries, &room.join("sensor-console"), &agent)?;
    console.start()?;
    Ok(Fresh { console, agent })
}

pub(super) fn explain(world: &World, fresh: &Fresh) -> Result<()> {
    by_console(world, fresh)?;
    by_portal(world)?;
    by_command(world)
}

/// Onboarding, Sites and Sensors, reissue and deletion, in a browser.
fn by_portal(world: &World) -> Result<()> {
    println!(
        "
The portal's pages wait for their owner:

    portal             {url}    (its certificate is of its own CA)
    name               owner
    setup code         {code}

Onboard a sensor there, download its file, upload it at the console above, and see it in Sites and Sensors.",
        url = world.portal.pages_url()?,
        code = world.portal.owner_code()?,
    );
    Ok(())
}

/// The first sign-in and a reactivation, in a browser.
fn by_console(world: &World, fresh: &Fresh) -> Result<()> {
    let sensor = world.portal.add_sensor("fresh-from-its-box", &["--mode", "locally-managed"])?;
    let file = world.portal.download(&sensor, &world.folder.join("fresh.activation"))?;
    let later = world.folder.join("fresh-cloud.activation");
    println!(
        "
A sensor fresh from its box waits for its first sign-in:

    console            {url}    (its certificate is self-signed)
    setup code         {code}
    activation file    {file}
    fingerprint        {fingerprint}    (as the portal shows it)

Then reactivate it in System Settings, Reactivation, with a file that you issue by

    picket-portal sensor reissue {sensor} --mode cloud-connected --data {portal}
    picket-portal sensor activation-file {sensor} --out {later} --data {portal}",
        url = fresh.console.url(),
        code = text(&fresh.agent.ask(&["setup-code"])?, "code")?,
        file = file.display(),
        fingerprint = text(&world.portal.ask(&["root", "show"])?, "fingerprint")?,
        portal = world.portal.data().display(),
        later = later.display(),
    );
    Ok(())
}

fn by_command(world: &World) -> Result<()> {
    let binaries = world.portal.binary().parent().context("the programs lie in no folder")?;
    let sensor = world.portal.add_sensor("by-hand", &["--mode", "locally-managed"])?;
    let file = world.portal.download(&sensor, &world.folder.join("by-hand.activation"))?;
    let (portal, console) = (world.portal.data().display(), world.console.data().display());
    let (file, socket) = (file.display(), world.agent.socket());
    println!(
        "
Everything stays up until Ctrl-C, and leaves nothing behind. In another terminal:

    PATH={binaries}:$PATH
    alias sensor='picketctl --socket {socket}'

    sensor status                                  what the sensor says of itself
    sensor preview {file}
    sensor activate {file}
    sensor check                                   every endpoint, with a verdict
    sensor audit                                   who changed what

    sensor alerts follow                           what it detects; in yet another terminal, let it detect something:
    cat {sample} >> {eve}
    picket-portal alert list --data {portal}      what the portal has stored

    picket-portal sensor list --data {portal}      what the portal sees
    picket-portal sensor list --data {console}     what the management console sees
    picket-portal sensor reissue {sensor} --mode cloud-connected --data {portal}
    picket-portal sensor activation-file {sensor} --out {file} --data {portal}

The portal is at {}, the management console at {};
the agent's log is {}.",
        world.portal.url(),
        world.console.url(),
        world.agent.log().display(),
        binaries = binaries.display(),
        sample = root().join("xtask/src/demo/sample/eve.json").display(),
        eve = world.agent.eve_file().display(),
        socket = socket.display(),
    );
    Ok(())
}
