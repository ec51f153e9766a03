//! Stretches of places that are not delivered (any more): added so that neighbours of one kind stay one row.

use picket_protocol::alerts::DropReason;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::schema::{integer, natural};
use crate::store::failure::Failure;

/// What became of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// Never delivered.
    Dropped(DropReason),
    /// Removed to keep a bound, after it was delivered: no loss, unless the portal comes to say that it lacks it.
    LetGo(DropReason),
}

impl Gone {
    /// What it is to somebody who asks for it now.
    pub(super) const fn reason(self) -> DropReason {
        match self {
            Self::Dropped(reason) | Self::LetGo(reason) => reason,
        }
    }

    /// How it is stored; these numbers stay as they are.
    const fn code(self) -> i64 {
        let (Self::Dropped(reason) | Self::LetGo(reason)) = self;
        let code = match reason {
            DropReason::Full => 1,
            DropReason::Age => 2,
            DropReason::Poison => 3,
            DropReason::Held => 4,
        };
        if matches!(self, Self::LetGo(_)) { code + 8 } else { code }
    }

    fn from_code(code: i64) -> Result<Self, Failure> {
        let all = DropReason::ALL.into_iter().flat_map(|reason| [Self::Dropped(reason), Self::LetGo(reason)]);
        all.into_iter()
            .find(|gone| gone.code() == code)
            .ok_or_else(|| Failure::Corrupt(format!("a place is gone for an unknown reason, {code}")))
    }
}

/// One stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) gone: Gone,
}

/// Adds a stretch that no other overlaps.
pub(super) fn add(connection: &Connection, added: Stretch) -> Result<(), Failure> {
    let Stretch { mut first, mut last, gone } = added;
    if let Some(before) = ending_at(connection, first.saturating_sub(1), gone)? {
        first = before;
    }
    if let Some(after) = starting_at(connection, last.saturating_add(1), gone)? {
        remove(connection, last.saturating_add(1))?;
        last = after;
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO skips (first, last, gone) VALUES (?1, ?2, ?3)")?
        .execute(params![integer(first), integer(last), gone.code()])?;
    Ok(())
}

/// Says otherwise of a part of a stretch what became of it.
pub(super) fn change(connection: &Connection, whole: Stretch, part: Stretch) -> Result<(), Failure> {
    remove(connection, whole.first)?;
    for rest in [Stretch { last: part.first - 1, ..whole }, Stretch { first: part.last + 1, ..whole }] {
        if rest.first <= rest.last {
            add(connection, rest)?;
        }
    }
    add(connection, part)
}

/// The stretches that touch `first..=last`, in order; they may reach beyond it.
pub(super) fn touching(connection: &Connection, first: u64, last: u64) -> Result<Vec<Stretch>, Failure> {
    let mut select = connection.prepare_cached(
        "SELECT first, last, gone FROM skips
         WHERE first >= coalesce((SELECT max(first) FROM skips WHERE first <= ?1), 0) AND first <= ?2 AND last >= ?1
         ORDER BY first",
    )?;
    let rows = select.query_map(params![integer(first), integer(last)], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    })?;
    rows.map(|row| {
        let (first, last, code) = row?;
        Ok(Stretch { first: natural(first), last: natural(last), gone: Gone::from_code(code)? })
    })
    .collect()
}

/// How many places in `first..=last` stretches cover.
pub(super) fn covered(connection: &Connection, first: u64, last: u64) -> Result<u64, Failure> {
    let mut select = connection.prepare_cached(
        "SELECT coalesce(sum(min(last, ?2) - max(first, ?1) + 1), 0) FROM skips
         WHERE first >= coalesce((SELECT max(first) FROM skips WHERE first <= ?1), 0) AND first <= ?2 AND last >= ?1",
    )?;
    Ok(select.query_row([integer(first), integer(last)], |row| row.get(0).map(natural))?)
}

/// The first place of the stretch of this kind that ends at `last`.
fn ending_at(connection: &Connection, last: u64, gone: Gone) -> Result<Option<u64>, Failure> {
    let mut select = connection
        .prepare_cached("SELECT first, last, gone FROM skips WHERE first <= ?1 ORDER BY first DESC LIMIT 1")?;
    let found: Option<(i64, i64, i64)> =
        select.query_row([integer(last)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    Ok(found.filter(|(_, end, code)| (*end, *code) == (integer(last), gone.code())).map(|(first, ..)| natural(first)))
}

/// The last place of the stretch of this kind that starts at `first`.
fn starting_at(connection: &Connection, first: u64, gone: Gone) -> Result<Option<u64>, Failure> {
    let mut select = connection.prepare_cached("SELECT last FROM skips WHERE first = ?1 AND gone = ?2")?;
    let found: Option<i64> = select.query_row(params![integer(first), gone.code()], |row| row.get(0)).optional()?;
    Ok(found.map(natural))
}

fn remove(connection: &Connection, first: u64) -> Result<(), Failure> {
    connection.prepare_cached("DELETE FROM skips WHERE first = ?1")?.execute([integer(first)])?;
    Ok(())
}
