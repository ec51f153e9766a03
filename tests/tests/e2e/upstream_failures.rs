//! What a plant's network does to a sensor: each failure has its own name, and what is in force stays.

use std::{
    fs,
    sync::{Arc, atomic::AtomicUsize},
};

use anyhow::{Result, ensure};
use picket_lab::{Agent, Settings};
use picket_tests::{
    Scene,
    faults::{Authority, Login, Proxy, Reply, Server, Trick, black_hole, closed_port, hangs_up},
    scene::{decided, proved},
};
use serde_json::Value;

/// Sets a proxy at the agent.
fn set_proxy(scene: &Scene, url: &str, login: Option<(&str, &str)>) -> Result<()> {
    let Some((user, password)) = login else {
        return scene.agent.ask(&["proxy", "set", url]).map(drop);
    };
    let file = scene.path("proxy-password")?;
    fs::write(&file, password)?;
    scene.agent.ask(&["proxy", "set", url, "--user", user, "--password-file", &file]).map(drop)
}

/// Waits until the upstream's problem has this code.
fn until_problem(agent: &Agent, code: &str) -> Result<Value> {
    agent.until(&format!("the upstream's problem is {code}"), |status| status["upstream"]["problem"]["code"] == code)
}

/// Uploads a file with this hub, and waits until the hub's problem has this code.
fn hub_problem(url: &str, authority: &Authority, code: &str) -> Result<Value> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("hub")?;
    let before = decided(&scene.agent.status()?)?;
    authority.write(&scene.folder.join("hub-ca.pem"))?;
    let file = scene.reissue(&sensor.id, &["--hub-url", url, "--hub-ca", &scene.path("hub-ca.pem")?])?;
    scene.agent.activate(&file)?;
    let status = scene.agent.until(&format!("the hub's problem is {code}"), |status| {
        status["candidate"]["proof"]["hub"]["problem"]["code"] == code
    })?;
    ensure!(status["epoch"] == before["epoch"] && status["active"] == before["active"], "{status}");
    Ok(status["candidate"]["proof"]["hub"]["problem"].clone())
}

#[test]
fn a_portal_that_is_down_is_refused_and_comes_back() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.cloud_connected("outage")?;
    let before = decided(&scene.agent.status()?)?;
    scene.portal.kill();
    let status = until_problem(&scene.agent, "endpoint.refused")?;
    ensure!(status["upstream"]["link"] == "retrying", "{status}");
    ensure!(decided(&status)? == before, "an outage changed something");
    scene.portal.start()?;
    scene.agent.until("it is connected", |status| status["upstream"]["link"] == "connected")?;
    Ok(())
}

#[test]
fn a_server_under_another_ca_is_untrusted_and_its_issuer_named() -> Result<()> {
    let authority = Authority::new("Another CA")?;
    let impostor = Server::start(&authority, Reply::status(200))?;
    let problem = hub_problem(&impostor.url(), &Authority::new("The hub's CA")?, "endpoint.tls-untrusted")?;
    ensure!(problem.to_string().contains("Another CA"), "the issuer seen is not named: {problem}");
    ensure!(impostor.asked().is_empty(), "an untrusted server was sent a request");
    Ok(())
}

#[test]
fn a_hub_whose_port_answers_and_that_is_no_hub_proves_nothing() -> Result<()> {
    let authority = Authority::new("The hub's CA")?;
    let server = Server::start(&authority, Reply::status(503))?;
    let problem = hub_problem(&server.url(), &authority, "endpoint.http")?;
    ensure!(problem.to_string().contains("503"), "{problem}");
    ensure!(server.asked().iter().any(|line| line.starts_with("POST ")), "the hub was never asked");
    Ok(())
}

#[test]
fn a_hub_that_hangs_up_proves_nothing() -> Result<()> {
    let url = format!("https://127.0.0.1:{}", hangs_up()?);
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("hung-up")?;
    Authority::new("The hub's CA")?.write(&scene.folder.join("hub-ca.pem"))?;
    let file = scene.reissue(&sensor.id, &["--hub-url", &url, "--hub-ca", &scene.path("hub-ca.pem")?])?;
    scene.agent.activate(&file)?;
    let status =
        scene.agent.until("the hub failed", |status| status["candidate"]["proof"]["hub"]["step"] == "failed")?;
    ensure!(status["epoch"] == 1, "{status}");
    Ok(())
}

#[test]
fn a_hub_that_never_answers_times_out() -> Result<()> {
    let url = format!("https://127.0.0.1:{}", black_hole()?);
    hub_problem(&url, &Authority::new("The hub's CA")?, "endpoint.timeout").map(drop)
}

#[test]
fn a_hub_whose_name_does_not_resolve_is_told_as_dns() -> Result<()> {
    hub_problem("https://no-such-host.invalid", &Authority::new("The hub's CA")?, "endpoint.dns").map(drop)
}

#[test]
fn a_proxy_that_inspects_tls_is_named_and_told_nothing() -> Result<()> {
    let scene = Scene::new()?;
    scene.cloud_connected("inspected")?;
    let before = decided(&scene.agent.status()?)?;
    let authority = Arc::new(Authority::new("Plant Firewall Inspection")?);
    let proxy = Proxy::http(Login::None, Trick::Intercept(authority))?;
    set_proxy(&scene, &format!("http://127.0.0.1:{}", proxy.port()), None)?;
    let status = until_problem(&scene.agent, "endpoint.tls-untrusted")?;
    let problem = status["upstream"]["problem"].to_string();
    ensure!(problem.contains("Plant Firewall Inspection"), "the inspector is not named: {problem}");
    ensure!(status["active"] == before["active"], "an inspector changed something");
    scene.agent.ask(&["proxy", "clear"])?;
    scene.agent.until("it is connected again", |status| status["upstream"]["link"] == "connected")?;
    Ok(())
}

#[test]
fn a_proxy_that_wants_a_password_gets_it_or_is_told_so() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.onboard("behind-a-proxy", &["--mode", "cloud-connected"])?;
    let proxy = Proxy::http(Login::Basic("plant", "correct horse"), Trick::None)?;
    let url = format!("http://127.0.0.1:{}", proxy.port());
    set_proxy(&scene, &url, None)?;
    scene.agent.activate(&sensor.file)?;
    until_problem(&scene.agent, "endpoint.proxy-auth-required")?;
    set_proxy(&scene, &url, Some(("plant", "wrong")))?;
    until_problem(&scene.agent, "endpoint.proxy-auth-required")?;
    ensure!(proxy.passed() == 0, "a wrong password was let through");
    set_proxy(&scene, &url, Some(("plant", "correct horse")))?;
    proved(&scene.agent, "cloud-connected")?;
    ensure!(proxy.passed() > 0, "the sensor went around the proxy");
    let diagnosis = scene.agent.ask(&["diagnose"])?.to_string();
    ensure!(!diagnosis.contains("correct horse"), "the diagnosis shows the proxy's password");
    Ok(())
}

#[test]
fn proxy_credentials_that_nobody_wants_are_pointed_out() -> Result<()> {
    let scene = Scene::new()?;
    scene.cloud_connected("too-open")?;
    let proxy = Proxy::http(Login::None, Trick::None)?;
    set_proxy(&scene, &format!("http://127.0.0.1:{}", proxy.port()), Some(("plant", "not needed")))?;
    let output = scene.agent.run(&["check"])?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(said.contains("endpoint.proxy-credentials-unneeded"), "{said}");
    Ok(())
}

#[test]
fn a_socks_proxy_carries_everything() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.onboard("by-socks", &["--mode", "cloud-connected"])?;
    let proxy = Proxy::socks()?;
    set_proxy(&scene, &format!("socks5://127.0.0.1:{}", proxy.port()), None)?;
    scene.agent.activate(&sensor.file)?;
    proved(&scene.agent, "cloud-connected")?;
    ensure!(proxy.passed() > 0, "the sensor went around the proxy");
    Ok(())
}

#[test]
fn a_dead_proxy_is_told_apart_from_a_dead_portal() -> Result<()> {
    let scene = Scene::new()?;
    scene.cloud_connected("no-proxy")?;
    set_proxy(&scene, &format!("http://127.0.0.1:{}", closed_port()?), None)?;
    until_problem(&scene.agent, "endpoint.proxy-unreachable")?;
    Ok(())
}

#[test]
fn lost_answers_raise_no_clone_alarm() -> Result<()> {
    let scene = Scene::with(&Settings::default())?;
    let sensor = scene.cloud_connected("lossy")?;
    let proxy = Proxy::http(Login::None, Trick::LoseAnswers(Arc::new(AtomicUsize::new(4))))?;
    set_proxy(&scene, &format!("http://127.0.0.1:{}", proxy.port()), None)?;
    let answered = |status: &Value| status["upstream"]["answered"].as_u64().unwrap_or_default();
    scene.agent.until("an answer was lost", |status| status["upstream"]["link"] == "retrying")?;
    let before = answered(&scene.agent.status()?);
    scene.agent.until("heartbeats go on", |status| answered(status) >= before + 3)?;
    let alarms = scene.portal.ask(&["alarm", "list", "--open"])?;
    ensure!(alarms["alarms"].as_array().is_some_and(Vec::is_empty), "{alarms}");
    let shown = scene.portal.sensor(&sensor.id)?;
    ensure!(shown["health"] != "possible-clone" && shown["health"] != "restored", "{shown}");
    Ok(())
}
