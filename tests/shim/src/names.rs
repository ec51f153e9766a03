//! A folder's names, as changed and as synced.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
};

use crate::chance::Chance;

/// The number of a file or folder.
pub(crate) type Node = u64;

#[derive(Debug, Default)]
pub(crate) struct Names {
    now: BTreeMap<OsString, Node>,
    synced: BTreeMap<OsString, Node>,
    changes: Vec<Change>,
}

/// Names that are given to nodes, or taken away, in one step.
type Change = Vec<(OsString, Option<Node>)>;

impl Names {
    pub(crate) fn find(&self, name: &OsStr) -> Option<Node> {
        self.now.get(name).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&OsString, Node)> {
        self.now.iter().map(|(name, node)| (name, *node))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.now.is_empty()
    }

    pub(crate) fn change(&mut self, change: Change) {
        apply(&change, &mut self.now);
        self.changes.push(change);
    }

    pub(crate) fn sync(&mut self) {
        self.synced.clone_from(&self.now);
        self.changes.clear();
    }

    /// Leaves what was synced, and each later change by chance. Returns how many changes are undone.
    pub(crate) fn cut(&mut self, chance: &mut Chance, survives: u64) -> u64 {
        let mut dropped = 0;
        for change in std::mem::take(&mut self.changes) {
            if chance.percent(survives) {
                apply(&change, &mut self.synced);
            } else {
                dropped += 1;
            }
        }
        self.now.clone_from(&self.synced);
        dropped
    }
}

fn apply(change: &Change, names: &mut BTreeMap<OsString, Node>) {
    for (name, node) in change {
        match node {
            Some(node) => names.insert(name.clone(), *node),
            None => names.remove(name),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_that_was_not_synced_is_undone_whole() {
        let mut names = Names::default();
        names.change(vec![("draft".into(), Some(2))]);
        names.change(vec![("file".into(), Some(1))]);
        names.sync();
        names.change(vec![("draft".into(), None), ("file".into(), Some(2))]);
        assert_eq!((names.find("file".as_ref()), names.find("draft".as_ref())), (Some(2), None));
        assert_eq!(names.cut(&mut Chance::of_seed(1), 0), 1);
        assert_eq!((names.find("file".as_ref()), names.find("draft".as_ref())), (Some(1), Some(2)));
    }

    #[test]
    fn a_later_change_may_survive_an_earlier_one() {
        let outcomes = (0..64).map(|seed| {
            let mut names = Names::default();
            names.change(vec![("a".into(), Some(1))]);
            names.change(vec![("b".into(), Some(2))]);
            names.cut(&mut Chance::of_seed(seed), 50);
            (names.find("a".as_ref()).is_some(), names.find("b".as_ref()).is_some())
        });
        let outcomes: std::collections::BTreeSet<_> = outcomes.collect();
        assert_eq!(outcomes.len(), 4, "{outcomes:?}");
    }
}
