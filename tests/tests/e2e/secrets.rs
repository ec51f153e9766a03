//! What must stay secret: in no log, no answer, no command line, and in no file that others can read.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result, bail, ensure};
use picket_protocol::{
    documents::activation::ModeSettings,
    floors::Floors,
    ids::ApplianceId,
    reading::{ReadingContext, read_activation},
    time::UnixSeconds,
    trust::TrustStore,
};
use picket_tests::{Scene, scene::as_text};

/// The one-time token in a file, read as a sensor reads it.
fn enrolment_token(scene: &Scene, file: &Path) -> Result<String> {
    let mut trust = TrustStore::default();
    trust.pin(&fs::read(scene.agent.trust_directory().join("portal.root"))?)?;
    let now = i64::try_from(UNIX_EPOCH.elapsed()?.as_secs())?;
    let context = ReadingContext {
        trust: &trust,
        wall_clock: UnixSeconds(now),
        build_date: UnixSeconds(0),
        appliance: &ApplianceId::from_digest(&[7; 32]),
        keys: &[],
        floors: &Floors::default(),
        override_window: false,
    };
    let reading = read_activation(&fs::read(file)?, &context)?;
    match &reading.activation().mode {
        ModeSettings::CloudConnected(cloud) => Ok(cloud.enrolment_token.expose().to_owned()),
        ModeSettings::LocallyManaged(_) => bail!("a locally managed sensor has no token"),
    }
}

/// Every file below a folder.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_dir() {
            found.extend(files_below(&path)?);
        } else if kind.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

fn command_lines() -> Result<Vec<String>> {
    let processes = fs::read_dir("/proc")?.filter_map(Result::ok);
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    Ok(lines.map(|line| String::from_utf8_lossy(&line).into_owned()).collect())
}

#[test]
fn tokens_and_keys_are_in_no_log_no_answer_and_no_command_line() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("discreet")?;
    let token = enrolment_token(&scene, &sensor.file)?;
    let api_token = fs::read_to_string(scene.portal.data().join("api-token"))?.trim().to_owned();
    let mut said = vec![fs::read_to_string(scene.agent.log())?, scene.portal.program()?.output()];
    said.extend(command_lines()?);
    for question in [&["status"][..], &["diagnose"], &["audit"], &["trust", "list"], &["proxy", "show"]] {
        said.push(scene.agent.ask(question)?.to_string());
    }
    for question in [&["sensor", "show", &sensor.id][..], &["sensor", "list"], &["audit"], &["alarm", "list"]] {
        said.push(scene.portal.ask(question)?.to_string());
    }
    ensure!(said.iter().any(|text| text.contains(&sensor.id)), "nothing was looked at");
    for secret in [token.as_str(), api_token.as_str(), "PRIVATE KEY"] {
        ensure!(secret.len() >= 8, "no secret: {secret:?}");
        let shows = said.iter().find(|text| text.contains(secret));
        ensure!(shows.is_none(), "{shows:?} shows a secret");
    }
    Ok(())
}

#[test]
fn nobody_else_can_read_what_agent_and_portal_keep() -> Result<()> {
    let scene = Scene::new()?;
    scene.cloud_connected("private")?;
    scene.agent.ask(&["request", "--out", &as_text(&scene.folder.join("sensor.request"))?])?;
    let mut keys = 0;
    for path in [files_below(&scene.agent.state())?, files_below(scene.portal.data())?].concat() {
        // What only the public needs to know may be public.
        let public = [".pem", ".root", "portal.json", "people-address", "lock", "appliance-id"];
        let name = as_text(&path)?;
        if public.iter().any(|end| name.ends_with(end)) && !name.ends_with("key.pem") {
            continue;
        }
        let mode = fs::metadata(&path)?.permissions().mode();
        ensure!(mode & 0o077 == 0, "{name}: {:o}", mode & 0o777);
        keys += u32::from(fs::read(&path)?.windows(11).any(|window| window == b"PRIVATE KEY"));
    }
    ensure!(keys >= 4, "only {keys} keys were met");
    Ok(())
}
