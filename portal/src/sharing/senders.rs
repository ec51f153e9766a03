//! Keeps one sender running for each destination that there is. Sends nothing itself.

use std::{collections::HashMap, time::Duration};

use tokio::{
    sync::Notify,
    task::{AbortHandle, JoinSet},
    time::timeout,
};

use super::{
    destination::{Destination, DestinationId},
    sender::{Sender, Sources},
};

/// Without a word it is looked anyway: a sender that ended is started again, and another process of the portal may have
/// added one.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);

/// The running senders. Dropping it ends them.
#[derive(Debug)]
pub(super) struct Senders {
    sources: Sources,
    tasks: JoinSet<()>,
    /// Each with what it was started for: a destination that changed gets another sender.
    running: HashMap<DestinationId, (Destination, AbortHandle)>,
}

impl Senders {
    pub(super) fn new(sources: Sources) -> Self {
        Self { sources, tasks: JoinSet::new(), running: HashMap::new() }
    }

    /// Follows the destinations until it is dropped.
    pub(super) async fn run(mut self, changed: &Notify) {
        loop {
            match self.sources.store.destinations().await {
                Ok(destinations) => self.follow(destinations.into_iter().map(|(destination, _)| destination).collect()),
                Err(refused) => tracing::warn!(why = refused.problem().title, "destinations cannot be read"),
            }
            let _ = timeout(LOOK_ANYWAY, changed.notified()).await;
        }
    }

    fn follow(&mut self, destinations: Vec<Destination>) {
        while self.tasks.try_join_next().is_some() {}
        self.running.retain(|_, (kept, task)| {
            let wanted = destinations.contains(kept);
            if !wanted {
                task.abort();
            }
            wanted && !task.is_finished()
        });
        for destination in destinations {
            let sources = &self.sources;
            let tasks = &mut self.tasks;
            self.running.entry(destination.id).or_insert_with(|| {
                let task = tasks.spawn(Sender::new(destination.clone(), sources.clone()).run());
                (destination, task)
            });
        }
    }
}
