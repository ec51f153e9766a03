//! Registers sensors and downloads their files, by the people's API, as a program would that a fleet is onboarded with.

use std::{cell::RefCell, fs, rc::Rc, time::Instant};

use anyhow::{Context, Result, ensure};
use picket_lab::Portal;
use picket_tests::http::Exchange;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Connections that are kept.
const AT_ONCE: usize = 16;

/// An activation file for each of so many new sensors.
pub(crate) async fn files(portal: &Portal, sensors: usize) -> Result<Vec<Vec<u8>>> {
    let start = Instant::now();
    let address: Rc<str> = fs::read_to_string(portal.data().join("people-address"))?.trim().into();
    let token: Rc<str> = fs::read_to_string(portal.data().join("api-token"))?.trim().into();
    let (numbers, files) = (Rc::new(RefCell::new(0..sensors)), Rc::new(RefCell::new(Vec::new())));
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (address, token) = (Rc::clone(&address), Rc::clone(&token));
            let (numbers, files) = (Rc::clone(&numbers), Rc::clone(&files));
            tokio::task::spawn_local(async move {
                let mut api = Exchange::over(TcpStream::connect(&*address).await?, &address);
                loop {
                    let Some(number) = numbers.borrow_mut().next() else { return anyhow::Ok(()) };
                    let file = onboard(&mut api, &token, number).await?;
                    files.borrow_mut().push(file);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    println!("onboarded in {:.1} s", start.elapsed().as_secs_f64());
    Ok(files.take())
}

async fn onboard(api: &mut Exchange<TcpStream>, token: &str, number: usize) -> Result<Vec<u8>> {
    let headers = format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
    let mode = json!({ "mode": "cloud-connected", "hub": null, "automatic_ti": false });
    let registration = json!({ "name": format!("sensor-{number}"), "subscription": "Plant", "mode": mode });
    let (status, answer) = api.post("/api/v1/sensors", &headers, registration.to_string().as_bytes()).await?;
    ensure!((200..300).contains(&status), "{status} {}", String::from_utf8_lossy(&answer));
    let sensor: Value = serde_json::from_slice(&answer)?;
    let id = sensor["id"].as_str().context("no id")?;
    let (status, file) = api.post(&format!("/api/v1/sensors/{id}/activation-file"), &headers, b"").await?;
    ensure!((200..300).contains(&status), "{status} {}", String::from_utf8_lossy(&file));
    Ok(file)
}
