//! Trust, while the store is empty: the fingerprint in the file, whose end the admin types as the portal shows it.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use maud::{Markup, html};
use picket_look::{Definitions, Field, Form, identifier, primary};
use picket_protocol::{
    local_api::{SensorState, TrustConfirmation, VerifyAnswer, routes},
    refusal::Problem,
};
use serde::Deserialize;

use super::{ACTIVATION, At, CONFIRM, PREVIEW, TRUST, activation, page};
use crate::{
    agent::NoAnswer,
    console::{Console, Shared},
    guard::{Changing, SignedIn},
    page::{Failed, Page},
    parts, refused,
    texts::first_sign_in as texts,
    uploads::{Held, Upload},
};

/// What the agent says to a file while it trusts nobody.
const NO_TRUST_ROOT: &str = "activation.no-trust-root";
/// Characters of the fingerprint that are left to the person.
const LEFT_OUT: usize = 16;

#[derive(Debug, Deserialize)]
pub(super) struct Compared {
    digest: String,
    characters: String,
}

pub(super) async fn form(State(console): State<Shared>, by: SignedIn) -> Result<Response, Failed> {
    by.as_admin()?;
    if !is_due(&by)? {
        return Ok(Redirect::to(ACTIVATION).into_response());
    }
    let Some(held) = &by.session.held else { return Ok(ask_for_file(&by, None).into_response()) };
    let answer = match fingerprint(&console, held.file()).await? {
        Ok(fingerprint) => ask_for_end(&by, held, &fingerprint, None),
        Err(problem) => ask_for_file(&by, Some(&problem)),
    };
    Ok(answer.into_response())
}

pub(super) async fn upload(State(console): State<Shared>, upload: Upload) -> Result<Response, Failed> {
    if upload.file.is_empty() {
        let problem = refused::problem(&texts::NO_FILE, vec![]);
        return Ok(ask_for_file(&upload.by, Some(&problem)).into_response());
    }
    if let Err(problem) = fingerprint(&console, upload.file.clone()).await? {
        return Ok(ask_for_file(&upload.by, Some(&problem)).into_response());
    }
    console.sessions.hold(upload.by.session_id(), Some(Held::new(upload.file)));
    Ok(Redirect::to(TRUST).into_response())
}

pub(super) async fn confirm(
    State(console): State<Shared>,
    Changing { by, form }: Changing<Compared>,
) -> Result<Response, Failed> {
    let held = by.session.held.as_ref();
    let Some((held, file)) = held.and_then(|held| Some((held, held.file_of(&form.digest)?))) else {
        return Err(refused::problem(&texts::FILE_CHANGED, vec![]).into());
    };
    let confirmation = TrustConfirmation { file: STANDARD.encode(&file), characters: form.characters };
    match console.agent.by(&by.name).post_json(routes::TRUST_CONFIRM, &confirmation).await {
        Ok(_) => Ok(Redirect::to(PREVIEW).into_response()),
        Err(NoAnswer::Refused(problem)) => {
            let answer = match fingerprint(&console, file).await? {
                Ok(fingerprint) => ask_for_end(&by, held, &fingerprint, Some(&problem)),
                Err(_) => ask_for_file(&by, Some(&problem)),
            };
            Ok(answer.into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn is_due(by: &SignedIn) -> Result<bool, Failed> {
    let status = by.status()?;
    Ok(!status.trusted && matches!(status.state, SensorState::Unactivated))
}

/// The fingerprint of the root that the file is signed under, or why the file is worth nothing here.
async fn fingerprint(console: &Console, file: Bytes) -> Result<Result<String, Box<Problem>>, Failed> {
    match console.agent.ask_about::<VerifyAnswer>(routes::VERIFY, file).await {
        Ok(answer) => Ok(Ok(answer.trust_root.to_string())),
        Err(NoAnswer::Refused(problem)) if problem.code == NO_TRUST_ROOT => {
            let found = problem.found.first().map(|found| found.value.clone());
            Ok(found.ok_or(problem))
        }
        Err(NoAnswer::Refused(problem)) => Ok(Err(problem)),
        Err(error) => Err(error.into()),
    }
}

fn ask_for_file(by: &SignedIn, problem: Option<&Problem>) -> Page {
    let content = html! {
        @if let Some(problem) = problem { (parts::refusal(problem)) }
        p { (texts::TRUST_LEAD) }
        (activation::file_form(by, TRUST))
    };
    page(At::Trust, content).with_status(status_of(problem))
}

fn ask_for_end(by: &SignedIn, held: &Held, fingerprint: &str, problem: Option<&Problem>) -> Page {
    let fields = html! {
        input type="hidden" name="digest" value=(held.digest());
        (Field {
            help: texts::CHARACTERS_HELP, max_length: 80, ..Field::text("characters", texts::CHARACTERS)
        })
    };
    let content = html! {
        @if let Some(problem) = problem { (parts::refusal(problem)) }
        (Definitions::new().with(texts::FINGERPRINT, without_end(fingerprint)))
        p { (texts::TRUST_LOOK) }
        (Form { action: CONFIRM, csrf: &by.csrf, multipart: false, fields, buttons: primary(texts::COMPARE) })
        details { summary { (texts::OTHER_FILE) } (activation::file_form(by, TRUST)) }
    };
    page(At::Trust, content).with_status(status_of(problem))
}

/// With its end on the page, people would copy it from there instead of comparing.
fn without_end(fingerprint: &str) -> Markup {
    let shown: String = fingerprint.chars().take(fingerprint.chars().count().saturating_sub(LEFT_OUT)).collect();
    identifier(&format!("{shown}{}", "·".repeat(LEFT_OUT)))
}

fn status_of(problem: Option<&Problem>) -> StatusCode {
    problem.and_then(|problem| StatusCode::from_u16(problem.status).ok()).unwrap_or(StatusCode::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_fingerprint_is_not_on_the_page() {
        let fingerprint = "0123456789abcdef".repeat(4);
        let shown = without_end(&fingerprint).into_string();
        assert!(shown.contains(&fingerprint[..48]) && !shown.contains(&fingerprint[..49]), "{shown}");
    }
}
