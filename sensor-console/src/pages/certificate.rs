//! SSL/TLS certificate: the one in use, and importing another. It is used at once; nobody is signed out by it.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use maud::{Markup, Render as _, html};
use picket_look::{Definitions, Field, FieldKind, Form, copyable, exact, primary};
use picket_protocol::{
    local_api::{PeopleDeed, PeopleRecord},
    refusal::Problem,
    time::UnixSeconds,
};
use zeroize::Zeroizing;

use crate::{
    clock,
    console::{Console, Shared},
    guard::{SignedIn, host::Host},
    page::{Failed, Page},
    parts, people, refused,
    texts::certificate as texts,
    tls::{self, import},
    uploads::Upload,
};

const PATH: &str = "/settings/certificate";

pub(super) async fn form(State(console): State<Shared>, by: SignedIn, host: Host) -> Page {
    show(&console, &by, &host, None)
}

pub(super) async fn replace(State(console): State<Shared>, host: Host, upload: Upload) -> Result<Response, Failed> {
    match imported(&console, &upload).await? {
        Ok(()) => {
            console.notes.settle_certificate().map_err(|error| refused::storage(&error.to_string()))?;
            Ok(Redirect::to(PATH).into_response())
        }
        Err(problem) => Ok(show(&console, &upload.by, &host, Some(&problem)).into_response()),
    }
}

/// Judges what was uploaded, and uses it from now on; else says why not.
pub(super) async fn imported(console: &Shared, upload: &Upload) -> Result<Result<(), Box<Problem>>, Failed> {
    let (file, name) = (upload.file.clone(), upload.text("host").trim().to_owned());
    let passphrase = Zeroizing::new(upload.text("passphrase").to_owned());
    let now = now(&upload.by);
    let pem = match people::away(move || import::judge(&file, &passphrase, &name, now)).await? {
        Ok(pem) => pem,
        Err(refused) => return Ok(Err(Box::new(refused.problem()))),
    };
    let record = PeopleRecord {
        what: PeopleDeed::CertificateReplaced,
        before: Some(console.certificate.fingerprint()),
        after: tls::fingerprint_of(&pem),
    };
    console.audit.before(&upload.by.name, &record).await?;
    let shared = Shared::clone(console);
    let replaced =
        people::away(move || tls::replace(&shared.settings.state_directory, &shared.certificate, &pem)).await?;
    replaced.map_err(|error| refused::storage(&error.to_string()))?;
    tracing::info!(person = %upload.by.name, fingerprint = console.certificate.fingerprint(), "another certificate is in use");
    Ok(Ok(()))
}

/// The agent's effective time, since the wall clock of a new sensor may be anything.
fn now(by: &SignedIn) -> UnixSeconds {
    let floor = by.agent().as_ref().map_or(clock::build_date(), |status| status.clock.floor);
    clock::wall().max(floor)
}

fn show(console: &Console, by: &SignedIn, host: &Host, problem: Option<&Problem>) -> Page {
    let body = html! {
        @if let Some(problem) = problem { (parts::refusal(problem)) }
        (in_use(console))
        @if by.role.may_change() { h2 { (texts::IMPORT) } (import_form(by, PATH, host)) }
    };
    let status = problem.and_then(|problem| StatusCode::from_u16(problem.status).ok()).unwrap_or(StatusCode::OK);
    Page::new(texts::TITLE, body).stacked().with_status(status).under("/settings", crate::texts::frame::SETTINGS)
}

/// The certificate in use.
pub(super) fn in_use(console: &Console) -> Markup {
    let leaf = console.certificate.leaf();
    let Some(seen) = import::Seen::of(&leaf) else { return html! {} };
    Definitions::new()
        .with(texts::SUBJECT, seen.subject)
        .with(texts::ISSUER, seen.issuer)
        .with(texts::NAMES, seen.names.join(", "))
        .with(texts::NOT_BEFORE, exact(seen.not_before))
        .with(texts::NOT_AFTER, exact(seen.not_after))
        .with(texts::FINGERPRINT, copyable(&console.certificate.fingerprint(), texts::FINGERPRINT))
        .render()
}

/// Chain and key in one PEM file, the passphrase, and the name that it is for.
pub(super) fn import_form(by: &SignedIn, action: &str, host: &Host) -> Markup {
    let fields = html! {
        (Field {
            help: texts::FILE_HELP, required: false,
            ..Field::of("file", texts::FILE, FieldKind::File { accept: ".pem,.crt,.cer,.key" })
        })
        (Field {
            help: texts::PASTED_HELP, required: false,
            ..Field::of("text", texts::PASTED, FieldKind::Area { rows: 4 })
        })
        (Field {
            help: texts::PASSPHRASE_HELP, required: false, autocomplete: "off",
            ..Field::of("passphrase", texts::PASSPHRASE, FieldKind::Password { fresh: false })
        })
        (Field { help: texts::HOST_HELP, value: host.name(), max_length: 253, ..Field::text("host", texts::HOST) })
    };
    Form { action, csrf: &by.csrf, multipart: true, fields, buttons: primary(texts::USE) }.render()
}
