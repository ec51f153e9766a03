//! `picketctl status`: what is so, in sentences first; then what to do.

use picket_protocol::{
    documents::activation::Mode,
    local_api::{
        Active, Candidate, Deactivated, Gravity, HubStatus, KeyKept, Link, Message, ModeView, NetworkAccess, Proof,
        ProofStep, SensorState, Status, UpstreamKind, UpstreamStatus, health_advice, routes,
    },
    time::UnixSeconds,
};

use super::{
    client::Client,
    deliveries,
    failure::Failure,
    screen::{Screen, ago, capitalised, shown, span},
};

pub(super) fn run(agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer = agent.get(routes::STATUS)?;
    if screen.json_answer(&answer)? {
        return Ok(());
    }
    show(&answer.value()?, screen)
}

/// The whole status, for a person.
pub(super) fn show(status: &Status, screen: &Screen) -> Result<(), Failure> {
    let now = now(status);
    screen.title(&headline(status))?;
    match &status.state {
        SensorState::Unactivated => screen.line(if status.trusted {
            "Upload an activation file: picketctl activate FILE"
        } else {
            "No trust root is pinned yet, so no file can be verified. As root: picketctl trust add FILE"
        })?,
        SensorState::Active { active } => active_lines(active, status, now, screen)?,
        SensorState::Deactivated { deactivated } => deactivated_lines(deactivated, now, screen)?,
    }
    if let Some(candidate) = &status.candidate {
        candidate_lines(candidate, status, screen)?;
    }
    if let Some(outcome) = &status.retry {
        screen.blank()?;
        screen.title(&format!("An activation (serial {}) did not come into force.", outcome.serial))?;
        if let picket_protocol::local_api::OutcomeResult::NotCommitted { problem } = &outcome.result {
            screen.problem(problem)?;
        }
        screen.line("To try the same file again: picketctl candidate retry")?;
    }
    message_lines(status, screen)?;
    deliveries::show(&status.alerts, now, screen)?;
    machine_lines(status, screen)
}

/// What people should hear until its cause is gone, as the sensor console says it too.
fn message_lines(status: &Status, screen: &Screen) -> Result<(), Failure> {
    for Message { severity, title, next, .. } in Message::of(status) {
        let word = match severity {
            Gravity::Info => "Note",
            Gravity::Warning => "Warning",
            Gravity::Error => "Error",
        };
        screen.blank()?;
        screen.line(&format!("{word}: {}.", shown(&title)))?;
        next.iter().try_for_each(|step| screen.line(&format!("  {}.", shown(step))))?;
    }
    Ok(())
}

/// The effective time of the sensor.
pub(super) fn now(status: &Status) -> UnixSeconds {
    status.clock.wall.max(status.clock.floor)
}

fn headline(status: &Status) -> String {
    match &status.state {
        SensorState::Unactivated => "This sensor is not activated.".to_owned(),
        SensorState::Active { active } => {
            let name = shown(active.activation.name.as_str());
            let subscription = shown(&active.activation.subscription.name.to_string());
            format!(
                "Activated as {name} in subscription {subscription}, {}.",
                mode_words(active.activation.mode.mode())
            )
        }
        SensorState::Deactivated { .. } => "Deactivated: this sensor was deleted at its portal.".to_owned(),
    }
}

/// A mode in a sentence.
const fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::CloudConnected => "cloud-connected",
        Mode::LocallyManaged => "locally managed",
    }
}

fn active_lines(active: &Active, status: &Status, now: UnixSeconds, screen: &Screen) -> Result<(), Failure> {
    if let Some(upstream) = &status.upstream {
        screen.line(&upstream_sentence(upstream, now))?;
        if let Some(problem) = upstream.problem.as_ref().filter(|_| upstream.link != Link::Connected) {
            screen.problem(problem)?;
        }
    } else {
        screen.line(nothing_sentence(status.agent.network))?;
    }
    if let Some(hub) = &status.hub {
        screen.line(&hub_sentence(hub, now))?;
        if let Some(problem) = hub.problem.as_ref().filter(|_| hub.link != Link::Connected) {
            screen.problem(problem)?;
        }
    }
    let first_connection_pending =
        !active.proof.complete() && matches!(active.activation.mode, ModeView::CloudConnected { .. });
    if first_connection_pending {
        proof_lines(&active.proof, screen)?;
    }
    if active.signer_withdrawn {
        screen.line("The key that signed this activation was withdrawn since. The activation stays in force; have the portal reissue it.")?;
    }
    if let Some(until) = active.activation.licence_until {
        licence_line(until, now, screen)?;
    }
    let activation = &active.activation;
    screen.blank()?;
    screen.list(&[
        ("site", activation.site.as_ref().map(ToString::to_string)),
        ("zone", activation.zone.as_ref().map(ToString::to_string)),
        ("sensor id", Some(activation.sensor.to_string())),
        ("serial", Some(activation.serial.to_string())),
        ("epoch", Some(status.epoch.to_string())),
        ("committed", Some(ago(active.committed_at, now))),
        (
            "certificate until",
            status.upstream.as_ref().and_then(|up| up.certificate_until).map(|until| until.to_string()),
        ),
    ])
}

const fn nothing_sentence(network: NetworkAccess) -> &'static str {
    match network {
        NetworkAccess::Refused => "It sends nothing to anybody, and the kernel refuses it any network.",
        NetworkAccess::NotEnforced => "It sends nothing to anybody. The kernel does not hold it to that: see its log.",
        NetworkAccess::Open => "It sends nothing to anybody.",
    }
}

fn licence_line(until: UnixSeconds, now: UnixSeconds, screen: &Screen) -> Result<(), Failure> {
    match until.since(now) {
        left if left < 0 => screen.line(&format!("The licence ended on {until}. Nothing stops; renew it.")),
        left if left < 30 * 86_400 => screen.line(&format!("The licence ends on {until}.")),
        _ => Ok(()),
    }
}

fn deactivated_lines(ended: &Deactivated, now: UnixSeconds, screen: &Screen) -> Result<(), Failure> {
    screen.line("It keeps detecting and storing, and sends nothing.")?;
    screen.list(&[
        ("had been", Some(ended.activation.name.to_string())),
        ("reason", Some(ended.reason.clone())),
        ("decided by", Some(ended.decided_by.clone())),
        ("at", Some(ago(ended.at, now))),
    ])?;
    screen.line("If this was a mistake, onboard the sensor again at the portal and upload the new activation file.")
}

fn candidate_lines(candidate: &Candidate, status: &Status, screen: &Screen) -> Result<(), Failure> {
    screen.blank()?;
    screen.title(&format!(
        "A new activation is being proved: {}, {}, serial {}; {} left.",
        shown(candidate.activation.name.as_str()),
        mode_words(candidate.activation.mode.mode()),
        candidate.activation.serial,
        span(candidate.remaining_seconds)
    ))?;
    screen.line(match status.state {
        SensorState::Deactivated { .. } => "Until it is proved the sensor stays deactivated.",
        _ => "Until it is proved the present activation stays in force.",
    })?;
    proof_lines(&candidate.proof, screen)?;
    screen.line("To switch without waiting: picketctl candidate now. To keep the present one: picketctl candidate keep")
}

/// The steps of a proof, each with its state.
pub(super) fn proof_lines(proof: &Proof, screen: &Screen) -> Result<(), Failure> {
    for (what, step) in proof.steps() {
        screen.line(&format!("  {:7}  {}", step_word(step), capitalised(what)))?;
        if let ProofStep::Failed { problem } = step {
            screen.line(&format!("           {} ({})", shown(&problem.detail), problem.code))?;
        }
    }
    Ok(())
}

pub(super) const fn step_word(step: &ProofStep) -> &'static str {
    match step {
        ProofStep::Waiting => "waiting",
        ProofStep::Failed { .. } => "failed",
        ProofStep::Proved => "done",
    }
}

fn upstream_sentence(upstream: &UpstreamStatus, now: UnixSeconds) -> String {
    let who = match upstream.kind {
        UpstreamKind::Portal => format!("portal {}", shown(&upstream.url)),
        UpstreamKind::ManagementConsole => format!("management console {}", shown(&upstream.url)),
    };
    let last = upstream
        .last_answer
        .map_or_else(|| "never answered yet".to_owned(), |at| format!("last answer {}", ago(at, now)));
    match upstream.link {
        Link::Pending => format!("Waiting for the first connection to the {who}."),
        Link::Connected => format!("Connected to the {who}; {last}."),
        Link::Retrying => format!("The {who} did not answer the last heartbeat; trying again ({last})."),
        Link::Disconnected => format!("Disconnected from the {who}; {last}. The sensor keeps trying."),
        Link::Rejected => format!("Rejected by the {who}: it answers, and does not accept this sensor ({last})."),
        Link::ClockWrong => format!("This sensor's clock is in the way of the {who} ({last})."),
    }
}

fn hub_sentence(hub: &HubStatus, now: UnixSeconds) -> String {
    let url = shown(&hub.url);
    match (hub.link, hub.last_accepted) {
        (Link::Connected, Some(at)) => format!("The IoT hub {url} accepts; last {}.", ago(at, now)),
        (Link::Connected, None) => format!("The IoT hub {url} accepts."),
        (Link::Pending, _) => format!("The IoT hub {url} has not been tried yet."),
        (Link::Rejected, _) => format!("The IoT hub {url} rejects this sensor."),
        (Link::ClockWrong, _) => format!("This sensor's clock is in the way of the IoT hub {url}."),
        (Link::Retrying | Link::Disconnected, _) => format!("The IoT hub {url} cannot be reached."),
    }
}

const fn key_words(kept: KeyKept) -> Option<&'static str> {
    match kept {
        KeyKept::None => None,
        KeyKept::Plain => Some("in a file that only the agent may read"),
        KeyKept::Sealed => Some("sealed by this machine's TPM 2.0"),
        KeyKept::Unopened => Some("sealed by a TPM that does not open it now: see picket-agent-key.service"),
    }
}

fn machine_lines(status: &Status, screen: &Screen) -> Result<(), Failure> {
    let clock = if status.clock.wall < status.clock.floor {
        format!("{} — wrong: it cannot be before {}. Set it, or its NTP server", status.clock.wall, status.clock.floor)
    } else {
        status.clock.wall.to_string()
    };
    screen.blank()?;
    screen.list(&[
        ("appliance id", Some(status.appliance.to_string())),
        ("proxy", status.proxy.as_ref().map(|proxy| proxy.url.clone())),
        ("clock", Some(clock)),
        ("clock is off by", status.clock.drift_seconds.map(|seconds| format!("{seconds} s"))),
        ("identity key", key_words(status.agent.key).map(str::to_owned)),
        ("agent", Some(format!("{}, up {}", status.agent.version, span(status.agent.uptime_seconds)))),
    ])?;
    let unwell: Vec<Vec<String>> = status
        .health
        .iter()
        // What is pending has been said above.
        .filter(|(_, health)| !matches!(health.code.as_str(), "ok" | "pending"))
        .map(|(part, health)| {
            let advice = health_advice(&health.code).unwrap_or_default().to_owned();
            vec![part.to_string(), health.code.clone(), ago(health.since, now(status)), advice]
        })
        .collect();
    if unwell.is_empty() {
        return Ok(());
    }
    screen.blank()?;
    screen.table(&["not well", "code", "since", ""], &unwell)
}
