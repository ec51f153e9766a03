//! What people do here, told to the agent: its audit is one numbered list that the console can add to and not erase.
//!
//! A change of people is told before it is made ([`Audit::before`]): without a record there is none. Nobody is kept from
//! signing in or out by an agent that does not answer ([`Audit::told`]): those records wait in memory and are told late,
//! which they say.

mod refusals;

use std::{
    collections::VecDeque,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use picket_protocol::local_api::{PeopleDeed, PeopleRecord};
use tokio::time::{sleep, timeout};

use self::refusals::{GATHERED_FOR, Refusals};
use crate::{
    accounts::PersonName,
    agent::{Agent, NoAnswer},
    clock,
};

/// A person who signs in waits no longer for the agent to record it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Records that wait for the agent; the oldest gives way, and stands in the log alone.
const MOST_WAITING: usize = 64;

/// Tells the agent. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Audit {
    agent: Agent,
    late: Arc<Mutex<Late>>,
}

#[derive(Debug, Default)]
struct Late {
    waiting: VecDeque<Waiting>,
    refusals: Refusals,
}

#[derive(Debug)]
struct Waiting {
    by: Option<PersonName>,
    record: PeopleRecord,
    since: Duration,
}

/// A record of a deed without a before.
#[must_use]
pub fn deed(what: PeopleDeed, after: impl Into<Option<String>>) -> PeopleRecord {
    PeopleRecord { what, before: None, after: after.into() }
}

impl Audit {
    /// For this agent.
    #[must_use]
    pub fn new(agent: Agent) -> Self {
        Self { agent, late: Arc::default() }
    }

    /// Before a change: without the record it must not be made.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn before(&self, by: &PersonName, record: &PeopleRecord) -> Result<(), NoAnswer> {
        self.agent.record(Some(by), record).await
    }

    /// After a deed that nobody is kept from.
    pub async fn told(&self, by: &PersonName, record: PeopleRecord) {
        self.tell(Some(by.clone()), record).await;
    }

    /// A refused sign-in of a known person, or under a name that nobody has, which is not repeated: it may be a password in
    /// the wrong field. The first one of an address is told at once, those that follow together.
    pub async fn sign_in_refused(&self, address: IpAddr, person: Option<&PersonName>) {
        let told = self.late().refusals.refused(address.to_canonical(), person);
        let Some(told) = told else { return };
        self.tell(None, told).await;
        let audit = self.clone();
        tokio::spawn(async move {
            sleep(GATHERED_FOR).await;
            let gathered = audit.late().refusals.gathered(address.to_canonical());
            if let Some(record) = gathered {
                audit.tell(None, record).await;
            }
        });
    }

    async fn tell(&self, by: Option<PersonName>, record: PeopleRecord) {
        self.wait(by, record);
        while let Some(next) = self.take() {
            let told = timeout(PATIENCE, self.agent.record(next.by.as_ref(), &next.told_now())).await;
            if !matches!(told, Ok(Ok(()))) {
                tracing::warn!(what = ?next.record.what, after = next.record.after, "the agent recorded it not yet");
                return self.late().waiting.push_front(next);
            }
        }
    }

    fn wait(&self, by: Option<PersonName>, record: PeopleRecord) {
        let mut late = self.late();
        if late.waiting.len() >= MOST_WAITING {
            late.waiting.pop_front();
        }
        late.waiting.push_back(Waiting { by, record, since: clock::since_boot() });
    }

    fn take(&self) -> Option<Waiting> {
        self.late().waiting.pop_front()
    }

    fn late(&self) -> MutexGuard<'_, Late> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// The agent writes down when it was told, so a late record says how late it is.
    fn told_now(&self) -> PeopleRecord {
        let late = clock::since_boot().saturating_sub(self.since).as_secs();
        let mut record = self.record.clone();
        if late > PATIENCE.as_secs() {
            record.after = Some(format!("{} (told {late} s later)", record.after.unwrap_or_default()));
        }
        record
    }
}
