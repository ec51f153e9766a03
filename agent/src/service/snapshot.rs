//! The snapshot: everything that people see, made of the state at one instant. Names local users; reads nothing else.

use std::time::Duration;

use nix::unistd::{Uid, User};
use picket_lifecycle::{State, moment::Moment, stamp::Stamp};
use picket_protocol::{
    documents::activation::{Activation, Endpoint, ModeSettings},
    ids::ApplianceId,
    local_api::{AgentStatus, EndpointRole, Outcome},
};

use super::command::{Snapshot, Target};

impl Snapshot {
    pub(super) fn of(state: &State, now: &Moment, appliance: &ApplianceId, version: String, uptime: Duration) -> Self {
        let agent = AgentStatus { version, uptime_seconds: uptime.as_secs() };
        let mut status = state.status(now, appliance, agent);
        status.retry = status.retry.map(named);
        Self {
            status,
            trust: state.trust_roots(),
            outcomes: state.outcomes().into_iter().map(named).collect(),
            targets: targets(state),
            proxy: state.proxy().cloned(),
        }
    }
}

/// A local user by name.
fn named(mut outcome: Outcome) -> Outcome {
    let unnamed = |uid: &u32| outcome.by.name == uid.to_string();
    if let Some(uid) = outcome.by.uid.filter(unnamed)
        && let Ok(Some(user)) = User::from_uid(Uid::from_raw(uid))
    {
        outcome.by.name = user.name;
    }
    outcome
}

fn targets(state: &State) -> Vec<Target> {
    let epoch = state.appliance().epoch();
    let of = |(activation, _, candidate): (&Activation, _, bool)| {
        let stamp = Stamp { epoch: if candidate { epoch.next() } else { epoch }, cti: activation.cti };
        let target = move |(role, endpoint): (EndpointRole, &Endpoint)| Target {
            role,
            endpoint: endpoint.clone(),
            stamp,
            candidate,
        };
        endpoints(&activation.mode).into_iter().map(target).collect::<Vec<_>>()
    };
    state.activations().flat_map(of).collect()
}

fn endpoints(mode: &ModeSettings) -> Vec<(EndpointRole, &Endpoint)> {
    match mode {
        ModeSettings::CloudConnected(cloud) => {
            vec![(EndpointRole::Portal, &cloud.portal), (EndpointRole::Hub, &cloud.hub.endpoint)]
        }
        ModeSettings::LocallyManaged(local) => {
            let console = local.management_console.iter();
            console.map(|console| (EndpointRole::ManagementConsole, &console.endpoint)).collect()
        }
    }
}
