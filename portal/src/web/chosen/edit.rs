//! Edit several sensors: what is filled in changes, the rest stays as each sensor has it.

use axum::extract::State;
use picket_look::{Button, Field, FieldKind, Form as FormParts, button_link, html, primary};
use serde_json::{Map, Value};

use super::{
    super::{
        forms::Form,
        gate::SignedIn,
        onboard::read,
        page::{Page, Shown},
    },
    Pairs, count, hidden, listed, outcome, page as framed, reached, value,
};
use crate::{
    domain::refused::Refused,
    people::{Shared, sensors},
    store::views::SensorView,
};

const TI: [(&str, &str); 3] = [("", "As each has it"), ("yes", "Yes"), ("no", "No")];

pub(super) fn page(by: &SignedIn, chosen: &[SensorView]) -> Page {
    let tick = |name, label| html! { (Field { required: false, ..Field::of(name, label, FieldKind::Tick) }) };
    let fields = html! {
        (hidden(chosen))
        (Field { required: false, max_length: 128, help: "Empty: each keeps its own.", ..Field::text("site", "Site") })
        (tick("no_site", "Take the site away"))
        (Field { required: false, max_length: 128, help: "Empty: each keeps its own.", ..Field::text("zone", "Zone") })
        (tick("no_zone", "Take the zone away"))
        (Field {
            required: false, help: "One a line, as key: value. They are added, or replace those of the same key. A key with nothing after it is taken away.",
            ..Field::of("tags", "Tags", FieldKind::Area { rows: 3 })
        })
        (Field {
            required: false, help: "Of cloud-connected sensors. This portal does not serve packages yet.",
            ..Field::of("automatic_ti", "Automatic threat intelligence updates", FieldKind::Choice(&TI))
        })
    };
    let buttons =
        html! { (primary("Save for all")) (button_link(Button::Secondary, "/sensors", "Keep as they are", None)) };
    let body = html! {
        p { "What is filled in changes at all of them. Cloud-connected sensors take it with their next heartbeat." }
        (listed(chosen))
        (FormParts { action: "/sensors/chosen/edit", csrf: by.csrf(), multipart: false, fields, buttons })
    };
    framed(format!("Edit {}", count(chosen.len())), &body)
}

pub(crate) async fn edit(State(portal): Shared, Form { by, form }: Form<Pairs>) -> Shown {
    let chosen = reached(&portal, &by, &form).await?;
    let changes = Changes::read(&form)?;
    let (mut done, mut refused) = (0, Vec::new());
    for view in &chosen {
        let id = view.registration.id;
        let changed = match read(changes.of(view).into()) {
            Ok(body) => sensors::change(&portal, by.caller(), by.actor(), id, body).await,
            Err(why) => Err(why),
        };
        match changed {
            Ok(()) => done += 1,
            Err(why) => refused.push((view.registration.filed.name.to_string(), why)),
        }
    }
    Ok(outcome("changed", done, &refused, &html! {}))
}

/// What changes at each sensor: the fields as the API takes them, and the tags one by one.
struct Changes {
    fields: Map<String, Value>,
    tags: Vec<(String, String)>,
}

impl Changes {
    fn read(form: &Pairs) -> Result<Self, Refused> {
        let mut fields = Map::new();
        for name in ["site", "zone"] {
            let (text, away) = (value(form, name).trim(), value(form, &format!("no_{name}")) == "yes");
            match (text, away) {
                ("", false) => {}
                ("", true) => _ = fields.insert(name.to_owned(), Value::Null),
                (text, false) => _ = fields.insert(name.to_owned(), text.into()),
                (_, true) => return Err(Refused::invalid(format!("{name}: fill it in, or take it away, not both"))),
            }
        }
        match value(form, "automatic_ti") {
            "yes" => _ = fields.insert("automatic_ti".to_owned(), true.into()),
            "no" => _ = fields.insert("automatic_ti".to_owned(), false.into()),
            _ => {}
        }
        let lines = value(form, "tags").lines().map(str::trim).filter(|line| !line.is_empty());
        let read = |line: &str| {
            let pair = line.split_once(':').map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()));
            pair.ok_or_else(|| Refused::invalid(format!("tags: {line:?} is no key: value")))
        };
        let tags: Vec<_> = lines.map(read).collect::<Result<_, _>>()?;
        if fields.is_empty() && tags.is_empty() {
            return Err(Refused::invalid("nothing is filled in: nothing would change"));
        }
        Ok(Self { fields, tags })
    }

    fn of(&self, view: &SensorView) -> Map<String, Value> {
        let mut fields = self.fields.clone();
        if !self.tags.is_empty() {
            let kept =
                view.registration.filed.tags.iter().map(|(key, value)| (key.to_string(), value.to_string().into()));
            let mut tags: Map<String, Value> = kept.collect();
            for (key, value) in &self.tags {
                if value.is_empty() {
                    tags.remove(key);
                } else {
                    tags.insert(key.clone(), value.as_str().into());
                }
            }
            fields.insert("tags".to_owned(), tags.into());
        }
        fields
    }
}
