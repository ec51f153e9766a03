//! The sensor's status as it changes, for everybody who looks: one question that stays open at the agent, however many look,
//! and none while nobody does.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use picket_protocol::local_api::{SeverityHour, Status, routes};
use tokio::{sync::watch, time::sleep};

use crate::{agent::Agent, clock};

/// Alert counts of so many hours.
pub const HOURS: u32 = 24;
/// Most bytes of a line: a status with every health word and the longest refusals.
const MAX_LINE: usize = 1024 * 1024;
/// After the agent has ended its answer, or gave none. It ends one every few minutes.
const PAUSE: Duration = Duration::from_secs(1);
/// So often in a row it gives none before what was seen last counts for nothing. A start takes it less.
const FAILURES: u32 = 10;

/// How the sensor was, and when that was seen.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The status.
    pub status: Status,
    /// Alerts by the hour; none when the agent does not say them.
    pub hours: Option<Vec<SeverityHour>>,
    /// On the boot clock.
    pub at: Duration,
}

/// Follows the agent while somebody looks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Follow {
    agent: Agent,
    seen: watch::Sender<Option<Arc<Seen>>>,
    follows: Arc<Mutex<bool>>,
}

impl Follow {
    /// For this agent; asks nothing yet.
    #[must_use]
    pub fn new(agent: Agent) -> Self {
        Self { agent, seen: watch::Sender::new(None), follows: Arc::default() }
    }

    /// What is seen from now on; nothing at first, and nothing again once the agent has long been silent.
    #[must_use]
    pub fn look(&self) -> watch::Receiver<Option<Arc<Seen>>> {
        let mut follows = self.follows.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.seen.subscribe();
        if !std::mem::replace(&mut *follows, true) {
            // What was seen last may be hours old.
            self.seen.send_replace(None);
            tokio::spawn(self.clone().go_on());
        }
        receiver
    }

    async fn go_on(self) {
        let mut failures = 0;
        while !self.nobody_looks() {
            match self.agent.stream(routes::STATUS_FOLLOW).await {
                Ok(lines) => {
                    failures = 0;
                    tokio::select! {
                        () = self.tell(lines) => {}
                        () = self.seen.closed() => continue,
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "the agent's status cannot be followed");
                    failures += 1;
                    if failures == FAILURES {
                        self.seen.send_replace(None);
                    }
                }
            }
            sleep(PAUSE).await;
        }
    }

    /// Judged under the lock: whoever begins to look afterwards starts another follower.
    fn nobody_looks(&self) -> bool {
        let mut follows = self.follows.lock().unwrap_or_else(PoisonError::into_inner);
        *follows = self.seen.receiver_count() > 0;
        !*follows
    }

    async fn tell(&self, mut lines: Incoming) {
        let mut begun = Vec::new();
        while let Some(Ok(frame)) = lines.frame().await {
            begun.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
            if begun.len() > MAX_LINE {
                return;
            }
            while let Some(end) = begun.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = begun.drain(..=end).collect();
                let Ok(status) = serde_json::from_slice(&line) else { return };
                let hours = self.agent.get(&format!("{}?hours={HOURS}", routes::ALERTS_SEVERITIES)).await.ok();
                self.seen.send_replace(Some(Arc::new(Seen { status, hours, at: clock::since_boot() })));
            }
        }
    }
}

impl Seen {
    /// The status as the clock has gone on since: the agent says nothing while only seconds pass.
    #[must_use]
    pub fn now(&self) -> Status {
        let passed = clock::since_boot().saturating_sub(self.at).as_secs();
        let mut status = self.status.clone();
        status.clock.wall.0 += i64::try_from(passed).unwrap_or_default();
        status.agent.uptime_seconds += passed;
        status
    }
}
