//! What a heartbeat means: for its identity, for its registration, and what it is answered.

use picket_protocol::{
    documents::activation::{Mode, Subscription},
    heartbeat::{DesiredState, Heartbeat, Standing},
    ids::{HeartbeatDigest, SensorId, Serial, SubscriptionId, Thumbprint},
    names::{Label, SensorName},
    time::UnixSeconds,
};

use super::{
    alarm::Alarm,
    chain::{Fit, HeartbeatChain, News},
    connection::Troubled,
    identity::{Identity, IdentityState, RootsKnown},
    refused::Refused,
    registration::{Deletion, Filed, ModeChoice, Origin, Registration, UploadWindow},
    role::Role,
};

/// What holds for every heartbeat at this upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What this upstream is.
    pub role: Role,
    /// The interval it wishes, seconds.
    pub interval_seconds: Option<u32>,
    /// The newest trust root version; 0 at a management console.
    pub newest_root: u64,
}

/// What a heartbeat is answered, but for the time and the bytes of documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Taken.
    Answered(Answered),
    /// The sensor was deleted: it gets the deactivation and nothing else.
    Deactivated { sensor: SensorId, deletion: Deletion },
    /// Not taken.
    Refused(Refused),
}

/// The answer to a heartbeat that was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answered {
    /// What the owner wishes.
    pub desired: DesiredState,
    /// Trust root versions after this one go with it.
    pub roots_after: Option<u64>,
    /// A reissued activation file.
    pub reissue: Option<Vec<u8>>,
}

/// What a heartbeat changes beyond its identity's own row. Rare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consequence {
    /// The identity's serial is in force: identities with lower ones are superseded.
    Committed { serial: Serial },
    /// The sensor knows that it was deleted.
    DeactivationAcknowledged,
    /// A sensor of a management console has this name.
    Named(SensorName),
    /// People should look.
    Raised(Alarm),
}

/// Takes a heartbeat of `identity`. Changes the identity; returns the answer and what else follows.
pub fn hear(
    identity: &mut Identity,
    registration: &Registration,
    heartbeat: &Heartbeat,
    digest: HeartbeatDigest,
    now: UnixSeconds,
    policy: &Policy,
) -> (Reply, Vec<Consequence>) {
    if heartbeat.sensor != identity.sensor {
        return refused("the heartbeat names another sensor than the certificate");
    }
    let mut consequences = Vec::new();
    if let Some(deletion) = &registration.deletion {
        identity.last_seen = Some(now);
        if heartbeat.standing == Standing::Deactivated && deletion.acknowledged_at.is_none() {
            consequences.push(Consequence::DeactivationAcknowledged);
        }
        return (Reply::Deactivated { sensor: identity.sensor, deletion: deletion.clone() }, consequences);
    }
    if policy.role == Role::ManagementConsole {
        if !is_locally_managed(heartbeat) {
            return (Reply::Refused(Refused::NotLocallyManaged), consequences);
        }
        identity.serial = identity.serial.max(heartbeat.serial);
        name_paired(registration, heartbeat, &mut consequences);
    }
    if identity.state == IdentityState::Superseded {
        let alarm = Alarm::SupersededKey { key: identity.thumbprint.to_string(), serial: identity.serial };
        let (reply, _) = refused("a later activation of this sensor has another key");
        return (reply, vec![Consequence::Raised(alarm)]);
    }
    link(identity, heartbeat, digest, now, &mut consequences);
    commit(identity, registration, heartbeat, &mut consequences);
    let answered = Answered {
        desired: registration.desired(policy.interval_seconds),
        roots_after: identity.roots.answer(heartbeat.chain.previous, digest, policy.newest_root),
        reissue: reissue(identity, registration, heartbeat),
    };
    (Reply::Answered(answered), consequences)
}

/// Whether the sensor says that it is locally managed: the only ones a management console takes.
#[must_use]
pub fn is_locally_managed(heartbeat: &Heartbeat) -> bool {
    heartbeat.status.as_ref().is_some_and(|status| status.mode == Mode::LocallyManaged)
}

fn refused(why: &'static str) -> (Reply, Vec<Consequence>) {
    (Reply::Refused(Refused::NotAccepted { why }), Vec::new())
}

fn name_paired(registration: &Registration, heartbeat: &Heartbeat, consequences: &mut Vec<Consequence>) {
    if let Some(status) = &heartbeat.status
        && status.name != registration.filed.name
    {
        consequences.push(Consequence::Named(status.name.clone()));
    }
}

fn link(
    identity: &mut Identity,
    heartbeat: &Heartbeat,
    digest: HeartbeatDigest,
    now: UnixSeconds,
    consequences: &mut Vec<Consequence>,
) {
    let first = identity.last_seen.is_none();
    identity.last_seen = Some(now);
    let key = identity.thumbprint.to_string();
    let (fit, news) = identity.chain.hear(&heartbeat.chain, digest, now);
    match news {
        Some(News::PossibleClone) => consequences.push(Consequence::Raised(Alarm::PossibleClone { key })),
        Some(News::Restored) => consequences.push(Consequence::Raised(Alarm::Restored { key })),
        // A key that is heard for the first time with a past was adopted, and told of then.
        None if fit == Fit::PortalBehind && !first => {
            consequences.push(Consequence::Raised(Alarm::PortalBehind { key }));
        }
        None => {}
    }
}

fn commit(
    identity: &mut Identity,
    registration: &Registration,
    heartbeat: &Heartbeat,
    consequences: &mut Vec<Consequence>,
) {
    if heartbeat.standing != Standing::Committed || heartbeat.serial != identity.serial {
        return;
    }
    if identity.state == IdentityState::Candidate || registration.committed < Some(identity.serial) {
        identity.state = IdentityState::Committed;
        consequences.push(Consequence::Committed { serial: identity.serial });
    }
}

/// A pushed file goes to the identity in force until it is claimed.
fn reissue(identity: &Identity, registration: &Registration, heartbeat: &Heartbeat) -> Option<Vec<u8>> {
    let push = registration.push.as_ref()?;
    let in_force = heartbeat.standing == Standing::Committed && identity.state == IdentityState::Committed;
    (in_force && push.serial > identity.serial).then(|| push.file.clone())
}

/// The numbers of a heartbeat that lists show, so that a list decodes no heartbeat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The agent's version.
    pub version: String,
    /// The interval it keeps, seconds.
    pub interval_seconds: Option<u32>,
    /// Components that are not well.
    pub troubled: Troubled,
}

impl Summary {
    /// What `heartbeat` says.
    #[must_use]
    pub fn of(heartbeat: &Heartbeat) -> Self {
        let status = heartbeat.status.as_ref();
        let troubled =
            status.into_iter().flat_map(|status| &status.health).filter(|(_, health)| troubles(&health.code));
        Self {
            version: heartbeat.versions.agent.clone(),
            interval_seconds: status.map(|status| status.interval_seconds),
            troubled: troubled.fold(Troubled::default(), |sum, (component, _)| sum.with(*component)),
        }
    }
}

/// A component that is not in use is no trouble; what it says instead of `ok` is its own word.
fn troubles(code: &str) -> bool {
    !matches!(code, "ok" | "none" | "off" | "unknown" | "not-configured" | "not-used")
}

/// What a certificate of this portal's own CA says of a key that the portal does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certified {
    /// The key.
    pub thumbprint: Thumbprint,
    /// The sensor that the CA named.
    pub sensor: SensorId,
    /// The serial that the CA named.
    pub serial: Option<Serial>,
}

/// The identity of a key that enrolled after the backup this portal was restored from. Nobody is locked out for that.
#[must_use]
pub fn adopted_identity(certified: &Certified, heartbeat_serial: Serial, now: UnixSeconds) -> Identity {
    Identity {
        thumbprint: certified.thumbprint,
        sensor: certified.sensor,
        serial: certified.serial.unwrap_or(heartbeat_serial),
        cti: None,
        state: IdentityState::Candidate,
        enrolled_at: now,
        chain: HeartbeatChain::default(),
        last_seen: None,
        roots: RootsKnown { version: 1, offered: None },
    }
}

/// Files a sensor that nobody here registered, under what it says itself, for a person to adopt or delete.
#[must_use]
pub fn adopted_registration(
    sensor: SensorId,
    origin: Origin,
    name: Option<SensorName>,
    now: UnixSeconds,
) -> Registration {
    let fallback = || SensorName::try_from(sensor.to_string()).expect("a UUID is letters, digits and hyphens");
    let unknown = Label::try_from("unknown".to_owned()).expect("one word is a label");
    let mode = match origin {
        Origin::Paired => ModeChoice::LocallyManaged { console: None },
        Origin::Onboarded | Origin::Adopted => ModeChoice::CloudConnected { hub: None, automatic_ti: false },
    };
    Registration {
        id: sensor,
        origin,
        filed: Filed {
            name: name.unwrap_or_else(fallback),
            subscription: Subscription { id: SubscriptionId::from_bytes([0; 16]), name: unknown },
            site: None,
            zone: None,
            tags: std::collections::BTreeMap::new(),
            mode,
            binding: picket_protocol::documents::activation::Binding::None,
            licence_until: None,
            upload_window: UploadWindow::default(),
        },
        created_at: now,
        committed: None,
        push: None,
        deletion: None,
    }
}

#[cfg(test)]
mod tests;
