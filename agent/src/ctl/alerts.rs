//! `picketctl alerts`: what the alert log holds, as it comes, in full, and whether any of it is missing.

use std::io::{self, Write as _};

use picket_protocol::local_api::{AlertVerification, AlertView, StreamVerification, routes};
use serde_json::Value;

use super::{
    cli::{AlertsCommand, Wanted},
    client::Client,
    failure::Failure,
    screen::{Screen, shown},
};

pub(super) fn run(command: AlertsCommand, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    match command {
        AlertsCommand::List { wanted, limit } => list(&wanted, limit, agent, screen),
        AlertsCommand::Follow(wanted) => follow(wanted, agent, screen),
        AlertsCommand::Export(wanted) => export(wanted, agent),
        AlertsCommand::Verify => verify(agent, screen),
    }
}

fn list(wanted: &Wanted, limit: usize, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer = agent.get(&format!("{}?limit={limit}{}", routes::ALERTS, query(wanted)))?;
    if screen.json_answer(&answer)? {
        return Ok(());
    }
    let alerts: Vec<AlertView> = answer.value()?;
    if alerts.is_empty() {
        return screen.line("There is no such alert.");
    }
    alerts.iter().try_for_each(|alert| screen.line(&in_words(alert)))
}

/// Until the person has seen enough. The agent ends each connection after a while: this goes on where it ended.
fn follow(mut wanted: Wanted, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    if wanted.after.is_none() {
        wanted.after = Some(newest(agent)?);
    }
    loop {
        let path = path(routes::ALERTS_FOLLOW, &wanted);
        let ended = agent.lines(&path, |line| {
            let alert: AlertView = serde_json::from_slice(line).map_err(Failure::NotUnderstood)?;
            wanted.after = Some(alert.place);
            if screen.is_json() { screen.line_of_bytes(line) } else { screen.line(&in_words(&alert)) }
        });
        match ended {
            Err(Failure::BrokenOff(_)) => {}
            Err(failure) => return Err(failure),
            Ok(()) => {
                return Err(Failure::Local("the agent ended the list: it stops, or its log cannot be read".into()));
            }
        }
    }
}

/// A line for each alert, its record in it byte for byte, whatever --json says.
fn export(mut wanted: Wanted, agent: &Client) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    loop {
        let before = wanted.after;
        let path = path(routes::ALERTS_EXPORT, &wanted);
        let ended = agent.lines(&path, |line| {
            let alert: AlertView = serde_json::from_slice(line).map_err(Failure::NotUnderstood)?;
            wanted.after = Some(alert.place);
            out.write_all(line).and_then(|()| out.write_all(b"\n")).map_err(Failure::Output)
        });
        match ended {
            // The agent ends each connection after a while: this goes on where it ended.
            Err(Failure::BrokenOff(_)) if wanted.after != before => {}
            ended => return ended.and_then(|()| out.flush().map_err(Failure::Output)),
        }
    }
}

fn verify(agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer = agent.get(routes::ALERTS_VERIFY)?;
    let found: AlertVerification = answer.value()?;
    if !screen.json_answer(&answer)? {
        show(&found, screen)?;
    }
    if found.complete { Ok(()) } else { Err(Failure::NumbersMissing) }
}

fn show(found: &AlertVerification, screen: &Screen) -> Result<(), Failure> {
    if found.streams.is_empty() {
        return screen.line("There is no alert, and there never was one.");
    }
    let rows: Vec<Vec<String>> = found.streams.iter().map(row).collect();
    screen.table(&["stream", "epoch", "given", "in the log", "let go", "dropped", "missing"], &rows)?;
    screen.blank()?;
    let missed = found.counters.get("missed").copied().unwrap_or_default();
    if missed > 0 {
        screen
            .line(&format!("Of what the engine wrote, {missed} lines could not be read: they were gone too soon."))?;
    }
    if found.complete { screen.line("Every number is there, or was left out for a stated reason.") } else { Ok(()) }
}

fn row(stream: &StreamVerification) -> Vec<String> {
    let dropped: Vec<String> = stream.dropped.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    vec![
        stream.stream.to_string(),
        stream.epoch.to_string(),
        stream.head.to_string(),
        stream.in_log.to_string(),
        stream.let_go.to_string(),
        if dropped.is_empty() { "none".into() } else { dropped.join(", ") },
        stream.first_missing.map_or_else(|| "none".into(), |number| format!("from {number} on")),
    ]
}

/// When, how grave, what, between whom, and the name to find it again.
fn in_words(alert: &AlertView) -> String {
    let record: Value = serde_json::from_str(alert.record.get()).unwrap_or_default();
    let text = |key: &str| match record.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let what = record.pointer("/alert/signature").and_then(Value::as_str);
    let what = what.map_or_else(|| text("event_type"), str::to_owned);
    let end = |ip: &str, port: &str| match (text(ip), text(port)) {
        (ip, port) if port.is_empty() => ip,
        (ip, port) => format!("{ip}:{port}"),
    };
    let (from, to) = (end("src_ip", "src_port"), end("dest_ip", "dest_port"));
    let line = format!("{}  {:<13}  {what}  {from} -> {to}  {}", alert.detected_at, alert.severity.as_str(), alert.id);
    shown(&line)
}

/// The place of the newest alert; 0 where there is none.
fn newest(agent: &Client) -> Result<u64, Failure> {
    let newest: Vec<AlertView> = agent.get(&format!("{}?limit=1", routes::ALERTS))?.value()?;
    Ok(newest.first().map_or(0, |alert| alert.place))
}

fn path(route: &str, wanted: &Wanted) -> String {
    let query = query(wanted);
    if query.is_empty() { route.to_owned() } else { format!("{route}?{}", &query[1..]) }
}

fn query(Wanted { after, severity, epoch }: &Wanted) -> String {
    let mut query = String::new();
    query.extend(after.map(|after| format!("&after={after}")));
    query.extend(severity.map(|severity| format!("&severity={severity}")));
    query.extend(epoch.map(|epoch| format!("&epoch={epoch}")));
    query
}
