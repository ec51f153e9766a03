//! The calls under way: each a task, bounded in time, ended with its stamp. Their results come back by one channel.

use std::{future::Future, time::Duration};

use picket_lifecycle::{
    effect::Call,
    event::{CallEnded, Event, Failure},
    stamp::Stamp,
};
use picket_protocol::refusal::Refusal;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::answer::HeartbeatEnded;

/// No call takes longer. Each has its own, shorter bounds; this one holds whatever they do.
const LONGEST_CALL: Duration = Duration::from_secs(180);

/// What a call's task tells the service.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one exists at a time, and is moved once")]
pub(super) enum Ended {
    /// An event as it is.
    Event(Event),
    /// A heartbeat, whose answer is read against the state.
    Heartbeat(HeartbeatEnded),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Calls {
    under_way: Vec<(Stamp, JoinHandle<()>)>,
    sender: mpsc::UnboundedSender<Ended>,
}

impl Calls {
    /// The calls, and where their results come. At most a handful are under way, so the channel needs no bound.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Ended>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { under_way: Vec::new(), sender }, receiver)
    }

    /// Starts a call whose result is an event as it is.
    pub(super) fn start<T: Send + 'static>(
        &mut self,
        call: &Call,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
        event: impl FnOnce(CallEnded<T>) -> Event + Send + 'static,
    ) {
        let (stamp, ticket) = (call.stamp, call.ticket);
        self.spawn(call, work, move |result| Ended::Event(event(CallEnded { stamp, ticket, result })));
    }

    /// Starts a call.
    pub(super) fn spawn<T: Send + 'static>(
        &mut self,
        call: &Call,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
        ended: impl FnOnce(Result<T, Failure>) -> Ended + Send + 'static,
    ) {
        let sender = self.sender.clone();
        let address = call.endpoint.url.clone();
        let task = tokio::spawn(async move {
            let result = timeout(LONGEST_CALL, work)
                .await
                .unwrap_or_else(|_| Err(Refusal::Timeout { address, after_seconds: LONGEST_CALL.as_secs() }.into()));
            // The service is gone only when the agent stops.
            let _ = sender.send(ended(result));
        });
        self.under_way.retain(|(_, task)| !task.is_finished());
        self.under_way.push((call.stamp, task));
    }

    /// Ends every call of this stamp; none of them runs any more when this returns.
    pub(super) async fn abort(&mut self, stamp: Stamp) {
        let (gone, kept) = self.under_way.drain(..).partition(|(of, _)| *of == stamp);
        self.under_way = kept;
        let gone: Vec<(Stamp, JoinHandle<()>)> = gone;
        gone.iter().for_each(|(_, task)| task.abort());
        for (_, task) in gone {
            let _ = task.await;
        }
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.under_way.iter().for_each(|(_, task)| task.abort());
    }
}
