//! A simulated alert log, network, hub and portal around the shipped delivery, driven by a seed.
//!
//! What may go wrong: batches and answers lost, a hub that is away, that refuses everything or one record, a broker that
//! forgets what it acknowledged, a portal that reads late or is restored from last week, a log that drops or fails, an
//! agent that is killed, a commit. The world checks each thing that the delivery does; see `send`, `read_range`, `keep`.

use core::time::Duration;
use std::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use picket_protocol::{
    alerts::{DropReason, UnixMillis},
    heartbeat::Confirmation,
    ids::{Cti, Epoch, StreamId},
    refusal::Refusal,
    time::UnixSeconds,
};

use super::super::*;
use crate::event::Failure;

pub(super) const MINUTE: u64 = 60_000;
pub(super) type Name = (StreamId, u64);

/// Chance by seed: SplitMix64.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(super) fn percent(&mut self, of_hundred: u64) -> bool {
        self.below(100) < of_hundred
    }
}

/// What may go wrong, in percent of the occasions.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weather {
    pub(super) lost: u64,
    pub(super) answer_lost: u64,
    pub(super) log_fails: u64,
    pub(super) poison: u64,
}

/// How the hub is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HubIs {
    Well,
    Away,
    /// Behind a gateway that answers 400 to everything.
    RefusingAll,
}

struct Logged {
    name: Name,
    dropped: Option<DropReason>,
    poison: bool,
}

enum Due {
    Event { life: u64, line: Option<u64>, event: DeliveryEvent<Name> },
    Arrival(Vec<(Name, u64, Stored)>),
}

/// What the portal has of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    Alert,
    Skip(DropReason),
}

pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) weather: Weather,
    pub(super) hub: HubIs,
    pub(super) now: BootMillis,
    pub(super) delivery: Option<Delivery<Name>>,
    pub(super) portal: BTreeMap<Name, Stored>,
    pub(super) read_again: u64,
    pub(super) sendings: u64,
    /// Whether the hub may have refused anything: then others may be tried first.
    refuses: bool,
    terms: Terms,
    kept: Marks,
    log: Vec<Logged>,
    stream: StreamId,
    heads: BTreeMap<StreamId, u64>,
    /// How much of the log was checked to have reached the hub.
    checked: usize,
    due: BTreeMap<(BootMillis, u64), Due>,
    numbered: u64,
    /// Of which start of the agent something is, and of which connection.
    life: u64,
    line: u64,
    line_busy_until: BootMillis,
    broker: Vec<(Name, u64, Stored)>,
    sent: BTreeSet<u64>,
    arrived: BTreeSet<u64>,
    acknowledged: BTreeMap<Name, BootMillis>,
}

fn stream(number: u64) -> StreamId {
    let mut bytes = [0x5a; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    StreamId::from_bytes(bytes)
}

fn stamp(number: u64) -> Stamp {
    Stamp { epoch: Epoch(number), cti: Cti::from_bytes([1; 16]) }
}

impl World {
    pub(super) fn new(seed: u64, limits: Limits, weather: Weather) -> Self {
        let terms = Terms { stamp: stamp(1), confirms: true, limits, boot: BootId([1; 16]) };
        let mut world = Self {
            chance: Chance(seed),
            weather,
            hub: HubIs::Well,
            now: BootMillis(1_000_000),
            delivery: None,
            portal: BTreeMap::new(),
            read_again: 0,
            sendings: 0,
            refuses: false,
            terms,
            kept: Marks::default(),
            log: Vec::new(),
            stream: stream(1),
            heads: BTreeMap::new(),
            checked: 0,
            due: BTreeMap::new(),
            numbered: 1,
            life: 0,
            line: 0,
            line_busy_until: BootMillis(0),
            broker: Vec::new(),
            sent: BTreeSet::new(),
            arrived: BTreeSet::new(),
            acknowledged: BTreeMap::new(),
        };
        world.start();
        world
    }

    /// The agent is killed and starts from what is durable.
    pub(super) fn kill(&mut self, same_boot: bool) {
        if !same_boot {
            self.terms.boot.0[0] = self.terms.boot.0[0].wrapping_add(1);
        }
        self.start();
    }

    /// A commit: the same consumer under another stamp. Late answers to the old one still come.
    pub(super) fn commit(&mut self) {
        self.terms.stamp = stamp(self.terms.stamp.epoch.0 + 1);
        let mut late = Vec::new();
        for due in self.due.values() {
            if let Due::Event { line: Some(_), event: DeliveryEvent::BatchEnded { stamp, batch, .. }, .. } = due {
                late.push(DeliveryEvent::BatchEnded { stamp: *stamp, batch: *batch, wire_bytes: 1, result: Ok(()) });
            }
        }
        self.start();
        self.new_stream();
        for event in late {
            self.schedule(5, Due::Event { life: self.life, line: Some(self.line), event });
        }
    }

    fn start(&mut self) {
        self.life += 1;
        self.line += 1;
        // What was acknowledged just before a kill may be forgotten, and go again sooner.
        self.acknowledged.values_mut().for_each(|at| *at = BootMillis(0));
        self.delivery = Some(Delivery::new(self.terms, self.kept.clone(), self.now));
        self.tell(DeliveryEvent::Woke);
    }

    pub(super) fn new_stream(&mut self) {
        self.numbered += 1;
        self.stream = stream(self.numbered);
    }

    /// The engine detects something.
    pub(super) fn detect(&mut self, count: u64) {
        for _ in 0..count {
            let number = self.heads.entry(self.stream).or_default();
            *number += 1;
            let number = *number;
            let poison = self.chance.percent(self.weather.poison);
            self.refuses |= poison;
            self.log.push(Logged { name: (self.stream, number), dropped: None, poison });
        }
        self.tell(DeliveryEvent::Grew);
    }

    /// The log is full, and drops what it likes.
    pub(super) fn drop_some(&mut self) {
        for _ in 0..3 {
            let at = self.chance.below(self.log.len() as u64);
            if let Some(logged) = self.log.get_mut(usize::try_from(at).unwrap()) {
                logged.dropped.get_or_insert(DropReason::Full);
            }
        }
    }

    /// The broker is killed and starts empty.
    pub(super) fn broker_forgets(&mut self) {
        self.broker.clear();
    }

    /// The portal reads what the broker has.
    pub(super) fn portal_reads(&mut self) {
        for (name, _, stored) in core::mem::take(&mut self.broker) {
            self.portal.entry(name).or_insert(stored);
        }
    }

    /// The portal is restored from a backup: the last that it stored is gone.
    pub(super) fn portal_is_restored(&mut self) {
        let keep = self.chance.below(self.portal.len() as u64 + 1);
        let gone: BTreeSet<Name> = self.portal.keys().copied().skip(usize::try_from(keep).unwrap()).collect();
        self.portal.retain(|name, _| !gone.contains(name));
    }

    /// The portal confirms in a heartbeat's answer.
    pub(super) fn confirm(&mut self) {
        let words = self.heads.keys().map(|stream| (*stream, self.word(*stream))).collect();
        self.tell(DeliveryEvent::Confirmed(words));
    }

    fn word(&self, stream: StreamId) -> Confirmation {
        let (mut lacks, mut up_to) = (Vec::new(), 0);
        for (_, number) in self.portal.range((stream, 0)..=(stream, u64::MAX)).map(|(name, _)| name) {
            if *number > up_to + 1 {
                if lacks.len() == Confirmation::MAX_LACKS {
                    break;
                }
                lacks.push((up_to + 1, number - 1));
            }
            up_to = *number;
        }
        Confirmation { up_to, lacks }
    }

    /// Lets time pass until everything due within `millis` has happened.
    pub(super) fn pass(&mut self, millis: u64) {
        let until = self.now.plus(Duration::from_millis(millis));
        for _ in 0..1_000_000 {
            let wake = self.next_wake();
            let first = self.due.keys().next().copied();
            match (first, wake) {
                (Some((at, _)), _) if at <= until && wake.is_none_or(|wake| at <= wake) => {
                    self.now = self.now.max(at);
                    let (_, due) = self.due.pop_first().unwrap();
                    self.happen(due);
                }
                (_, Some(at)) if at <= until => {
                    self.now = at;
                    self.tell(DeliveryEvent::Woke);
                    assert!(self.next_wake().is_none_or(|at| at > self.now), "wakes in a circle at {:?}", self.now);
                }
                _ => {
                    self.now = until;
                    return;
                }
            }
        }
        panic!("the delivery is never done");
    }

    fn next_wake(&self) -> Option<BootMillis> {
        self.delivery.as_ref().and_then(Delivery::next_wake)
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Arrival(items) => {
                self.arrived.extend(items.iter().map(|(_, place, _)| *place));
                self.broker.extend(items);
            }
            // Of a connection that was closed, or an agent that was killed.
            Due::Event { life, line, .. } if life != self.life || line.is_some_and(|line| line != self.line) => {}
            Due::Event { event, .. } => self.tell(event),
        }
    }

    fn schedule(&mut self, millis: u64, due: Due) {
        self.numbered += 1;
        self.due.insert((self.now.plus(Duration::from_millis(millis)), self.numbered), due);
    }

    pub(super) fn tell(&mut self, event: DeliveryEvent<Name>) {
        if let DeliveryEvent::BatchEnded { stamp, batch, result: Ok(()), .. } = &event
            && *stamp == self.terms.stamp
        {
            let items = self.delivery.as_ref().and_then(|delivery| delivery.batch(*batch)).unwrap_or_default();
            for item in items {
                self.acknowledged.extend((item.from..=item.to).map(|number| ((item.stream, number), self.now)));
            }
        }
        let mut entropy = [0; 32];
        entropy.fill_with(|| self.chance.next().to_le_bytes()[0]);
        let now = Now { wall: UnixSeconds(0), boot: self.now, entropy };
        let delivery = self.delivery.take().unwrap();
        let (delivery, effects) = delivery.on(&now, event);
        self.delivery = Some(delivery);
        effects.into_iter().for_each(|effect| self.perform(effect));
    }

    fn perform(&mut self, effect: DeliveryEffect) {
        match effect {
            DeliveryEffect::Send(batch) => self.send(batch),
            DeliveryEffect::Recall => self.line += 1,
            DeliveryEffect::Read { ticket, after, max_bytes } => {
                let result = self.log_works().map(|()| self.chunk(after, max_bytes));
                self.answer(DeliveryEvent::Read { ticket, result });
            }
            DeliveryEffect::ReadRange { ticket, stream, from, to, max_bytes } => {
                self.read_range(ticket, (stream, from, to), max_bytes);
            }
            DeliveryEffect::SetAside { ticket, id, why } => {
                assert!(!why.is_empty());
                let result = self.log_works();
                let logged = self.log.iter_mut().find(|logged| logged.name == (id.stream, id.number)).unwrap();
                assert!(logged.poison, "a good alert was put aside");
                if result.is_ok() {
                    logged.dropped.get_or_insert(DropReason::Poison);
                }
                self.answer(DeliveryEvent::AsideSet { ticket, result });
            }
            DeliveryEffect::Keep { ticket, marks } => self.keep(ticket, marks),
        }
    }

    fn log_works(&mut self) -> Result<(), Refusal> {
        let failed = Refusal::StorageFailed { path: "alerts.db".into(), why: "simulated".into() };
        if self.chance.percent(self.weather.log_fails) { Err(failed) } else { Ok(()) }
    }

    fn answer(&mut self, event: DeliveryEvent<Name>) {
        let millis = self.chance.below(20);
        self.schedule(millis, Due::Event { life: self.life, line: None, event });
    }

    /// Nothing moves behind a cursor that did not reach the hub.
    fn keep(&mut self, ticket: Ticket, marks: Marks) {
        let behind = usize::try_from(marks.delivered.0).unwrap();
        for (logged, place) in self.log.iter().zip(1..).take(behind).skip(self.checked) {
            assert!(self.arrived.contains(&place) || logged.dropped.is_some(), "the cursor skipped {place}");
        }
        self.checked = self.checked.max(behind);
        assert!(marks.unconfirmed.len() <= MAX_UNCONFIRMED);
        let result = self.log_works();
        if result.is_ok() {
            self.kept = marks;
        }
        self.answer(DeliveryEvent::Kept { ticket, result });
    }

    /// Nothing is asked for again before its time.
    fn read_range(&mut self, ticket: Ticket, (stream, from, to): (StreamId, u64, u64), max_bytes: usize) {
        for number in from..=to {
            let acknowledged = self.acknowledged[&(stream, number)];
            assert!(self.now.since(acknowledged) >= FIRST_PATIENCE, "{number} goes again after too short a wait");
        }
        let wanted = |name: Name| name.0 == stream && (from..=to).contains(&name.1);
        let items =
            (1..).zip(&self.log).filter(|(_, logged)| wanted(logged.name)).map(|(place, logged)| item(place, logged));
        let result = bounded(items, max_bytes);
        self.read_again += result.len() as u64;
        let result = self.log_works().map(|()| result);
        self.answer(DeliveryEvent::RangeRead { ticket, result });
    }

    fn chunk(&mut self, after: Place, max_bytes: usize) -> Chunk<Name> {
        let behind = (1..).zip(&self.log).skip(usize::try_from(after.0).unwrap());
        let items = bounded(behind.map(|(place, logged)| item(place, logged)), max_bytes);
        let examined = items.last().map_or(after, |last| last.place);
        Chunk { items, examined, more: examined.0 < self.log.len() as u64 }
    }

    /// What is sent for the first time comes in the order of the log, unless something was refused.
    fn send(&mut self, batch: BatchId) {
        self.sendings += 1;
        let items = self.delivery.as_ref().unwrap().batch(batch).unwrap().to_vec();
        assert!(!items.is_empty() && items.len() <= self.terms.limits.batch_items);
        for item in &items {
            if self.sent.insert(item.place.0) && !self.refuses {
                assert_eq!(self.sent.last(), Some(&item.place.0), "sent out of order");
            }
        }
        let poisoned = items.iter().any(|item| item.is_alert() && self.log[place_in(&item.place)].poison);
        let (arrives, result) = self.fate(poisoned);
        if arrives {
            let events =
                items.iter().flat_map(|item| (item.from..=item.to).map(move |number| ((item.stream, number), item)));
            let arrival = events.map(|(name, item)| (name, item.place.0, stored(item))).collect();
            let millis = self.line_busy();
            self.schedule(millis, Due::Arrival(arrival));
        }
        let event = DeliveryEvent::BatchEnded { stamp: self.terms.stamp, batch, wire_bytes: 300, result };
        let millis = self.line_busy() + 1;
        self.schedule(millis, Due::Event { life: self.life, line: Some(self.line), event });
    }

    /// On one connection nothing overtakes.
    fn line_busy(&mut self) -> u64 {
        let millis = 1 + self.chance.below(30);
        self.line_busy_until = self.line_busy_until.max(self.now.plus(Duration::from_millis(millis)));
        u64::try_from(self.line_busy_until.since(self.now).as_millis()).unwrap()
    }

    fn fate(&mut self, poisoned: bool) -> (bool, Result<(), NotAccepted>) {
        let failed = || NotAccepted::Failed(Failure::from(Refusal::Http { status: 503, host: "hub".into() }));
        let refused = || NotAccepted::Refused(Refusal::Http { status: 400, host: "hub".into() });
        let (lost, answer_lost) =
            (self.chance.percent(self.weather.lost), self.chance.percent(self.weather.answer_lost));
        match self.hub {
            HubIs::Away => (false, Err(failed())),
            HubIs::RefusingAll => {
                self.refuses = true;
                (false, Err(refused()))
            }
            HubIs::Well if lost => (false, Err(failed())),
            HubIs::Well if poisoned => (false, Err(refused())),
            HubIs::Well if answer_lost => (true, Err(failed())),
            HubIs::Well => (true, Ok(())),
        }
    }

    /// Each number that was ever given is at the portal: as what it is, or as what became of it.
    pub(super) fn lacking(&self) -> Vec<Name> {
        let right = |logged: &Logged| match self.portal.get(&logged.name) {
            Some(Stored::Alert) => !logged.poison,
            Some(Stored::Skip(_)) => logged.dropped.is_some(),
            None => false,
        };
        self.log.iter().filter(|logged| !right(logged)).map(|logged| logged.name).collect()
    }

    pub(super) fn detected(&self) -> usize {
        self.log.len()
    }
}

fn place_in(place: &Place) -> usize {
    usize::try_from(place.0).unwrap() - 1
}

fn stored(item: &Item<Name>) -> Stored {
    match item.content {
        Content::Alert(name) => {
            assert_eq!(name, (item.stream, item.from));
            Stored::Alert
        }
        Content::Skip(reason) => Stored::Skip(reason),
    }
}

fn item(place: u64, logged: &Logged) -> Item<Name> {
    let (stream, number) = logged.name;
    let content = logged.dropped.map_or(Content::Alert(logged.name), Content::Skip);
    Item { place: Place(place), stream, from: number, to: number, at: Some(UnixMillis(0)), bytes: 700, content }
}

fn bounded(items: impl Iterator<Item = Item<Name>>, max_bytes: usize) -> Vec<Item<Name>> {
    items.take((max_bytes / 700).max(1)).collect()
}
