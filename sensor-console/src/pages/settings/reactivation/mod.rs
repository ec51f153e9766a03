//! Reactivation: what is in force, what is being proved, another file: preview first, then a person's decision.

mod candidate;
mod past;
mod view;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use maud::html;
use picket_look::{Tone, message};
use picket_protocol::local_api::{ActivationAnswer, Manner, Outcome, Preview, routes};
use serde::Deserialize;

use super::page;
use crate::{
    console::{Console, Shared},
    guard::{Changing, SignedIn, forms::Nothing},
    page::{Failed, Page},
    pages::brought::{self, Refused, Word},
    texts::settings as texts,
    uploads::Upload,
};

const HERE: &str = "/settings/reactivation";
const PREVIEW: &str = "/settings/reactivation/preview";
const LET_PASS: &str = "/settings/reactivation/let-pass";

pub(in crate::pages) async fn show(State(console): State<Shared>, by: SignedIn) -> Result<Page, Failed> {
    draw(&console, &by, None).await
}

/// The page, and above it why what was just asked for was refused.
async fn draw(console: &Console, by: &SignedIn, refused: Option<&Refused>) -> Result<Page, Failed> {
    let status = by.status()?;
    let past: Vec<Outcome> = console.agent.get(routes::ACTIVATIONS).await?;
    let body = html! {
        @if let Some(refused) = refused { (refused.shown(LET_PASS, &by.csrf)) }
        (view::body(status, &past, by.role.may_change(), &by.csrf))
    };
    Ok(page(texts::REACTIVATION, body).with_status(refused.map_or(StatusCode::OK, Refused::status)))
}

/// Keeps the file with the session; what it says is shown before anything is done with it.
pub(in crate::pages) async fn upload(State(console): State<Shared>, upload: Upload) -> Result<Response, Failed> {
    match brought::keep(&console, &upload).await? {
        Ok(()) => Ok(Redirect::to(PREVIEW).into_response()),
        Err(refused) => Ok(draw(&console, &upload.by, Some(&refused)).await?.into_response()),
    }
}

pub(in crate::pages) async fn preview(State(console): State<Shared>, by: SignedIn) -> Result<Page, Failed> {
    by.as_admin()?;
    let title = texts::reactivation::PREVIEW_TITLE;
    let Some(held) = &by.session.held else {
        let body = html! { (message(Tone::Notice, texts::reactivation::NOTHING_HELD, "")) };
        return Ok(Page::new(title, body).under(HERE, texts::REACTIVATION.0).with_status(StatusCode::NOT_FOUND));
    };
    match brought::read(&console, held).await? {
        Ok(preview) => {
            let body = view::preview(&preview, held.digest(), &by.csrf);
            Ok(Page::new(title, body).under(HERE, texts::REACTIVATION.0))
        }
        Err(refused) => draw(&console, &by, Some(&refused)).await,
    }
}

pub(in crate::pages) async fn let_pass(
    State(console): State<Shared>,
    Changing { by, form }: Changing<Word>,
) -> Result<Redirect, Failed> {
    brought::let_pass(&console, &by, &form)?;
    Ok(Redirect::to(PREVIEW))
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
    let held = by.session.held.as_ref();
    let Some((held, file)) = held.and_then(|held| Some((held, held.file_of(&form.digest)?))) else {
        return Ok(Redirect::to(PREVIEW));
    };
    let start = if form.now.is_some() { "now" } else { "proved" };
    let path = brought::route(&format!("{}?start={start}", routes::ACTIVATION), held);
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
