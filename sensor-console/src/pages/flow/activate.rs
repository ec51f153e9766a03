//! Activates the file that was previewed: those bytes, and no others.

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use picket_protocol::local_api::{ActivationAnswer, PeopleDeed, routes};
use serde::Deserialize;

use super::PROGRESS;
use crate::{
    audit::deed,
    clock,
    console::{Console, Shared},
    first_sign_in::{Terms, vendor_terms},
    guard::{Changing, SignedIn},
    page::Failed,
    pages::brought,
    refused,
    texts::first_sign_in as texts,
};

#[derive(Debug, Deserialize)]
pub(super) struct Order {
    digest: String,
    #[serde(default)]
    terms: String,
}

pub(super) async fn activate(
    State(console): State<Shared>,
    Changing { by, form }: Changing<Order>,
) -> Result<Response, Failed> {
    let held = by.session.held.as_ref();
    let Some((held, file)) = held.and_then(|held| Some((held, held.file_of(&form.digest)?))) else {
        return Err(refused::problem(&texts::FILE_CHANGED, vec![]).into());
    };
    accept_terms(&console, &by, &form.terms).await?;
    let path = brought::route(routes::ACTIVATION, held);
    let _: ActivationAnswer = console.agent.by(&by.name).post_file(&path, file).await?;
    console.sessions.hold(by.session_id(), None);
    Ok(Redirect::to(PROGRESS).into_response())
}

/// Where the vendor has terms, they are accepted before, and who did is noted.
async fn accept_terms(console: &Console, by: &SignedIn, ticked: &str) -> Result<(), Failed> {
    let Some(terms) = vendor_terms::read(&console.settings.terms_file) else { return Ok(()) };
    if ticked != "yes" {
        return Err(refused::problem(&texts::TERMS_NOT_ACCEPTED, vec![]).into());
    }
    let accepted = Terms { digest: terms.digest, by: by.name.clone(), at: clock::wall() };
    let record = deed(PeopleDeed::TermsAccepted, format!("SHA-256 {}", accepted.digest));
    console.audit.before(&by.name, &record).await?;
    tracing::info!(person = %by.name, digest = accepted.digest, "the vendor's terms were accepted");
    console.notes.accept(accepted).map_err(|error| refused::storage(&error.to_string()).into())
}
