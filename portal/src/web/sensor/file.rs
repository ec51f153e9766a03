//! The activation file: what it takes, how to carry it, what comes next. Each download is a new file and voids earlier
//! ones that were not used.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use picket_look::{Column, Definitions, Empty, Form as FormParts, Markup, Table, exact, html, primary, secondary};
use picket_protocol::{
    armour::armour,
    documents::activation::Binding,
    endpoint_url::{EndpointUrl, Scheme},
    wire::MEDIA_ACTIVATION_FILE,
};

use super::super::{
    forms::{Form, Nothing},
    gate::SignedIn,
    getting_started,
    page::{Page, Shown},
    words,
};
use super::{living, under};
use crate::{
    clock,
    domain::{refused::Refused, registration::ModeChoice},
    people::{Shared, activation_files::issue, many::archive::file_name, problem::Problem, reached::Reached},
    portal::Portal,
};

pub(crate) async fn page(State(portal): Shared, by: SignedIn, Reached(id): Reached) -> Shown {
    let view = living(&portal, id).await?;
    let filed = &view.registration.filed;
    let action = format!("/sensors/{id}/file");
    let text = format!("{action}/text");
    let binding = match &filed.binding {
        Binding::None => "None: any sensor may use it, the first one does".to_owned(),
        Binding::Appliance(appliance) => format!("Appliance {appliance}"),
        Binding::Key(_) => "The sensor that made the request".to_owned(),
    };
    let facts = Definitions::new()
        .with("Sensor", filed.name.as_str())
        .with("Mode", words::mode(filed.mode.mode()))
        .with("Bound to", binding)
        .with("Upload it until", exact(filed.upload_window.until(clock::now())));
    let form = |action: &str, buttons: Markup| {
        html! { (FormParts { action, csrf: by.csrf(), multipart: false, fields: html! {}, buttons }) }
    };
    let body = html! {
        p { "Each download is a new file. It makes earlier files of this sensor void that were not used." }
        (facts)
        div class="buttons" {
            (form(&action, primary("Download activation file")))
            (form(&text, secondary("Show as text, to paste")))
        }
        h2 { "What to do next" }
        (next(&portal, &filed.mode))
        h2 { "What a firewall must let through" }
        (firewall(&portal, &filed.mode).await?)
    };
    Ok(under(Page::new("Activation file", &body), &view))
}

pub(crate) async fn download(
    State(portal): Shared,
    Reached(id): Reached,
    Form { by, .. }: Form<Nothing>,
) -> Result<Response, Problem> {
    let view = living(&portal, id).await?;
    let (_, file) = issue(&portal, id, false, by.actor()).await?;
    let name = file_name(view.registration.filed.name.as_str());
    let headers = [
        (header::CONTENT_TYPE, MEDIA_ACTIVATION_FILE.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.activation\"")),
    ];
    Ok((headers, file).into_response())
}

pub(crate) async fn text(State(portal): Shared, Reached(id): Reached, Form { by, .. }: Form<Nothing>) -> Shown {
    let view = living(&portal, id).await?;
    let (serial, file) = issue(&portal, id, false, by.actor()).await?;
    let body = html! {
        p { "Paste all of it at the sensor console, both lines of dashes included. It is as secret as the file, and is shown this once." }
        pre data-armour { (armour(&file)) }
        p class="muted" { "Serial " (serial) }
    };
    Ok(under(Page::new("Activation file as text", &body), &view))
}

fn next(portal: &Portal, mode: &ModeChoice) -> Markup {
    html! {
        ol {
            li { "Carry the file to the sensor: on a medium, or through the browser at the sensor." }
            li { "Open the sensor console, sign in as an admin, and upload or paste it." }
            li { "Compare what the console shows with this page, and activate." (getting_started::trust(portal)) }
            @if matches!(mode, ModeChoice::CloudConnected { .. }) {
                li { "Within minutes the sensor shows as connected in Sites and Sensors." }
            } @else {
                li { "A locally managed sensor does not report here: its own console says how it is." }
            }
        }
    }
}

async fn firewall(portal: &Portal, mode: &ModeChoice) -> Result<Markup, Refused> {
    const COLUMNS: [Column<'static>; 3] = [Column::text("Host"), Column::number("Port"), Column::text("What for")];
    let mut ways = Vec::new();
    match mode {
        ModeChoice::CloudConnected { hub, .. } => {
            ways.push((portal.endpoint.url.clone(), "This portal: enrolment and heartbeats"));
            match hub {
                None => ways.push((portal.endpoint.url.clone(), "The hub, for alerts")),
                Some(id) => {
                    let hubs = portal.store.hubs().await?;
                    let named = hubs.into_iter().find(|row| row.id == *id);
                    ways.extend(named.map(|row| (row.hub.endpoint.url, "The hub, for alerts")));
                }
            }
        }
        ModeChoice::LocallyManaged { console } => {
            ways.extend(console.iter().map(|console| (console.endpoint.url.clone(), "The management console")));
        }
    }
    let rows = ways.iter().filter_map(|(url, why)| {
        let scheme = if url.starts_with("mqtts") { Scheme::Mqtts } else { Scheme::Https };
        let way = EndpointUrl::parse(url, scheme).ok()?;
        Some(vec![html! { code { (way.host) } }, html! { (way.port) }, html! { (why) }])
    });
    let empty = Empty { why: "Nothing: this sensor sends nothing.".to_owned(), next: html! {} };
    Ok(html! { (Table { caption: "Ways out of the plant", columns: &COLUMNS, rows: rows.collect(), empty }) })
}
