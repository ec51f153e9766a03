//! The columns of Sites and Sensors: each with its cell; and which of them a person wants, remembered by a cookie of the
//! browser's, so that it works without a script and is nobody else's business.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Redirect, Response},
};
use picket_guard::cookie::SessionCookie;
use picket_look::{Column, Form as FormParts, Markup, html, secondary, when};
use picket_protocol::{
    heartbeat::{Heartbeat, TiStatus},
    time::UnixSeconds,
};

use super::{chosen::Pairs, forms::Form, words};
use crate::store::views::SensorView;

const COOKIE: &str = "__Host-picket-columns";
const YEAR: u32 = 365 * 86_400;
/// Stands for none, where a cookie without a value would be no cookie.
const NONE: &str = "none";
/// Most bytes of the address that is gone back to.
const MAX_BACK: usize = 2048;

type Cell = fn(&SensorView, UnixSeconds) -> Markup;

/// Every column that can be left out: its key in the cookie, its title, its cell.
const ALL: [(&str, &str, Cell); 12] = [
    ("type", "Connection type", |view, _| html! { (words::mode(view.facts.mode)) }),
    ("connection", "Connection", |view, now| words::connection(view.facts.connection(now))),
    ("health", "Health", |view, now| words::health(view.facts.health(now))),
    ("seen", "Last connected", last_seen),
    ("subscription", "Subscription", |view, _| html! { (view.registration.filed.subscription.name.as_str()) }),
    ("site", "Site", |view, _| html! { (view.registration.filed.site.as_ref().map_or("–", |site| site.as_str())) }),
    ("zone", "Zone", |view, _| html! { (view.registration.filed.zone.as_ref().map_or("–", |zone| zone.as_str())) }),
    ("tags", "Tags", tags),
    ("version", "Version", |view, _| html! { (view.version.as_deref().unwrap_or("–")) }),
    ("ti", "TI package", |view, _| of_ti(view, |ti| ti.version.clone().unwrap_or_else(|| "None".to_owned()))),
    ("ti-mode", "TI updates", |view, _| {
        of_ti(view, |ti| if ti.automatic { "Automatic" } else { "By hand" }.to_owned())
    }),
    ("ti-status", "TI status", |view, _| of_ti(view, |ti| ti.status.clone())),
];

fn last_seen(view: &SensorView, now: UnixSeconds) -> Markup {
    html! { @match view.facts.last_seen { Some(at) => { (when(at, now)) " " span class="muted" { (at) } } None => "–" } }
}

fn tags(view: &SensorView, _: UnixSeconds) -> Markup {
    html! { @for (key, value) in &view.registration.filed.tags { span { (key.as_str()) ": " (value.as_str()) } " " } }
}

fn of_ti(view: &SensorView, say: impl Fn(&TiStatus) -> String) -> Markup {
    let heartbeat = view.last_heartbeat.as_deref().and_then(|bytes| Heartbeat::decode(bytes).ok());
    let status = heartbeat.and_then(|heartbeat| heartbeat.status);
    html! { (status.map_or_else(|| "–".to_owned(), |status| say(&status.ti))) }
}

/// The columns that a person wants, by their places.
#[derive(Debug)]
pub(super) struct Chosen(Vec<usize>);

impl Chosen {
    /// As the browser remembers it; all, if it does not.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let Some(kept) = SessionCookie::named(COOKIE).token(headers) else { return Self((0..ALL.len()).collect()) };
        let kept: Vec<&str> = kept.split('.').collect();
        Self((0..ALL.len()).filter(|place| kept.contains(&ALL[*place].0)).collect())
    }

    pub(super) fn titles(&self) -> impl Iterator<Item = Column<'static>> {
        self.0.iter().map(|place| Column::text(ALL[*place].1))
    }

    pub(super) fn cells(&self, view: &SensorView, now: UnixSeconds) -> impl Iterator<Item = Markup> {
        self.0.iter().map(move |place| ALL[*place].2(view, now))
    }

    /// The form that chooses. `back` is the query of the page that it stands on.
    pub(super) fn form(&self, back: &str, csrf: &str) -> Markup {
        let fields = html! {
            input type="hidden" name="back" value=(back);
            div class="filters" {
                @for (place, (key, title, _)) in ALL.iter().enumerate() {
                    div class="tick" {
                        input type="checkbox" id={ "column-" (key) } name="column" value=(key) checked[self.0.contains(&place)];
                        label for={ "column-" (key) } { (title) }
                    }
                }
            }
        };
        html! {
            details {
                summary { "Choose columns" }
                (FormParts { action: "/sensors/columns", csrf, multipart: false, fields, buttons: secondary("Show these columns") })
            }
        }
    }
}

/// Remembers what was chosen, and goes back.
pub(super) async fn choose(Form { form, .. }: Form<Pairs>) -> Response {
    let wanted = form.iter().filter(|(name, _)| name == "column").map(|(_, key)| key.as_str());
    let known = ALL.iter().map(|(key, ..)| *key);
    let wanted: Vec<&str> = wanted.collect();
    let kept: Vec<&str> = known.filter(|key| wanted.contains(key)).collect();
    let kept = if kept.is_empty() { NONE.to_owned() } else { kept.join(".") };
    let back = form.iter().find(|(name, _)| name == "back").map_or("", |(_, back)| back.as_str());
    let safe = back.len() <= MAX_BACK && back.bytes().all(|byte| byte.is_ascii_graphic());
    let address = if safe && !back.is_empty() { format!("/sensors?{back}") } else { "/sensors".to_owned() };
    let cookie = format!("{COOKIE}={kept}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={YEAR}");
    let mut response = Redirect::to(&address).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
