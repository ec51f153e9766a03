//! Reactivation: what is in force, what is being proved, another file: preview first, then a person's decision.

mod candidate;
mod past;
mod view;

use axum::{extract::State, http::StatusCode, response::Redirect};
use maud::html;
use picket_look::{Tone, message};
use picket_protocol::local_api::{ActivationAnswer, Manner, Outcome, Preview, routes};
use serde::Deserialize;

use super::page;
use crate::{
    console::Shared,
    guard::{Changing, SignedIn, forms::Nothing},
    page::{Failed, Page},
    texts::settings as texts,
    uploads::{Held, Upload},
};

const HERE: &str = "/settings/reactivation";
const PREVIEW: &str = "/settings/reactivation/preview";

/// Without a script, a running candidate is looked at again so often.
const REFRESH_SECONDS: u32 = 5;

pub(in crate::pages) async fn show(State(console): State<Shared>, by: SignedIn) -> Result<Page, Failed> {
    let status = by.status()?;
    let past: Vec<Outcome> = console.agent.get(routes::ACTIVATIONS).await?;
    let shown = page(texts::REACTIVATION, view::body(status, &past, by.role.may_change(), &by.csrf));
    Ok(if status.candidate.is_some() { shown.refreshing(REFRESH_SECONDS) } else { shown })
}

/// Keeps the file with the session; what it says is shown before anything is done with it.
pub(in crate::pages) async fn upload(State(console): State<Shared>, upload: Upload) -> Result<Redirect, Failed> {
    // Refused here, before it is kept.
    let _: Preview = console.agent.ask_about(routes::PREVIEW, upload.file.clone()).await?;
    console.sessions.hold(upload.by.session_id(), Some(Held::new(upload.file)));
    Ok(Redirect::to(PREVIEW))
}

pub(in crate::pages) async fn preview(State(console): State<Shared>, by: SignedIn) -> Result<Page, Failed> {
    by.as_admin()?;
    let title = texts::reactivation::PREVIEW_TITLE;
    let Some(held) = &by.session.held else {
        let body = html! { (message(Tone::Notice, texts::reactivation::NOTHING_HELD, "")) };
        return Ok(Page::new(title, body).under(HERE, texts::REACTIVATION.0).with_status(StatusCode::NOT_FOUND));
    };
    let preview: Preview = console.agent.ask_about(routes::PREVIEW, held.file()).await?;
    let body = view::preview(&preview, held.digest(), &by.csrf);
    Ok(Page::new(title, body).under(HERE, texts::REACTIVATION.0))
}

/// The decision about the file that was shown.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Decision {
    digest: String,
    now: Option<String>,
}

pub(in crate::pages) async fn activate(
    State(console): State<Shared>,
    Changing { by, form }: Changing<Decision>,
) -> Result<Redirect, Failed> {
    let Some(file) = by.session.held.as_ref().and_then(|held| held.file_of(&form.digest)) else {
        return Ok(Redirect::to(PREVIEW));
    };
    let start = if form.now.is_some() { "now" } else { "proved" };
    let path = format!("{}?start={start}", routes::ACTIVATION);
    let _: ActivationAnswer = console.agent.by(&by.name).post_file(&path, file).await?;
    console.sessions.hold(by.session_id(), None);
    Ok(Redirect::to(HERE))
}

pub(in crate::pages) async fn switch(state: State<Shared>, form: Changing<Nothing>) -> Result<Redirect, Failed> {
    decide(state, form, routes::CANDIDATE_NOW).await
}

pub(in crate::pages) async fn keep(state: State<Shared>, form: Changing<Nothing>) -> Result<Redirect, Failed> {
    decide(state, form, routes::CANDIDATE_KEEP).await
}

pub(in crate::pages) async fn retry(state: State<Shared>, form: Changing<Nothing>) -> Result<Redirect, Failed> {
    decide(state, form, routes::CANDIDATE_RETRY).await
}

async fn decide(
    State(console): State<Shared>,
    Changing { by, .. }: Changing<Nothing>,
    route: &str,
) -> Result<Redirect, Failed> {
    console.agent.by(&by.name).post(route).await?;
    Ok(Redirect::to(HERE))
}

/// Whether the file would change anything.
const fn changes(preview: &Preview) -> bool {
    !matches!(preview.manner, Manner::AlreadyActive)
}
