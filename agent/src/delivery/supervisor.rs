//! Which deliveries run: one per route, ended with it. Starts and ends them; delivers nothing.

use std::{collections::BTreeMap, sync::Arc};

use picket_lifecycle::{
    delivery::Limits,
    effect::Confirmed,
    routes::{Route, RouteTo},
    stamp::Stamp,
};
use picket_protocol::time::UnixSeconds;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{
    Parts,
    board::Board,
    consumer::{Consumer, Over},
    https::HttpsClient,
    kind::ConsumerKind,
    mqtt::MqttClient,
    way::Way,
};

/// Confirmations that may wait for a consumer. More are dropped: the next heartbeat's answer brings them again.
const WAITING: usize = 4;

/// What the supervisor is told.
#[derive(Debug)]
pub(super) enum Order {
    /// End what runs under this stamp, and say so.
    Abort(Stamp, oneshot::Sender<()>),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Supervisor {
    parts: Parts,
    board: Board,
    running: BTreeMap<ConsumerKind, Running>,
}

#[derive(Debug)]
struct Running {
    route: Arc<Route>,
    end: oneshot::Sender<()>,
    confirmed: mpsc::Sender<Confirmed>,
    task: JoinHandle<Over>,
}

impl Supervisor {
    pub(super) const fn new(parts: Parts, board: Board) -> Self {
        Self { parts, board, running: BTreeMap::new() }
    }

    /// Until nobody gives orders any more.
    pub(super) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        loop {
            self.follow_routes().await;
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Order::Abort(stamp, done)) => {
                        self.end_where(|route| route.stamp == stamp).await;
                        let _ = done.send(());
                    }
                    None => return self.end_where(|_| true).await,
                },
                Ok(()) = self.parts.routes.changed() => {}
                Some(confirmed) = self.parts.confirmed.recv() => self.pass_on(&confirmed),
                () = ended(&mut self.running) => {}
            }
        }
    }

    /// Ends what has no route any more, or another one; starts what is missing.
    async fn follow_routes(&mut self) {
        let routes = self.parts.routes.borrow_and_update().clone();
        for kind in ConsumerKind::ALL {
            let wanted = kind.route(&routes);
            let running = self.running.get(&kind);
            let is_over = running.is_some_and(|running| running.task.is_finished());
            if !is_over && running.map(|running| same_way(&running.route)) == wanted.map(same_way) {
                continue;
            }
            self.end(kind).await;
            if let Some(route) = wanted {
                self.start(kind, route.clone());
            }
        }
    }

    fn start(&mut self, kind: ConsumerKind, route: Route) {
        let route = Arc::new(route);
        let Parts { log, routes, credentials, boot, kilobits_per_second, .. } = &self.parts;
        let way = Way::new(kind, Arc::clone(&route), routes.clone(), credentials.clone());
        let (end, ended) = oneshot::channel();
        let (confirmed, confirmations) = mpsc::channel(WAITING);
        let (log, board, boot, cap) = (log.clone(), self.board.clone(), *boot, *kilobits_per_second);
        let consumer = |limits: Limits| Consumer {
            kind,
            route: Arc::clone(&route),
            log,
            board,
            boot,
            limits: limits.capped(cap),
            confirmed: confirmations,
        };
        let task = match &route.to {
            RouteTo::Https => tokio::spawn(consumer(Limits::HTTPS).run(HttpsClient::new(way), ended)),
            RouteTo::Mqtt { topic } => tokio::spawn(consumer(Limits::MQTT).run(MqttClient::new(way, topic), ended)),
        };
        self.running.insert(kind, Running { route, end, confirmed, task });
    }

    async fn end_where(&mut self, which: impl Fn(&Route) -> bool) {
        for kind in ConsumerKind::ALL {
            if self.running.get(&kind).is_some_and(|running| which(&running.route)) {
                self.end(kind).await;
            }
        }
    }

    /// When this returns, the consumer has no connection any more.
    async fn end(&mut self, kind: ConsumerKind) {
        let Some(Running { end, task, .. }) = self.running.remove(&kind) else { return };
        let _ = end.send(());
        if !task.is_finished() {
            // A task that panicked has closed its connection too.
            let _ = task.await;
        }
        self.board.remove(kind);
    }

    fn pass_on(&self, confirmed: &Confirmed) {
        for running in self.running.values().filter(|running| running.route.stamp == confirmed.stamp) {
            if running.confirmed.try_send(confirmed.clone()).is_err() {
                tracing::debug!("confirmations were not taken; the next heartbeat brings them again");
            }
        }
    }
}

/// Two routes of which neither calls for another connection.
fn same_way(route: &Route) -> Route {
    Route { tls_floor: UnixSeconds::default(), ..route.clone() }
}

/// One of them ended by itself: it is started again.
async fn ended(running: &mut BTreeMap<ConsumerKind, Running>) {
    let mut tasks = running.values_mut().map(|running| &mut running.task);
    match (tasks.next(), tasks.next()) {
        (Some(one), Some(other)) => {
            tokio::select! {
                _ = one => {}
                _ = other => {}
            }
        }
        (Some(one), None) => drop(one.await),
        (None, _) => std::future::pending().await,
    }
}
