//! A forgotten admin password: the portal signs a recovery document for this appliance and this nonce; the agent verifies
//! and uses it up; then there is a new password, shown once.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use maud::html;
use picket_look::{Definitions, Field, FieldKind, Form, copyable, primary};
use picket_protocol::{
    local_api::{RecoveryGrant, RecoveryStart, routes},
    refusal::Problem,
};

use crate::{
    accounts::{PersonName, hash::PasswordHash, password::NewPassword},
    agent::NoAnswer,
    clock,
    console::Shared,
    guard::{Unsigned, forms::Nothing, signed_in::From},
    page::{Failed, Page},
    parts, refused,
    texts::{account as texts, first_sign_in},
    uploads,
};

const PATH: &str = "/recovery";
const BEGIN: &str = "/recovery/begin";

pub(super) async fn form(State(console): State<Shared>) -> Result<Response, Failed> {
    if console.accounts.is_empty() {
        return Ok(Redirect::to("/first-sign-in").into_response());
    }
    // Looking draws no nonce.
    let form = Form { action: BEGIN, csrf: "", multipart: false, fields: html! {}, buttons: primary(texts::BEGIN) };
    let body = html! { p { (texts::RECOVERY_LEAD) } (form) };
    Ok(Page::new(texts::RECOVERY, body).stacked().under("/sign-in", texts::SIGN_IN).into_response())
}

pub(super) async fn begin(
    State(console): State<Shared>,
    Unsigned(Nothing {}): Unsigned<Nothing>,
) -> Result<Page, Failed> {
    page(&console, None).await
}

pub(super) async fn redeem(
    State(console): State<Shared>,
    From(address): From,
    request: Request,
) -> Result<Response, Failed> {
    let Some(name) = console.accounts.first_admin() else { return Ok(Redirect::to("/first-sign-in").into_response()) };
    let document = uploads::unsigned(request, &console).await?;
    if document.is_empty() {
        let problem = refused::problem(&first_sign_in::NO_FILE, vec![]);
        return Ok(page(&console, Some(&problem)).await?.into_response());
    }
    // The agent has used the nonce up, durably, before it answers: the document is worth nothing a second time.
    let grant = match console.agent.post_file_unnamed(routes::RECOVERY_REDEEM, document).await {
        Err(NoAnswer::Refused(problem)) => return Ok(page(&console, Some(&problem)).await?.into_response()),
        granted => granted?,
    };
    let grant: RecoveryGrant = serde_json::from_slice(&grant).map_err(NoAnswer::NotUnderstood)?;
    let password = new_password(&console, &name).await?;
    tracing::warn!(%address, person = %name, decided_by = grant.decided_by, "the admin's password was recovered");
    Ok(shown_once(&name, &password, &grant).into_response())
}

async fn new_password(console: &Shared, name: &PersonName) -> Result<NewPassword, Failed> {
    let (console, name) = (Shared::clone(console), name.clone());
    let changed = tokio::task::spawn_blocking(move || {
        let password = NewPassword::generated();
        console.accounts.set_password(&name, PasswordHash::of(password.expose()), clock::wall())?;
        console.sessions.end_all(&name, None);
        Ok(password)
    });
    changed.await.map_err(|_| refused::storage("the task ended"))?.map_err(|error| refused::accounts(&error))
}

async fn page(console: &Shared, problem: Option<&Problem>) -> Result<Page, Failed> {
    let start = console.agent.post_unnamed(routes::RECOVERY, &serde_json::Map::new()).await?;
    let start: RecoveryStart = serde_json::from_slice(&start).map_err(NoAnswer::NotUnderstood)?;
    let fields = html! { (Field::of("file", texts::RECOVERY_FILE, FieldKind::File { accept: ".recovery" })) };
    let form = Form { action: PATH, csrf: "", multipart: true, fields, buttons: primary(texts::RECOVER) };
    let body = html! {
        @if let Some(problem) = problem { (parts::refusal(problem)) }
        p { (texts::RECOVERY_BEGUN) }
        (Definitions::new()
            .with(texts::APPLIANCE, copyable(&start.appliance.to_string(), texts::APPLIANCE))
            .with(texts::NONCE, copyable(&start.nonce.to_string(), texts::NONCE)))
        (form)
    };
    let status = problem.and_then(|problem| StatusCode::from_u16(problem.status).ok()).unwrap_or(StatusCode::OK);
    Ok(Page::new(texts::RECOVERY, body).stacked().with_status(status).under("/sign-in", texts::SIGN_IN))
}

fn shown_once(name: &PersonName, password: &NewPassword, grant: &RecoveryGrant) -> Page {
    let body = html! {
        p { (texts::RECOVERED) }
        (Definitions::new()
            .with(texts::NAME, name.as_str())
            .with(texts::NEW_PASSWORD, copyable(password.expose(), texts::NEW_PASSWORD))
            .with(texts::DECIDED_BY, grant.decided_by.as_str()))
        p { a class="button primary" href="/sign-in" { (texts::SIGN_IN) } }
    };
    Page::new(texts::RECOVERY_DONE, body).stacked()
}
