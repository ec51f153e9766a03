//! `picketctl request`: writes a signed request, which carries this sensor's public key and appliance id.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use picket_protocol::local_api::routes;
use serde::Serialize;

use super::{client::Client, failure::Failure, files, screen::Screen};

#[derive(Serialize)]
struct Written<'a> {
    path: &'a Path,
    /// The document, base64.
    request: String,
}

pub(super) fn run(out: &Path, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer = agent.post(routes::REQUEST)?;
    let to_stdout = out == Path::new("-");
    if !(to_stdout && screen.is_json()) {
        files::write(out, &answer.body)?;
    }
    if screen.json_value(&Written { path: out, request: STANDARD.encode(&answer.body) })? || to_stdout {
        return Ok(());
    }
    screen.line(&format!("The request is in {}.", out.display()))?;
    screen.line("Give it to the portal when it registers this sensor: its activation file then fits this sensor only.")
}
