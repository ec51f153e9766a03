//! The peer: SQLite alone, with the usual way to store each alert once, a unique index. No network, no parsing, one
//! thread; as durable as the portal, with the same page cache and the same distance between checkpoints.

use std::{path::Path, time::Instant};

use anyhow::Result;
use picket_protocol::alerts::event::{Content, HubEvent, read_batch};
use rusqlite::{Connection, params};

use super::batches::Share;

/// Batches in one transaction: some ten thousand alerts, more than which makes it no faster.
const BATCHES: usize = 20;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -65536;
    PRAGMA wal_autocheckpoint = 16000;
    CREATE TABLE alerts (
        row    INTEGER PRIMARY KEY,
        sensor INTEGER NOT NULL,
        number INTEGER NOT NULL,
        epoch  INTEGER NOT NULL,
        record TEXT NOT NULL,
        UNIQUE (sensor, number)
    ) STRICT;";

pub(super) struct Peer(Connection);

impl Peer {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let database = Connection::open(path)?;
        database.execute_batch(SCHEMA)?;
        Ok(Self(database))
    }

    /// New alerts a second. The clock runs from each BEGIN to its COMMIT.
    pub(super) fn insert(&mut self, share: &Share) -> Result<f64> {
        let (mut seconds, mut new) = (0.0, 0);
        for batches in in_turns(share).chunks(BATCHES) {
            let unpacked = batches.iter().map(|(sensor, body)| Ok((*sensor, zstd::decode_all(*body)?)));
            let unpacked = unpacked.collect::<Result<Vec<_>>>()?;
            let events = unpacked.iter().map(|(sensor, body)| Ok((*sensor, read_batch(body)?)));
            let events = events.collect::<Result<Vec<_>>>()?;
            let start = Instant::now();
            new += self.transaction(&events)?;
            seconds += start.elapsed().as_secs_f64();
        }
        anyhow::ensure!(new == share.new, "the peer stored {new} of {}", share.new);
        #[expect(clippy::cast_precision_loss, reason = "some millions")]
        Ok(new as f64 / seconds)
    }

    fn transaction(&mut self, batches: &[(usize, Vec<HubEvent<'_>>)]) -> Result<usize> {
        let transaction = self.0.transaction()?;
        let mut new = 0;
        let mut insert = transaction
            .prepare_cached("INSERT OR IGNORE INTO alerts (sensor, number, epoch, record) VALUES (?, ?, ?, ?)")?;
        for (sensor, events) in batches {
            for event in events {
                let Content::Alert { id, epoch, record, .. } = &event.content else { continue };
                new += insert.execute(params![
                    i64::try_from(*sensor)?,
                    id.number.cast_signed(),
                    epoch.0.cast_signed(),
                    record
                ])?;
            }
        }
        drop(insert);
        transaction.commit()?;
        Ok(new)
    }
}

/// One batch of each sensor after the other, as they reach the portal.
fn in_turns(share: &Share) -> Vec<(usize, &[u8])> {
    let most = share.bodies.iter().map(Vec::len).max().unwrap_or(0);
    let turn = |turn: usize| {
        share.bodies.iter().enumerate().filter_map(move |(sensor, all)| Some((sensor, &**all.get(turn)?)))
    };
    (0..most).flat_map(turn).collect()
}
