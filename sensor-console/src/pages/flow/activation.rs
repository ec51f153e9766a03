//! Activation: the file by button, drop or pasted text, then all that it says before anybody lets it.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use maud::{Markup, Render as _, html};
use picket_look::{Button, Field, FieldKind, Form, Icon, button_link, primary};
use picket_protocol::local_api::{Preview, SensorState};

use super::{ACTIVATE, ACTIVATION, At, LET_PASS, PREVIEW, PROGRESS, TRUST, page};
use crate::{
    console::Shared,
    first_sign_in::vendor_terms::{self, VendorTerms},
    guard::{Changing, SignedIn},
    page::{Failed, Page},
    pages::brought::{self, Refused, Word},
    parts,
    texts::first_sign_in as texts,
    uploads::{Held, Upload},
};

pub(super) async fn form(by: SignedIn) -> Result<Response, Failed> {
    by.as_admin()?;
    if let Some(elsewhere) = elsewhere(&by)? {
        return Ok(Redirect::to(elsewhere).into_response());
    }
    Ok(ask(&by, None).into_response())
}

pub(super) async fn upload(State(console): State<Shared>, upload: Upload) -> Result<Response, Failed> {
    match brought::keep(&console, &upload).await? {
        Ok(()) => Ok(Redirect::to(PREVIEW).into_response()),
        Err(refused) => Ok(ask(&upload.by, Some(&refused)).into_response()),
    }
}

pub(super) async fn preview(State(console): State<Shared>, by: SignedIn) -> Result<Response, Failed> {
    by.as_admin()?;
    if let Some(elsewhere) = elsewhere(&by)? {
        return Ok(Redirect::to(elsewhere).into_response());
    }
    let Some(held) = &by.session.held else { return Ok(Redirect::to(ACTIVATION).into_response()) };
    match brought::read(&console, held).await? {
        Ok(preview) => {
            let terms = vendor_terms::read(&console.settings.terms_file);
            Ok(show(&by, held, &preview, terms.as_ref()).into_response())
        }
        Err(refused) => Ok(ask(&by, Some(&refused)).into_response()),
    }
}

pub(super) async fn let_pass(
    State(console): State<Shared>,
    Changing { by, form }: Changing<Word>,
) -> Result<Redirect, Failed> {
    brought::let_pass(&console, &by, &form)?;
    Ok(Redirect::to(PREVIEW))
}

/// The step is for an unactivated sensor that trusts somebody.
fn elsewhere(by: &SignedIn) -> Result<Option<&'static str>, Failed> {
    let status = by.status()?;
    Ok(match status.state {
        SensorState::Unactivated if status.candidate.is_some() => Some(PROGRESS),
        SensorState::Unactivated if !status.trusted => Some(TRUST),
        SensorState::Unactivated => None,
        _ => Some(PROGRESS),
    })
}

fn ask(by: &SignedIn, refused: Option<&Refused>) -> Page {
    let content = html! {
        @if let Some(refused) = refused { (refused.shown(LET_PASS, &by.csrf)) }
        p { (texts::ACTIVATION_LEAD) }
        (file_form(by, ACTIVATION))
        p { (texts::PROXY_NEEDED) a href="/settings/network" { (texts::TO_NETWORK) } }
    };
    page(At::Activation, content).with_status(refused.map_or(StatusCode::OK, Refused::status))
}

/// A file by button or drop, or its text.
pub(super) fn file_form(by: &SignedIn, action: &str) -> Markup {
    let fields = html! {
        (Field {
            help: texts::FILE_HELP, required: false,
            ..Field::of("file", texts::FILE, FieldKind::File { accept: ".activation" })
        })
        (Field {
            help: texts::PASTED_HELP, required: false,
            ..Field::of("text", texts::PASTED, FieldKind::Area { rows: 4 })
        })
    };
    Form { action, csrf: &by.csrf, multipart: true, fields, buttons: primary(texts::NEXT) }.render()
}

fn show(by: &SignedIn, held: &Held, preview: &Preview, terms: Option<&VendorTerms>) -> Page {
    let fields = html! {
        input type="hidden" name="digest" value=(held.digest());
        @if let Some(terms) = terms {
            h3 { (texts::TERMS) }
            div class="scroll" tabindex="0" role="region" aria-label=(texts::TERMS) { pre { (terms.text) } }
            (Field::of("terms", texts::ACCEPT_TERMS, FieldKind::Tick))
        }
    };
    let buttons = html! {
        (primary(texts::ACTIVATE))
        (button_link(Button::Secondary, ACTIVATION, texts::OTHER_FILE, Some(Icon::Back)))
    };
    let content = html! {
        div class="stack" data-step="preview" {
            h3 { (texts::PREVIEW_TITLE) }
            (parts::preview(preview))
            (Form { action: ACTIVATE, csrf: &by.csrf, multipart: false, fields, buttons })
        }
    };
    page(At::Activation, content)
}
