//! Alerts over the engine's socket, on which the agent listens. Nothing can be read again there.

use std::{io::Write, os::unix::net::UnixStream};

use anyhow::{Context, Result, ensure};
use picket_lab::{EngineOutput, Settings, generator::line};
use picket_tests::{
    Scene,
    alerts::{arrive_once, log_holds},
    scene::proved,
};

fn scene() -> Result<Scene> {
    Scene::with(&Settings { engine: EngineOutput::Socket, ..Settings::default() })
}

fn connect(scene: &Scene) -> Result<UnixStream> {
    let socket = scene.agent.eve_socket();
    UnixStream::connect(&socket).with_context(|| format!("the agent does not listen on {}", socket.display()))
}

fn write(engine: &mut UnixStream, ids: std::ops::RangeInclusive<u64>) -> Result<()> {
    for id in ids {
        engine.write_all(&line(id))?;
    }
    Ok(())
}

#[test]
fn every_line_arrives_once_between_broken_ones_and_over_a_new_connection() -> Result<()> {
    let scene = scene()?;
    scene.cloud_connected("at-a-socket")?;
    let mut engine = connect(&scene)?;
    write(&mut engine, 1..=500)?;
    engine.write_all(b"not JSON\n\xff\xfe\n")?;
    // Half a line, and the rest of it later: a stream has no edges.
    let whole = line(501);
    engine.write_all(&whole[..300])?;
    log_holds(&scene.agent, 500)?;
    engine.write_all(&whole[300..])?;
    // What an engine had begun when it ended is no record.
    engine.write_all(&line(9_999)[..300])?;
    drop(engine);
    let mut engine = connect(&scene)?;
    write(&mut engine, 502..=1_000)?;
    arrive_once(&scene.portal, &(1..=1_000).collect())
}

#[test]
fn an_engine_that_connects_again_after_a_restart_goes_on() -> Result<()> {
    let mut scene = scene()?;
    scene.cloud_connected("restarted-at-a-socket")?;
    let mut engine = connect(&scene)?;
    write(&mut engine, 1..=100)?;
    log_holds(&scene.agent, 100)?;
    scene.agent.kill();
    ensure!(write(&mut engine, 101..=200).is_err(), "an agent that was killed still takes lines");
    scene.agent.start()?;
    let mut engine = connect(&scene)?;
    write(&mut engine, 201..=300)?;
    arrive_once(&scene.portal, &(1..=100).chain(201..=300).collect())
}

#[test]
fn what_comes_over_the_socket_while_locally_managed_stays() -> Result<()> {
    let scene = scene()?;
    let sensor = scene.locally_managed("local-at-a-socket")?;
    let mut engine = connect(&scene)?;
    write(&mut engine, 1..=100)?;
    log_holds(&scene.agent, 100)?;
    scene.agent.activate(&scene.reissue(&sensor.id, &["--mode", "cloud-connected"])?)?;
    proved(&scene.agent, "cloud-connected")?;
    write(&mut engine, 101..=200)?;
    // Delivery is in order: once the last is there, an earlier one that was ever to come would be too.
    arrive_once(&scene.portal, &(101..=200).collect())
}
