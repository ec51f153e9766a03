//! Where the input stands: opaque to the alert log, which keeps it in the transaction of the alerts before it.

use std::collections::BTreeMap;

use picket_protocol::ids::Epoch;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// One content of one file. A file that is cut off and written anew is another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) device: u64,
    pub(super) inode: u64,
    /// How often it was seen cut off.
    pub(super) generation: u64,
}

impl Key {
    pub(super) const fn is_file(&self, device: u64, inode: u64) -> bool {
        self.device == device && self.inode == inode
    }
}

/// A place in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Point {
    pub(super) key: Key,
    pub(super) offset: u64,
}

/// Recognizes a file whose inode number may have been given to another: the digest of its first bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    pub(super) length: usize,
    digest: Vec<u8>,
}

impl Fingerprint {
    /// Two records differ within this many bytes: each begins with its instant and flow.
    pub(super) const LENGTH: usize = 1024;

    pub(super) fn of(first_bytes: &[u8]) -> Self {
        let first_bytes = &first_bytes[..first_bytes.len().min(Self::LENGTH)];
        // Half a digest tells files apart; nobody forges one against himself.
        Self { length: first_bytes.len(), digest: Sha256::digest(first_bytes)[..16].to_vec() }
    }

    /// Whether a file that begins so can be the one. Nothing is known of a file that was empty.
    pub(super) fn fits(&self, first_bytes: &[u8]) -> bool {
        self.length == 0 || first_bytes.get(..self.length).is_some_and(|bytes| Self::of(bytes) == *self)
    }
}

/// From where an epoch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Crossing {
    /// The epoch that begins.
    pub(super) epoch: Epoch,
    /// From here on nobody can say which of the two holds. None: it is known to the byte.
    pub(super) doubt_from: Option<Point>,
    /// From here on it holds.
    pub(super) from: Point,
}

/// What became of the lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    pub(super) lines: u64,
    pub(super) bytes: u64,
    pub(super) alerts: u64,
    pub(super) not_alerts: u64,
    /// The end of a file without the end of its line.
    pub(super) partial: u64,
    pub(super) too_long: u64,
    pub(super) invalid_json: u64,
    pub(super) invalid_utf8: u64,
    /// Lines that were rotated away unread: their known bytes by the mean length of a line, at least one per gap.
    pub(super) missed: u64,
    /// How often something was rotated away unread.
    pub(super) gaps: u64,
    /// Files gone through to their end.
    pub(super) rotations: u64,
    pub(super) truncations: u64,
}

impl Counts {
    /// Something of the input is gone: this many bytes, as far as is known.
    pub(super) fn miss(&mut self, bytes: u64) {
        let mean = self.bytes.checked_div(self.lines).unwrap_or(0).max(1);
        self.missed += if self.lines == 0 { 1 } else { bytes.div_ceil(mean).max(1) };
        self.gaps += 1;
    }

    pub(super) fn by_name(&self) -> BTreeMap<String, u64> {
        let Self {
            lines,
            bytes,
            alerts,
            not_alerts,
            partial,
            too_long,
            invalid_json,
            invalid_utf8,
            missed,
            gaps,
            rotations,
            truncations,
        } = self;
        [
            ("lines", lines),
            ("line-bytes", bytes),
            ("alerts", alerts),
            ("not-alerts", not_alerts),
            ("partial", partial),
            ("too-long", too_long),
            ("invalid-json", invalid_json),
            ("invalid-utf8", invalid_utf8),
            ("missed", missed),
            ("gaps", gaps),
            ("rotations", rotations),
            ("truncations", truncations),
        ]
        .map(|(name, count)| (name.to_owned(), *count))
        .into()
    }
}

/// Where the input goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// The first line that was not taken.
    pub(super) at: Point,
    pub(super) fingerprint: Fingerprint,
    /// Inside a line that is too long to be taken: go on after its end.
    pub(super) skipping: bool,
    /// When the file was last written, nanoseconds, and its length then.
    pub(super) modified: i128,
    pub(super) length: u64,
    /// The epoch of the last line taken; none before the first commit.
    pub(super) epoch: Epoch,
    /// Where later epochs begin, and by what the content is recognized.
    pub(super) crossings: Vec<(Crossing, Fingerprint)>,
    pub(super) counts: Counts,
}

impl Position {
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// None for bytes that are not ours: then the input starts as if there had been none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_written() {
        let at = Point { key: Key { device: 1, inode: u64::MAX, generation: 2 }, offset: 9 };
        let fingerprint = Fingerprint::of(b"{\"a\":1}");
        let crossings = vec![(Crossing { epoch: Epoch(4), doubt_from: Some(at), from: at }, fingerprint.clone())];
        let position = Position {
            at,
            fingerprint,
            modified: i128::from(i64::MAX),
            epoch: Epoch(3),
            crossings,
            ..Position::default()
        };
        assert_eq!(Position::decode(&position.encode()), Some(position));
        assert_eq!(Position::decode(b"{"), None);
    }

    #[test]
    fn a_fingerprint_fits_a_file_that_grew_and_no_other() {
        let short = Fingerprint::of(b"{\"a\":1}\n");
        assert!(short.fits(b"{\"a\":1}\n{\"b\":2}\n"));
        assert!(!short.fits(b"{\"a\":2}\n{\"b\":2}\n"));
        assert!(!short.fits(b"{\"a\":1}"), "a file that became shorter");
        assert!(Fingerprint::default().fits(b"anything"));
    }

    #[test]
    fn what_is_missed_counts_at_least_one_line() {
        let mut counts = Counts { lines: 10, bytes: 7_000, ..Counts::default() };
        counts.miss(7_001);
        assert_eq!((counts.missed, counts.gaps), (11, 1));
        counts.miss(0);
        assert_eq!((counts.missed, counts.gaps), (12, 2));
    }
}
