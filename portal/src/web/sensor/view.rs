//! What a sensor's page shows. Pure.

use picket_look::{
    Button, Column, Definitions, Empty, Form, Icon, Markup, Table, Tone, badge, button_link,
    chart::{Cell, cells},
    copyable, exact, html, message, secondary, span, when,
};
use picket_protocol::{
    heartbeat::{Heartbeat, SensorStatus},
    ids::Thumbprint,
    time::UnixSeconds,
};

use super::super::words;
use crate::{
    domain::{alarm::Alarm, audit_chain::Record as AuditRecord, outages::Hour},
    people::streams::Stream,
    store::{
        AlarmRow,
        views::{ActivationView, IdentityView, SensorView},
    },
};

/// Everything on record.
pub(super) struct Record {
    pub(super) view: SensorView,
    pub(super) identities: Vec<IdentityView>,
    pub(super) activations: Vec<ActivationView>,
    pub(super) certificates: Vec<(Thumbprint, UnixSeconds)>,
    pub(super) streams: Vec<Stream>,
    pub(super) alarms: Vec<AlarmRow>,
    pub(super) audit: Vec<AuditRecord>,
    pub(super) hours: Vec<(UnixSeconds, Hour)>,
    pub(super) now: UnixSeconds,
}

pub(super) fn page(record: &Record, may_change: bool, csrf: &str) -> Markup {
    let heartbeat = record.view.last_heartbeat.as_deref().and_then(|bytes| Heartbeat::decode(bytes).ok());
    let status = heartbeat.as_ref().and_then(|heartbeat| heartbeat.status.as_ref());
    let id = record.view.registration.id;
    html! {
        @for alarm in record.alarms.iter().filter(|alarm| alarm.cleared.is_none()) { (open_alarm(record, alarm, may_change, csrf)) }
        @if may_change && !record.view.facts.deleted {
            div class="buttons" {
                (button_link(Button::Primary, &format!("/sensors/{id}/file"), "Download activation file", Some(Icon::Download)))
                (button_link(Button::Secondary, &format!("/sensors/{id}/edit"), "Edit", Some(Icon::Name)))
                (button_link(Button::Secondary, &format!("/sensors/{id}/reissue"), "Reissue", Some(Icon::Reactivation)))
                (button_link(Button::Secondary, &format!("/sensors/{id}/delete"), "Delete", None))
            }
        }
        (standing(record))
        h2 { "Connection" }
        (history(record))
        h2 { "Last heartbeat" }
        @match status { Some(status) => (told(status, record.now)), None => p class="muted" { "The sensor has not said how it is yet." } }
        h2 { "Alerts" }
        (streams(record))
        p { a href={ "/alerts?sensor=" (id) } { "Alerts of this sensor" } }
        h2 { "Activation files" }
        (activations(record))
        h2 { "Keys and certificates" }
        (certificates(record))
        h2 { "Audit" }
        (audit(record))
    }
}

fn open_alarm(record: &Record, alarm: &AlarmRow, may_change: bool, csrf: &str) -> Markup {
    let note = Alarm::is_note(&alarm.kind);
    let title = match alarm.kind.as_str() {
        "possible-clone" => "Possible clone: two sensors speak with this sensor's key",
        "restored" => "Restored: the sensor's disk was set back to an earlier copy",
        "file-used-twice" => "One activation file was used on two sensors; the second was refused",
        "pairing-token-used-twice" => "One pairing token was used by two sensors; the second was refused",
        "portal-behind" => "The sensor knew more than this portal: the portal was restored from a backup",
        "unknown-registration" => "This sensor was never registered here, or was forgotten with a restore",
        "superseded-key" => "A key speaks that a later activation replaced",
        other => other,
    };
    let id = record.view.registration.id;
    let clear = html! { input type="hidden" name="alarm" value=(alarm.id); };
    html! {
        section class="stack" data-alarm=(alarm.kind) {
            (message(if note { Tone::Notice } else { Tone::Critical }, title, Alarm::next(&alarm.kind)))
            p { "Since " (when(alarm.at, record.now)) "." }
            @if may_change {
                (Form {
                    action: &format!("/sensors/{id}/clear"), csrf, multipart: false, fields: clear,
                    buttons: html! {
                        (secondary("Clear"))
                        @if !note { (button_link(Button::Secondary, &format!("/sensors/{id}/reissue"), "Reissue", None)) }
                    },
                })
            }
        }
    }
}

fn standing(record: &Record) -> Markup {
    let (registration, facts) = (&record.view.registration, &record.view.facts);
    let filed = &registration.filed;
    let list = Definitions::new()
        .with("Connection", words::connection(facts.connection(record.now)))
        .with("Health", words::health(facts.health(record.now)))
        .with_some("Last connected", facts.last_seen.map(|at| when(at, record.now)))
        .with("Connection type", words::mode(facts.mode))
        .with("Subscription", filed.subscription.name.as_str())
        .with_some("Site", filed.site.as_ref().map(|site| site.as_str()))
        .with_some("Zone", filed.zone.as_ref().map(|zone| zone.as_str()));
    let list = filed
        .tags
        .iter()
        .fold(list, |list, (key, value)| list.with("Tag", format!("{}: {}", key.as_str(), value.as_str())));
    let list = list
        .with_some("Licence until", filed.licence_until.map(exact))
        .with("Onboarded", exact(registration.created_at))
        .with("Sensor id", copyable(&registration.id.to_string(), "sensor id"));
    let list = match &registration.deletion {
        None => list,
        Some(deletion) => list
            .with("Deleted", exact(deletion.at))
            .with("Reason", deletion.reason.as_str())
            .with("By", deletion.decided_by.as_str())
            .with(
                "Known to the sensor",
                html! { @match deletion.acknowledged_at { Some(at) => (exact(at)), None => "Not yet: it is told with its next heartbeat" } },
            ),
    };
    html! { (list) }
}

fn history(record: &Record) -> Markup {
    let word = |hour: Hour| match hour {
        Hour::Before => (Tone::Neutral, "Not enrolled yet"),
        Hour::Heard => (Tone::Ok, "Connected"),
        Hour::Partly => (Tone::Warning, "Not heard for a part"),
        Hour::Silent => (Tone::Critical, "Disconnected"),
    };
    if !record.view.facts.reports_here {
        return html! { p class="muted" { "In its present mode it does not report here." } };
    }
    if record.hours.is_empty() {
        return html! { p class="muted" { "Nothing is known: this sensor has not connected here." } };
    }
    let strip: Vec<Cell> = record
        .hours
        .iter()
        .map(|(from, hour)| {
            let (tone, word) = word(*hour);
            Cell { label: from.to_string(), tone, word: word.to_owned() }
        })
        .collect();
    let silent = record.hours.iter().filter(|(_, hour)| matches!(hour, Hour::Silent | Hour::Partly)).count();
    let summary = match silent {
        0 => "The last 7 days, an hour a cell: never missed.".to_owned(),
        hours => format!("The last 7 days, an hour a cell: missed in {hours} of them."),
    };
    cells(&summary, &strip)
}

fn told(status: &SensorStatus, now: UnixSeconds) -> Markup {
    let list = Definitions::new()
        .with("Name in force", status.name.as_str())
        .with("Epoch", status.epoch.to_string())
        .with("Appliance", copyable(&status.appliance.to_string(), "appliance id"))
        .with("Addresses", status.addresses.join(", "))
        .with("Up for", span(status.uptime_seconds))
        .with("Clock", exact(status.clock))
        .with("Interval", format!("{} s", status.interval_seconds));
    let list = status.health.iter().fold(list, |list, (component, health)| {
        let tone = if health.code == "ok" { Tone::Ok } else { Tone::Warning };
        list.with(component.as_str(), html! { (badge(tone, &health.code)) " since " (when(health.since, now)) })
    });
    html! { (list) }
}

/// 1 to N received, so many dropped and why.
fn streams(record: &Record) -> Markup {
    const COLUMNS: [Column<'static>; 5] = [
        Column::text("Stream"),
        Column::number("Received"),
        Column::text("Dropped"),
        Column::number("Lacking"),
        Column::text("Complete"),
    ];
    let rows = record.streams.iter().map(|stream| {
        let dropped: Vec<String> =
            stream.dropped.iter().map(|(reason, count)| format!("{count} {}", reason.as_str())).collect();
        vec![
            html! { code { (stream.stream.split('-').next().unwrap_or_default()) } },
            html! { "1–" (stream.up_to) ", " (stream.received) },
            html! { (if dropped.is_empty() { "none".to_owned() } else { dropped.join(", ") }) },
            html! { (stream.lacking) },
            if stream.complete { badge(Tone::Ok, "Complete") } else { badge(Tone::Notice, "Still coming") },
        ]
    });
    let empty = Empty { why: "No alert has come yet.".to_owned(), next: html! {} };
    html! { (Table { caption: "Streams of alerts", columns: &COLUMNS, rows: rows.collect(), empty }) }
}

fn activations(record: &Record) -> Markup {
    const COLUMNS: [Column<'static>; 5] = [
        Column::number("Serial"),
        Column::text("Mode"),
        Column::text("Issued"),
        Column::text("Upload until"),
        Column::text("State"),
    ];
    let state = |file: &ActivationView| match (file.committed_at, file.claimed_at, file.voided_at) {
        (Some(_), ..) => badge(Tone::Ok, "In force, or was"),
        (None, Some(_), _) => badge(Tone::Notice, "Enrolled"),
        (None, None, Some(_)) => badge(Tone::Neutral, "Void"),
        (None, None, None) if file.upload_until < record.now => badge(Tone::Warning, "Not uploaded in time"),
        (None, None, None) => badge(Tone::Notice, "Not used yet"),
    };
    let rows = record.activations.iter().map(|file| {
        let mode = html! { (file.mode) };
        vec![html! { (file.serial) }, mode, exact(file.issued_at), exact(file.upload_until), state(file)]
    });
    let empty = Empty { why: "No file was downloaded yet.".to_owned(), next: html! {} };
    html! { (Table { caption: "Activation files", columns: &COLUMNS, rows: rows.collect(), empty }) }
}

fn certificates(record: &Record) -> Markup {
    const COLUMNS: [Column<'static>; 5] = [
        Column::text("Key"),
        Column::text("State"),
        Column::text("Enrolled"),
        Column::text("Last heard"),
        Column::text("Certificate"),
    ];
    let rows = record.identities.iter().map(|identity| {
        let until = record.certificates.iter().find(|(key, _)| *key == identity.thumbprint).map(|(_, until)| *until);
        let certificate = html! {
            @match until.map(|until| until.since(record.now)) {
                None => "–",
                Some(left) if left < 0 => (badge(Tone::Critical, "Ended")),
                Some(left) if left < 14 * 86_400 => (badge(Tone::Warning, &format!("{} days left", left / 86_400))),
                Some(left) => { (left / 86_400) " days left" }
            }
        };
        vec![
            html! { code { (identity.thumbprint.to_string().chars().take(16).collect::<String>()) } },
            html! { (identity.state) },
            exact(identity.enrolled_at),
            html! { @match identity.last_seen { Some(at) => (when(at, record.now)), None => "–" } },
            certificate,
        ]
    });
    let empty = Empty { why: "The sensor has not enrolled yet.".to_owned(), next: html! {} };
    html! { (Table { caption: "Keys and certificates", columns: &COLUMNS, rows: rows.collect(), empty }) }
}

fn audit(record: &Record) -> Markup {
    const COLUMNS: [Column<'static>; 3] = [Column::text("When"), Column::text("Who"), Column::text("What")];
    let rows = record
        .audit
        .iter()
        .map(|record| vec![html! { (record.at) }, html! { (record.actor) }, html! { (record.action) }]);
    let empty = Empty { why: "Nothing is on record.".to_owned(), next: html! {} };
    html! { (Table { caption: "Audit of this sensor", columns: &COLUMNS, rows: rows.collect(), empty }) }
}
