//! The snapshot: everything that people see, made of the state at one instant. Names local users; reads nothing else.

use std::collections::BTreeMap;

use nix::unistd::{Uid, User};
use picket_lifecycle::{State, moment::Moment, stamp::Stamp};
use picket_protocol::{
    documents::activation::{Activation, Endpoint, ModeSettings},
    ids::ApplianceId,
    local_api::{AgentStatus, AlertStatus, EndpointRole, Outcome},
};

use super::command::{Snapshot, Target};

/// The names of local users, each looked up once: a snapshot is made at every event.
#[derive(Debug, Default)]
pub(super) struct Users(BTreeMap<u32, Option<String>>);

impl Users {
    /// A local user by name.
    fn name(&mut self, mut outcome: Outcome) -> Outcome {
        if let Some(uid) = outcome.by.uid
            && outcome.by.name == uid.to_string()
            && let Some(name) = self.0.entry(uid).or_insert_with(|| look_up(uid))
        {
            outcome.by.name.clone_from(name);
        }
        outcome
    }
}

fn look_up(uid: u32) -> Option<String> {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name)
}

impl Snapshot {
    pub(super) fn of(
        state: &State,
        now: &Moment,
        appliance: &ApplianceId,
        agent: AgentStatus,
        alerts: AlertStatus,
        users: &mut Users,
    ) -> Self {
        let mut status = state.status(now, appliance, agent, alerts);
        status.retry = status.retry.map(|outcome| users.name(outcome));
        Self {
            status,
            trust: state.trust_roots(),
            outcomes: state.outcomes().into_iter().map(|outcome| users.name(outcome)).collect(),
            targets: targets(state),
            proxy: state.proxy().cloned(),
        }
    }
}

pub(super) fn targets(state: &State) -> Vec<Target> {
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

/// Whether there is any. Asked at each turn, so it copies none.
pub(super) fn has_targets(state: &State) -> bool {
    state.activations().any(|(activation, ..)| !endpoints(&activation.mode).is_empty())
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
