//! Follows the engine's file: across rotation (renamed, a new one made), truncation (copied, cut off), inode numbers
//! given again, and the agent's own absence. Knows the order of contents; knows nothing of what stands in them.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    lines::{Lines, Next},
    position::{Key, Point, Position},
    source::{self, Source},
};

/// So many files are open, and a newer one is looked for later. What was rotated away meanwhile comes on top.
const MAX_OPEN: usize = 16;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// More bytes are there to be cut into lines.
    Read,
    /// Nothing more for now.
    CaughtUp,
    /// A content is over; what stands in the buffer is its last, unfinished line.
    Over,
    /// The content was cut off and another begun; so many bytes of it were unread and are gone.
    CutOff { old: Key, new: Key, unread: u64 },
    /// The content was cut off and another begun; what was unread of it stands in a copy, and comes first.
    Copied { old: Key, new: Key },
}

/// What became of a position of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resumed {
    /// It is the same content, for sure.
    pub(super) sure: bool,
    /// It is gone: so many bytes of it were unread, as far as is known.
    pub(super) missed: Option<u64>,
}

/// The contents, in order, and where in them the input stands.
#[derive(Debug)]
pub(super) struct Follower {
    path: PathBuf,
    /// From the one that a failed append goes back to, to the one at the path.
    sources: Vec<Source>,
    current: usize,
    lines: Lines,
    generation: u64,
    /// The current source was read to its end since the next one is being written.
    drained: bool,
}

impl Follower {
    pub(super) fn new(path: &Path) -> Self {
        let path = path.to_owned();
        Self { path, sources: Vec::new(), current: 0, lines: Lines::new(), generation: 0, drained: false }
    }

    /// Finds again what was being read, and what came after it.
    pub(super) fn resume(&mut self, position: &Position) -> Resumed {
        let Point { key, offset } = position.at;
        self.generation = self.generation.max(key.generation);
        self.sources.clear();
        self.current = 0;
        let at_path = self.open_path();
        let is_ours = |source: &Source| {
            source.key.is_file(key.device, key.inode) && source.goes_on_from(&position.fingerprint, offset)
        };
        if let Some(source) = at_path.as_ref().filter(|source| is_ours(source)) {
            self.sources.push(source.clone().known_as(key));
            self.lines.restart(offset, position.skipping);
            return Resumed { sure: position.fingerprint.length > 0, missed: None };
        }
        let mut rotated = source::rotated(&self.path, &mut self.generation);
        // Renamed; else a copy, of which the last one made is the whole one.
        let is_copy =
            |source: &Source| position.fingerprint.length > 0 && source.goes_on_from(&position.fingerprint, offset);
        let ours = rotated.iter().position(is_ours).or_else(|| rotated.iter().rposition(is_copy));
        let known = position.fingerprint.length > 0;
        let resumed = Resumed {
            sure: ours.is_some() && known,
            missed: (ours.is_none() && known).then(|| position.length.saturating_sub(offset)),
        };
        match ours {
            Some(index) => {
                let ours = rotated.drain(..=index).next_back();
                rotated.retain(|source| !ours.as_ref().is_some_and(|ours| source.begins_as(ours)));
                self.sources.extend(ours.map(|ours| ours.known_as(key)));
                self.lines.restart(offset, position.skipping);
            }
            None => {
                rotated.retain(|source| source.modified > position.modified);
                self.lines.restart(0, false);
            }
        }
        self.sources.extend(rotated);
        self.add_last(at_path);
        resumed
    }

    /// Goes back to a position of before, in files that are still open. False when they are not.
    pub(super) fn rewind(&mut self, position: &Position) -> bool {
        let Some(index) = self.sources.iter().position(|source| source.key == position.at.key) else { return false };
        self.current = index;
        self.drained = false;
        self.lines.restart(position.at.offset, position.skipping);
        true
    }

    /// Notices a new file at the path. Call often: a file that is open can be read even when it was removed.
    pub(super) fn notice(&mut self) -> io::Result<()> {
        let (device, inode, _) = source::identity(&self.path)?;
        let known = self.sources.last().is_some_and(|last| last.key.is_file(device, inode));
        if !known && self.sources.len() < MAX_OPEN {
            self.generation += 1;
            let new = Source::open(&self.path, self.generation)?;
            self.open_between();
            self.add_last(Some(new));
        }
        Ok(())
    }

    /// Adds what was opened at the path. It may have been rotated away since, and stand among those already: it is open, so
    /// its inode number is given to no other.
    fn add_last(&mut self, at_path: Option<Source>) {
        let Some(new) = at_path else { return };
        if !self.sources.iter().any(|source| source.is_same_file(&new)) {
            self.sources.push(new);
        }
    }

    /// Opens what was made after the last known file and rotated away before it was noticed.
    fn open_between(&mut self) {
        let Some(last) = self.sources.last() else { return };
        let mut between = source::rotated(&self.path, &mut self.generation);
        if let Some(index) = between.iter().position(|source| source.key.is_file(last.key.device, last.key.inode)) {
            between.drain(..=index);
            self.sources.extend(between);
        }
    }

    /// Looks at every file again: how long it is now.
    pub(super) fn look(&mut self) {
        // What cannot be looked at is as it was.
        self.sources.iter_mut().for_each(|source| drop(source.look()));
    }

    /// Whether the content being read is still what it was.
    pub(super) fn is_intact(&mut self) -> bool {
        let read = self.lines.read();
        let current = self.sources.get_mut(self.current);
        current.is_none_or(|source| source.look().unwrap_or(true) && source.length >= read)
    }

    /// Reads on. Call when [`Self::next_line`] needs more.
    pub(super) fn step(&mut self) -> io::Result<Step> {
        let Some(source) = self.sources.get_mut(self.current) else { return Ok(Step::CaughtUp) };
        let offset = self.lines.read();
        let unread = source.length;
        let count = source.read(self.lines.room(), offset)?;
        // Looked at after reading: what was read before a cut is good, what was read after it shows here.
        if !source.look()? || source.length < offset {
            let unread = source.gone.unwrap_or(unread);
            return self.cut_off(unread);
        }
        self.lines.filled(count);
        if count > 0 {
            self.drained = false;
            return Ok(Step::Read);
        }
        // The engine writes to the old file until it opens the new one: only when something stands there is this over.
        let Some(next) = self.sources.get_mut(self.current + 1) else { return Ok(Step::CaughtUp) };
        next.look()?;
        if next.length == 0 && self.current + 2 == self.sources.len() {
            return Ok(Step::CaughtUp);
        }
        if std::mem::replace(&mut self.drained, true) { Ok(Step::Over) } else { Ok(Step::Read) }
    }

    /// The next line, and where it starts.
    pub(super) fn next_line(&mut self) -> Next<'_> {
        self.lines.next()
    }

    /// The last, unfinished line of a content that is over. Go on with [`Self::go_over`].
    pub(super) fn rest(&mut self) -> Option<Next<'_>> {
        self.lines.rest()
    }

    /// Goes over to the next content; gives the keys of both.
    pub(super) fn go_over(&mut self) -> Option<(Key, Key)> {
        let (old, new) = (self.sources.get(self.current)?.key, self.sources.get(self.current + 1)?.key);
        self.current += 1;
        self.drained = false;
        self.lines.restart(0, false);
        Some((old, new))
    }

    /// Lets go of files before the one that holds this point: no append goes back to them any more.
    pub(super) fn let_go_before(&mut self, key: Key) {
        if let Some(index) = self.sources.iter().position(|source| source.key == key) {
            self.sources.drain(..index.min(self.current));
            self.current -= index.min(self.current);
        }
    }

    /// Whether a content stands before, at or after the one being read; none if it is not known.
    pub(super) fn order(&self, key: Key) -> Option<std::cmp::Ordering> {
        let index = self.sources.iter().position(|source| source.key == key)?;
        Some(index.cmp(&self.current))
    }

    /// Where the input stands.
    pub(super) fn at(&self) -> Option<Point> {
        Some(Point { key: self.sources.get(self.current)?.key, offset: self.lines.taken() })
    }

    pub(super) const fn skipping(&self) -> bool {
        self.lines.skipping()
    }

    pub(super) fn current(&self) -> Option<&Source> {
        self.sources.get(self.current)
    }

    /// The end of what is there now.
    pub(super) fn end(&self) -> Option<Point> {
        let last = self.sources.last()?;
        Some(Point { key: last.key, offset: last.length })
    }

    pub(super) fn content(&self, key: Key) -> Option<&Source> {
        self.sources.iter().find(|source| source.key == key)
    }

    /// The newest content of a file.
    pub(super) fn newest_of(&self, device: u64, inode: u64) -> Option<&Source> {
        self.sources.iter().rev().find(|source| source.key.is_file(device, inode))
    }

    /// The content of a file before its newest, if it is still being read.
    pub(super) fn before_newest_of(&self, device: u64, inode: u64) -> Option<&Source> {
        let mut contents = self.sources[self.current.min(self.sources.len())..].iter();
        contents.rfind(|source| source.key.is_file(device, inode))?;
        contents.rfind(|source| source.key.is_file(device, inode))
    }

    /// The files that are open, in order.
    pub(super) fn files(&self) -> Vec<Arc<File>> {
        self.sources.iter().map(Source::file).collect()
    }

    pub(super) fn newest(&self) -> Option<&Source> {
        self.sources.last()
    }

    /// Goes on in the copy that was made before the cut, if there is one; else what was unread is gone.
    fn cut_off(&mut self, length_before: u64) -> io::Result<Step> {
        let old = self.sources[self.current].clone();
        if let Some(new) = self.after_known_cut() {
            let unread = length_before.saturating_sub(self.lines.taken());
            self.go_over();
            return Ok(Step::CutOff { old: old.key, new, unread });
        }
        self.generation += 1;
        let new = old.anew(self.generation)?;
        let copies = source::rotated(&self.path, &mut self.generation);
        let (old_key, new_key) = (old.key, new.key);
        let copy = copies.into_iter().rev().find(|copy| {
            !copy.key.is_file(old_key.device, old_key.inode)
                && copy.begins_as(&old)
                && copy.length >= self.lines.read()
                && copy.length >= length_before
        });
        match copy {
            Some(copy) => {
                self.sources[self.current] = copy.known_as(old_key);
                self.sources.insert(self.current + 1, new);
                Ok(Step::Copied { old: old_key, new: new_key })
            }
            None => {
                let unread = length_before.saturating_sub(self.lines.taken());
                // An append that fails goes back to it, and must find once more what is gone.
                self.sources[self.current].gone = Some(length_before);
                self.sources.insert(self.current + 1, new);
                self.go_over();
                Ok(Step::CutOff { old: old_key, new: new_key, unread })
            }
        }
    }

    /// The content that was found to follow a cut before an append failed, when this is read again.
    fn after_known_cut(&self) -> Option<Key> {
        let (old, new) = (self.sources.get(self.current)?, self.sources.get(self.current + 1)?);
        (old.gone.is_some() && new.is_same_file(old)).then_some(new.key)
    }

    fn open_path(&mut self) -> Option<Source> {
        self.generation += 1;
        Source::open(&self.path, self.generation).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_is_rotated_away_while_it_is_opened_is_followed_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        let mut follower = Follower::new(&path);
        fs::write(&path, "first\n").unwrap();
        follower.notice().unwrap();
        fs::rename(&path, folder.path().join("eve.json.2")).unwrap();
        fs::write(&path, "second\n").unwrap();
        let opened = follower.open_path();
        fs::rename(&path, folder.path().join("eve.json.1")).unwrap();
        follower.open_between();
        follower.add_last(opened);
        fs::write(&path, "third\n").unwrap();
        follower.notice().unwrap();
        let inode = |name: &str| source::identity(&folder.path().join(name)).unwrap().1;
        let followed: Vec<u64> = follower.sources.iter().map(|source| source.key.inode).collect();
        assert_eq!(followed, ["eve.json.2", "eve.json.1", "eve.json"].map(inode));
    }

    #[test]
    fn what_is_cut_off_before_its_turn_is_counted_by_what_was_seen_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        let mut follower = Follower::new(&path);
        fs::write(&path, "first\n").unwrap();
        follower.notice().unwrap();
        fs::rename(&path, folder.path().join("eve.json.1")).unwrap();
        fs::write(&path, "second\n").unwrap();
        follower.notice().unwrap();
        fs::write(&path, "second\nthird\n").unwrap();
        follower.look();
        fs::write(&path, "a longer content in its place\n").unwrap();
        follower.look();
        fs::write(&path, "a longer content in its place, and more\n").unwrap();
        let (mut cut, mut lines) = (None, Vec::new());
        for _ in 0..20 {
            while let Next::Line(line, _) = follower.next_line() {
                lines.push(line.to_vec());
            }
            match follower.step().unwrap() {
                Step::Over => drop(follower.go_over()),
                Step::CutOff { unread, .. } => cut = Some(unread),
                Step::Read | Step::CaughtUp | Step::Copied { .. } => {}
            }
        }
        assert_eq!(cut, Some("second\nthird\n".len() as u64));
        assert_eq!(lines, [&b"first"[..], b"a longer content in its place, and more"]);
    }

    /// Reads on until nothing more is there; the bytes that were found gone.
    fn read_out(follower: &mut Follower) -> Vec<u64> {
        let mut gone = Vec::new();
        loop {
            while follower.next_line() != Next::NeedsMore {}
            match follower.step().unwrap() {
                Step::Over => drop(follower.go_over()),
                Step::CutOff { unread, .. } => gone.push(unread),
                Step::CaughtUp => return gone,
                Step::Read | Step::Copied { .. } => {}
            }
        }
    }

    #[test]
    fn what_was_cut_off_is_found_again_after_an_append_that_failed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        let mut follower = Follower::new(&path);
        fs::write(&path, "first\n").unwrap();
        follower.notice().unwrap();
        fs::rename(&path, folder.path().join("eve.json.1")).unwrap();
        fs::write(&path, "second\n").unwrap();
        follower.notice().unwrap();
        let durable = Position { at: follower.at().unwrap(), ..Position::default() };
        fs::write(&path, "").unwrap();
        follower.look();
        fs::write(&path, "a longer content in its place\n").unwrap();
        let length = [u64::try_from("second\n".len()).unwrap()];
        for _ in 0..3 {
            assert_eq!(read_out(&mut follower), length);
            assert!(follower.rewind(&durable));
        }
        assert_eq!(read_out(&mut follower), length);
        follower.let_go_before(follower.at().unwrap().key);
        assert_eq!(follower.sources.len(), 1);
    }
}
