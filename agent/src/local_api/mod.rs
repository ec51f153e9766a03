//! The local API: HTTP/1.1 and JSON on the agent's Unix socket. Says who may ask what, bounds what is read, and hands
//! each question to the service. Decides nothing about the sensor.

mod alerts;
mod answer;
mod audit;
mod body;
mod certificates;
mod changes;
mod check;
mod console;
mod diagnose;
#[cfg(debug_assertions)]
mod fault_points;
mod files;
mod grants;
mod hours;
mod lines;
mod listen;
mod live;
mod metrics;
mod person;
mod reads;
mod routes;
mod search;
mod serve;
mod standing;
#[cfg(test)]
mod tests;
mod trust;

use std::{collections::BTreeMap, fmt, sync::Arc};

use picket_protocol::local_api::CheckLine;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::{
    alerts::Alerts,
    service::{Handle, Snapshot},
};

pub use self::{
    grants::{Grants, Right},
    listen::bind,
    serve::serve,
};

/// Followers, exports and verifications at once; further ones wait.
const MAX_STREAMS: usize = 8;
/// Followers of the status at once; further ones wait.
const MAX_FOLLOWERS: usize = 16;

/// Begins a check of everything in a snapshot. The lines end with [`CheckLine::Done`]; dropping the receiver ends it.
pub type Checker = Arc<dyn Fn(&Snapshot) -> mpsc::Receiver<CheckLine> + Send + Sync>;

/// What the local API needs.
pub struct LocalApi {
    /// The task that owns the state.
    pub service: Handle,
    /// Who may do what.
    pub grants: Grants,
    /// How endpoints are checked.
    pub checker: Checker,
    /// The agent's settings for a diagnosis. No secrets.
    pub settings: BTreeMap<String, String>,
    /// Whose alerts are listed.
    pub alerts: Alerts,
    one_check: Arc<Semaphore>,
    few_streams: Arc<Semaphore>,
    few_followers: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

impl LocalApi {
    /// Puts it together.
    #[must_use]
    pub fn new(
        service: Handle,
        grants: Grants,
        checker: Checker,
        settings: BTreeMap<String, String>,
        alerts: Alerts,
    ) -> Self {
        Self {
            service,
            grants,
            checker,
            settings,
            alerts,
            one_check: Arc::new(Semaphore::new(1)),
            few_streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            few_followers: Arc::new(Semaphore::new(MAX_FOLLOWERS)),
            stopping: watch::Sender::new(false),
        }
    }
}

impl fmt::Debug for LocalApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalApi").field("grants", &self.grants).finish_non_exhaustive()
    }
}
