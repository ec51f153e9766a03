//! The last step: import a certificate, or keep the self-signed one by a decision.

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use maud::html;
use picket_look::{Form, secondary};

use super::{At, CERTIFICATE, KEEP, page};
use crate::{
    console::Shared,
    guard::{Changing, SignedIn, forms::Nothing, host::Host},
    page::{Failed, Page},
    pages::certificate::{import_form, imported, in_use},
    refused,
    texts::first_sign_in as texts,
    uploads::Upload,
};

pub(super) async fn form(State(console): State<Shared>, by: SignedIn, host: Host) -> Result<Page, Failed> {
    by.as_admin()?;
    Ok(show(&console, &by, &host))
}

pub(super) async fn import(State(console): State<Shared>, host: Host, upload: Upload) -> Result<Response, Failed> {
    if let Err(problem) = imported(&console, &upload).await? {
        let content = html! { (crate::parts::refusal(&problem)) (import_form(&upload.by, CERTIFICATE, &host)) };
        return Ok(page(At::Certificate, content).with_status(refused::page(&problem).status).into_response());
    }
    settle(&console)
}

pub(super) async fn keep(
    State(console): State<Shared>,
    Changing { by, .. }: Changing<Nothing>,
) -> Result<Response, Failed> {
    tracing::info!(person = %by.name, "the self-signed certificate is kept");
    settle(&console)
}

fn settle(console: &Shared) -> Result<Response, Failed> {
    console.notes.settle_certificate().map_err(|error| refused::storage(&error.to_string()))?;
    Ok(Redirect::to("/").into_response())
}

fn show(console: &Shared, by: &SignedIn, host: &Host) -> Page {
    let keep =
        Form { action: KEEP, csrf: &by.csrf, multipart: false, fields: html! {}, buttons: secondary(texts::KEEP) };
    let content = html! {
        (import_form(by, CERTIFICATE, host))
        p { (texts::KEEP_LEAD) }
        (in_use(console))
        (keep)
    };
    page(At::Certificate, content)
}
