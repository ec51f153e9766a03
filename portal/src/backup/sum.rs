//! How many rows a table has, and a digest over all of them in the order of their key: the same for the same rows,
//! whatever database they are in.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// Count and digest of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) rows: u64,
    pub(super) digest: [u8; 32],
}

/// A sum in the making.
#[derive(Default)]
pub(super) struct Summing {
    rows: u64,
    hash: Sha256,
}

impl Summing {
    pub(super) fn add(&mut self, row: &[u8]) {
        self.rows += 1;
        self.hash.update(row);
    }

    pub(super) fn end(self) -> Sum {
        Sum { rows: self.rows, digest: self.hash.finalize().into() }
    }
}

/// What was copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub(super) tables: BTreeMap<(String, String), Sum>,
    pub(super) files: u64,
}

impl Summary {
    /// How many tables.
    #[must_use]
    pub fn tables(&self) -> usize {
        self.tables.len()
    }

    /// How many rows, of all of them.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.values().map(|sum| sum.rows).sum()
    }

    /// How many rows of one table, by its schema at a server.
    #[must_use]
    pub fn rows_of(&self, schema: &str, table: &str) -> u64 {
        self.tables.get(&(schema.to_owned(), table.to_owned())).map_or(0, |sum| sum.rows)
    }

    /// How many files.
    #[must_use]
    pub const fn files(&self) -> u64 {
        self.files
    }
}
