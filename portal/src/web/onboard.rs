//! Onboard sensor: one form, then the sensor's activation file.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use picket_look::{Field, FieldKind, Form as FormParts, Markup, html, primary};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    forms::Form,
    gate::SignedIn,
    page::{Page, Shown, refusal},
};
use crate::{
    domain::refused::Refused,
    people::{Shared, problem::Problem, sensor_body::SensorBody, sensors},
    portal::Portal,
};

/// Everything a person says of a sensor, as the form has it: empty is not said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fields {
    pub(super) name: String,
    pub(super) subscription: String,
    pub(super) cloud: String,
    pub(super) hub: String,
    pub(super) automatic_ti: String,
    pub(super) site: String,
    pub(super) zone: String,
    pub(super) tags: String,
    pub(super) appliance: String,
    pub(super) request: String,
    pub(super) licence_until: String,
    pub(super) upload_days: String,
    pub(super) console_url: String,
    pub(super) console_ca: String,
    pub(in crate::web) pairing_token: String,
}

pub(super) const BUILT_IN: &str = "built-in";
const YES: &str = "yes";

pub(super) async fn form(State(portal): Shared, by: SignedIn) -> Shown {
    let subscriptions = portal.store.subscriptions(&by.caller().scope).await?;
    let first = subscriptions.into_iter().map(|(_, name)| name).find(|name| name != "unknown");
    let fields = Fields {
        subscription: first.unwrap_or_default(),
        cloud: YES.to_owned(),
        upload_days: "30".to_owned(),
        ..Fields::default()
    };
    Ok(page(&portal, &by, &fields, None).await?)
}

pub(super) async fn onboard(State(portal): Shared, Form { by, form }: Form<Fields>) -> Result<Response, Problem> {
    let registered = match form.body() {
        Ok(body) => sensors::register(&portal, by.caller(), by.actor(), body, None).await,
        Err(refused) => Err(refused),
    };
    match registered {
        Ok(id) => Ok(Redirect::to(&format!("/sensors/{id}/file")).into_response()),
        Err(refused) => {
            let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
            Ok(page(&portal, &by, &form, Some(&refused)).await?.with_status(status).into_response())
        }
    }
}

impl Fields {
    pub(super) fn is_cloud(&self) -> bool {
        self.cloud == YES
    }

    /// The registration, read as the API reads it.
    fn body(&self) -> Result<SensorBody, Refused> {
        let mut body = self.filing()?;
        body.insert("mode".to_owned(), self.mode()?);
        read(body.into())
    }

    /// All but the mode.
    pub(super) fn filing(&self) -> Result<Map<String, Value>, Refused> {
        let mut body = Map::new();
        let optional = |text: &str| if text.trim().is_empty() { Value::Null } else { Value::from(text.trim()) };
        body.insert("name".to_owned(), self.name.trim().into());
        if !self.subscription.trim().is_empty() {
            body.insert("subscription".to_owned(), self.subscription.trim().into());
        }
        body.insert("site".to_owned(), optional(&self.site));
        body.insert("zone".to_owned(), optional(&self.zone));
        body.insert("tags".to_owned(), self.read_tags()?);
        if !self.licence_until.is_empty() {
            body.insert("licence_until".to_owned(), optional(&self.licence_until));
        }
        if !self.upload_days.trim().is_empty() {
            let days = self.upload_days.trim().parse::<u32>();
            body.insert("upload_days".to_owned(), days.map_err(|_| Refused::invalid("days: a number"))?.into());
        }
        let binding = match (self.appliance.trim(), self.request.trim()) {
            ("", "") => None,
            (appliance, "") => Some(json!({ "kind": "appliance", "value": appliance })),
            ("", request) => Some(json!({ "kind": "request", "value": request })),
            _ => return Err(Refused::invalid("bind to an appliance id or to a request, not to both")),
        };
        body.extend(binding.map(|binding| ("binding".to_owned(), binding)));
        Ok(body)
    }

    /// What a mode takes.
    pub(super) fn mode(&self) -> Result<Value, Refused> {
        if self.is_cloud() {
            let hub = if self.hub.is_empty() || self.hub == BUILT_IN { Value::Null } else { self.hub.as_str().into() };
            return Ok(json!({ "mode": "cloud-connected", "hub": hub, "automatic_ti": self.automatic_ti == YES }));
        }
        if self.automatic_ti == YES {
            return Err(Refused::invalid("automatic threat intelligence updates need a cloud-connected sensor"));
        }
        let console = [&self.console_url, &self.console_ca, &self.pairing_token].map(|text| text.trim());
        let console = match console {
            ["", "", ""] => Value::Null,
            [url, ca_pem, token] => json!({ "url": url, "ca_pem": ca_pem, "pairing_token": token }),
        };
        Ok(json!({ "mode": "locally-managed", "console": console }))
    }

    /// One `key: value` a line.
    fn read_tags(&self) -> Result<Value, Refused> {
        let lines = self.tags.lines().map(str::trim).filter(|line| !line.is_empty());
        let read = |line: &str| {
            let (key, value) =
                line.split_once(':').ok_or_else(|| Refused::invalid(format!("tags: {line:?} is no key: value")))?;
            Ok((key.trim().to_owned(), Value::from(value.trim())))
        };
        Ok(Value::Object(lines.map(read).collect::<Result<_, Refused>>()?))
    }
}

/// As the API would read it: the same rules, the same words.
pub(super) fn read(body: Value) -> Result<SensorBody, Refused> {
    serde_json::from_value(body).map_err(|error| Refused::invalid(error.to_string()))
}

async fn page(portal: &Portal, by: &SignedIn, fields: &Fields, refused: Option<&Refused>) -> Result<Page, Refused> {
    let hubs = hub_choices(portal).await?;
    let form = html! {
        (Field {
            value: &fields.name, max_length: 64,
            help: "Include the sensor's IP address, so that people find it: line-3 10.4.1.17",
            ..Field::text("name", "Sensor name")
        })
        (Field {
            value: &fields.subscription, max_length: 128,
            help: "Whose sensor it is. A name that is not known makes a new subscription.",
            ..Field::text("subscription", "Subscription")
        })
        (Field {
            value: &fields.cloud, required: false,
            help: "It reports to this portal and delivers alerts to the hub. Without this it is locally managed and sends nothing to a cloud.",
            ..Field::of("cloud", "Cloud connected", FieldKind::Tick)
        })
        (hub_field(&hubs, &fields.hub))
        (Field {
            value: &fields.automatic_ti, required: false,
            help: "This portal does not serve packages yet. The sensor installs them by itself once it does.",
            ..Field::of("automatic_ti", "Automatic threat intelligence updates", FieldKind::Tick)
        })
        (filing_fields(fields))
        details {
            summary { "Bind the file to one sensor" }
            (Field {
                value: &fields.appliance, required: false, max_length: 32,
                help: "Shown at the sensor console before activation. Any other sensor refuses the file.",
                ..Field::text("appliance", "Appliance id")
            })
            (Field {
                value: &fields.request, required: false,
                help: "In base64: base64 -w0 FILE.",
                ..Field::of("request", "Or a request file of the sensor", FieldKind::Area { rows: 3 })
            })
        }
        details {
            summary { "Management console of a locally managed sensor" }
            (console_fields(fields))
        }
        (Field {
            value: &fields.licence_until, required: false, max_length: 10,
            help: "YYYY-MM-DD. From 30 days before, the sensor warns. It stops nothing.",
            ..Field::text("licence_until", "Licence until")
        })
        (Field {
            value: &fields.upload_days, max_length: 3,
            help: "1 to 365. Past that a file that was not uploaded is void.",
            ..Field::text("upload_days", "Days for which the file may be uploaded")
        })
    };
    let body = html! {
        @if let Some(refused) = refused { (refusal(refused)) }
        p { a href="/onboard/many" { "Onboard many sensors from a table" } }
        (FormParts { action: "/onboard", csrf: by.csrf(), multipart: false, fields: form, buttons: primary("Onboard sensor") })
    };
    Ok(Page::new("Onboard sensor", &body).under("/", "Getting started"))
}

/// Site, zone and tags.
pub(super) fn filing_fields(fields: &Fields) -> Markup {
    html! {
        (Field { value: &fields.site, required: false, max_length: 128, ..Field::text("site", "Site") })
        (Field { value: &fields.zone, required: false, max_length: 128, ..Field::text("zone", "Zone") })
        (Field {
            value: &fields.tags, required: false,
            help: "One a line, as key: value.",
            ..Field::of("tags", "Tags", FieldKind::Area { rows: 3 })
        })
    }
}

/// Where a locally managed sensor reports to.
pub(super) fn console_fields(fields: &Fields) -> Markup {
    html! {
        (Field {
            value: &fields.console_url, required: false, max_length: 300,
            help: "https://HOST[:PORT]. Without one the sensor sends not one packet.",
            ..Field::text("console_url", "Address")
        })
        (Field { value: &fields.console_ca, required: false, ..Field::of("console_ca", "Its CA certificates, PEM", FieldKind::Area { rows: 4 }) })
        (Field { value: "", required: false, max_length: 200, ..Field::text("pairing_token", "Pairing token made there") })
    }
}

/// The hubs by id and name, the built-in one first.
pub(super) async fn hub_choices(portal: &Portal) -> Result<Vec<(String, String)>, Refused> {
    let hubs = portal.store.hubs().await?;
    let built_in = (BUILT_IN.to_owned(), "Built into this portal".to_owned());
    Ok(std::iter::once(built_in).chain(hubs.iter().map(|row| (row.id.0.to_string(), row.name.to_string()))).collect())
}

pub(super) fn hub_field(hubs: &[(String, String)], chosen: &str) -> Markup {
    let choices: Vec<(&str, &str)> = hubs.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
    html! {
        (Field {
            value: if chosen.is_empty() { BUILT_IN } else { chosen }, required: false,
            help: "Where a cloud-connected sensor delivers its alerts.",
            ..Field::of("hub", "Hub", FieldKind::Choice(&choices))
        })
    }
}
