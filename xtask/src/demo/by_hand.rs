//! Says what a person can do while the demo stays up: which command, which file, which address.

use anyhow::{Context, Result};

use super::world::World;
use crate::builds::root;

pub(super) fn explain(world: &World) -> Result<()> {
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
