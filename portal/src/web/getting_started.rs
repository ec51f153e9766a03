//! What to do first.

use axum::extract::State;
use picket_look::{Button, Icon, Step, StepState, button_link, copyable, html, steps};

use super::{
    gate::SignedIn,
    page::{Page, Shown},
};
use crate::{
    clock,
    domain::{access::Right, role::Role},
    people::Shared,
    portal::Portal,
};

pub(super) async fn page(State(portal): Shared, by: SignedIn) -> Shown {
    let caller = by.caller();
    if portal.role == Role::ManagementConsole {
        return Ok(of_a_console());
    }
    let counts = portal.store.counts(&caller.scope, portal.viewpoint(), clock::now()).await?;
    let may = caller.may(Right::Manage).is_ok();
    let onboard = html! {
        p { "Register the sensor here, with its name, site and zone. You get an activation file for it." }
        @if may {
            div class="buttons" { (button_link(Button::Primary, "/onboard", "Onboard sensor", Some(Icon::Add))) }
        } @else {
            p { "Your role does not allow this. A contributor can do it." }
        }
    };
    let onboarded = counts.onboarded > 0;
    let sensors = format!("{} {}", counts.onboarded, if counts.onboarded == 1 { "sensor" } else { "sensors" });
    let done = |summary: String, change: &str| StepState::Done { summary, change: Some(change.to_owned()) };
    let carry = html! {
        p { "Download the activation file on the sensor's page, carry it to the sensor, and upload it at the sensor console." }
        (trust(&portal))
        div class="buttons" { (button_link(Button::Secondary, "/sensors", "Sites and Sensors", Some(Icon::Sites))) }
    };
    let first = if onboarded { done(sensors, "/onboard") } else { StepState::Present(onboard) };
    let second = if onboarded { StepState::Present(carry) } else { StepState::Later { note: None } };
    let all = [
        Step { name: "onboard", title: "Onboard a sensor", state: first },
        Step { name: "carry", title: "Carry its activation file to the sensor", state: second },
        Step {
            name: "watch",
            title: "See it connect",
            state: StepState::Later {
                note: Some(
                    "A cloud-connected sensor shows as connected here within minutes of its activation.".to_owned(),
                ),
            },
        },
    ];
    let more = html! { @if onboarded && may { p { a href="/onboard" { "Onboard another sensor" } } } };
    Ok(Page::new("Getting started", &html! { (steps(&all)) (more) }))
}

/// What a person compares at a sensor that knows no trust root yet.
pub(super) fn trust(portal: &Portal) -> picket_look::Markup {
    let Ok(trust) = portal.trust() else { return html! {} };
    html! {
        p {
            "A sensor that has not met this portal shows a fingerprint and asks for its last characters: "
            strong { (trust.id().confirmation()) }
            ". Compare the rest: " (copyable(&trust.id().to_string(), "fingerprint"))
        }
    }
}

fn of_a_console() -> Page {
    Page::new(
        "Getting started",
        &html! {
            p { "This is a management console: it shows locally managed sensors that were paired with it, and issues nothing." }
            p { "Make a pairing token here, and onboard the sensor at its portal with this console's address and the token:" }
            pre { "picket-portal pairing-token add --data DIR" }
        },
    )
}
