//! A file's bytes, as written and as synced, and the sectors in which the two may differ.

use std::collections::BTreeSet;

use crate::chance::Chance;

/// What a disk writes whole or not at all.
pub(crate) const SECTOR: usize = 512;

#[derive(Debug, Default)]
pub(crate) struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
    dirty: BTreeSet<usize>,
}

impl Content {
    pub(crate) const fn len(&self) -> usize {
        self.now.len()
    }

    pub(crate) fn read(&self, offset: usize, count: usize) -> &[u8] {
        let end = offset.saturating_add(count).min(self.now.len());
        self.now.get(offset..end).unwrap_or_default()
    }

    pub(crate) fn write(&mut self, offset: usize, data: &[u8]) {
        let end = offset + data.len();
        if end > self.now.len() {
            self.set_len(end);
        }
        self.now[offset..end].copy_from_slice(data);
        self.touch(offset, end);
    }

    pub(crate) fn set_len(&mut self, len: usize) {
        self.touch(len.min(self.now.len()), len.max(self.now.len()));
        self.now.resize(len, 0);
    }

    /// What is written is durable from here on.
    pub(crate) fn sync(&mut self) {
        self.synced.resize(self.now.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            copy_sector(&self.now, &mut self.synced, sector);
        }
    }

    /// The disk failed: what is written counts as clean and is not.
    pub(crate) fn forsake(&mut self) {
        self.dirty.clear();
    }

    /// Leaves what was synced, and of the rest each sector by chance. Returns how many sectors are gone.
    pub(crate) fn cut(&mut self, chance: &mut Chance, survives: u64) -> u64 {
        let len = if chance.percent(survives) { self.now.len() } else { self.synced.len() };
        self.synced.resize(self.synced.len().max(len), 0);
        let mut dropped = 0;
        for sector in std::mem::take(&mut self.dirty) {
            if chance.percent(survives) {
                copy_sector(&self.now, &mut self.synced, sector);
            } else {
                dropped += 1;
            }
        }
        self.synced.resize(len, 0);
        self.now.clone_from(&self.synced);
        dropped
    }

    fn touch(&mut self, from: usize, to: usize) {
        if from < to {
            self.dirty.extend(from / SECTOR..=(to - 1) / SECTOR);
        }
    }
}

/// As much of a sector as there is in both.
fn copy_sector(from: &[u8], to: &mut [u8], sector: usize) {
    let start = sector * SECTOR;
    let end = (start + SECTOR).min(from.len()).min(to.len());
    if start < end {
        to[start..end].copy_from_slice(&from[start..end]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(content: &Content) -> &[u8] {
        content.read(0, usize::MAX)
    }

    #[test]
    fn what_was_synced_survives_and_the_rest_does_not() {
        let mut content = Content::default();
        content.write(0, &[1; 2000]);
        content.sync();
        content.write(100, &[2; 10]);
        content.set_len(700);
        content.write(5000, &[3; 10]);
        assert!(content.cut(&mut Chance::of_seed(1), 0) > 0);
        assert_eq!(all(&content), [1; 2000]);
    }

    #[test]
    fn everything_may_survive() {
        let mut content = Content::default();
        content.write(0, &[1; 2000]);
        content.sync();
        content.set_len(700);
        content.write(3000, &[3; 10]);
        let written = all(&content).to_vec();
        assert_eq!(content.cut(&mut Chance::of_seed(1), 100), 0);
        assert_eq!(all(&content), written);
    }

    #[test]
    fn a_sector_survives_whole_or_not_at_all() {
        let mut content = Content::default();
        content.write(0, &[1; 100 * SECTOR]);
        content.sync();
        content.write(0, &[2; 100 * SECTOR]);
        content.cut(&mut Chance::of_seed(1), 50);
        let kept = all(&content).chunks(SECTOR).filter(|sector| sector.iter().all(|byte| *byte == 2)).count();
        let old = all(&content).chunks(SECTOR).filter(|sector| sector.iter().all(|byte| *byte == 1)).count();
        assert!(kept + old == 100 && kept > 20 && old > 20, "{kept} kept, {old} old");
    }

    #[test]
    fn what_a_failed_sync_forsook_is_not_synced_later() {
        let mut content = Content::default();
        content.write(0, &[1; SECTOR]);
        content.sync();
        content.write(0, &[2; SECTOR]);
        content.forsake();
        content.sync();
        assert_eq!(all(&content), [2; SECTOR]);
        content.cut(&mut Chance::of_seed(1), 100);
        assert_eq!(all(&content), [1; SECTOR]);
    }
}
