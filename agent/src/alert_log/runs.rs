//! Runs of alerts in the database: put there, walked over, taken out. A run covers places that no other one covers, so the
//! one that holds a place is the last that begins at or before it.

use std::ops::ControlFlow;

use picket_protocol::alerts::{Severity, UnixMillis};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, params};

use super::{
    pack::{Fact, Packer, Run, SMALL},
    schema::{integer, natural},
};
use crate::store::failure::Failure;

/// In which order runs are walked over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    OldestFirst,
    NewestFirst,
}

impl Order {
    /// The facts of a run in this order.
    pub(super) fn of(self, facts: &[Fact]) -> impl Iterator<Item = &Fact> {
        let newest_first = self == Self::NewestFirst;
        let at = move |index: usize| if newest_first { facts.len() - 1 - index } else { index };
        (0..facts.len()).map(move |index| &facts[at(index)])
    }
}

macro_rules! touching {
    ($order:literal) => {
        concat!(
            "SELECT first, last, facts, body FROM runs
             WHERE first BETWEEN coalesce((SELECT max(first) FROM runs WHERE first <= ?1), ?1) AND ?2 AND last >= ?1
             ORDER BY first ",
            $order
        )
    };
}
const OLDEST_FIRST: &str = touching!("ASC");
const NEWEST_FIRST: &str = touching!("DESC");

/// Writes what was gathered.
pub(super) fn put(connection: &Connection, packer: &mut Packer) -> Result<(), Failure> {
    let Some(run) = packer.finish() else { return Ok(()) };
    connection
        .prepare_cached("INSERT INTO runs (first, last, facts, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![integer(run.first), integer(run.last), run.facts, run.body])
        .map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => Failure::Corrupt(format!("place {} is taken", run.first)),
            _ => error.into(),
        })?;
    Ok(())
}

/// Shows every run that touches `first..=last`, which it may reach beyond, until the visitor breaks off.
pub(super) fn walk(
    connection: &Connection,
    (first, last): (u64, u64),
    order: Order,
    mut visit: impl FnMut(&Run<'_>) -> Result<ControlFlow<()>, Failure>,
) -> Result<(), Failure> {
    let mut select = connection.prepare_cached(match order {
        Order::OldestFirst => OLDEST_FIRST,
        Order::NewestFirst => NEWEST_FIRST,
    })?;
    let mut rows = select.query([integer(first), integer(last)])?;
    while let Some(row) = rows.next()? {
        if visit(&read(row)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// The places in `first..=last` that hold an alert which is wanted, the oldest first, at most so many.
pub(super) fn places(
    connection: &Connection,
    (first, last): (u64, u64),
    most: usize,
    wanted: impl Fn(&Fact) -> bool,
) -> Result<Vec<u64>, Failure> {
    let mut places = Vec::new();
    walk(connection, (first, last), Order::OldestFirst, |run| {
        let found = run.between((first, last)).iter().filter(|fact| wanted(fact));
        places.extend(found.map(|fact| fact.place).take(most - places.len()));
        Ok(if places.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(places)
}

/// The first alert in `first..=last`: where it stands, and when it was detected.
pub(super) fn oldest(connection: &Connection, (first, last): (u64, u64)) -> Result<Option<(u64, UnixMillis)>, Failure> {
    let mut found = None;
    walk(connection, (first, last), Order::OldestFirst, |run| {
        found = run.between((first, last)).first().map(|fact| (fact.place, fact.at));
        Ok(if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

/// Takes alerts out that stand in `first..=last`; gives what went. What stays of their runs is put together with small
/// neighbours: alerts that came one by one shrink to a tenth where room is short.
pub(super) fn take_out(
    connection: &Connection,
    packer: &mut Packer,
    (first, last): (u64, u64),
    goes: impl Fn(u64) -> bool,
) -> Result<Vec<Fact>, Failure> {
    let mut gone = Vec::new();
    let mut next = first;
    loop {
        let mut select = connection.prepare_cached(OLDEST_FIRST)?;
        let mut rows = select.query([integer(next), integer(last)])?;
        let Some(row) = rows.next()? else { break };
        let run = read(row)?;
        let (begins, ends) = (natural(row.get(0)?), natural(row.get(1)?));
        let stays = !run.facts().iter().any(|fact| goes(fact.place));
        if stays && run.bytes() >= SMALL {
            put(connection, packer)?;
        } else {
            if !packer.has_room_for(run.bytes()) {
                put(connection, packer)?;
            }
            for fact in run.facts() {
                if goes(fact.place) {
                    gone.push(*fact);
                } else {
                    packer.push(fact.place, fact.severity, fact.at, run.record(fact)?);
                }
            }
            drop(rows);
            connection.prepare_cached("DELETE FROM runs WHERE first = ?1")?.execute([integer(begins)])?;
        }
        next = ends + 1;
    }
    put(connection, packer)?;
    Ok(gone)
}

/// The last place that holds an alert; 0 if none does.
pub(super) fn last(connection: &Connection) -> Result<u64, Failure> {
    let mut select = connection.prepare("SELECT last FROM runs ORDER BY first DESC LIMIT 1")?;
    let last: Option<i64> = select.query_row([], |row| row.get(0)).optional()?;
    Ok(last.map_or(0, natural))
}

/// How many alerts lie in `first..=last`. Unpacks each.
pub(super) fn count(connection: &Connection, (first, last): (u64, u64)) -> Result<u64, Failure> {
    let mut count = 0;
    walk(connection, (first, last), Order::OldestFirst, |run| {
        for fact in run.between((first, last)) {
            run.record(fact)?;
            count += 1;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(count)
}

fn read<'row>(row: &'row Row<'_>) -> Result<Run<'row>, Failure> {
    let blob = |column| {
        row.get_ref(column)
            .map_err(Failure::from)
            .and_then(|value| value.as_blob().map_err(|error| Failure::Corrupt(error.to_string())))
    };
    Run::read(natural(row.get(0)?), natural(row.get(1)?), blob(2)?, blob(3)?)
}

/// Takes over the alerts of a log whose rows were one alert each.
pub(super) fn take_over(connection: &Connection) -> Result<(), Failure> {
    let mut packer = Packer::default();
    let mut select = connection.prepare("SELECT place, severity, at, record FROM alerts ORDER BY place")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let severity = Severity::from_engine(Some(natural(row.get(1)?)));
        let record = row.get_ref(3)?.as_str().map_err(|error| Failure::Corrupt(error.to_string()))?;
        packer.push(natural(row.get(0)?), severity, UnixMillis(row.get(2)?), record);
        if packer.is_full() {
            put(connection, &mut packer)?;
        }
    }
    put(connection, &mut packer)
}
