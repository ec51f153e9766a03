//! Several sensors at once, chosen by their check boxes: each deed on a page of its own, which says what will happen.

mod delete;
mod edit;
mod reissue;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use picket_look::{Button, Column, Empty, Form as FormParts, Markup, Table, Tone, button_link, html, message, primary};
use picket_protocol::ids::SensorId;

use super::{
    forms::Form,
    gate::SignedIn,
    many::FILES,
    page::{Page, Shown},
    sensor::reissue::Reissued,
};
use crate::{
    domain::refused::Refused,
    people::{
        Shared,
        many::archive::{MOST, archive},
        problem::Problem,
        reached::reach,
    },
    portal::Portal,
    store::views::SensorView,
};
pub(super) use delete::delete;
pub(super) use edit::edit;
pub(super) use reissue::reissue;

/// A form as its pairs: `sensor` stands there once for each that was chosen.
pub(super) type Pairs = Vec<(String, String)>;

/// What can be done with those that are chosen: its value in the form, and its words.
pub(super) const DEEDS: [(&str, &str); 4] =
    [("edit", "Edit"), ("files", "Download activation files"), ("reissue", "Reissue"), ("delete", "Delete")];

/// The page of the deed that was chosen.
pub(super) async fn chosen(State(portal): Shared, Form { by, form }: Form<Pairs>) -> Shown {
    let chosen = reached(&portal, &by, &form).await?;
    match value(&form, "deed") {
        "edit" => Ok(edit::page(&by, &chosen)),
        "reissue" => Ok(reissue::page(&portal, &by, &chosen, &Reissued::as_is(&chosen[0]), None).await?),
        "delete" => Ok(delete::page(&by, &chosen, None)),
        "files" => Ok(files_page(&by, &chosen)),
        other => Err(Refused::invalid(format!("{other:?} is nothing that can be done")).into()),
    }
}

/// A new activation file of each, in one archive.
pub(super) async fn files(State(portal): Shared, Form { by, form }: Form<Pairs>) -> Result<Response, Problem> {
    Ok(archive(&portal, &by.caller(), &by.actor(), &ids(&form)?).await?)
}

fn files_page(by: &SignedIn, chosen: &[SensorView]) -> Page {
    let body = html! {
        p { "The archive holds a new file of each sensor. Earlier files of these sensors that were not used become void." }
        (listed(chosen))
        (FormParts { action: FILES, csrf: by.csrf(), multipart: false, fields: hidden(chosen), buttons: primary("Download all activation files (ZIP)") })
    };
    page(format!("Activation files of {}", count(chosen.len())), &body)
}

/// A value of a form; empty when it is not there.
fn value<'a>(form: &'a Pairs, name: &str) -> &'a str {
    form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
}

/// The sensors of a form by their ids.
fn ids(form: &Pairs) -> Result<Vec<SensorId>, Refused> {
    let read = |id: &String| id.parse().map_err(|_| Refused::invalid(format!("{id:?} is no sensor id")));
    let chosen = form.iter().filter(|(name, _)| name == "sensor").map(|(_, id)| read(id));
    let chosen: Vec<SensorId> = chosen.collect::<Result<_, _>>()?;
    if !(1..=MOST).contains(&chosen.len()) {
        return Err(Refused::invalid(format!("choose 1 to {MOST} sensors")));
    }
    Ok(chosen)
}

/// The sensors of a form, all of them the caller's and none of them deleted.
async fn reached(portal: &Portal, by: &SignedIn, form: &Pairs) -> Result<Vec<SensorView>, Refused> {
    let mut views = Vec::new();
    for id in ids(form)? {
        reach(portal, &by.caller(), id).await?;
        views.push(portal.store.sensor(id, portal.viewpoint()).await?);
    }
    views.retain(|view| !view.facts.deleted);
    if views.is_empty() { Err(Refused::invalid("the sensors that were chosen are deleted")) } else { Ok(views) }
}

fn page(title: String, body: &Markup) -> Page {
    Page::new(title, body).under("/sensors", "Sites and Sensors")
}

fn count(sensors: usize) -> String {
    if sensors == 1 { "1 sensor".to_owned() } else { format!("{sensors} sensors") }
}

fn hidden(chosen: &[SensorView]) -> Markup {
    html! { @for view in chosen { input type="hidden" name="sensor" value=(view.registration.id); } }
}

fn listed(chosen: &[SensorView]) -> Markup {
    html! { ul { @for view in chosen { li { (view.registration.filed.name.as_str()) } } } }
}

/// What came of it: how many, and which not and why. Each sensor is a change of its own, so the others stand.
/// `next`: what is left to do.
fn outcome(done: &str, sensors: usize, refused: &[(String, Refused)], next: &Markup) -> Page {
    const COLUMNS: [Column<'static>; 2] = [Column::text("Sensor"), Column::wide("Why not")];
    let rows = refused.iter().map(|(name, refused)| vec![html! { (name) }, html! { (refused.problem().detail) }]);
    let empty = Empty { why: String::new(), next: html! {} };
    let title = format!("{} {done}", count(sensors));
    let body = html! {
        @if refused.is_empty() {
            (message(Tone::Ok, &title, "Each of them is on record in the audit."))
        } @else {
            (message(Tone::Warning, &format!("{} could not be {done}", count(refused.len())), "They are as they were; the others are done."))
            (Table { caption: "Not done", columns: &COLUMNS, rows: rows.collect(), empty })
        }
        (next)
        div class="buttons" { (button_link(Button::Primary, "/sensors", "Sites and Sensors", None)) }
    };
    page(title, &body)
}

/// The answer to a form that was not in order: its page again.
fn again(page: Page, refused: &Refused) -> Response {
    let status = axum::http::StatusCode::from_u16(refused.status()).unwrap_or(axum::http::StatusCode::BAD_REQUEST);
    page.with_status(status).into_response()
}
