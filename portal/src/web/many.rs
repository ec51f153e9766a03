//! Onboard many sensors: a table is uploaded or pasted, checked whole, taken whole; then the files of all of them.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use picket_look::{
    Button, Column, Empty, Field, FieldKind, Form as FormParts, Icon, Markup, Table, button_link, html, primary,
};

use super::{
    gate::SignedIn,
    page::{Page, Shown, refusal},
    uploads::Upload,
};
use crate::{
    domain::refused::Refused,
    people::{
        Shared,
        many::{self, OnboardedRow, rows::COLUMNS},
        problem::Problem,
    },
};

const MANY: &str = "/onboard/many";
pub(super) const FILES: &str = "/sensors/files";
const EXAMPLE: &str =
    "Pump house 10.4.1.17,Plant One,cloud-connected,,North works,Line 3,owner=maintenance,no,,,30\r\n";

pub(super) async fn form(by: SignedIn) -> Shown {
    Ok(page(&by, "", None))
}

/// A table to fill in.
pub(super) async fn template() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"sensors-to-onboard.csv\""),
    ];
    (headers, format!("{}\r\n{EXAMPLE}", COLUMNS.map(|(title, _)| title).join(","))).into_response()
}

pub(super) async fn onboard(State(portal): Shared, Upload { by, file }: Upload) -> Result<Response, Problem> {
    match many::register(&portal, by.caller(), by.actor(), &file).await {
        Ok(sensors) => Ok(onboarded(&by, &sensors).into_response()),
        Err(refused) => {
            let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
            // What was sent is shown again, to be mended in place.
            Ok(page(&by, &String::from_utf8_lossy(&file), Some(&refused)).with_status(status).into_response())
        }
    }
}

fn page(by: &SignedIn, text: &str, refused: Option<&Refused>) -> Page {
    let fields = html! {
        (Field { required: false, help: "In UTF-8, up to 1,000 sensors.", ..Field::of("file", "Table as a CSV file", FieldKind::File { accept: ".csv,text/csv" }) })
        (Field { required: false, value: text, ..Field::of("text", "Or paste it", FieldKind::Area { rows: 8 }) })
    };
    let body = html! {
        @if let Some(refused) = refused { (refusal(refused)) }
        p { "A row for each sensor. The whole table is checked first: if anything in it is wrong, nothing is onboarded." }
        div class="buttons" { (button_link(Button::Secondary, "/onboard/many/template", "Download a table to fill in", Some(Icon::Download))) }
        (FormParts { action: MANY, csrf: by.csrf(), multipart: true, fields, buttons: primary("Onboard all") })
        h2 { "Columns" }
        (columns())
    };
    Page::new("Onboard many sensors", &body).under("/onboard", "Onboard sensor")
}

fn columns() -> Markup {
    const TITLES: [Column<'static>; 2] = [Column::text("Column"), Column::wide("What its cells say")];
    let rows = COLUMNS.map(|(title, says)| vec![html! { code { (title) } }, html! { (says) }]);
    let empty = Empty { why: String::new(), next: html! {} };
    html! { (Table { caption: "Columns of the table", columns: &TITLES, rows: rows.into(), empty }) }
}

fn onboarded(by: &SignedIn, sensors: &[OnboardedRow]) -> Page {
    const TITLES: [Column<'static>; 2] = [Column::text("Name"), Column::text("Activation file")];
    let rows = sensors.iter().map(|sensor| {
        let address = format!("/sensors/{}", sensor.id);
        vec![
            html! { a href=(address) { (sensor.name) } },
            html! { a href={ (address) "/file" } aria-label={ "Activation file of " (sensor.name) } { "What it takes, and download" } },
        ]
    });
    let ids = html! { @for sensor in sensors { input type="hidden" name="sensor" value=(sensor.id); } };
    let empty = Empty { why: String::new(), next: html! {} };
    let count = if sensors.len() == 1 { "1 sensor".to_owned() } else { format!("{} sensors", sensors.len()) };
    let body = html! {
        p { "Each sensor needs its own activation file. The archive holds a new one of each, named after its sensor." }
        (FormParts { action: FILES, csrf: by.csrf(), multipart: false, fields: ids, buttons: primary("Download all activation files (ZIP)") })
        (Table { caption: "Onboarded sensors", columns: &TITLES, rows: rows.collect(), empty })
    };
    Page::new(format!("{count} onboarded"), &body).under("/sensors", "Sites and Sensors")
}
