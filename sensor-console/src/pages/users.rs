//! Users: who may use this console, and as what. Seen by admins alone.

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use maud::{Markup, Render as _, html};
use picket_look::{
    Column, Definitions, Empty, Field, FieldKind, Form, Table, copyable, danger, exact, primary, secondary,
};
use picket_protocol::local_api::{PeopleDeed, PeopleRecord};
use serde::Deserialize;

use crate::{
    accounts::{Account, AccountsFailed, PersonName, Role, hash::PasswordHash, password::NewPassword},
    audit::deed,
    clock,
    console::{Console, Shared},
    guard::{Changing, SignedIn},
    page::{Failed, Page},
    people, refused,
    texts::{account as texts, first_sign_in, frame},
};

const USERS: &str = "/settings/users";
const ROLE: &str = "/settings/users/role";
const REMOVE: &str = "/settings/users/remove";

#[derive(Debug, Deserialize)]
pub(super) struct NewPerson {
    name: String,
    role: Role,
}

#[derive(Debug, Deserialize)]
pub(super) struct OnePerson {
    name: PersonName,
}

pub(super) async fn users(State(console): State<Shared>, by: SignedIn) -> Result<Page, Failed> {
    by.as_admin()?;
    Ok(page(&console, &by))
}

/// The password is generated: nobody chooses one for somebody else.
pub(super) async fn add(
    State(console): State<Shared>,
    Changing { by, form }: Changing<NewPerson>,
) -> Result<Response, Failed> {
    let name = PersonName::try_from(form.name.trim().to_owned())
        .map_err(|error| refused::problem(&first_sign_in::INVALID_PERSON, vec![("why", error.to_string())]))?;
    let role = form.role;
    let (password, hash) = people::away(|| {
        let password = NewPassword::generated();
        let hash = PasswordHash::of(password.expose());
        (password, hash)
    })
    .await?;
    let account = Account { name: name.clone(), role, password: hash, password_since: clock::wall() };
    let record = deed(PeopleDeed::PersonAdded, format!("{name}, {}", role.word()));
    people::change(&console, &by.name, record, move |accounts| accounts.add(account.clone())).await?;
    tracing::info!(by = %by.name, person = %name, role = role.word(), "a person was added");
    let body = html! {
        p { (texts::ADDED) }
        (Definitions::new()
            .with(texts::NAME, name.as_str())
            .with(texts::ROLE, role.word())
            .with(texts::PASSWORD, copyable(password.expose(), texts::PASSWORD)))
    };
    Ok(Page::new(texts::NEW_PERSON, body).stacked().under(USERS, texts::USERS).into_response())
}

pub(super) async fn set_role(
    State(console): State<Shared>,
    Changing { by, form }: Changing<NewPerson>,
) -> Result<Redirect, Failed> {
    let name = PersonName::try_from(form.name).map_err(|_| refused::accounts(&AccountsFailed::Unknown))?;
    tracing::info!(by = %by.name, person = %name, role = form.role.word(), "a role is set");
    let record = PeopleRecord {
        what: PeopleDeed::RoleChanged,
        before: console.accounts.find(&name).map(|account| format!("{name}, {}", account.role.word())),
        after: Some(format!("{name}, {}", form.role.word())),
    };
    people::change(&console, &by.name, record, move |accounts| accounts.set_role(&name, form.role)).await?;
    Ok(Redirect::to(USERS))
}

pub(super) async fn remove(
    State(console): State<Shared>,
    Changing { by, form }: Changing<OnePerson>,
) -> Result<Redirect, Failed> {
    tracing::info!(by = %by.name, person = %form.name, "a person is removed");
    let role = console.accounts.find(&form.name).map(|account| format!("{}, {}", form.name, account.role.word()));
    let record = PeopleRecord { what: PeopleDeed::PersonRemoved, before: role, after: None };
    let name = form.name.clone();
    people::change(&console, &by.name, record, move |accounts| accounts.remove(&name)).await?;
    console.sessions.end_all(&form.name, None);
    Ok(Redirect::to(USERS))
}

fn page(console: &Console, by: &SignedIn) -> Page {
    const COLUMNS: [Column<'static>; 4] = [
        Column::text(texts::NAME),
        Column::text(texts::ROLE),
        Column::text(texts::PASSWORD_SINCE),
        Column::text(texts::CHANGE),
    ];
    let rows = console.accounts.list().into_iter().map(|account| {
        let changes = html! { @if account.name != by.name { (changes(by, &account)) } };
        vec![html! { (account.name) }, html! { (account.role.word()) }, exact(account.password_since), changes]
    });
    let empty = Empty { why: texts::NO_PEOPLE.to_owned(), next: html! {} };
    let fields = html! {
        (Field { help: first_sign_in::ADMIN_NAME_HELP, max_length: 64, ..Field::text("name", texts::NAME) })
        (Field { value: "viewer", ..Field::of("role", texts::ROLE, FieldKind::Choice(&texts::ROLES)) })
    };
    let body = html! {
        (Table { caption: texts::USERS, columns: &COLUMNS, rows: rows.collect(), empty })
        h2 { (texts::NEW_PERSON) }
        (Form { action: USERS, csrf: &by.csrf, multipart: false, fields, buttons: primary(texts::ADD) })
    };
    Page::new(texts::USERS, body).stacked().under("/settings", frame::SETTINGS)
}

fn changes(by: &SignedIn, account: &Account) -> Markup {
    let name = html! { input type="hidden" name="name" value=(account.name); };
    // Ids must not repeat on the page: labelled by what the row is about.
    let label = format!("{} {}", texts::ROLE, account.name);
    let role = html! {
        (name)
        select name="role" aria-label=(label) {
            @for role in Role::ALL { option value=(role.word()) selected[role == account.role] { (role.word()) } }
        }
    };
    let form = |action, fields, buttons| Form { action, csrf: &by.csrf, multipart: false, fields, buttons }.render();
    html! {
        (form(ROLE, role, secondary(texts::SET_ROLE)))
        (form(REMOVE, name, danger(texts::REMOVE)))
    }
}
