//! One fact each: what a delivery does with one event.

use std::{collections::BTreeMap, vec, vec::Vec};

use picket_protocol::{
    alerts::{DropReason, UnixMillis},
    heartbeat::Confirmation,
    ids::{Cti, Epoch, StreamId},
    refusal::Refusal,
    time::UnixSeconds,
};

use super::super::{marks::Marks, *};
use crate::event::Failure;

const STREAM: StreamId = StreamId::from_bytes([1; 16]);
const STAMP: Stamp = Stamp { epoch: Epoch(1), cti: Cti::from_bytes([1; 16]) };
const OLD: Stamp = Stamp { epoch: Epoch(0), ..STAMP };
const MINUTE: u64 = 60_000;

/// A delivery with its effects, driven by hand.
struct Rig {
    delivery: Option<Delivery<()>>,
    now: BootMillis,
    effects: Vec<DeliveryEffect>,
}

/// One at a time.
const ONE: Limits = Limits { in_flight: 1, ..Limits::HTTPS };

fn terms(limits: Limits) -> Terms {
    Terms { stamp: STAMP, confirms: true, limits, boot: BootId([1; 16]) }
}

fn rig(limits: Limits) -> Rig {
    let delivery = Delivery::new(terms(limits), Marks::default(), BootMillis(0));
    let mut rig = Rig { delivery: Some(delivery), now: BootMillis(0), effects: Vec::new() };
    rig.tell(DeliveryEvent::Woke);
    rig
}

impl Rig {
    fn tell(&mut self, event: DeliveryEvent<()>) {
        let now = Now { wall: UnixSeconds(7), boot: self.now, entropy: [0x80; 32] };
        let (delivery, effects) = self.delivery.take().unwrap().on(&now, event);
        self.delivery = Some(delivery);
        self.effects.extend(effects);
    }

    fn core(&self) -> &Delivery<()> {
        self.delivery.as_ref().unwrap()
    }

    /// Takes out the oldest effect that this picks.
    fn take<R>(&mut self, pick: impl Fn(&DeliveryEffect) -> Option<R>) -> Option<R> {
        let position = self.effects.iter().position(|effect| pick(effect).is_some())?;
        pick(&self.effects.remove(position))
    }

    /// The log answers the read that is under way.
    fn read(&mut self, items: Vec<Item<()>>) {
        let ticket = self.take(|effect| match effect {
            DeliveryEffect::Read { ticket, .. } => Some(*ticket),
            _ => None,
        });
        let examined = items.last().map_or(Place(0), |item| item.place);
        let result = Ok(Chunk { items, examined, more: false });
        self.tell(DeliveryEvent::Read { ticket: ticket.unwrap(), result });
    }

    fn sent(&mut self) -> Option<(BatchId, Vec<u64>)> {
        let batch = self.take(|effect| match effect {
            DeliveryEffect::Send(batch) => Some(*batch),
            _ => None,
        })?;
        let items = self.core().batch(batch).unwrap_or_default();
        Some((batch, items.iter().map(|item| item.from).collect()))
    }

    fn end(&mut self, batch: BatchId, result: Result<(), NotAccepted>) {
        self.tell(DeliveryEvent::BatchEnded { stamp: STAMP, batch, wire_bytes: 100, result });
    }

    fn wake_at(&mut self, millis: u64) {
        self.now = BootMillis(millis);
        self.tell(DeliveryEvent::Woke);
    }

    fn kept(&mut self) -> Option<(Ticket, Marks)> {
        self.take(|effect| match effect {
            DeliveryEffect::Keep { ticket, marks } => Some((*ticket, marks.clone())),
            _ => None,
        })
    }
}

fn alert(number: u64) -> Item<()> {
    let at = Some(UnixMillis(i64::try_from(number).unwrap()));
    Item { place: Place(number), stream: STREAM, from: number, to: number, at, bytes: 700, content: Content::Alert(()) }
}

fn skip(from: u64, to: u64) -> Item<()> {
    Item { place: Place(to), from, to, at: None, bytes: 300, content: Content::Skip(DropReason::Full), ..alert(1) }
}

fn alerts(numbers: core::ops::RangeInclusive<u64>) -> Vec<Item<()>> {
    numbers.map(alert).collect()
}

fn busy(retry_after: Option<u32>) -> NotAccepted {
    NotAccepted::Failed(Failure { refusal: Refusal::Http { status: 503, host: "hub".into() }, retry_after })
}

fn bad() -> NotAccepted {
    NotAccepted::Refused(Refusal::Http { status: 400, host: "hub".into() })
}

fn word(up_to: u64, lacks: Vec<(u64, u64)>) -> DeliveryEvent<()> {
    DeliveryEvent::Confirmed(BTreeMap::from([(STREAM, Confirmation { up_to, lacks })]))
}

#[test]
fn batches_by_bytes_and_by_count_and_one_at_a_time() {
    let by_count = Limits { batch_items: 3, ..ONE };
    let by_bytes = Limits { batch_bytes: 1_500, ..ONE };
    for (limits, expected) in [(by_count, vec![1, 2, 3]), (by_bytes, vec![1, 2])] {
        let mut rig = rig(limits);
        rig.read(alerts(1..=10));
        let (batch, numbers) = rig.sent().unwrap();
        assert_eq!(numbers, expected);
        assert_eq!(rig.sent(), None);
        rig.end(batch, Ok(()));
        assert_eq!(rig.core().marks().delivered, Place(expected.len() as u64));
        assert_eq!(rig.sent().unwrap().1.first(), Some(&(expected.len() as u64 + 1)));
    }
    let mut rig = rig(Limits { batch_bytes: 10, ..ONE });
    rig.read(vec![alert(1)]);
    assert_eq!(rig.sent().unwrap().1, [1], "an item larger than a batch never leaves");
}

#[test]
fn the_cursor_waits_for_the_first_of_many() {
    let mut rig = rig(Limits::MQTT);
    rig.read(vec![alert(1), skip(2, 4), alert(5)]);
    let batches: Vec<BatchId> = core::iter::from_fn(|| rig.sent()).map(|(batch, _)| batch).collect();
    assert_eq!(batches.len(), 3);
    rig.end(batches[2], Ok(()));
    rig.end(batches[1], Ok(()));
    assert_eq!(rig.core().marks().delivered, Place(0));
    rig.end(batches[0], Ok(()));
    assert_eq!(rig.core().marks().delivered, Place(5));
    assert_eq!(rig.core().marks().unconfirmed.len(), 1);
    assert_eq!(rig.core().view().counts, Counts { delivered: 2, skips: 1, ..Counts::default() });
}

#[test]
fn what_is_not_for_this_consumer_moves_the_cursor() {
    let mut rig = rig(ONE);
    let ticket = rig.take(|effect| match effect {
        DeliveryEffect::Read { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let result = Ok(Chunk { items: vec![], examined: Place(90), more: false });
    rig.tell(DeliveryEvent::Read { ticket: ticket.unwrap(), result });
    assert_eq!(rig.core().marks().delivered, Place(90));
    assert_eq!(rig.sent(), None);
}

#[test]
fn a_failure_waits_as_long_as_asked_and_sends_the_same_again() {
    let mut rig = rig(ONE);
    rig.read(alerts(1..=2));
    let (batch, _) = rig.sent().unwrap();
    rig.end(batch, Err(busy(Some(120))));
    assert!(rig.effects.contains(&DeliveryEffect::Recall));
    assert_eq!(rig.sent(), None);
    assert_eq!(rig.core().next_wake(), Some(BootMillis(120_000)));
    let view = rig.core().view();
    assert_eq!((view.in_flight, view.oldest_undelivered), (0, Some(UnixMillis(1))));
    assert_eq!(view.last_failure.unwrap().at, UnixSeconds(7));
    rig.wake_at(119_999);
    assert_eq!(rig.sent(), None);
    rig.wake_at(120_000);
    let (again, numbers) = rig.sent().unwrap();
    assert_eq!(numbers, [1, 2]);
    // The late result of the sending that failed is nobody's.
    rig.end(batch, Ok(()));
    assert_eq!(rig.core().marks().delivered, Place(0));
    rig.end(again, Ok(()));
    assert_eq!(rig.core().marks().delivered, Place(2));
}

#[test]
fn what_bears_another_stamp_is_ignored() {
    let mut rig = rig(ONE);
    rig.read(alerts(1..=2));
    let (batch, _) = rig.sent().unwrap();
    rig.tell(DeliveryEvent::BatchEnded { stamp: OLD, batch, wire_bytes: 1, result: Ok(()) });
    let failure = Failure::from(Refusal::Http { status: 503, host: "hub".into() });
    rig.tell(DeliveryEvent::LineBroke { stamp: OLD, failure });
    assert_eq!(rig.core().marks().delivered, Place(0));
    assert_eq!(rig.core().view().in_flight, 2);
    assert_eq!(rig.core().view().last_failure, None);
}

#[test]
fn results_under_an_unknown_ticket_are_ignored() {
    let mut rig = rig(ONE);
    let chunk = Chunk { items: alerts(1..=2), examined: Place(2), more: false };
    rig.tell(DeliveryEvent::Read { ticket: Ticket(99), result: Ok(chunk) });
    rig.tell(DeliveryEvent::RangeRead { ticket: Ticket(99), result: Ok(alerts(1..=2)) });
    rig.tell(DeliveryEvent::AsideSet { ticket: Ticket(99), result: Ok(()) });
    rig.tell(DeliveryEvent::Kept { ticket: Ticket(99), result: Ok(()) });
    assert_eq!(rig.sent(), None);
    assert_eq!(rig.core().view().counts, Counts::default());
}

#[test]
fn the_marks_are_kept_a_second_after_they_moved() {
    let mut rig = rig(ONE);
    rig.read(alerts(1..=2));
    let (batch, _) = rig.sent().unwrap();
    rig.end(batch, Ok(()));
    assert_eq!(rig.kept(), None);
    assert_eq!(rig.core().next_wake(), Some(BootMillis(1_000)));
    rig.wake_at(1_000);
    let (ticket, marks) = rig.kept().unwrap();
    assert_eq!(marks.delivered, Place(2));
    rig.tell(DeliveryEvent::Kept { ticket, result: Ok(()) });
    assert_eq!(rig.core().next_wake(), None, "an idle delivery wakes");
}

#[test]
fn a_log_that_fails_is_asked_again_later() {
    let mut rig = rig(ONE);
    let failed = Refusal::StorageFailed { path: "alerts.db".into(), why: "EIO".into() };
    let reading = |effect: &DeliveryEffect| match effect {
        DeliveryEffect::Read { ticket, .. } => Some(*ticket),
        _ => None,
    };
    let ticket = rig.take(reading).unwrap();
    rig.tell(DeliveryEvent::Read { ticket, result: Err(failed) });
    assert_eq!(rig.take(reading), None);
    assert!(rig.core().view().log_failure.is_some());
    let wake = rig.core().next_wake().unwrap();
    rig.wake_at(wake.0);
    assert!(rig.take(reading).is_some());
}

#[test]
fn confirmed_numbers_are_done_with_and_lacking_ones_go_again_after_their_wait() {
    let mut rig = rig(ONE);
    rig.read(alerts(1..=10));
    let (batch, _) = rig.sent().unwrap();
    rig.end(batch, Ok(()));
    rig.tell(word(9, vec![(3, 4)]));
    let left: Vec<(u64, u64)> = rig.core().marks().unconfirmed.iter().map(|range| (range.from, range.to)).collect();
    assert_eq!(left, [(3, 4), (10, 10)]);
    rig.wake_at(14 * MINUTE);
    let range = |effect: &DeliveryEffect| match effect {
        DeliveryEffect::ReadRange { ticket, from, to, .. } => Some((*ticket, *from, *to)),
        _ => None,
    };
    assert_eq!(rig.take(range), None);
    rig.wake_at(15 * MINUTE);
    let (ticket, from, to) = rig.take(range).unwrap();
    assert_eq!((from, to), (3, 4));
    rig.tell(DeliveryEvent::RangeRead { ticket, result: Ok(alerts(3..=4)) });
    let (batch, numbers) = rig.sent().unwrap();
    assert_eq!(numbers, [3, 4]);
    rig.end(batch, Ok(()));
    // The next is the last number of the quiet sensor; then these two again, after twice the wait.
    let (ticket, from, to) = rig.take(range).unwrap();
    assert_eq!((from, to), (10, 10));
    rig.tell(DeliveryEvent::RangeRead { ticket, result: Ok(vec![]) });
    rig.wake_at(44 * MINUTE);
    assert_eq!(rig.take(range), None);
    rig.wake_at(45 * MINUTE);
    assert_eq!(rig.take(range).map(|(_, from, to)| (from, to)), Some((3, 4)));
}

#[test]
fn a_portal_restored_from_a_backup_gets_what_it_lost() {
    let mut rig = rig(ONE);
    rig.read(alerts(1..=10));
    let (batch, _) = rig.sent().unwrap();
    rig.end(batch, Ok(()));
    rig.tell(word(10, vec![]));
    assert_eq!(rig.core().marks().unconfirmed, []);
    rig.tell(word(6, vec![(2, 2)]));
    let left: Vec<(u64, u64)> = rig.core().marks().unconfirmed.iter().map(|range| (range.from, range.to)).collect();
    assert_eq!(left, [(2, 2), (7, 10)]);
    assert_eq!(rig.core().view().unconfirmed, Some(5));
}

#[test]
fn a_word_about_numbers_that_were_never_delivered_changes_nothing() {
    let mut rig = rig(ONE);
    rig.tell(word(1_000, vec![(3, 4)]));
    assert_eq!(rig.core().marks(), &Marks { boot: BootId([1; 16]), ..Marks::default() });
    rig.read(alerts(1..=2));
    let (batch, _) = rig.sent().unwrap();
    rig.end(batch, Ok(()));
    rig.tell(word(u64::MAX, vec![(5, u64::MAX - 1)]));
    assert_eq!(rig.core().marks().confirmed[&STREAM], Confirmation { up_to: 2, lacks: vec![] });
}

#[test]
fn where_nobody_confirms_nothing_is_counted_and_nothing_goes_again() {
    let terms = Terms { confirms: false, ..terms(Limits::HTTPS) };
    let delivery = Delivery::new(terms, Marks::default(), BootMillis(0));
    let mut rig = Rig { delivery: Some(delivery), now: BootMillis(0), effects: Vec::new() };
    rig.tell(DeliveryEvent::Woke);
    rig.read(alerts(1..=2));
    let (batch, _) = rig.sent().unwrap();
    rig.end(batch, Ok(()));
    rig.tell(word(1, vec![]));
    assert!(rig.core().marks().unconfirmed.is_empty() && rig.core().marks().confirmed.is_empty());
    assert_eq!(rig.core().view().unconfirmed, None);
}

#[test]
fn instants_of_another_boot_mean_nothing() {
    let range = Acknowledged { stream: STREAM, from: 1, to: 5, at: BootMillis(500), tries: 2 };
    let marks = Marks { unconfirmed: vec![range], boot: BootId([9; 16]), ..Marks::default() };
    let same =
        Delivery::<()>::new(Terms { boot: BootId([9; 16]), ..terms(Limits::MQTT) }, marks.clone(), BootMillis(9));
    assert_eq!(same.marks().unconfirmed, [range]);
    let other = Delivery::<()>::new(terms(Limits::MQTT), marks, BootMillis(9));
    assert_eq!(other.marks().unconfirmed, [Acknowledged { at: BootMillis(9), ..range }]);
}

#[test]
fn one_bad_record_of_eight_is_found_by_halves_and_goes_aside() {
    let mut rig = rig(ONE);
    rig.read(alerts(1..=8));
    let (mut sent, mut aside) = (0, None);
    while let Some((batch, numbers)) = rig.sent() {
        sent += 1;
        let poison = numbers.contains(&6) && aside.is_none();
        rig.end(batch, if poison { Err(bad()) } else { Ok(()) });
        let wanted = rig.take(|effect| match effect {
            DeliveryEffect::SetAside { ticket, id, .. } => Some((*ticket, id.number)),
            _ => None,
        });
        if let Some((ticket, number)) = wanted {
            aside = Some(number);
            rig.tell(DeliveryEvent::AsideSet { ticket, result: Ok(()) });
        }
    }
    assert_eq!(aside, Some(6));
    assert_eq!(rig.core().marks().delivered, Place(8));
    assert_eq!(rig.core().view().counts.skips, 1);
    assert!(sent <= 12, "{sent} sendings");
}

#[test]
fn a_hub_of_small_bodies_gets_small_batches() {
    let mut rig = rig(Limits { batch_bytes: 512 * 1024, ..ONE });
    rig.read(alerts(1..=700));
    let mut refused = 0;
    while let Some((batch, numbers)) = rig.sent() {
        let too_large = numbers.len() > 200;
        refused += u32::from(too_large);
        rig.end(batch, if too_large { Err(bad()) } else { Ok(()) });
    }
    assert_eq!(rig.core().marks().delivered, Place(700));
    assert_eq!(rig.core().view().counts.set_aside, 0);
    assert!(refused <= 4, "{refused}");
}

#[test]
fn a_cap_holds_the_next_batch_back_until_this_one_is_paid() {
    let cap = core::num::NonZeroU32::new(8);
    let mut rig = rig(Limits { batch_items: 1, ..ONE }.capped(cap));
    rig.read(alerts(1..=2));
    let (batch, _) = rig.sent().unwrap();
    rig.end(batch, Ok(()));
    assert_eq!(rig.sent(), None);
    // 100 bytes at 8 kbit/s.
    assert_eq!(rig.core().next_wake(), Some(BootMillis(100)));
    rig.wake_at(100);
    assert!(rig.sent().is_some());
}

#[test]
fn ranges_between_delivered_and_confirmed_stay_few() {
    let mut marks = Marks::default();
    for number in 0..10_000 {
        marks.acknowledged(STREAM, (2 * number + 1, 2 * number + 1), BootMillis(number));
    }
    assert_eq!(marks.unconfirmed.len(), MAX_UNCONFIRMED);
    assert_eq!(marks.head(STREAM), 19_999);
    assert_eq!(marks.unconfirmed[0].from, 1);
    let stream = |number: u16| {
        let [high, low] = number.to_be_bytes();
        StreamId::from_bytes([high, low, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    };
    for number in 0..500 {
        marks.acknowledged(stream(number), (1, 1), BootMillis(0));
        marks.confirmed(stream(number), &Confirmation { up_to: 1, lacks: vec![] }, BootMillis(0));
    }
    assert_eq!(marks.confirmed.len(), MAX_STREAMS);
}

#[test]
fn the_only_range_of_a_stream_is_never_forgotten() {
    let mut marks = Marks::default();
    let before = StreamId::from_bytes([9; 16]);
    marks.acknowledged(before, (1, 7), BootMillis(0));
    for number in 1..=2 * MAX_UNCONFIRMED as u64 {
        marks.acknowledged(STREAM, (number, number), BootMillis(number * MINUTE));
    }
    assert_eq!(marks.unconfirmed.len(), MAX_UNCONFIRMED);
    let kept: Vec<_> = marks.of(before).map(|range| (range.from, range.to)).collect();
    assert_eq!(kept, [(1, 7)]);
    let all: u64 = marks.of(STREAM).map(|range| range.to - range.from + 1).sum();
    assert_eq!(all, 2 * MAX_UNCONFIRMED as u64);
}
