//! The main job, step by step, by the commands that a person would use; each step asserts what it shows.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use picket_lab::{Binaries, portal::text};
use serde_json::Value;

use super::{
    alerts,
    stage::{Step, Told, play},
    world::{SENSOR, World},
};
use crate::table::{Outcome, Table};

const STEPS: [Step<World>; 19] = [
    ("portal and management console are up", servers_up),
    ("an unactivated sensor is up and trusts the portal's root", sensor_up),
    ("a sensor is registered and its file downloaded", register),
    ("preview says what the file would change", preview),
    ("local activation", activate_local),
    ("what it detects while locally managed stays on it", alerts::stay),
    ("cloud activation: enrolled, heartbeat at the portal", activate_cloud),
    ("heartbeats go on", heartbeats_go_on),
    ("what it detects now arrives at the portal, each alert once", alerts::arrive),
    ("moved to another hub address", move_hub),
    ("back to locally managed, under a management console", back_to_local),
    ("its heartbeat shows at the management console", shown_at_console),
    ("and to the cloud again", cloud_again),
    ("an unreachable portal is told as unreachable", unreachable),
    ("a portal that rejects is told as rejected", rejected),
    ("and it recovers by itself", recovered),
    ("deleted: the signed deactivation arrives", deleted),
    ("an old file stays refused", old_file_refused),
    ("onboarded again under the same name", onboarded_again),
];

/// Plays all steps; the rows go to `table`.
pub(super) fn walk(binaries: &Binaries, folder: &Path, table: &mut Table) -> Result<World> {
    let mut world = World::set_up(binaries, folder)?;
    let well = play(&mut world, &STEPS, table, |told| match told {
        Told::Begins { number, of, what } => println!("\n[{number}/{of}] {what}"),
        Told::Ended(row) => match &row.outcome {
            Outcome::Passed(seen) => println!("    {seen}"),
            Outcome::Failed(why) | Outcome::Skipped(why) => println!("    {why}"),
        },
    });
    if !well {
        let log = fs::read_to_string(world.agent.log()).unwrap_or_default();
        println!("\nThe last lines of the agent's log:");
        log.lines().rev().take(20).collect::<Vec<_>>().into_iter().rev().for_each(|line| println!("    {line}"));
    }
    Ok(world)
}

fn servers_up(world: &mut World) -> Result<String> {
    world.portal.start()?;
    world.console.start()?;
    Ok(format!("portal at {}, management console at {}", world.portal.url(), world.console.url()))
}

fn sensor_up(world: &mut World) -> Result<String> {
    world.portal.export_root(&world.agent.trust_directory().join("portal.root"))?;
    world.agent.start()?;
    let status = world.sensor_says(&["status"])?;
    ensure!(status["state"] == "unactivated" && status["trusted"] == true, "{status}");
    Ok(format!("appliance {}", text(&status, "appliance")?))
}

fn register(world: &mut World) -> Result<String> {
    let arguments =
        ["sensor", "add", SENSOR, "--subscription", "Plant One", "--mode", "locally-managed", "--zone", "Line 3"];
    world.sensor = text(&world.portal_says(&arguments)?, "id")?;
    let file = world.download()?;
    Ok(format!("sensor {}, {} bytes", world.sensor, fs::metadata(file)?.len()))
}

fn preview(world: &mut World) -> Result<String> {
    let file = world.download()?;
    let preview = world.sensor_says(&["preview", &file])?;
    let next = preview.to_string();
    ensure!(next.contains("locally-managed") && next.contains(SENSOR), "{next}");
    ensure!(world.agent.status()?["state"] == "unactivated", "a preview changed something");
    Ok("locally managed; nothing changed by looking".into())
}

fn activate_local(world: &mut World) -> Result<String> {
    let file = world.download()?;
    let answer = world.sensor_says(&["activate", &file])?;
    ensure!(answer["outcome"] == "committed", "{answer}");
    let status = world.until_in_force("locally-managed", 1)?;
    ensure!(status["upstream"].is_null() && status["hub"].is_null(), "{status}");
    Ok(format!("epoch 1 as {}, no upstream", text(&status["active"]["activation"], "name")?))
}

fn activate_cloud(world: &mut World) -> Result<String> {
    world.reissue_and_upload(&["--mode", "cloud-connected"])?;
    world.until_in_force("cloud-connected", 2)?;
    let seen = world
        .portal
        .until(&world.sensor, "the portal sees a committed heartbeat", |sensor| sensor["health"] == "ok")?;
    Ok(format!("epoch 2; the portal says {}", text(&seen, "health")?))
}

fn heartbeats_go_on(world: &mut World) -> Result<String> {
    let before = answered(&world.agent.status()?)?;
    let status = world.agent.until("three more heartbeats are answered", |status| {
        answered(status).is_ok_and(|answered| answered >= before + 3)
    })?;
    Ok(format!("{} answered", answered(&status)?))
}

fn answered(status: &Value) -> Result<u64> {
    status["upstream"]["answered"].as_u64().context("no count of answered heartbeats")
}

fn move_hub(world: &mut World) -> Result<String> {
    let there = world.portal.url().replace("127.0.0.1", "localhost");
    let authority = as_text(&world.portal.authority())?;
    world.reissue_and_upload(&["--hub-url", &there, "--hub-ca", &authority])?;
    let status = world.until_in_force("cloud-connected", 3)?;
    ensure!(status["hub"]["url"] == there.as_str() && status["hub"]["link"] == "connected", "{}", status["hub"]);
    Ok(format!("epoch 3; the hub at {there} accepted a probe"))
}

fn back_to_local(world: &mut World) -> Result<String> {
    let token = as_text(&world.pairing_token()?)?;
    let (url, authority) = (world.console.url().to_owned(), as_text(&world.console.authority())?);
    let to = [
        "--mode",
        "locally-managed",
        "--console-url",
        &url,
        "--console-ca",
        &authority,
        "--pairing-token-file",
        &token,
    ];
    world.reissue_and_upload(&to)?;
    let status = world.until_in_force("locally-managed", 4)?;
    ensure!(status["hub"].is_null(), "{}", status["hub"]);
    Ok("epoch 4; no hub any more".into())
}

fn shown_at_console(world: &mut World) -> Result<String> {
    let upstream = world.until_link("connected")?;
    ensure!(upstream["kind"] == "management-console", "{upstream}");
    let seen = world.console.until(&world.sensor, "the console sees a heartbeat", |sensor| sensor["health"] == "ok")?;
    Ok(format!("the management console says {} of {}", text(&seen, "health")?, text(&seen, "name")?))
}

fn cloud_again(world: &mut World) -> Result<String> {
    world.reissue_and_upload(&["--mode", "cloud-connected"])?;
    world.until_in_force("cloud-connected", 5)?;
    Ok("epoch 5".into())
}

fn unreachable(world: &mut World) -> Result<String> {
    world.portal.stop()?;
    let upstream = world.until_link("retrying")?;
    ensure!(upstream["problem"]["code"] == "endpoint.refused", "{upstream}");
    still_active(world, "cloud-connected")?;
    told(&upstream)
}

/// A portal set up from scratch in the old one's place, which has never heard of the sensor.
fn rejected(world: &mut World) -> Result<String> {
    let mut stranger = world.portal.init_stranger(&world.folder.join("stranger"))?;
    stranger.start()?;
    let upstream = world.until_link("rejected")?;
    still_active(world, "cloud-connected")?;
    stranger.stop()?;
    told(&upstream)
}

fn recovered(world: &mut World) -> Result<String> {
    world.portal.start()?;
    world.until_link("connected")?;
    Ok("connected".into())
}

/// What the sensor says of its link, and why.
fn told(upstream: &Value) -> Result<String> {
    Ok(format!("{}: {}", text(upstream, "link")?, text(&upstream["problem"], "code")?))
}

fn still_active(world: &World, mode: &str) -> Result<()> {
    let status = world.agent.status()?;
    ensure!(status["state"] == "active" && status["active"]["activation"]["mode"] == mode, "{status}");
    Ok(())
}

fn deleted(world: &mut World) -> Result<String> {
    let sensor = world.sensor.clone();
    world.portal_says(&["sensor", "delete", &sensor, "--reason", "moved to another plant"])?;
    let status = world.agent.until("the sensor says deleted", |status| status["state"] == "deactivated")?;
    let end = &status["deactivated"];
    ensure!(status["epoch"] == 6 && end["reason"] == "moved to another plant", "{status}");
    ensure!(
        status["upstream"].is_null() && status["hub"].is_null(),
        "a deleted sensor still has an upstream: {status}"
    );
    Ok(format!("epoch 6, deactivated by {}: {}", text(end, "decided_by")?, text(end, "reason")?))
}

fn old_file_refused(world: &mut World) -> Result<String> {
    let file = world.folder.join(format!("{SENSOR}-1.activation"));
    let code = world.agent.refuses(&["activate", file.to_str().context("a path in UTF-8")?])?;
    ensure!(code == "activation.older-than-active", "{code}");
    Ok(code)
}

fn onboarded_again(world: &mut World) -> Result<String> {
    let arguments = ["sensor", "add", SENSOR, "--subscription", "Plant One", "--mode", "cloud-connected"];
    let earlier = std::mem::take(&mut world.sensor);
    world.sensor = text(&world.portal_says(&arguments)?, "id")?;
    ensure!(world.sensor != earlier, "a new registration has the old one's id");
    let file = world.download()?;
    world.sensor_says(&["activate", &file])?;
    world.until_in_force("cloud-connected", 7)?;
    Ok(format!("epoch 7 as sensor {}", world.sensor))
}

fn as_text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).context("a path in UTF-8")
}
