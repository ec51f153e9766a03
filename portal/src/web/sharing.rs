//! Sharing: where alerts and health events are sent on, how that goes, and what each destination wants.

use axum::{extract::State, response::Redirect};
use picket_look::{
    Button, Column, Definitions, Empty, Field, FieldKind, Form as FormParts, Markup, Render as _, Table, Tone, badge,
    button_link, danger, exact, html, message, primary, secondary,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    forms::Form,
    gate::SignedIn,
    page::{Done, Page, Shown},
};
use crate::{
    domain::refused::Refused,
    people::{
        Shared,
        body::Asked,
        sharing::{self as api, Standing},
    },
    sharing::{
        destination::{Destination, DestinationId, Progress},
        rules::Rule,
    },
};

const SHARING: &str = "/sharing";
const KINDS: [(&str, &str); 2] = [("syslog", "Syslog over TLS, with CEF"), ("webhook", "Webhook, with CloudEvents")];
const SEVERITIES: [(&str, &str); 4] =
    [("informational", "All"), ("low", "Low and graver"), ("medium", "Medium and graver"), ("high", "High alone")];

#[derive(Debug, Deserialize)]
pub(super) struct OneDestination {
    id: uuid::Uuid,
}

/// The fields of a destination, as the form has them.
#[derive(Debug, Deserialize)]
pub(super) struct NewDestination {
    name: String,
    kind: String,
    address: String,
    ca_pem: String,
    #[serde(default)]
    key: String,
    #[serde(flatten)]
    rule: RuleFields,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChangedDestination {
    id: uuid::Uuid,
    name: String,
    #[serde(flatten)]
    rule: RuleFields,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RuleFields {
    alerts: String,
    health: String,
    severity: String,
    sites: String,
    zones: String,
}

impl RuleFields {
    fn of(rule: &Rule) -> Self {
        let tick = |wanted: bool| if wanted { "yes" } else { "" }.to_owned();
        let lines = |labels: &std::collections::BTreeSet<picket_protocol::names::Label>| {
            labels.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        Self {
            alerts: tick(rule.alerts),
            health: tick(rule.health),
            severity: rule.severity.to_string(),
            sites: lines(&rule.sites),
            zones: lines(&rule.zones),
        }
    }

    /// As the API takes it.
    fn body(&self) -> Value {
        let lines = |text: &str| -> Vec<String> {
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
        };
        json!({
            "alerts": self.alerts == "yes", "health": self.health == "yes", "severity": self.severity,
            "sites": lines(&self.sites), "zones": lines(&self.zones),
        })
    }

    fn fields(&self) -> Markup {
        let labels = |name, label, value| Field {
            value,
            required: false,
            help: "One a line. Empty: all.",
            ..Field::of(name, label, FieldKind::Area { rows: 2 })
        };
        html! {
            (Field { value: &self.alerts, required: false, ..Field::of("alerts", "Alerts", FieldKind::Tick) })
            (Field {
                value: &self.health, required: false, help: "A sensor is disconnected, is back, may be a clone; a certificate or a licence ends.",
                ..Field::of("health", "Health events", FieldKind::Tick)
            })
            (Field { value: &self.severity, required: false, ..Field::of("severity", "Severity", FieldKind::Choice(&SEVERITIES)) })
            (labels("sites", "Only of these sites", &self.sites))
            (labels("zones", "Only of these zones", &self.zones))
        }
    }
}

pub(super) async fn list(State(portal): Shared, by: SignedIn) -> Shown {
    const COLUMNS: [Column<'static>; 7] = [
        Column::text("Name"),
        Column::text("Kind"),
        Column::text("Address"),
        Column::text("State"),
        Column::number("Waiting"),
        Column::number("Delivered"),
        Column::text("Change"),
    ];
    let standing = Standing::of(&portal).await?;
    let rows = standing.destinations.iter().map(|(destination, progress)| {
        vec![
            html! { a href=(edit_address(destination.id)) { (destination.name.as_str()) } },
            html! { (destination.target.kind_name()) },
            html! { code { (destination.target.address()) } },
            state(progress),
            html! { (standing.waiting(progress)) },
            html! { (progress.delivered) },
            changes(destination, by.csrf()),
        ]
    });
    let empty = Empty {
        why: "Nothing is sent on.".to_owned(),
        next: html! { "Add a SIEM by syslog, or anything that takes an HTTPS POST." },
    };
    let body = html! {
        p { "A destination gets what is stored after it was added. It is believed by its CA certificates alone." }
        (Table { caption: "Destinations", columns: &COLUMNS, rows: rows.collect(), empty })
        h2 { "Add a destination" }
        (add_form(by.csrf()))
    };
    Ok(Page::new("Sharing", &body))
}

fn edit_address(id: DestinationId) -> String {
    format!("{SHARING}/edit?id={id}")
}

fn state(progress: &Progress) -> Markup {
    if progress.failing { badge(Tone::Critical, "Failing") } else { badge(Tone::Ok, "Ok") }
}

fn changes(destination: &Destination, csrf: &str) -> Markup {
    let id = html! { input type="hidden" name="id" value=(destination.id); };
    let form =
        |action: &str, buttons| FormParts { action, csrf, multipart: false, fields: id.clone(), buttons }.render();
    html! {
        details {
            summary aria-label={ "Change " (destination.name.as_str()) } { "Change" }
            p { a href=(edit_address(destination.id)) { "Edit what it gets" } }
            (form("/sharing/test", secondary("Send a test message")))
            (form("/sharing/remove", danger("Remove")))
        }
    }
}

fn add_form(csrf: &str) -> Markup {
    let rule = RuleFields::of(&Rule::default());
    let fields = html! {
        (Field { max_length: 128, ..Field::text("name", "Name") })
        (Field { value: "syslog", ..Field::of("kind", "Kind", FieldKind::Choice(&KINDS)) })
        (Field { max_length: 2100, help: "Syslog: HOST[:PORT], 6514 unless named. Webhook: https://HOST[:PORT][/PATH].", ..Field::text("address", "Address") })
        (Field { help: "PEM. System roots are not used.", ..Field::of("ca_pem", "CA certificates", FieldKind::Area { rows: 4 }) })
        (Field {
            required: false, help: "Of a webhook: it signs what is sent. 22 to 128 visible characters; never shown again.",
            ..Field::of("key", "Key", FieldKind::Password { fresh: true })
        })
        h3 { "What it gets" }
        (rule.fields())
    };
    html! { (FormParts { action: SHARING, csrf, multipart: false, fields, buttons: primary("Add destination") }) }
}

pub(super) async fn add(State(portal): Shared, Form { by, form }: Form<NewDestination>) -> Done {
    let (address, ca_pem) = (form.address.trim(), &form.ca_pem);
    let target = match form.kind.as_str() {
        "syslog" => json!({ "kind": "syslog", "address": address, "ca_pem": ca_pem }),
        _ => json!({ "kind": "webhook", "url": address, "ca_pem": ca_pem, "key": form.key.trim() }),
    };
    let body = json!({ "name": form.name.trim(), "target": target, "rule": form.rule.body() });
    api::keep(&portal, by.actor(), read(body)?).await?;
    Ok(Redirect::to(SHARING))
}

pub(super) async fn edit_form(State(portal): Shared, by: SignedIn, Asked(asked): Asked<OneDestination>) -> Shown {
    let (destination, progress) = portal.store.destination(DestinationId(asked.id)).await?;
    let facts = Definitions::new()
        .with("Kind", destination.target.kind_name())
        .with("Address", destination.target.address())
        .with("State", state(&progress))
        .with_some("Took something last", progress.delivered_at.map(exact))
        .with_some("Last failure", progress.failure.as_ref().map(|(at, why)| html! { (exact(*at)) ": " (why) }));
    let fields = html! {
        input type="hidden" name="id" value=(destination.id);
        (Field { value: destination.name.as_str(), max_length: 128, ..Field::text("name", "Name") })
        (RuleFields::of(&destination.rule).fields())
    };
    let buttons = html! { (primary("Save")) (button_link(Button::Secondary, SHARING, "Keep as it is", None)) };
    let body = html! {
        (facts)
        p { "What it gets changes for what is still to be sent. To change its address or its CA certificates, remove it and add it again." }
        (FormParts { action: "/sharing/edit", csrf: by.csrf(), multipart: false, fields, buttons })
    };
    Ok(Page::new("Edit destination", &body).under(SHARING, "Sharing"))
}

pub(super) async fn edit(State(portal): Shared, Form { by, form }: Form<ChangedDestination>) -> Done {
    let body = json!({ "name": form.name.trim(), "rule": form.rule.body() });
    api::change(&portal, by.actor(), DestinationId(form.id), read(body)?).await?;
    Ok(Redirect::to(SHARING))
}

pub(super) async fn test(State(portal): Shared, Form { form, .. }: Form<OneDestination>) -> Shown {
    let id = DestinationId(form.id);
    api::send_test(&portal, id).await?;
    let (destination, _) = portal.store.destination(id).await?;
    let body = html! {
        (message(Tone::Ok, "The destination took the test message", "Look for it there: syslog does not say whether what was taken was also kept."))
        div class="buttons" { (button_link(Button::Primary, SHARING, "Sharing", None)) }
    };
    Ok(Page::new(destination.name.as_str(), &body).under(SHARING, "Sharing"))
}

pub(super) async fn remove(State(portal): Shared, Form { by, form }: Form<OneDestination>) -> Done {
    api::take_away(&portal, by.actor(), DestinationId(form.id)).await?;
    Ok(Redirect::to(SHARING))
}

fn read<T: serde::de::DeserializeOwned>(body: Value) -> Result<T, Refused> {
    serde_json::from_value(body).map_err(|error| Refused::invalid(error.to_string()))
}
