//! Cuts a stream of bytes into lines, in a buffer that does not grow: a line longer than a record may be is passed over.

use picket_protocol::alerts::MAX_RECORD;

/// How much is read at a time.
const READ: usize = 64 * 1024;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// A line, without its line feed, and the offset that it starts at.
    Line(&'a [u8], u64),
    /// A line that was too long ended.
    TooLong,
    /// Nothing whole is left: read on.
    NeedsMore,
}

/// The bytes between what was read and what was taken.
#[derive(Debug)]
pub(super) struct Lines {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Up to here there is no line feed.
    searched: usize,
    /// The offset of `start` in the stream.
    offset: u64,
    skipping: bool,
}

impl Lines {
    pub(super) fn new() -> Self {
        let buffer = vec![0; MAX_RECORD + READ].into_boxed_slice();
        Self { buffer, start: 0, end: 0, searched: 0, offset: 0, skipping: false }
    }

    /// Forgets everything, and goes on at `offset`; `skipping`: inside a line that is too long.
    pub(super) const fn restart(&mut self, offset: u64, skipping: bool) {
        (self.start, self.end, self.searched) = (0, 0, 0);
        (self.offset, self.skipping) = (offset, skipping);
    }

    /// The offset of the first byte that was not taken.
    pub(super) const fn taken(&self) -> u64 {
        self.offset
    }

    /// The offset of the next byte to read.
    pub(super) fn read(&self) -> u64 {
        self.offset + widen(self.end - self.start)
    }

    /// Whether no whole line is left.
    pub(super) const fn is_searched(&self) -> bool {
        self.searched == self.end
    }

    /// Whether the next byte belongs to a line that is too long.
    pub(super) const fn skipping(&self) -> bool {
        self.skipping
    }

    /// Room for the next bytes. Call only when [`Self::next`] needs more.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.searched -= self.start;
            self.end -= self.start;
            self.start = 0;
        }
        let end = (self.end + READ).min(self.buffer.len());
        &mut self.buffer[self.end..end]
    }

    /// `count` bytes were read into the room.
    pub(super) const fn filled(&mut self, count: usize) {
        self.end += count;
    }

    /// Takes the next line.
    pub(super) fn next(&mut self) -> Next<'_> {
        let Some(length) = memchr::memchr(b'\n', &self.buffer[self.searched..self.end]) else {
            self.searched = self.end;
            self.pass_over();
            return Next::NeedsMore;
        };
        let (start, end) = (self.start, self.searched + length);
        let at = self.offset;
        self.take(end + 1 - start);
        if std::mem::take(&mut self.skipping) || end - start > MAX_RECORD {
            return Next::TooLong;
        }
        Next::Line(&self.buffer[start..end], at)
    }

    /// Takes what stands there without a line feed: no more will come. None when there is nothing.
    pub(super) fn rest(&mut self) -> Option<Next<'_>> {
        let (start, end, at) = (self.start, self.end, self.offset);
        self.take(end - start);
        if std::mem::take(&mut self.skipping) {
            return Some(Next::TooLong);
        }
        (start < end).then(|| Next::Line(&self.buffer[start..end], at))
    }

    /// Lets go of the beginning of a line that is already too long.
    fn pass_over(&mut self) {
        if self.skipping || self.end - self.start > MAX_RECORD {
            self.skipping = true;
            self.take(self.end - self.start);
        }
    }

    fn take(&mut self, count: usize) {
        self.start += count;
        self.searched = self.start;
        self.offset += widen(count);
    }
}

/// A length as an offset.
pub(super) fn widen(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `bytes` in pieces of `size` and tells what came: lines with their offsets, and lengths of -1 for too long.
    fn cut(bytes: &[u8], size: usize) -> Vec<(i64, u64)> {
        let mut lines = Lines::new();
        let (mut found, mut rest) = (Vec::new(), bytes);
        loop {
            match lines.next() {
                Next::Line(line, at) => {
                    let length = line.len();
                    assert_eq!(line, &bytes[usize::try_from(at).unwrap()..][..length]);
                    found.push((i64::try_from(length).unwrap(), at));
                }
                Next::TooLong => found.push((-1, lines.taken())),
                Next::NeedsMore if rest.is_empty() => break,
                Next::NeedsMore => {
                    let room = lines.room();
                    let count = room.len().min(size).min(rest.len());
                    room[..count].copy_from_slice(&rest[..count]);
                    lines.filled(count);
                    rest = &rest[count..];
                }
            }
        }
        match lines.rest() {
            Some(Next::Line(line, at)) => found.push((i64::try_from(line.len()).unwrap(), at)),
            Some(_) => found.push((-1, lines.taken())),
            None => {}
        }
        assert_eq!(lines.taken(), widen(bytes.len()));
        found
    }

    #[test]
    fn lines_are_the_same_however_they_are_read() {
        let text = b"one\n\nthree is longer\nno end";
        for size in [1, 2, 3, 7, 1000] {
            assert_eq!(cut(text, size), [(3, 0), (0, 4), (15, 5), (6, 21)]);
        }
    }

    #[test]
    fn a_line_of_a_mebibyte_is_passed_over_and_the_next_is_taken() {
        let long = vec![b'x'; 1 << 20];
        let text = [b"a\n", &long[..], b"\nb\n"].concat();
        for size in [1000, 65_536, usize::MAX] {
            assert_eq!(cut(&text, size), [(1, 0), (-1, 3 + (1 << 20)), (1, 3 + (1 << 20))]);
        }
        assert_eq!(cut(&long, 4096), [(-1, 1 << 20)]);
    }

    #[test]
    fn the_longest_record_is_taken_and_one_byte_more_is_not() {
        let mut text = vec![b'x'; MAX_RECORD];
        text.push(b'\n');
        let longest = i64::try_from(MAX_RECORD).unwrap();
        assert_eq!(cut(&text, 65_536), [(longest, 0)]);
        text.insert(0, b'x');
        assert_eq!(cut(&text, 65_536), [(-1, widen(MAX_RECORD) + 2)]);
    }
}
