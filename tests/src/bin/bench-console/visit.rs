//! What a first visit weighs, from the typed address to Overview, by a browser that has nothing of this console yet.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use picket_lab::person::{NAME, PASSWORD};

use picket_tests::{Visitor, visitor::Answer};

use crate::stage::Stage;

/// KiB of TCP's payload both ways: one handshake, `/`, the sign-in page, all that pages load, the sign-in, Overview.
pub(crate) fn measure(stage: &Stage) -> Result<f64> {
    let mut client = stage.visitor()?;
    let mut table = vec![];
    let mut loaded = BTreeSet::new();
    let mut page = visit(&mut client, "/", &mut table)?;
    ensure!(page.status == 303, "a stranger is not led to the sign-in");
    page = visit(&mut client, "/sign-in", &mut table)?;
    load(&mut client, &page.body, &mut loaded, &mut table)?;
    let before = client.bytes();
    let answer = client.post("/sign-in", &[("name", NAME), ("password", PASSWORD)])?;
    table.push(("POST /sign-in".to_owned(), client.bytes() - before));
    ensure!(answer.status == 303, "the sign-in was answered {}", answer.status);
    page = visit(&mut client, "/", &mut table)?;
    ensure!(page.status == 200, "Overview was answered {}", page.status);
    load(&mut client, &page.body, &mut loaded, &mut table)?;
    for (what, bytes) in &table {
        println!("{bytes:>8} bytes  {what}");
    }
    let handshake = client.bytes() - table.iter().map(|(_, bytes)| bytes).sum::<usize>();
    ensure!(handshake == 0, "{handshake} bytes belong to nothing");
    #[expect(clippy::cast_precision_loss, reason = "KiB are printed to two digits")]
    let kibibytes = client.bytes() as f64 / 1024.0;
    Ok(kibibytes)
}

/// The first one has the handshake in it.
fn visit(client: &mut Visitor, path: &str, table: &mut Vec<(String, usize)>) -> Result<Answer> {
    let before = client.bytes();
    let answer = client.get(path)?;
    let handshake = if before == 0 { ", and the handshake" } else { "" };
    table.push((format!("GET {path}{handshake}"), client.bytes() - before));
    Ok(answer)
}

/// What the page loads and no page before it did: everything is under this prefix, as the content security policy has it.
fn load(
    client: &mut Visitor,
    page: &str,
    loaded: &mut BTreeSet<String>,
    table: &mut Vec<(String, usize)>,
) -> Result<()> {
    for rest in page.split("\"/assets/").skip(1) {
        let path = format!("/assets/{}", rest.split(['"', '#']).next().unwrap_or_default());
        if loaded.insert(path.clone()) {
            let answer = visit(client, &path, table)?;
            ensure!(answer.status == 200, "{path} was answered {}", answer.status);
        }
    }
    Ok(())
}
