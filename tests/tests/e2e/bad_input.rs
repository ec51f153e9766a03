//! Files that must not be believed, or not here, or not any more. Each is refused with its code and changes nothing.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Barrier},
    thread,
};

use anyhow::{Context, Result, ensure};
use picket_tests::{
    LocalApi, Scene,
    scene::{as_text, decided, proved},
};

const UPLOAD: &str = "/v1/activation";

/// Uploads what must be refused, and returns the code.
fn refused(socket: &Path, file: &[u8]) -> Result<String> {
    let answer = LocalApi::connect(socket)?.ask("POST", UPLOAD, file)?;
    let code = answer.code().with_context(|| format!("not refused: {} {}", answer.status, answer.body))?;
    ensure!((400..500).contains(&answer.status), "{code} came with status {}", answer.status);
    Ok(code.to_owned())
}

#[test]
fn every_flipped_bit_and_every_truncation_is_refused_and_changes_nothing() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.locally_managed("flipped")?;
    // The sensor holds the roots in this file by now, so that a flip in them is one in what it holds already.
    let file = fs::read(scene.reissue(&sensor.id, &["--mode", "cloud-connected"])?)?;
    let before = decided(&scene.agent.status()?)?;
    let socket = scene.agent.socket();
    let mut codes = BTreeMap::<String, u32>::new();
    for bit in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let code = refused(&socket, &flipped).with_context(|| format!("bit {bit}"))?;
        *codes.entry(code).or_default() += 1;
    }
    for size in 0..file.len() {
        refused(&socket, &file[..size]).with_context(|| format!("the first {size} bytes"))?;
    }
    ensure!(codes.contains_key("activation.bad-signature"), "no flip reached the signature: {codes:?}");
    ensure!(decided(&scene.agent.status()?)? == before, "a damaged file changed something");
    ensure!(LocalApi::connect(&socket)?.ask("POST", UPLOAD, &file)?.status == 202, "the file itself is good");
    Ok(())
}

#[test]
fn a_file_for_another_appliance_is_refused() -> Result<()> {
    let scene = Scene::new()?;
    let mut other = scene.another_sensor("other")?;
    other.start()?;
    let appliance = picket_lab::portal::text(&other.status()?, "appliance")?;
    let sensor = scene.onboard("bound", &["--mode", "locally-managed", "--bind-appliance", &appliance])?;
    let code = scene.agent.refuses(&["activate", &as_text(&sensor.file)?])?;
    ensure!(code == "activation.wrong-appliance", "{code}");
    ensure!(scene.agent.status()?["state"] == "unactivated", "a file for another appliance was believed");
    ensure!(other.activate(&sensor.file)?["outcome"] == "committed", "the right appliance refuses it");
    Ok(())
}

#[test]
fn a_file_for_another_key_is_refused() -> Result<()> {
    let scene = Scene::new()?;
    let mut other = scene.another_sensor("other")?;
    other.start()?;
    let request = scene.path("sensor.request")?;
    other.ask(&["request", "--out", &request])?;
    let sensor = scene.onboard("bound-to-key", &["--mode", "cloud-connected", "--bind-request", &request])?;
    let code = scene.agent.refuses(&["activate", &as_text(&sensor.file)?])?;
    ensure!(code == "activation.wrong-key", "{code}");
    ensure!(scene.agent.status()?["state"] == "unactivated", "a file for another key was believed");
    other.activate(&sensor.file)?;
    proved(&other, "cloud-connected")?;
    Ok(())
}

#[test]
fn a_file_claimed_by_another_sensor_is_refused_by_the_portal() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("claimed")?;
    let mut second = scene.another_sensor("second")?;
    second.start()?;
    second.activate(&sensor.file)?;
    let status = second.until("the portal refused", |status| {
        status["active"]["proof"]["identity"]["problem"]["code"] == "portal.already-used"
    })?;
    ensure!(status["upstream"]["link"] != "connected", "{status}");
    ensure!(scene.agent.status()?["upstream"]["link"] == "connected", "the first one lost its place");
    let alarms = scene.portal.ask(&["alarm", "list", "--open"])?;
    ensure!(alarms["alarms"][0]["sensor"] == sensor.id.as_str(), "the portal raised no alarm: {alarms}");
    Ok(())
}

#[test]
fn a_voided_file_is_refused_by_the_portal() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.onboard("voided", &["--mode", "cloud-connected"])?;
    scene.portal.download(&sensor.id, &scene.folder.join("newer.activation"))?;
    scene.agent.activate(&sensor.file)?;
    scene.agent.until("the portal refused", |status| {
        status["active"]["proof"]["identity"]["problem"]["code"] == "portal.voided"
    })?;
    scene.agent.activate(&scene.folder.join("newer.activation"))?;
    proved(&scene.agent, "cloud-connected")?;
    Ok(())
}

#[test]
fn an_older_serial_is_refused() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.onboard("older", &["--mode", "locally-managed"])?;
    let older = fs::read(&sensor.file)?;
    let newer = scene.portal.download(&sensor.id, &scene.folder.join("newer.activation"))?;
    scene.agent.activate(&newer)?;
    let before = decided(&scene.agent.status()?)?;
    let code = refused(&scene.agent.socket(), &older)?;
    ensure!(code == "activation.older-than-active", "{code}");
    ensure!(decided(&scene.agent.status()?)? == before, "an older file changed something");
    Ok(())
}

#[test]
fn an_upload_of_100_mib_is_refused_without_being_kept() -> Result<()> {
    const PIECE: usize = 1024 * 1024;
    let mut scene = Scene::new()?;
    let before = memory_kib(&scene)?;
    let mut api = LocalApi::connect(&scene.agent.socket())?;
    api.send_head("POST", UPLOAD, 100 * PIECE)?;
    let piece = vec![0x5a; PIECE];
    // It may stop reading at any time; what it says counts.
    for _ in 0..100 {
        if !api.send_piece(&piece) {
            break;
        }
    }
    let answer = api.answer()?;
    ensure!(answer.status == 413 && answer.code() == Some("activation.too-large"), "{answer:?}");
    let grown = memory_kib(&scene)?.saturating_sub(before);
    ensure!(grown < 8 * 1024, "the agent grew by {grown} KiB");
    scene.agent.program()?.must_run()
}

fn memory_kib(scene: &Scene) -> Result<u64> {
    let mut scene_agent = fs::read_dir("/proc")?.filter_map(Result::ok).map(|entry| entry.path());
    let socket = scene.agent.configuration();
    let path = scene_agent
        .find(|path| {
            fs::read(path.join("cmdline")).is_ok_and(|line| {
                let line = String::from_utf8_lossy(&line).into_owned();
                line.contains("picket-agent") && line.contains(&*socket.to_string_lossy())
            })
        })
        .context("the agent has no process")?;
    let status = fs::read_to_string(path.join("status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

#[test]
fn of_many_uploads_at_once_the_highest_serial_wins_and_the_rest_have_a_reason() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.onboard("crowded", &["--mode", "locally-managed"])?;
    let mut files = Vec::new();
    for number in 0..8 {
        files.push(fs::read(scene.portal.download(&sensor.id, &scene.folder.join(&format!("{number}.activation")))?)?);
    }
    let socket = scene.agent.socket();
    let start = Arc::new(Barrier::new(files.len()));
    let uploads: Vec<_> = files
        .iter()
        .cloned()
        .map(|file| {
            let (start, socket) = (start.clone(), socket.clone());
            thread::spawn(move || -> Result<(u16, Option<String>)> {
                let mut api = LocalApi::connect(&socket)?;
                start.wait();
                let answer = api.ask("POST", UPLOAD, &file)?;
                Ok((answer.status, answer.code().map(str::to_owned)))
            })
        })
        .collect();
    for upload in uploads {
        let (status, code) = upload.join().expect("an upload does not panic")?;
        let allowed = ["activation.busy", "activation.older-than-active"];
        ensure!(status == 202 || code.as_deref().is_some_and(|code| allowed.contains(&code)), "{status} {code:?}");
    }
    let answer = LocalApi::connect(&socket)?.ask("POST", UPLOAD, files.last().context("files")?)?;
    ensure!(answer.status == 202, "the newest file is refused: {}", answer.body);
    ensure!(scene.agent.status()?["state"] == "active", "nothing came into force");
    Ok(())
}

#[test]
fn armoured_text_with_windows_line_ends_is_accepted() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.onboard("pasted", &["--mode", "locally-managed"])?;
    let path = scene.path("pasted.txt")?;
    scene.portal.ask(&["sensor", "activation-file", &sensor.id, "--out", &path, "--armour"])?;
    let text = fs::read_to_string(&path)?.replace('\n', "\r\n");
    let answer = LocalApi::connect(&scene.agent.socket())?.ask("POST", UPLOAD, text.as_bytes())?;
    ensure!(answer.status == 202, "{}", answer.body);
    Ok(())
}
