//! A portal moves from its files to a PostgreSQL server: sensors report on, and everything is there.

use std::{fs, process::Command};

use anyhow::{Result, ensure};
use picket_lab::{
    Agent, Binaries, Generator, Portal, Postgres, PrivateFolder, Role, Settings, Tally, Waited, ports::free_port,
    process::run, until, waiting::PATIENCE,
};

#[test]
fn sensors_report_on_after_the_move_and_the_files_stay_as_they_were() -> Result<()> {
    let (folder, binaries) = (PrivateFolder::on_disk()?, Binaries::beside_this_program()?);
    let server = Postgres::start(&folder.join("postgres"))?;
    let to = server.database("portal")?;
    let listen = format!("127.0.0.1:{}", free_port()?);
    let data = folder.join("portal");
    let mut portal = Portal::init_on(&binaries, Role::Portal, &data, &listen, &format!("https://{listen}"), None)?;
    portal.start()?;
    let room = folder.join("sensor");
    fs::create_dir(&room)?;
    let mut agent = Agent::set_up(&binaries, &room, &Settings::default())?;
    portal.export_root(&agent.trust_directory().join("portal.root"))?;
    agent.start()?;
    let id = portal.add_sensor("moved", &["--mode", "cloud-connected"])?;
    agent.activate(&portal.download(&id, &folder.join("moved.activation"))?)?;
    agent.until("the hub has accepted a probe", |status| status["active"]["proof"]["hub"]["step"] == "proved")?;
    let mut generator = Generator::new(&agent.eve_file(), 1)?;
    generator.alerts(300)?;
    all_arrived(&portal, &generator)?;
    ensure!(portal.refuses(&["move", "--to", &to])?.contains("another server"), "it moves only while it is stopped");

    portal.stop()?;
    let digest = |name: &str| run(Command::new("sha256sum").arg(data.join(name)));
    let before = (digest("portal.db")?, digest("alerts.db")?);
    let moved = portal.ask(&["move", "--to", &to])?;
    ensure!(moved["sensors"] == 1 && moved["alerts"] == 300, "{moved}");
    ensure!((digest("portal.db")?, digest("alerts.db")?) == before, "the files were touched");

    generator.alerts(200)?;
    portal.start()?;
    all_arrived(&portal, &generator)?;
    portal.until(&id, "it is well", |shown| shown["health"] == "ok")?;
    let alarms = portal.ask(&["alarm", "list"])?;
    ensure!(alarms["alarms"].as_array().is_some_and(Vec::is_empty), "{alarms}");
    portal.ask(&["audit", "verify"])?;
    ensure!((digest("portal.db")?, digest("alerts.db")?) == before, "the files are still in use");
    Ok(())
}

fn all_arrived(portal: &Portal, generator: &Generator) -> Result<()> {
    until("everything has arrived, once each", PATIENCE, || {
        let tally = Tally::of(generator.written(), &portal.alerts()?);
        Ok(if tally.is_exact() { Waited::Holds(()) } else { Waited::NotYet(tally.to_string()) })
    })
}
