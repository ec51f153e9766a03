//! The one task that writes. It takes what has queued up as one batch, makes it one transaction, and answers after the
//! commit: while one batch is being synced, the next one gathers.

use std::collections::BTreeSet;

use picket_protocol::{ids::SensorId, time::UnixSeconds};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    change::{Change, Tell, Work},
    failed,
    heartbeats::{Bulk, Spoken},
    registry::Registry,
    standings,
};
use crate::database::Connection;
use crate::{
    clock,
    domain::{
        heartbeat::{Certified, Policy, Reply},
        refused::Refused,
    },
};

/// Most commands in one transaction: bounds how long the first of them waits.
const MAX_BATCH: usize = 1024;

pub(super) enum Command {
    Heartbeat(Box<Spoken>, oneshot::Sender<Result<Reply, Refused>>),
    Change(Change),
}

impl Command {
    /// Whose heartbeat it is, if it is one.
    fn speaker(&self) -> Option<Certified> {
        match self {
            Self::Heartbeat(spoken, _) => Some(spoken.certified),
            Self::Change(_) => None,
        }
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Heartbeat(..) => "Heartbeat",
            Self::Change(_) => "Change",
        })
    }
}

pub(super) struct Writer {
    work: Work,
    registry: Registry,
    policy: watch::Receiver<Policy>,
    queue: mpsc::Receiver<Command>,
    bulk: Bulk,
}

/// Who waits for the end of a batch.
#[derive(Default)]
struct Waiting {
    heartbeats: Vec<(oneshot::Sender<Result<Reply, Refused>>, Reply)>,
    changes: Vec<(bool, Tell)>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        registry: Registry,
        policy: watch::Receiver<Policy>,
        queue: mpsc::Receiver<Command>,
    ) -> Self {
        let work = Work { connection, touched: BTreeSet::new(), now: UnixSeconds(0), now_milliseconds: 0 };
        Self { work, registry, policy, queue, bulk: Bulk::default() }
    }

    /// Serves until the last sender is gone, then leaves the database closed.
    pub(super) async fn run(mut self) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        while self.queue.recv_many(&mut batch, MAX_BATCH).await > 0 {
            self.serve(&mut batch).await;
        }
        if let Err(error) = self.work.connection.close().await {
            tracing::error!(%error, "the database did not close");
        }
    }

    async fn serve(&mut self, batch: &mut Vec<Command>) {
        self.work.now = clock::now();
        self.work.now_milliseconds = clock::unix_milliseconds();
        self.work.touched.clear();
        let mut waiting = Waiting::default();
        let committed = match self.commit(batch, &mut waiting).await {
            Ok(()) => true,
            Err(error) => {
                failed(&error);
                self.start_over().await;
                false
            }
        };
        batch.clear(); // what a failed batch did not come to: its senders see the reply dropped
        for (reply, answer) in waiting.heartbeats {
            let _ = reply.send(if committed { Ok(answer) } else { Err(Refused::StorageFailed) });
        }
        for (made, tell) in waiting.changes {
            tell(committed || !made);
        }
    }

    async fn commit(&mut self, batch: &mut Vec<Command>, waiting: &mut Waiting) -> Result<(), sqlx::Error> {
        self.work.connection.begin().await?;
        if self.work.connection.is_shared() {
            let speakers: Vec<Certified> = batch.iter().filter_map(Command::speaker).collect();
            self.registry.catch_up(&mut self.work.connection, &speakers).await?;
        }
        let policy = *self.policy.borrow();
        let mut changes = Vec::new();
        for command in batch.drain(..) {
            match command {
                Command::Heartbeat(spoken, reply) => {
                    let answer = self.bulk.hear(&spoken, &mut self.registry, &mut self.work, &policy).await?;
                    waiting.heartbeats.push((reply, answer));
                }
                Command::Change(change) => changes.push(change),
            }
        }
        self.bulk.write(&mut self.work).await?;
        for change in changes {
            waiting.changes.push(self.make(change).await?);
        }
        let touched: Vec<SensorId> = std::mem::take(&mut self.work.touched).into_iter().collect();
        standings::refresh(&mut self.work.connection, &touched).await?;
        self.work.connection.commit().await?;
        self.reload(&touched).await;
        Ok(())
    }

    /// A change that fails is taken back alone.
    async fn make(&mut self, change: Change) -> Result<(bool, Tell), sqlx::Error> {
        self.work.connection.say("SAVEPOINT change").await?;
        let (keep, tell) = change(&mut self.work).await;
        if !keep {
            self.work.connection.say("ROLLBACK TO change").await?;
        }
        self.work.connection.say("RELEASE change").await?;
        Ok((keep, tell))
    }

    async fn reload(&mut self, sensors: &[SensorId]) {
        if let Err(error) = self.registry.reload(&mut self.work.connection, sensors).await {
            failed(&error);
            self.start_over().await;
        }
    }

    /// After a failure memory may be ahead of the database: believe only the database.
    async fn start_over(&mut self) {
        self.bulk.clear();
        self.work.connection.recover().await;
        match Registry::open(&mut self.work.connection).await {
            Ok(registry) => self.registry = registry,
            Err(error) => _ = failed(&error),
        }
    }
}
