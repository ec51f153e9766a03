//! The very first page: setup code, name and password of the admin. The only way in while there is nobody.

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use maud::{Markup, Render as _, html};
use picket_look::{Field, FieldKind, Form, primary};
use picket_protocol::{
    local_api::{SetupCodeTry, SetupState, routes},
    refusal::Problem,
};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{
    accounts::{Account, PersonName, Role, hash::PasswordHash, password::NewPassword},
    agent::NoAnswer,
    clock,
    console::{Console, Shared},
    guard::{Unsigned, signed_in::From},
    page::{Failed, Page},
    pages::sign_in,
    parts, refused,
    texts::first_sign_in as texts,
};

const PATH: &str = "/first-sign-in";

#[derive(Debug, Deserialize)]
pub(super) struct Setup {
    code: String,
    name: String,
    password: Zeroizing<String>,
    again: Zeroizing<String>,
}

/// Whether somebody may become the admin by the setup code: nobody has an account, or the sensor was reset since.
pub(super) async fn is_due(console: &Console) -> Result<bool, NoAnswer> {
    if console.accounts.is_empty() {
        return Ok(true);
    }
    Ok(console.agent.status().await?.setup == SetupState::Waiting)
}

pub(super) async fn form(State(console): State<Shared>) -> Result<Response, Failed> {
    if !is_due(&console).await? {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    Ok(page(&console, "", None).into_response())
}

pub(super) async fn set_up(
    State(console): State<Shared>,
    From(address): From,
    Unsigned(setup): Unsigned<Setup>,
) -> Result<Response, Failed> {
    if !is_due(&console).await? {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    let place = match console.attempts.turn(address).await {
        Ok(place) => place,
        Err(gave_way) => return Ok(sign_in::come_again(&setup.name, &gave_way)),
    };
    let (name, password) = match judge(&setup) {
        Ok(judged) => judged,
        Err(problem) => return Ok(page(&console, &setup.name, Some(&problem)).into_response()),
    };
    // 1. The agent grants by the code, and will do so again until it is told that the admin exists.
    let granted = console.agent.post_unnamed(routes::SETUP_CODE, &SetupCodeTry { code: setup.code.clone() }).await;
    if let Err(NoAnswer::Refused(problem)) = granted {
        place.was_wrong();
        return Ok(page(&console, &setup.name, Some(&problem)).into_response());
    }
    granted?;
    // 2. The admin is on the disk; 3. the code is used up. A kill between the two locks nobody out.
    store(&console, name.clone(), password).await?;
    settle(&console).await?;
    tracing::info!(%address, person = %name, "the first admin was made");
    Ok(sign_in::begin(&console, &name, address))
}

/// Tells the agent that there is an admin, unless it knows.
///
/// # Errors
/// [`NoAnswer`].
pub async fn settle(console: &Console) -> Result<(), NoAnswer> {
    if console.accounts.is_empty() || console.agent.status().await?.setup != SetupState::Granted {
        return Ok(());
    }
    console.agent.post_unnamed(routes::SETUP_DONE, &serde_json::Map::new()).await.map(|_| ())
}

fn judge(setup: &Setup) -> Result<(PersonName, NewPassword), Box<Problem>> {
    let name = PersonName::try_from(setup.name.trim().to_owned())
        .map_err(|error| Box::new(refused::problem(&texts::INVALID_PERSON, vec![("why", error.to_string())])))?;
    let password = NewPassword::chosen(&setup.password, &setup.again, &name)
        .map_err(|error| Box::new(refused::problem(&texts::WEAK_PASSWORD, vec![("why", error.to_string())])))?;
    Ok((name, password))
}

async fn store(console: &Shared, name: PersonName, password: NewPassword) -> Result<(), Failed> {
    let console = Shared::clone(console);
    let stored = tokio::task::spawn_blocking(move || {
        let password = PasswordHash::of(password.expose());
        let account = Account { name, role: Role::Admin, password, password_since: clock::wall() };
        console.sessions.end_everybodys();
        console.accounts.begin_with(account)
    });
    stored.await.map_err(|_| refused::storage("the task ended"))?.map_err(|error| refused::accounts(&error))
}

fn page(console: &Console, name: &str, problem: Option<&Problem>) -> Page {
    let reset = !console.accounts.is_empty();
    let status = problem.and_then(|problem| axum::http::StatusCode::from_u16(problem.status).ok());
    let body = html! {
        @if let Some(problem) = problem { (parts::refusal(problem)) }
        @if reset { (picket_look::message(picket_look::Tone::Warning, texts::RESET_LEAD, "")) }
        p { (texts::SETUP_LEAD) }
        (fields(name))
    };
    Page::new(texts::TITLE, body).stacked().with_status(status.unwrap_or(axum::http::StatusCode::OK))
}

fn fields(name: &str) -> Markup {
    let fields = html! {
        (Field { help: texts::SETUP_CODE_HELP, max_length: 64, ..Field::text("code", texts::SETUP_CODE) })
        (Field {
            help: texts::ADMIN_NAME_HELP, value: name, autocomplete: "username", max_length: 64,
            ..Field::text("name", texts::ADMIN_NAME)
        })
        (Field {
            help: texts::NEW_PASSWORD_HELP, max_length: 128,
            ..Field::of("password", texts::NEW_PASSWORD, FieldKind::Password { fresh: true })
        })
        (Field {
            max_length: 128,
            ..Field::of("again", texts::NEW_PASSWORD_AGAIN, FieldKind::Password { fresh: true })
        })
    };
    Form { action: PATH, csrf: "", multipart: false, fields, buttons: primary(texts::BEGIN) }.render()
}
