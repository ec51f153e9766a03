//! Management console: the on-premises server that a locally managed sensor reports to. An admin connects the sensor to one,
//! or takes it off; the agent judges and pairs.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use maud::{Markup, html};
use picket_look::{Field, FieldKind, Form, danger, primary};
use picket_protocol::{
    documents::activation::{Certificate, Endpoint, Secret},
    local_api::{ModeView, Pairing, SensorState, Status, routes},
    refusal::Problem,
};

use super::page;
use crate::{
    agent::NoAnswer,
    console::Shared,
    guard::{Changing, SignedIn, forms::Nothing},
    page::{Failed, Page},
    pages::overview::view,
    parts, refused,
    texts::settings::{self as texts, management_console as words},
    uploads::Upload,
};

const HERE: &str = "/settings/management-console";
const DISCONNECT: &str = "/settings/management-console/disconnect";

pub(in crate::pages) async fn show(by: SignedIn) -> Result<Page, Failed> {
    draw(&by, "", None)
}

pub(in crate::pages) async fn connect(State(console): State<Shared>, upload: Upload) -> Result<Response, Failed> {
    let (by, url) = (&upload.by, upload.text("url").trim());
    let pairing = match pairing(&upload, url) {
        Ok(pairing) => pairing,
        Err(problem) => return Ok(draw(by, url, Some(&problem))?.into_response()),
    };
    match console.agent.by(&by.name).put_json(routes::MANAGEMENT_CONSOLE, &pairing).await {
        Ok(_) => Ok(Redirect::to(HERE).into_response()),
        Err(NoAnswer::Refused(problem)) => Ok(draw(by, url, Some(&problem))?.into_response()),
        Err(error) => Err(error.into()),
    }
}

pub(in crate::pages) async fn disconnect(
    State(console): State<Shared>,
    Changing { by, .. }: Changing<Nothing>,
) -> Result<Redirect, Failed> {
    console.agent.by(&by.name).delete(routes::MANAGEMENT_CONSOLE).await?;
    Ok(Redirect::to(HERE))
}

/// What was brought, as the agent wants it. Of the PEM text the certificates alone: a key that lies beside them goes nowhere.
fn pairing(upload: &Upload, url: &str) -> Result<Pairing, Box<Problem>> {
    let blocks = pem::parse_many(&upload.file).unwrap_or_default();
    let certificates = blocks.into_iter().filter(|block| block.tag() == "CERTIFICATE");
    // One more than are taken, so that the agent says so.
    let most = Endpoint::MAX_CA_CERTIFICATES + 1;
    let ca_certificates: Vec<_> = certificates.take(most).map(|block| Certificate(block.into_contents())).collect();
    if ca_certificates.is_empty() {
        return Err(refused::problem(&words::NO_CERTIFICATE, vec![]).into());
    }
    let token = Secret::new(upload.text("token").trim().to_owned());
    let pairing_token = token.ok_or_else(|| Box::new(refused::problem(&words::NO_TOKEN, vec![])))?;
    Ok(Pairing { url: url.to_owned(), ca_certificates, pairing_token })
}

/// The page, and above it why what was just asked for was refused; the token has to be typed again.
fn draw(by: &SignedIn, url: &str, problem: Option<&Problem>) -> Result<Page, Failed> {
    let status = by.status()?;
    let code = problem.map_or(StatusCode::OK, |problem| {
        StatusCode::from_u16(problem.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
    });
    let body = html! {
        @if let Some(problem) = problem { (parts::refusal(problem)) }
        div class="stack" { (body(status, url, by)) }
    };
    Ok(page(texts::MANAGEMENT_CONSOLE, body).with_status(code))
}

fn body(status: &Status, url: &str, by: &SignedIn) -> Markup {
    let connected = match in_force(&status.state) {
        Ok(connected) => connected,
        Err(why) => return html! { section class="panel narrow" { p { (why) } } },
    };
    let title = if connected { words::CONNECT_ANOTHER } else { words::CONNECT };
    html! {
        section class="panel" {
            h2 { (words::PRESENT) }
            @match &status.upstream {
                Some(upstream) if connected => (view::upstream(upstream, view::now(status))),
                Some(_) | None => p { (words::NOT_CONNECTED) },
            }
            @if connected && may_change(status, by) {
                p class="help" { (words::DISCONNECT_HELP) }
                (Form { action: DISCONNECT, csrf: &by.csrf, multipart: false, fields: html! {}, buttons: danger(words::DISCONNECT) })
            }
        }
        section class="panel" {
            h2 { (title) }
            p { (words::CONNECT_LEAD) }
            @if may_change(status, by) { (form(url, &by.csrf)) } @else {
                p class="muted" { (if status.candidate.is_some() { words::PROVING } else { words::ONLY_ADMIN }) }
            }
        }
    }
}

/// Whether there is one; or why there cannot be.
fn in_force(state: &SensorState) -> Result<bool, &'static str> {
    match state {
        SensorState::Active { active } => match &active.activation.mode {
            ModeView::LocallyManaged { management_console } => Ok(management_console.is_some()),
            ModeView::CloudConnected { .. } => Err(words::FIXED_CLOUD),
        },
        SensorState::Unactivated | SensorState::Deactivated { .. } => Err(words::FIXED_NONE),
    }
}

/// The agent refuses while another activation is being proved.
const fn may_change(status: &Status, by: &SignedIn) -> bool {
    by.role.may_change() && status.candidate.is_none()
}

fn form(url: &str, csrf: &str) -> Markup {
    let optional = |field| Field { required: false, ..field };
    let file = Field::of("file", words::CA_FILE, FieldKind::File { accept: ".pem,.crt,.cer" });
    let text = Field::of("text", words::CA_TEXT, FieldKind::Area { rows: 4 });
    let token = Field::of("token", words::TOKEN, FieldKind::Password { fresh: false });
    let fields = html! {
        (Field { value: url, help: words::URL_HELP, max_length: 255, ..Field::text("url", words::URL) })
        (Field { help: words::CA_HELP, ..optional(file) })
        details { summary { (words::CA_OR_TEXT) } (Field { help: words::CA_TEXT_HELP, ..optional(text) }) }
        (Field { help: words::TOKEN_HELP, autocomplete: "off", max_length: 128, ..token })
    };
    html! { (Form { action: HERE, csrf, multipart: true, fields, buttons: primary(words::CONNECT_NOW) }) }
}
